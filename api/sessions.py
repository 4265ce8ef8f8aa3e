"""What a token stands for: a user and his roles, unless it was blocked. Remembered for a moment."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from api.database import Database
from api.tokens import Claims, refused

__all__ = ["Session", "Sessions"]

_SQL = "select problem, array_to_json(roles)::text, document from orchestrator.token_state($1, $2, $3)"
_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user as the API knows him. `roles` begins with the one that acts when none is named."""

    user_id: int
    roles: tuple[str, ...]
    #: the user with his roles, as `auth:check` shows him
    document: bytes
    claims: Claims
    #: time.monotonic() after which it is read again
    fresh_until: float


class Sessions:
    """Reads what a token stands for at most once in `ttl` seconds, and once for all requests that wait for it."""

    def __init__(self, database: Database, ttl: float) -> None:
        self._database = database
        self._ttl = ttl
        self._known: dict[str, Session] = {}
        self._reading: dict[str, asyncio.Task[Session]] = {}

    async def forget(self) -> None:
        """Users, roles, sessions or keys changed."""
        self._known.clear()
        self._reading.clear()

    async def of(self, claims: Claims) -> Session:
        """The session of a token; 401 when it does not count any more."""
        token = claims.token_id
        session = self._known.get(token)
        if session is not None and session.fresh_until > time.monotonic():
            return session
        reading = self._reading.get(token)
        if reading is None:
            reading = self._reading[token] = asyncio.create_task(self._read(claims))
            reading.add_done_callback(lambda task: self._done(token, task))
        return await asyncio.shield(reading)

    def _done(self, token: str, task: asyncio.Task[Session]) -> None:
        # one that was forgotten while it was read may be old already
        if self._reading.get(token) is not task:
            return
        del self._reading[token]
        if not task.cancelled() and task.exception() is None:
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[token] = task.result()

    async def _read(self, claims: Claims) -> Session:
        # of when it is asked, not of when the answer comes: it may have changed in between
        fresh_until = time.monotonic() + self._ttl
        row = await self._database.row(_SQL, (str(claims.user_id), claims.token_id, str(claims.is_key)))
        if row is None:
            raise RuntimeError("orchestrator.token_state returned nothing")
        problem, roles, document = row
        if problem is not None:
            raise refused(problem.decode())
        return Session(
            user_id=claims.user_id,
            roles=tuple(json.loads(roles or b"[]")),
            document=document or b"null",
            claims=claims,
            fresh_until=fresh_until,
        )
