"""Whose flush vouches for whose commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from psycopg import pq

from api.connection import Connection
from api.group_commit import GroupCommit, Shared, Turn

_WRITE = Shared("alone", "member", "leader")
_DONE = cast(Any, SimpleNamespace(status=pq.ExecStatus.TUPLES_OK))
_FAILED = cast(Any, SimpleNamespace(status=pq.ExecStatus.FATAL_ERROR))


def _run(use: Callable[[GroupCommit], None]) -> None:
    async def main() -> None:
        use(GroupCommit())

    asyncio.run(main())


def _connection(opened: float) -> Connection:
    return cast(Connection, SimpleNamespace(opened=opened))


def _sent(commits: GroupCommit, at: float, *, opened: float = 0, followed: bool = True) -> tuple[Turn, str]:
    """A write that was sent, and how it commits."""
    turn = Turn(_WRITE)
    form = commits.form(turn, _WRITE, _connection(opened), followed=followed)
    turn.sent = at
    return turn, form


def test_a_write_that_nobody_follows_waits_for_the_disk_itself() -> None:
    def use(commits: GroupCommit) -> None:
        turn, form = _sent(commits, 1, followed=False)
        commits.finished(turn, _DONE)
        assert (form, turn.future.result(), commits.waits) == ("alone", _DONE, False)

    _run(use)


def test_a_member_is_told_when_a_leader_that_was_sent_after_its_commit_is_done() -> None:
    def use(commits: GroupCommit) -> None:
        early, form = _sent(commits, 1)
        late, _ = _sent(commits, 2)
        assert form == "member"
        commits.finished(early, _DONE)
        assert not early.future.done()
        leader, form = _sent(commits, 3)
        assert form == "leader"
        # committed while the leader is on its way, perhaps after it
        commits.finished(late, _DONE)
        commits.finished(leader, _DONE)
        assert early.future.done() and leader.future.done() and not late.future.done()
        second, form = _sent(commits, 4, followed=False)
        assert form == "leader"
        commits.finished(second, _DONE)
        assert late.future.done()

    _run(use)


def test_there_is_one_leader_at_a_time() -> None:
    def use(commits: GroupCommit) -> None:
        turns = [_sent(commits, 1)[0] for _ in range(2)]
        commits.finished(turns[0], _DONE)
        assert _sent(commits, 2)[1] == "leader"
        commits.finished(turns[1], _DONE)
        assert _sent(commits, 3)[1] == "member"
        assert _sent(commits, 3, followed=False)[1] == "alone"

    _run(use)


@pytest.mark.parametrize("outcome", [_FAILED, psycopg.OperationalError("the connection is lost")])
def test_a_leader_that_fails_vouches_for_nobody(outcome: Any) -> None:
    def use(commits: GroupCommit) -> None:
        member, _ = _sent(commits, 1)
        commits.finished(member, _DONE)
        leader, _ = _sent(commits, 2)
        commits.finished(leader, outcome)
        assert leader.future.done() and not member.future.done()
        assert commits.needs(_connection(0))
        if isinstance(outcome, psycopg.Error):
            assert leader.future.exception() is outcome

    _run(use)


def test_a_member_that_fails_waits_for_nobody() -> None:
    def use(commits: GroupCommit) -> None:
        member, _ = _sent(commits, 1)
        commits.finished(member, _FAILED)
        assert member.future.result() is _FAILED and not commits.waits

    _run(use)


def test_a_connection_opened_after_a_commit_was_sent_does_not_vouch_for_it() -> None:
    def use(commits: GroupCommit) -> None:
        old, _ = _sent(commits, 1)
        young, _ = _sent(commits, 3)
        commits.finished(old, _DONE)
        assert not commits.needs(_connection(2))
        commits.finished(young, _DONE)
        leader, form = _sent(commits, 4, opened=2)
        assert form == "leader"
        commits.finished(leader, _DONE)
        assert young.future.done() and not old.future.done()
        # the server crashed in between, for all that is known
        commits.give_up(oldest=2)
        assert isinstance(old.future.exception(), psycopg.OperationalError) and not commits.waits

    _run(use)


def test_a_leader_that_takes_long_is_overtaken_by_another_one() -> None:
    def use(commits: GroupCommit) -> None:
        member, _ = _sent(commits, 1)
        commits.finished(member, _DONE)
        slow, _ = _sent(commits, 2)
        commits.overtake(before=2)
        assert not commits.waits
        commits.overtake(before=2.1)
        other, form = _sent(commits, 3)
        assert form == "leader"
        commits.finished(other, _DONE)
        assert member.future.done() and not slow.future.done()
        commits.finished(slow, _DONE)
        assert slow.future.done()

    _run(use)


def test_a_statement_that_was_not_sent_leads_nobody() -> None:
    def use(commits: GroupCommit) -> None:
        member, _ = _sent(commits, 1)
        commits.finished(member, _DONE)
        unsent, form = _sent(commits, 2)
        assert form == "leader" and commits.is_open and not commits.waits
        commits.withdraw(unsent)
        assert commits.needs(_connection(0)) and not member.future.done()

    _run(use)
