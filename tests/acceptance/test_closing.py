"""What ends statements comes with the first guard that keeps history; until it can, rows end by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from .conftest import Connect, Ledger, above, end, follower, guard, note, refusal, refused, say
from .meanwhile import in_background
from .test_local import local_guard
from .test_publishing import SLOWLY

INSERT = "insert into expenses (amount) values (%s)"
MANY = "insert into expenses (amount) select g from generate_series(1, 5) g"


def is_closed(ledger: Ledger, table: str = "expenses") -> bool:
    """Whether a table has the trigger."""
    name = "zz_orchestrator_close"
    query = "select count(*) from pg_trigger where tgrelid = %s::regclass and tgname = %s"
    return bool(ledger.value(query, table, name))


def attach(ledger: Ledger) -> int:
    """What workers do now and then."""
    ledger.run("set role orchestrator_api")
    try:
        return int(ledger.value("select orchestrator.attach_waiting()"))
    finally:
        ledger.run("reset role")


@pytest.fixture
def unclosed(ledger: Ledger, connect: Connect) -> Iterator[Ledger]:
    """A guard that keeps history and was published while somebody wrote to the table."""
    writer = connect()
    writer.execute("begin; insert into expenses (amount) values (1)")
    ledger.define(guard())
    writer.execute("rollback")
    assert not is_closed(ledger)
    return ledger


def test_a_table_whose_guards_keep_nothing_has_no_such_trigger(ledger: Ledger) -> None:
    assert not is_closed(ledger)
    ledger.define(guard(deleteExecutionOnStatus=[1]))
    assert not is_closed(ledger)
    ledger.define(guard())
    assert is_closed(ledger)
    assert attach(ledger) == 0


def test_a_writers_transaction_holds_no_publisher_up(ledger: Ledger, connect: Connect) -> None:
    writer = connect()
    writer.execute("begin; insert into expenses (amount) values (1)")
    began = time.monotonic()
    ledger.define(guard())
    assert time.monotonic() - began < 10
    assert refused(writer, INSERT, 900) == "Amount 900 is above 500"
    writer.execute("rollback")
    assert not is_closed(ledger)
    ledger.run(MANY)
    assert [status for _, status, _ in ledger.executions()] == [1] * 5


def test_an_open_publish_locks_nothing(ledger: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("set lock_timeout = '300ms'")
    with ledger.db.transaction():
        ledger.define(guard())
        session.execute(INSERT, [900])
    assert refused(session, INSERT, 900) == "Amount 900 is above 500"
    session.execute(MANY)
    assert len(ledger.executions()) == 5
    assert attach(ledger) == 1
    assert is_closed(ledger)
    session.execute(MANY)
    assert len(ledger.executions()) == 10


def test_history_of_rows_that_end_by_themselves_lives_and_dies_with_the_write(unclosed: Ledger) -> None:
    unclosed.run(MANY)
    assert refused(unclosed.db, "insert into expenses (amount) select g * 200 from generate_series(1, 3) g")
    with unclosed.db.transaction():
        unclosed.run(MANY)
        with unclosed.db.transaction(force_rollback=True):
            unclosed.run("update expenses set amount = amount + 1")
        unclosed.run("delete from expenses where amount = 5")
    contexts = [context for _, _, context in unclosed.executions()]
    assert [context["params"].get("values", {}).get("amount") for context in contexts] == [
        *(1, 2, 3, 4, 5),
        *(1, 2, 3, 4, 5),
        *(None, None),
    ]
    assert attach(unclosed) == 1
    assert attach(unclosed) == 0
    unclosed.run(MANY)
    assert len(unclosed.executions()) == 17


def test_a_row_that_is_left_out_keeps_its_run(ledger: Ledger, connect: Connect) -> None:
    writer = connect()
    writer.execute("begin; insert into expenses (amount) values (1)")
    ledger.define(guard(say("left out"), end(1)))
    writer.execute("rollback")
    ledger.run(MANY)
    assert not is_closed(ledger)
    assert ledger.amounts() == []
    assert [status for _, status, _ in ledger.executions()] == [1] * 5


@pytest.mark.parametrize("writes", [False, True])
def test_a_statement_without_an_end_stays_on_its_version(ledger: Ledger, connect: Connect, writes: bool) -> None:
    writer = connect()
    writer.execute("begin; insert into expenses (amount) values (1)")
    nodes = [note("seen")] if writes else []
    first = ledger.define(guard(above(), *nodes))
    writer.execute("rollback")
    writer.execute(INSERT, [300])
    with in_background(lambda: writer.execute(f"insert into expenses (amount) select 300 {SLOWLY}".encode())) as result:
        time.sleep(0.12)
        with ledger.db.transaction():
            ledger.define(guard(above(100), *nodes))
    assert not isinstance(result[0], psycopg.Error), result
    assert not is_closed(ledger)
    assert ledger.rows("select workflow_id, count(*) from orchestrator.executions group by 1") == [(first, 13)]
    assert refused(writer, INSERT, 300) == "Amount 300 is above 100"


def test_the_next_statement_of_a_message_is_another_one(unclosed: Ledger) -> None:
    """Which local guards are bound is asked once a statement."""
    with unclosed.db.transaction():
        unclosed.define(local_guard(say("bound"), end(), key="button"))
    assert not is_closed(unclosed)
    script = """
        do $$
        begin
            insert into expenses (amount) values (1);
            perform set_config('orchestrator.trigger_workflows', 'button', true);
            insert into expenses (amount) values (2);
        end
        $$
    """
    assert refusal(unclosed.db, script)[:2] == ("WF400", "bound")


def test_a_partition_that_comes_later_is_closed_as_its_table_is(ledger: Ledger, tmp_path: Path) -> None:
    ledger.run("create table trips (id int, amount numeric) partition by list (id)")
    ledger.run("create table trips_1 partition of trips for values in (1)")
    ledger.manage("trips")
    assert not is_closed(ledger, "trips_1")
    ledger.define(guard(collection="trips"))
    assert is_closed(ledger, "trips")
    assert is_closed(ledger, "trips_1")
    with ledger.db.transaction():
        ledger.run("create table trips_2 partition of trips for values in (2)")
    assert is_closed(ledger, "trips_2")
    ledger.run("insert into trips_2 values (2, 1), (2, 2)")
    assert len(ledger.executions()) == 2
    # what is in a file cannot be locked by name, and has no transition tables
    file = tmp_path / "rows.csv"
    file.write_text("3,100\n")
    ledger.run("create extension file_fdw; create server files foreign data wrapper file_fdw")
    ledger.run(
        "create foreign table trips_3 partition of trips for values in (3) server files"
        f" options (filename '{file}', format 'csv')"
    )
    ledger.define(follower(note("{{$context.data.amount}}"), collection="trips"))
    ledger.run("insert into trips values (1, 7)")
    assert ledger.drain() == 1
    assert ledger.notes() == ["7"]
