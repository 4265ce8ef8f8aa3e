"""What a token stands for: a user and his roles, unless it was blocked. Remembered for a moment."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass

from api.database import Database
from api.tokens import Claims, refused

__all__ = ["Session", "Sessions", "visitor"]

_SQL = (
    "select problem, array_to_json(roles)::text, role_mode, union_by_default, document"
    " from orchestrator.token_state($1, $2, $3)"
)
#: as orchestrator.user_context() has it
_SHOWN = (
    *("nickname", "username", "email", "phone", "appLang", "systemSettings", "passwordChangeTz"),
    *("createdById", "updatedById", "createdAt", "updatedAt"),
)
_USER = re.compile(r"[0-9]{1,19}")
#: users, and tokens of one user
_CACHED = 10_000
_CACHED_OF_ONE = 100


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user as the API knows him. `roles` begins with the default one."""

    user_id: int
    roles: tuple[str, ...]
    #: default, allow-use-union or only-use-union
    role_mode: str
    #: acts in all roles together when none is named, where the mode allows it
    union_by_default: bool
    #: the user with his roles, as `auth:check` shows him
    document: bytes
    claims: Claims
    #: time.monotonic() after which it is read again
    fresh_until: float


def visitor(session: Session) -> str:
    """What workflows of another database see of the user: what those of his own see, and where he is from."""
    document = json.loads(session.document)
    shown = {name: document.get(name) for name in _SHOWN}
    return json.dumps({**shown, "id": session.user_id, "dataSource": "main"}, ensure_ascii=False)


class Sessions:
    """Reads what a token stands for at most once in `ttl` seconds, and once for all requests that wait for it."""

    def __init__(self, database: Database, ttl: float) -> None:
        self._database = database
        self._ttl = ttl
        #: by user, then by token
        self._known: dict[int, dict[str, Session]] = {}
        self._reading: dict[tuple[int, str], asyncio.Task[Session]] = {}

    async def forget(self, user: str = "") -> None:
        """Something of a user changed, or of everybody."""
        # whoever may connect may notify
        if not _USER.fullmatch(user):
            self._known.clear()
            self._reading.clear()
            return
        user_id = int(user)
        self._known.pop(user_id, None)
        for key in [key for key in self._reading if key[0] == user_id]:
            del self._reading[key]

    async def of(self, claims: Claims) -> Session:
        """The session of a token; 401 when it does not count any more."""
        known = self._known.get(claims.user_id)
        session = known.get(claims.token_id) if known is not None else None
        if session is not None and session.fresh_until > time.monotonic():
            return session
        key = claims.user_id, claims.token_id
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(claims))
            reading.add_done_callback(lambda task: self._done(key, task))
        return await asyncio.shield(reading)

    def _done(self, key: tuple[int, str], task: asyncio.Task[Session]) -> None:
        # one that was forgotten while it was read may be old already
        if self._reading.get(key) is not task:
            return
        del self._reading[key]
        user_id, token = key
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._known) >= _CACHED:
            self._known.clear()
        tokens = self._known.setdefault(user_id, {})
        if len(tokens) >= _CACHED_OF_ONE:
            tokens.clear()
        tokens[token] = task.result()

    async def _read(self, claims: Claims) -> Session:
        # of when it is asked, not of when the answer comes: it may have changed in between
        fresh_until = time.monotonic() + self._ttl
        row = await self._database.row(_SQL, (str(claims.user_id), claims.token_id, str(claims.is_key)))
        if row is None:
            raise RuntimeError("orchestrator.token_state returned nothing")
        problem, roles, mode, union, document = row
        if problem is not None:
            raise refused(problem.decode())
        return Session(
            user_id=claims.user_id,
            roles=tuple(json.loads(roles or b"[]")),
            role_mode=(mode or b"default").decode(),
            union_by_default=union == b"t",
            document=document or b"null",
            claims=claims,
            fresh_until=fresh_until,
        )
