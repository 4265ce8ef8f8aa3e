"""PostgreSQL as the API uses it: one statement at a time, raw results, and notifications."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.group_commit import Shared
from api.pool import Pool
from api.settings import Settings

__all__ = ["Database", "Listener", "Row"]

log = structlog.get_logger("api.database")

Row = tuple[bytes | None, ...]
#: seconds a connection is used: after an upgrade of the engine backends begin anew within that time
_LIFETIME = 1800.0
#: a peer that is gone is noticed within half a minute
_DEFAULTS = {"connect_timeout": "10", "keepalives_idle": "15", "keepalives_interval": "5", "tcp_user_timeout": "30000"}
#: seconds beyond its own limit until the server is taken to be out of reach
_SPARE = 5.0


class Database:
    """Every statement is a transaction of its own; parameters are text and cast in SQL; results come unparsed."""

    def __init__(self, settings: Settings) -> None:
        given = _DEFAULTS | {name: str(value) for name, value in conninfo_to_dict(settings.dsn).items()}
        given |= {"application_name": "orchestrator api", "client_encoding": "UTF8"}
        if not settings.pooled:
            # poolers refuse it: a session is not one client's there
            limit = f"-c statement_timeout={settings.statement_timeout}"
            given["options"] = f"{given.get('options', '')} {limit}".strip()
        limited = settings.statement_timeout and not settings.pooled
        self.conninfo = make_conninfo(**given)
        self.pool = Pool(
            self.conninfo,
            size=settings.pool_size,
            timeout=settings.pool_timeout,
            lifetime=_LIFETIME,
            pooled=settings.pooled,
            silence=settings.statement_timeout / 1000 + _SPARE if limited else inf,
        )

    async def close(self) -> None:
        """Disconnects."""
        await self.pool.close()

    async def rows(self, sql: str | Shared, params: Sequence[str | None] = (), kind: str | None = None) -> list[Row]:
        """Runs a prepared statement; each value is the server's text or None. For `kind` see Pool.run."""
        result = await self.pool.run(sql, [None if param is None else _encoded(param) for param in params], kind)
        columns = range(result.nfields)
        return [tuple([result.get_value(row, column) for column in columns]) for row in range(result.ntuples)]

    async def row(self, sql: str | Shared, params: Sequence[str | None] = (), kind: str | None = None) -> Row | None:
        """The first row, None when there is none."""
        rows = await self.rows(sql, params, kind)
        return rows[0] if rows else None


def _encoded(param: str) -> bytes:
    if "\0" in param:
        # libpq would end the text there
        raise psycopg.DataError("a null character is not allowed")
    return param.encode()


class Listener:
    """Calls back on notifications with their payload, over a connection of its own; calls everything back, with an
    empty one, after a reconnect.
    """

    def __init__(self, conninfo: str, callbacks: Mapping[str, Callable[[str], Awaitable[None]]]) -> None:
        self._conninfo = conninfo
        self._callbacks = callbacks
        self._pause = 0.5

    async def run(self) -> None:
        """Listens until cancelled."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                log.warning("listening interrupted", reason=str(error).strip())
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, 10.0)

    async def _listen(self) -> None:
        async with await AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
            for channel in self._callbacks:
                await connection.execute(f"listen {channel}".encode())
            self._pause = 0.5
            for callback in self._callbacks.values():
                await callback("")
            async for notification in connection.notifies():
                await self._callbacks[notification.channel](notification.payload)
