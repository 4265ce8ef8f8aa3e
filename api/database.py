"""PostgreSQL as the API uses it: a pool, one statement at a time, raw results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import psycopg
import structlog
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from api.errors import ApiError
from api.settings import Settings

__all__ = ["Database", "Listener"]

log = structlog.get_logger("api.database")

Row = tuple[bytes | None, ...]
#: statements that a connection keeps prepared
_PREPARED = 500


class Database:
    """Every statement is a transaction of its own; parameters are text and cast in SQL; results come unparsed."""

    def __init__(self, settings: Settings) -> None:
        self.conninfo = make_conninfo(
            settings.dsn,
            application_name="orchestrator api",
            options=f"-c statement_timeout={settings.statement_timeout} -c idle_in_transaction_session_timeout=60000",
        )
        self.pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
            self.conninfo,
            kwargs={"autocommit": True, "cursor_factory": AsyncRawCursor},
            min_size=min(2, settings.pool_size),
            max_size=settings.pool_size,
            timeout=settings.pool_timeout,
            configure=_configure,
            open=False,
        )

    async def open(self) -> None:
        """Starts the pool; a database that is away does not stop the server from starting."""
        await self.pool.open(wait=False)

    async def close(self) -> None:
        """Waits for what is running, then disconnects."""
        await self.pool.close()

    async def rows(self, sql: str, params: Sequence[str | None] = ()) -> list[Row]:
        """Runs a prepared statement; each value is the server's text or None."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor()
            await cursor.execute(sql.encode(), params, prepare=True)
            result = cursor.pgresult
            assert result is not None
            columns = range(result.nfields)
            return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]

    async def row(self, sql: str, params: Sequence[str | None] = ()) -> Row | None:
        """The first row, None when there is none."""
        rows = await self.rows(sql, params)
        return rows[0] if rows else None


async def _configure(connection: AsyncConnection) -> None:
    connection.prepared_max = _PREPARED


class Listener:
    """Calls back on notifications, over a connection of its own; calls everything back after a reconnect."""

    def __init__(self, conninfo: str, callbacks: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self._conninfo = conninfo
        self._callbacks = callbacks
        self._pause = 0.5

    async def run(self) -> None:
        """Listens until cancelled."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, ApiError, OSError) as error:
                log.warning("listening interrupted", reason=str(error).strip())
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, 10.0)

    async def _listen(self) -> None:
        async with await AsyncConnection.connect(
            self._conninfo, autocommit=True, keepalives_idle=30, keepalives_interval=10
        ) as connection:
            for channel in self._callbacks:
                await connection.execute(f"listen {channel}".encode())
            self._pause = 0.5
            for callback in self._callbacks.values():
                await callback()
            async for notification in connection.notifies():
                await self._callbacks[notification.channel]()
