"""The connections of a process: opened when needed, handed from request to request, replaced when lost or old."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from math import inf
from typing import NamedTuple, cast

import psycopg
from psycopg import pq

from api.connection import UNKNOWN_STATEMENT, Connection, checked
from api.group_commit import FLUSH, Given, GroupCommit, Shared, Turn
from api.lanes import Lanes, undone

__all__ = ["Pool", "PoolUse"]

#: seconds until a connection that was reset is noticed at the latest
_CHECK_EVERY = 0.25
#: seconds after which a statement is taken to wait for something instead of computing
_PATIENCE = 0.003
#: one connection in so many is a lane
_SHARE_OF_LANES = 4
#: seconds that a server without room for another connection is not asked for one
_REFUSAL = 1.0


class PoolUse(NamedTuple):
    """How much of a pool is in use."""

    idle: int
    busy: int
    waiting: int


class Pool:
    """At most `size` connections. Who waits longer than `timeout` seconds for one gets an OperationalError.

    Half of them are used as soon as somebody waits. Statements that only compute gain nothing from more: those few
    backends are busy, and their caches are warm. The others are for when statements wait themselves, for a lock or the
    disk; one that takes longer than `patience` seconds does not count. One that takes longer than `silence` seconds is
    an OperationalError, and its connection is replaced. Where the server has no room for another connection, requests
    wait for those that are open.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        size: int,
        timeout: float,
        lifetime: float,
        pooled: bool = False,
        patience: float = _PATIENCE,
        silence: float = inf,
    ) -> None:
        self._conninfo = conninfo
        self._pooled = pooled
        self._size = size
        self._eager = min(size, max(2, size // 2))
        self._timeout = timeout
        self._lifetime = lifetime
        self._patience = patience
        self._silence = silence
        self._idle: list[Connection] = []
        self._open = 0
        #: when the server last refused a connection while others were open
        self._refused = -inf
        self._waiting: deque[Turn] = deque()
        self._all: set[Connection] = set()
        self._checking: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._commits = GroupCommit()
        self._lanes = Lanes(
            self._commits,
            0 if pooled else size // _SHARE_OF_LANES,
            lend=self._lend,
            discard=self._discard,
            held=self._look_later,
        )

    @property
    def use(self) -> PoolUse:
        """Connections by what they do, and requests without one."""
        idle = len(self._idle) + sum(not lane.busy for lane in self._lanes)
        return PoolUse(idle, self._open - idle, len(self._waiting) + self._lanes.waiting)

    async def run(
        self, statement: str | Shared, params: Sequence[bytes | None], kind: str | None = None
    ) -> pq.abc.PGresult:
        """Runs a statement on the next free connection, and with others shares the flush of its commit.

        A connection that becomes free begins with the next statement before the result of the last one is looked at.
        Statements with a `kind`, whose duration is learnt by it, go through a lane while they are short.
        """
        if kind is None:
            return await self._run(statement, params)
        turn = Turn(statement, params, kind)
        if self._lanes.put(turn):
            result = await self._outcome(turn)
            if isinstance(result, pq.PGresult) and not undone(result):
                return checked(result)
        self._lanes.elsewhere += 1
        try:
            return await self._run(statement, params)
        finally:
            self._lanes.elsewhere -= 1

    async def _run(self, statement: str | Shared, params: Sequence[bytes | None]) -> pq.abc.PGresult:
        given = await self._take(Turn(statement, params))
        if isinstance(given, Connection):
            return await self._run_alone(given, statement, params)
        try:
            return checked(given)
        except psycopg.Error as error:
            if error.sqlstate != UNKNOWN_STATEMENT:
                raise
        # the server forgot it, nothing ran
        return await self._run_alone(await self._lend(), statement, params)

    async def _run_alone(
        self, connection: Connection, statement: str | Shared, params: Sequence[bytes | None]
    ) -> pq.abc.PGresult:
        try:
            if isinstance(statement, str):
                return await connection.run(statement, params)
            result = await connection.run(statement.alone, params)
            await connection.prepare(statement.member, statement.leader)
            return result
        finally:
            self._release(connection)

    async def close(self) -> None:
        """Closes what is idle, and the rest when it is done."""
        self._closed = True
        await self._lanes.close()
        while self._idle:
            self._discard(self._idle.pop())
        while self._closing:
            await asyncio.gather(*self._closing)
        if not self._all:
            for timer in filter(None, (self._checking, self._looking)):
                timer.cancel()
            self._checking = self._looking = None

    async def _take(self, turn: Turn) -> pq.abc.PGresult | Connection:
        """The result of a turn's statement; or a connection for this request alone, which has to prepare it."""
        while True:
            allowed = self._has_room
            connection = self._free() if allowed else None
            if connection is None and self._closed:
                raise psycopg.OperationalError("the pool is closed")
            if connection is None and (not allowed or self._is_full):
                given = await self._wait(turn)
            elif connection := connection or await self._connect():
                self._begin(connection, turn)
                given = await self._outcome(turn)
            else:
                continue
            if given is not None:
                return given
            again = Turn(turn.statement, turn.params)
            again.queued = turn.queued
            turn = again

    @property
    def _has_room(self) -> bool:
        """Whether another statement may begin."""
        busy = self._busy
        return busy < self._eager or (busy < self._size and busy - self._slow() < self._eager)

    @property
    def _busy(self) -> int:
        """Connections that are neither idle nor lanes."""
        return self._open - len(self._idle) - len(self._lanes)

    @property
    def _is_full(self) -> bool:
        """Whether no connection is to be added: a server that refused one is left alone for a moment."""
        if self._open >= self._size:
            return True
        return bool(self._all) and asyncio.get_running_loop().time() < self._refused + _REFUSAL

    def _slow(self) -> int:
        """Statements that take their time."""
        limit = asyncio.get_running_loop().time() - self._patience
        return sum(
            connection.busy and connection.sent < limit for connection in self._all if connection not in self._lanes
        )

    def _free(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            self._discard(connection)
        return None

    def _begin(self, connection: Connection, turn: Turn) -> None:
        statement = turn.statement
        if isinstance(statement, Shared) and not self._pooled:
            statement = self._commits.form(turn, statement, connection, followed=bool(self._waiting))
        elif isinstance(statement, Shared):
            statement = statement.alone
        if statement is None or not connection.start(statement, turn.params, partial(self._done, connection, turn)):
            self._commits.withdraw(turn)
            turn.future.set_result(connection)
        else:
            turn.sent = connection.sent

    def _done(self, connection: Connection, turn: Turn, outcome: pq.abc.PGresult | psycopg.Error) -> None:
        """A statement is over."""
        self._commits.finished(turn, outcome)
        if self._commits.waits:
            follows = next((each for each in self._waiting if not each.future.done()), None)
            if not (follows and isinstance(follows.statement, Shared)) and self._flush(connection):
                return
            self._look_later()
        self._release(connection)

    def _flush(self, connection: Connection) -> bool:
        """Flushes what was committed, where no statement does that which comes next."""
        turn = None if connection.busy else self._commits.flush(connection)
        if turn is None:
            return False
        # prepared statements may be gone, and then nobody would be told
        connection.start(FLUSH, (), partial(self._done, connection, turn), prepared=False)
        turn.sent = connection.sent
        return True

    async def _outcome(self, turn: Turn) -> Given:
        try:
            return await turn.future
        except asyncio.CancelledError:
            future = turn.future
            if future.done() and not future.cancelled() and future.exception() is None:
                # it came at the very moment of giving up
                given = future.result()
                if given is None:
                    self._wake()
                elif isinstance(given, Connection):
                    self._release(given)
            raise

    async def _lend(self) -> Connection:
        return cast("Connection", await self._take(Turn(None)))

    async def _connect(self) -> Connection | None:
        """A new connection; None: the server has no room for it, and others are open."""
        self._open += 1
        try:
            async with asyncio.timeout(self._timeout):
                connection = await Connection.open(self._conninfo, self._lifetime, pooled=self._pooled)
        except BaseException as error:
            if isinstance(error, psycopg.OperationalError) and self._all:
                self._refused = asyncio.get_running_loop().time()
                self._forget()
                return None
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
            connection.check(self._silence)
        self._lanes.check()
        self._checking = asyncio.get_running_loop().call_later(_CHECK_EVERY, self._check) if self._all else None

    def _look_later(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(self._patience, self._look)

    def _look(self) -> None:
        """As long as somebody waits, whether those that are waited for take too long."""
        self._looking = None
        commits = self._commits
        now = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0].queued < now - self._timeout:
            self._waiting.popleft().settle(psycopg.OperationalError("no database connection is free"))
        commits.overtake(now - self._patience)
        if commits.waits:
            self._lanes.flush()
            for connection in reversed(self._idle):
                if self._flush(connection):
                    self._idle.remove(connection)
                    break
            alive = [connection.opened for connection in self._all if not connection.broken]
            commits.give_up(min(alive, default=inf))
        while self._waiting and self._has_room:
            free = self._free()
            if free is None and self._is_full:
                break
            self._give(free)
            if free is None:
                # who got it opens one
                break
        if self._waiting or commits.is_open:
            self._look_later()

    async def _wait(self, turn: Turn) -> Given:
        """What comes of a turn; None: there is room for a new connection."""
        if turn.queued:
            # its turn had come
            self._waiting.appendleft(turn)
        else:
            turn.queued = asyncio.get_running_loop().time()
            self._waiting.append(turn)
        self._look_later()
        try:
            return await self._outcome(turn)
        except BaseException:
            if turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _release(self, connection: Connection) -> None:
        if connection.busy:
            # the request went away, its statement did not
            connection.when_idle(self._release)
        elif self._closed or not connection.usable:
            self._discard(connection)
        else:
            busy = self._busy
            crowded = busy > self._eager and busy - self._slow() > self._eager
            if crowded or not self._give(connection):
                self._idle.append(connection)

    def _give(self, connection: Connection | None) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if turn.future.done():
                continue
            if connection is None:
                turn.future.set_result(None)
            else:
                self._begin(connection, turn)
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
        if not self._is_full:
            self._give(None)
