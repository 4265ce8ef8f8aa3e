"""Who is behind a token: the user and his roles, remembered for a moment."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from api.database import Database
from api.errors import ApiError

__all__ = ["Session", "Sessions"]

_SQL = "select array_to_json(roles)::text, password_changed_at::text, document from orchestrator.session_user_of($1)"
_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A user as the API knows him. `roles` begins with the one that acts when none is named."""

    user_id: int
    roles: tuple[str, ...]
    #: Unix milliseconds
    password_changed_at: int | None
    #: the user with his roles, as `auth:check` shows him
    document: bytes
    #: time.monotonic() after which it is read again
    fresh_until: float


class Sessions:
    """Reads a user at most once in `ttl` seconds, and once for all requests that wait for him."""

    def __init__(self, database: Database, ttl: float) -> None:
        self._database = database
        self._ttl = ttl
        self._known: dict[int, Session] = {}
        self._reading: dict[int, asyncio.Task[Session]] = {}

    async def forget(self) -> None:
        """Users or roles changed."""
        self._known.clear()
        self._reading.clear()

    async def of(self, user_id: int) -> Session:
        """The user's session; 401 when he is gone."""
        session = self._known.get(user_id)
        if session is not None and session.fresh_until > time.monotonic():
            return session
        reading = self._reading.get(user_id)
        if reading is None:
            reading = self._reading[user_id] = asyncio.create_task(self._read(user_id))
            reading.add_done_callback(lambda task: self._done(user_id, task))
        return await asyncio.shield(reading)

    def _done(self, user_id: int, task: asyncio.Task[Session]) -> None:
        # one that was forgotten while it was read may be old already
        if self._reading.get(user_id) is not task:
            return
        del self._reading[user_id]
        if not task.cancelled() and task.exception() is None:
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[user_id] = task.result()

    async def _read(self, user_id: int) -> Session:
        row = await self._database.row(_SQL, (str(user_id),))
        if row is None:
            raise ApiError(401, "User not found. Please sign in again to continue.", "NOT_EXIST_USER")
        roles, changed, document = row
        return Session(
            user_id=user_id,
            roles=tuple(json.loads(roles or b"[]")),
            password_changed_at=int(changed) if changed is not None else None,
            document=document or b"null",
            fresh_until=time.monotonic() + self._ttl,
        )
