"""Commits that share one flush of the write-ahead log, decided where the requests are.

PostgreSQL's own group commit shares flushes among backends that wait; here no backend waits. Where requests queue for a
connection, one that will be followed by another commits asynchronously, and its reply is held back. A later one, the
leader, commits with a flush, and that flush takes along what was committed before the leader was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import psycopg
from psycopg import pq

from api.connection import Connection

__all__ = ["FLUSH", "Given", "GroupCommit", "Shared", "Turn"]

#: something to flush, whatever else the transaction did: a sequence that is moved to where it is
_MOVE = "setval('orchestrator.flush', 1, false)"
FLUSH = f"select {_MOVE}"

#: a result; a connection to use alone; None: there is room for a new connection
Given = pq.abc.PGresult | Connection | None


class Shared(NamedTuple):
    """A write as it commits for itself alone, as one that waits for another's flush, and as one that brings it."""

    alone: str
    member: str
    leader: str

    @classmethod
    def of(cls, select: str) -> Shared:
        """A statement whose result has a column more, where others take part."""
        member = f"{select}, set_config('synchronous_commit', 'off', true)"
        return cls(select, member, f"{select}, {_MOVE}")


class Turn:
    """A statement that waits for a connection, then for its result; without one, the wish for a connection."""

    __slots__ = (
        "connection",
        "covers",
        "future",
        "is_member",
        "kind",
        "params",
        "queued",
        "result",
        "sent",
        "statement",
    )

    def __init__(
        self, statement: str | Shared | None, params: Sequence[bytes | None] = (), kind: str | None = None
    ) -> None:
        self.statement = statement
        self.params = params
        #: what it does, where how long that takes is learnt; see Lanes
        self.kind = kind
        self.future: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        #: when it began to wait and when it was sent, by the loop's clock
        self.queued = self.sent = 0.0
        self.is_member = False
        #: of a member and a leader, over which it was sent
        self.connection: Connection | None = None
        #: of a member, until it may be told
        self.result: pq.abc.PGresult | None = None
        #: whom a leader's flush takes along
        self.covers: list[Turn] | None = None

    def settle(self, outcome: pq.abc.PGresult | psycopg.Error) -> None:
        """Tells who waits for it, if somebody still does."""
        if self.future.done() or self.statement == FLUSH:
            return
        if isinstance(outcome, psycopg.Error):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit:
    """Who waits for a flush, and who brings it.

    A connection can vouch for a commit only if it was open when that was sent: what else may lie in between is a crash
    of the server, which loses the commit while a new connection flushes happily.
    """

    def __init__(self) -> None:
        self._waiting: list[Turn] = []
        self._leader: Turn | None = None

    @property
    def waits(self) -> bool:
        """Whether somebody waits for a flush that is not on its way."""
        return bool(self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for a flush."""
        return bool(self._waiting) or self._leader is not None

    def needs(self, connection: Connection) -> bool:
        """Whether a flush on this connection would help somebody now."""
        return self._leader is None and any(turn.sent >= connection.opened for turn in self._waiting)

    def form(
        self, turn: Turn, shared: Shared, connection: Connection, *, followed: bool, behind: Turn | None = None
    ) -> str:
        """The statement to send; `followed`: others will be sent after it; `behind`: what its connection runs first."""
        turn.connection = connection
        if self.needs(connection) or (self._leader is None and behind is not None and behind.is_member):
            self.lead(turn, connection)
            return shared.leader
        turn.is_member = followed
        return shared.member if followed else shared.alone

    def lead(self, turn: Turn, connection: Connection) -> None:
        """Makes a turn the leader of all that its connection can vouch for."""
        turn.connection = connection
        turn.covers = [each for each in self._waiting if each.sent >= connection.opened]
        self._waiting = [each for each in self._waiting if each.sent < connection.opened]
        self._leader = turn

    def finished(self, turn: Turn, outcome: pq.abc.PGresult | psycopg.Error) -> None:
        """What a statement came to: its own request hears of it, or later, and those that it leads."""
        done = not isinstance(outcome, psycopg.Error) and outcome.status == pq.ExecStatus.TUPLES_OK
        if turn.covers is not None:
            covered = self.resign(turn)
            if done:
                for each in covered:
                    self._tell(each)
            elif turn.statement == FLUSH and not isinstance(outcome, psycopg.Error):
                # the server refuses to, and would again
                _leave_unknown(covered)
            else:
                self._waiting += covered
        elif turn.is_member and not isinstance(outcome, psycopg.Error) and done:
            turn.result = outcome
            leader = self._leader
            if leader is not None and leader.covers is not None and leader.connection is turn.connection:
                # sent after it over the same connection, which it commits after
                leader.covers.append(turn)
            else:
                self._waiting.append(turn)
            return
        turn.settle(outcome)

    def flush(self, connection: Connection) -> Turn | None:
        """A flush that leads, to be sent; None where that would help nobody."""
        if connection.broken or not self.needs(connection):
            return None
        turn = Turn(FLUSH)
        self.lead(turn, connection)
        return turn

    def resign(self, turn: Turn) -> list[Turn]:
        """A leader that is one no longer; whom it left behind."""
        covered, turn.covers = turn.covers or [], None
        if self._leader is turn:
            self._leader = None
        return covered

    def withdraw(self, turn: Turn) -> None:
        """A turn whose statement was not sent after all."""
        turn.is_member = False
        self._waiting += self.resign(turn)

    def overtake(self, before: float) -> None:
        """Does not wait any longer for a leader that was sent before then: it may wait for a lock."""
        if self._leader is not None and self._leader.sent < before:
            self._waiting += self.resign(self._leader)

    def give_up(self, oldest: float) -> None:
        """No connection is left that was open before `oldest`: whether a commit before then is safe, nobody can say."""
        lost = [turn for turn in self._waiting if turn.sent < oldest]
        if lost:
            self._waiting = [turn for turn in self._waiting if turn.sent >= oldest]
            _leave_unknown(lost)

    def _tell(self, member: Turn) -> None:
        if member.result is not None:
            member.settle(member.result)


def _leave_unknown(members: Iterable[Turn]) -> None:
    """They are committed, and nobody can say whether that will last."""
    for member in members:
        member.settle(psycopg.OperationalError("the commit could not be flushed"))
