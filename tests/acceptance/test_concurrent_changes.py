"""Tables that are altered while others are, and while workflows are published: each waits, and nobody fails."""

from __future__ import annotations

import time

import pytest

from .conftest import Connect, Connection, Ledger, above, end, follower, guard, note, refused, say, when
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


@pytest.mark.parametrize("change", ["drop column extra", "rename column extra to more", "rename to remarks"])
def test_a_table_that_changes_while_nodes_wait_for_it_fails_none_of_them(
    ledger: Ledger, connect: Connect, change: str
) -> None:
    ledger.run("alter table notes add column extra text")
    found = {"key": "found", "type": "query", "config": {"collection": "notes", "params": {"filter": {"text": "a"}}}}
    ledger.define(follower(note(), found, when("{{$jobsMapByNodeKey.found.text}}", "equal", "a", say("known"))))
    ledger.run("insert into expenses (title, amount) values ('a', 1), ('b', 2)")
    worker, watch = connect(), Ledger(connect())
    ledger.run(f"begin; alter table notes {change}")
    with in_background(lambda: Ledger(worker).drain()) as outcome:
        assert waits(watch, worker)
        ledger.run("commit")
    assert outcome == [2]
    assert [status for _, status, _ in ledger.executions()] == [1, 1]
    table = "remarks" if "remarks" in change else "notes"
    assert ledger.rows(f"select text from {table} order by id") == [("a",), ("b",)]


def test_a_table_that_changes_while_a_guard_waits_for_it_does_not_fail_the_write(
    ledger: Ledger, connect: Connect
) -> None:
    ledger.run("alter table notes add column extra text; insert into notes (text) values ('closed')")
    found = {"key": "found", "type": "query", "config": {"collection": "notes", "params": {}}}
    ledger.define(guard(found, when("{{$jobsMapByNodeKey.found.text}}", "equal", "closed", say("closed"), end())))
    session, watch = connect(), Ledger(connect())
    ledger.run("begin; alter table notes drop column extra")
    insert = b"insert into expenses (amount) values (1)"
    with in_background(lambda: session.execute(insert)) as outcome:
        assert waits(watch, session)
        ledger.run("commit")
    assert [str(error.diag.message_primary) for error in outcome] == ["closed"]
