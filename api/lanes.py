"""Connections on which short writes follow each other without a pause.

A backend that waits for its next statement falls asleep, and what it needs leaves the caches; where backends take
turns on few processors, they take the caches from each other as well. In a lane the next statements are in the
backend's hands before it is done with the first. What stands behind one that waits for a lock would wait, too: so the
server ends whatever takes longer than 200 ms there, which undoes it, and it runs again elsewhere, for as long as it
needs. Which kinds of statements are short is learnt.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from time import monotonic

import psycopg
from psycopg import pq

from api.connection import UNKNOWN_STATEMENT, Connection
from api.group_commit import FLUSH, GroupCommit, Shared, Turn
from api.pace import Pace

__all__ = ["Lanes", "undone"]

#: milliseconds that the server gives a statement
_LIMIT = 200
#: a lower one stays
_SET_LIMIT = """
select set_config(name, $1, false) from pg_settings
where name = 'statement_timeout' and (setting = '0' or setting::integer > $1::integer)
"""
_CANCELED = b"57014"
#: the kind of all statements that flush
_FLUSH = "flush"
_RUN_AGAIN = (_CANCELED, UNKNOWN_STATEMENT.encode())
#: seconds after which a lane is taken to be stuck
_STUCK = 2 * _LIMIT / 1000
#: seconds that a statement takes at most on the average, and one that flushes its commit: while it does, nothing runs
_SHORT = 0.001
_SHORT_FLUSH = 0.0015
#: statements sent over a lane and not over
_DEPTH = 4
#: seconds after a failure before a lane is opened again
_PAUSE = 0.25


class _Lane:
    """A connection, and what is on its way there."""

    __slots__ = ("connection", "forgot", "sent", "shared", "since")

    def __init__(self, connection: Connection, shared: Shared) -> None:
        self.connection = connection
        #: all of it is prepared there
        self.shared = shared
        self.sent: deque[Turn] = deque()
        #: when the first of them began to run
        self.since = 0.0
        #: the server forgot what was prepared
        self.forgot = False

    def moves(self, now: float) -> bool:
        """False while something runs there that the limit does not reach: a loop in Python, a commit that waits."""
        return not self.sent or now - self.since < _STUCK


def _load(lane: _Lane) -> int:
    return lane.connection.load


def undone(result: pq.abc.PGresult) -> bool:
    """Whether a statement of a lane has to run elsewhere: it was ended, or forgotten, and nothing is left of it."""
    return result.error_field(pq.DiagnosticField.SQLSTATE) in _RUN_AGAIN


class Lanes:
    """At most `count` lanes, opened when they are needed.

    `lend` gives a connection of the pool for good, `discard` gets those that a lane is done with, and `held` is called
    when replies are kept back and nothing that would flush them is on its way.
    """

    def __init__(
        self,
        commits: GroupCommit,
        count: int,
        *,
        lend: Callable[[], Awaitable[Connection]],
        discard: Callable[[Connection], None],
        held: Callable[[], None],
    ) -> None:
        self._commits = commits
        self._count = count
        self._lend = lend
        self._discard = discard
        self._held = held
        self._lanes: dict[Connection, _Lane] = {}
        self._waiting: deque[Turn] = deque()
        self._pace = Pace(_SHORT)
        self._flushes = Pace(_SHORT_FLUSH)
        self._opening: asyncio.Task[None] | None = None
        #: when opening one last failed
        self._failed = float("-inf")
        self._closed = False
        #: statements that a lane could have taken, and that run elsewhere
        self.elsewhere = 0

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, connection: object) -> bool:
        return connection in self._lanes

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._lanes)

    @property
    def waiting(self) -> int:
        """Statements that have not been sent yet."""
        return len(self._waiting)

    def put(self, turn: Turn) -> bool:
        """Takes a turn, whose future gets None where it should run elsewhere after all. False: not taken."""
        shared, kind = turn.statement, turn.kind
        if kind is None or not isinstance(shared, Shared) or not self._count or self._closed:
            return False
        now = monotonic()
        # whoever is alone with his write gains nothing here
        alone = not self.elsewhere and not any(lane.sent for lane in self._lanes.values())
        if alone or not self._flushes.is_short(_FLUSH, now) or not self._pace.is_short(kind, now):
            return False
        if len(self._lanes) < self._count and self._opening is None and now > self._failed + _PAUSE:
            self._opening = asyncio.create_task(self._open(turn, shared))
            # whatever becomes of it, and should it never begin
            self._opening.add_done_callback(lambda _: self._opened(turn))
            return True
        lane = min((lane for lane in self._lanes.values() if lane.moves(now)), key=_load, default=None)
        if lane is None or lane.shared is not shared:
            return False
        self._waiting.append(turn)
        self._fill(lane)
        return True

    def check(self) -> None:
        """Gives back those that were lost, and lets those go that wait for lanes which are stuck."""
        for lane in tuple(self._lanes.values()):
            if lane.connection.broken:
                self._retire(lane)
        now = monotonic()
        if not any(lane.moves(now) for lane in self._lanes.values()):
            while self._waiting:
                self._refuse(self._waiting.popleft())

    def flush(self) -> None:
        """Flushes for those that are kept back, where a lane has nothing else to do."""
        for lane in tuple(self._lanes.values()):
            if not lane.connection.busy:
                self._fill(lane)

    async def close(self) -> None:
        """Gives back what is idle, and the rest when it is done."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            with suppress(asyncio.CancelledError):
                await self._opening
        for lane in tuple(self._lanes.values()):
            self._fill(lane)

    async def _open(self, turn: Turn, shared: Shared) -> None:
        """A lane begins with a statement that nobody follows yet: the first one of a session takes long."""
        connection: Connection | None = None
        try:
            connection = await self._lend()
            try:
                turn.settle(await connection.run(shared.alone, turn.params))
            except psycopg.Error as error:
                turn.settle(error)
            await connection.run(_SET_LIMIT, [str(_LIMIT).encode()])
            await connection.prepare(*shared)
            connection.queue()
        except (psycopg.Error, asyncio.CancelledError) as error:
            self._failed = monotonic()
            if connection is not None:
                self._discard(connection)
            if isinstance(error, asyncio.CancelledError):
                turn.settle(psycopg.OperationalError("the pool is closed"))
                raise
        else:
            self._lanes[connection] = _Lane(connection, shared)

    def _opened(self, turn: Turn) -> None:
        self._opening = None
        self._refuse(turn)

    def _fill(self, lane: _Lane) -> None:
        """Sends what waits, as far as there is room."""
        connection = lane.connection
        now = monotonic()
        while self._waiting and connection.load < _DEPTH and not lane.forgot and not self._closed and connection.usable:
            turn = self._waiting.popleft()
            if turn.statement is not lane.shared or not self._pace.is_short(turn.kind or "", now):
                self._refuse(turn)
            elif not turn.future.done():
                self._send(lane, turn)
        if self._commits.waits and not connection.busy:
            self._flush(lane)
        if lane.forgot or self._closed or not connection.usable:
            self._retire(lane)

    def _retire(self, lane: _Lane) -> None:
        """Ends a lane once nothing is on its way there; its connection keeps the limit, and is of no other use."""
        if not lane.connection.busy and self._lanes.pop(lane.connection, None) is not None:
            self._discard(lane.connection)
            for other in tuple(self._lanes.values()):
                self._fill(other)
            while self._waiting and not self._lanes:
                self._refuse(self._waiting.popleft())

    def _refuse(self, turn: Turn) -> None:
        if not turn.future.done():
            turn.future.set_result(None)

    def _send(self, lane: _Lane, turn: Turn) -> None:
        behind = lane.sent[-1] if lane.sent else None
        followed = bool(self._waiting)
        statement = self._commits.form(turn, lane.shared, lane.connection, followed=followed, behind=behind)
        self._add(lane, turn)
        if not lane.connection.start(statement, turn.params, partial(self._done, lane, turn)):
            lane.sent.pop()
            lane.forgot = True
            self._commits.withdraw(turn)
            self._refuse(turn)

    def _flush(self, lane: _Lane) -> None:
        turn = self._commits.flush(lane.connection)
        if turn is not None:
            self._add(lane, turn)
            # prepared statements may be gone, and then nobody would be told
            lane.connection.start(FLUSH, (), partial(self._done, lane, turn), prepared=False)

    def _add(self, lane: _Lane, turn: Turn) -> None:
        turn.sent = asyncio.get_running_loop().time()
        if not lane.sent:
            lane.since = monotonic()
        lane.sent.append(turn)

    def _done(self, lane: _Lane, turn: Turn, outcome: pq.abc.PGresult | psycopg.Error) -> None:
        lane.sent.popleft()
        # the loop's clock counts milliseconds
        now = monotonic()
        self._learn(turn, outcome, now - lane.since, now)
        lane.since = now
        self._commits.finished(turn, outcome)
        self._fill(lane)
        if self._commits.waits:
            self._held()

    def _learn(self, turn: Turn, outcome: pq.abc.PGresult | psycopg.Error, seconds: float, now: float) -> None:
        if isinstance(outcome, psycopg.Error) or turn.kind is None:
            return
        if outcome.error_field(pq.DiagnosticField.SQLSTATE) == _CANCELED:
            self._pace.overran(turn.kind, now)
        else:
            self._pace.took(turn.kind, seconds, now)
            if not turn.is_member:
                self._flushes.took(_FLUSH, seconds, now)
