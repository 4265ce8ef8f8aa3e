"""The connections of a process: opened when needed, handed from request to request, replaced when lost or old."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from psycopg import pq

from api.connection import Connection

__all__ = ["Pool", "PoolUse"]

#: seconds until a connection that was reset is noticed at the latest
_CHECK_EVERY = 0.25


class PoolUse(NamedTuple):
    """How much of a pool is in use."""

    idle: int
    busy: int
    waiting: int


class Pool:
    """At most `size` connections. Who waits longer than `timeout` seconds for one gets an OperationalError."""

    def __init__(self, conninfo: str, *, size: int, timeout: float, lifetime: float, pooled: bool = False) -> None:
        self._conninfo = conninfo
        self._pooled = pooled
        self._size = size
        self._timeout = timeout
        self._lifetime = lifetime
        self._idle: list[Connection] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._all: set[Connection] = set()
        self._checking: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def use(self) -> PoolUse:
        """Connections by what they do, and requests without one."""
        return PoolUse(len(self._idle), self._open - len(self._idle), len(self._waiting))

    async def run(self, sql: str, params: Sequence[bytes | None]) -> pq.abc.PGresult:
        """Runs a statement on a free connection."""
        connection = await self._acquire()
        try:
            return await connection.run(sql, params)
        finally:
            self._release(connection)

    async def close(self) -> None:
        """Closes what is idle, and the rest when it is done."""
        self._closed = True
        while self._idle:
            self._discard(self._idle.pop())
        while self._closing:
            await asyncio.gather(*self._closing)
        if not self._all and self._checking is not None:
            self._checking.cancel()
            self._checking = None

    async def _acquire(self) -> Connection:
        while True:
            while self._idle:
                connection = self._idle.pop()
                if connection.usable:
                    return connection
                self._discard(connection)
            if self._closed:
                raise psycopg.OperationalError("the pool is closed")
            obtained = await (self._connect() if self._open < self._size else self._wait())
            if obtained is not None:
                return obtained

    async def _connect(self) -> Connection:
        self._open += 1
        try:
            async with asyncio.timeout(self._timeout):
                connection = await Connection.open(self._conninfo, self._lifetime, pooled=self._pooled)
        except BaseException as error:
            self._forget()
            if isinstance(error, TimeoutError):
                raise psycopg.OperationalError("the database does not answer") from None
            raise
        self._all.add(connection)
        if self._checking is None:
            self._check()
        return connection

    def _check(self) -> None:
        """Now and then as long as there are connections."""
        for connection in tuple(self._all):
            connection.check()
        self._checking = asyncio.get_running_loop().call_later(_CHECK_EVERY, self._check) if self._all else None

    async def _wait(self) -> Connection | None:
        """A connection that another request is done with; None: there is room for a new one."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._timeout):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # it came at the very moment of giving up
                connection = turn.result()
                self._wake() if connection is None else self._release(connection)
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise psycopg.OperationalError("no database connection is free") from None
            raise

    def _release(self, connection: Connection) -> None:
        if connection.busy:
            # the request went away, its statement did not
            connection.when_idle(lambda: self._release(connection))
        elif self._closed or not connection.usable:
            self._discard(connection)
        elif not self._give(connection):
            self._idle.append(connection)

    def _give(self, connection: Connection | None) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def _discard(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._forget()
        task = asyncio.get_running_loop().create_task(connection.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _forget(self) -> None:
        self._open -= 1
        self._wake()

    def _wake(self) -> None:
        self._give(None)
