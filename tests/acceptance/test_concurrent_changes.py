"""Tables that are altered while others are, and while workflows are published: each waits, and nobody fails."""

from __future__ import annotations

import time

import pytest

from .conftest import Connect, Connection, Ledger, above, guard, refused
from .meanwhile import in_background

CHANGES = [
    "alter table expenses add column extra int",
    "create table more () inherits (expenses)",
    "alter table expenses disable trigger user; alter table expenses enable trigger user",
    "drop table expenses",
]


def waits(ledger: Ledger, session: Connection) -> bool:
    """Whether a session stands before a lock within a while."""
    for _ in range(1000):
        if ledger.value("select cardinality(pg_blocking_pids(%s))", session.info.backend_pid):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("change", CHANGES)
def test_changes_of_two_tables_wait_for_each_other(limit: Ledger, connect: Connect, change: str) -> None:
    session, watch = connect(), Ledger(connect())
    limit.run("begin; alter table notes add column extra int")
    with in_background(lambda: session.execute(change.encode()) and None) as outcome:
        assert waits(watch, session)
        limit.run("commit")
    assert outcome == [None]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_waits_for_a_publisher_and_holds_nothing_that_he_wants(
    limit: Ledger, connect: Connect, change: str
) -> None:
    session, watch = connect(), Ledger(connect())
    limit.define(guard(key="notes", collection="notes"))
    limit.run("begin; select orchestrator.disable('notes')")
    with in_background(lambda: session.execute(change.encode()) and None) as outcome:
        assert waits(watch, session)
        limit.define(guard(above(400)))
        limit.run("commit")
    assert outcome == [None]
    if not change.startswith("drop"):
        assert refused(limit.db, "insert into expenses (amount) values (450)") == "Amount 450 is above 400"


def test_a_change_does_not_disturb_who_grants_on_the_schema(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("set statement_timeout = '20s'")
    limit.run("begin; grant usage on schema public to writer")
    session.execute("alter table expenses add column extra int")
    limit.run("commit")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == "Amount 900 is above 500"
