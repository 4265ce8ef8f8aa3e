"""Publishing while others write: no lock that they notice, no error, and one version a statement."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
import pytest

from .conftest import Connect, Connection, Ledger, above, end, guard, note, refusal, refused, say, when
from .meanwhile import Crew, crew, in_background

#: fixtures
__all__ = ["crew"]

ENABLE = "update orchestrator.workflows set enabled = %s where key = 'limit' and current"
#: rows that come slowly, so that there is time to publish between two of them
SLOWLY = "from generate_series(1, 12) g, lateral (select pg_sleep(0.03 + g * 0)) s"


def limit_of(number: int, **more: Any) -> dict[str, Any]:
    """A version of the guard with another limit."""
    return guard(above(number), **more)


@pytest.mark.parametrize("kept", [True, False])
def test_a_switch_takes_effect_in_every_open_session_at_its_next_statement(
    ledger: Ledger, connect: Connect, kept: bool
) -> None:
    ledger.define(guard(**({} if kept else {"deleteExecutionOnStatus": [1]})))
    sessions = [connect() for _ in range(4)]
    for session in sessions:
        session.execute("prepare put as insert into expenses (amount) values (900)")
    for _ in range(3):
        for session in sessions:
            assert refused(session, "execute put") == "Amount 900 is above 500"
        ledger.db.execute(ENABLE.encode(), [False])
        for session in sessions:
            session.execute("execute put")
        ledger.db.execute(ENABLE.encode(), [True])


def test_a_switch_takes_effect_within_an_open_transaction(limit: Ledger, connect: Connect) -> None:
    session = connect()
    with session.transaction():
        session.execute("insert into expenses (amount) values (1)")
        limit.db.execute(ENABLE.encode(), [False])
        session.execute("insert into expenses (amount) values (900)")
        limit.db.execute(ENABLE.encode(), [True])
        with pytest.raises(psycopg.Error, match="above 500"), session.transaction():
            session.execute("insert into expenses (amount) values (900)")
    assert limit.amounts() == [1, 900]


def test_a_switch_that_is_rolled_back_never_was(limit: Ledger, connect: Connect) -> None:
    session = connect()
    with limit.db.transaction(force_rollback=True):
        limit.db.execute(ENABLE.encode(), [False])
        assert refused(session, "insert into expenses (amount) values (900)")
        limit.run("insert into expenses (amount) values (901)")
    assert refused(session, "insert into expenses (amount) values (900)")
    assert refused(limit.db, "insert into expenses (amount) values (900)")
    assert limit.amounts() == []


def test_writers_see_no_error_while_versions_are_published(ledger: Ledger, crew: Crew) -> None:
    ledger.define(guard(above(), note("kept"), config={"actions": ["create"]}))

    def write(session: Connection) -> None:
        session.execute("insert into expenses (amount) values (%s)", [random.randint(1, 50)])
        session.execute("update expenses set title = 'seen' where id = (select max(id) from expenses)")

    crew.start(write, times=4)
    deadline = time.monotonic() + 4
    published = 0
    while time.monotonic() < deadline:
        published += 1
        time.sleep(0.05)
        ledger.define(limit_of(100 + published, **({"deleteExecutionOnStatus": [1]} if published % 3 == 0 else {})))
        ledger.db.execute(ENABLE.encode(), [published % 2 == 0])
    crew.join()
    assert crew.errors == []
    assert published > 5
    assert len(ledger.amounts()) > 50


def test_a_statement_runs_on_the_version_that_it_began_with(limit: Ledger, connect: Connect) -> None:
    first = limit.value("select id from orchestrator.workflows where current")
    limit.run("insert into expenses (amount) values (300)")
    session = connect()
    with in_background(
        lambda: session.execute(f"insert into expenses (amount) select 300 {SLOWLY}".encode())
    ) as outcome:
        time.sleep(0.12)
        limit.define(limit_of(100))
        assert refused(connect(), "insert into expenses (amount) values (300)") == "Amount 300 is above 100"
    assert not isinstance(outcome[0], psycopg.Error), outcome
    assert limit.amounts() == [300] * 13
    versions = limit.rows("select distinct workflow_id from orchestrator.executions where status = 1")
    assert versions == [(first,)]
    session.execute("insert into expenses (amount) values (1)")
    assert len(limit.rows("select distinct workflow_id from orchestrator.executions where status = 1")) == 2


def test_history_is_kept_of_a_statement_whose_workflow_is_disabled_in_its_middle(
    limit: Ledger, connect: Connect
) -> None:
    session = connect()
    with in_background(lambda: session.execute(f"insert into expenses (amount) select 300 {SLOWLY}".encode())):
        time.sleep(0.12)
        limit.db.execute(ENABLE.encode(), [False])
    assert [status for _, status, _ in limit.executions()] == [1] * 12


def test_a_statement_does_not_stop_being_judged_in_its_middle(limit: Ledger, connect: Connect) -> None:
    session = connect()
    insert = f"insert into expenses (amount) select case when g = 12 then 900 else 1 end {SLOWLY}"
    with in_background(lambda: session.execute(insert.encode())) as outcome:
        time.sleep(0.12)
        limit.db.execute(ENABLE.encode(), [False])
    assert getattr(outcome[0], "sqlstate", None) == "WF400"
    assert limit.amounts() == []


@pytest.mark.parametrize("bad", [True, False])
def test_a_version_that_reads_other_columns_changes_nothing_for_a_running_statement(
    ledger: Ledger, connect: Connect, bad: bool
) -> None:
    computed = {"key": "sum", "type": "calculation", "config": {"engine": "math.js", "expression": "1+1"}}
    ledger.define(guard(computed, above(), deleteExecutionOnStatus=[1]))
    last = "case when g = 12 then 900 else 1 end" if bad else "1"
    insert = f"insert into expenses (title, amount) select 'x', {last} {SLOWLY}"
    session = connect()
    with in_background(lambda: session.execute(insert.encode())) as outcome:
        time.sleep(0.12)
        title = when("{{$context.params.values.title}}", "equal", "x", say("no x"), end())
        ledger.define(guard(computed, title, deleteExecutionOnStatus=[1]))
        assert refused(connect(), "insert into expenses (title, amount) values ('x', 900)") == "no x"
        connect().execute("insert into expenses (title, amount) values ('y', 900)")
    assert getattr(outcome[0], "sqlstate", None) == ("WF400" if bad else None)
    assert ledger.value("select count(*) from expenses where title = 'x'") == (0 if bad else 12)


def test_publishers_in_parallel_do_not_disturb_each_other(ledger: Ledger, dsn: str) -> None:
    ledger.run("create table others (id bigint generated always as identity primary key, amount numeric)")
    ledger.manage("others")
    errors: list[psycopg.Error] = []

    def publish(number: int) -> None:
        rng = random.Random(number)
        try:
            with psycopg.connect(dsn, autocommit=True) as session:
                mine = Ledger(session)
                for round_ in range(8):
                    key = rng.choice(["one", "two"])
                    table = {"one": "expenses", "two": "others"}[key]
                    mine.define(guard(above(100 * number + round_), key=key, collection=table))
                    session.execute(
                        "update orchestrator.workflows set enabled = not enabled where key = %s and current", [key]
                    )
        except psycopg.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert (
        ledger.value("select max(n) from (select count(*) n from orchestrator.workflows where current group by key) c")
        == 1
    )


_HUNDRED = """
do $$
begin
    for g in 1..100 loop
        begin
            insert into expenses (amount) values (900);
        exception when sqlstate 'WF400' then
            null;
        end;
    end loop;
end $$
"""


def test_no_violating_write_gets_in_while_versions_are_swapped_and_sessions_killed(ledger: Ledger, crew: Crew) -> None:
    """Every version refuses 900; which one does, and whether it is native, changes all the time."""
    ledger.define(limit_of(500))
    tried = [0]
    lock = threading.Lock()

    def violate(session: Connection) -> int:
        """How many writes were tried."""
        match random.choice([0, 0, 1, 2, 3]):
            case 0:
                session.execute(_HUNDRED)
                return 100
            case 1:
                session.execute("insert into expenses (amount) select g from generate_series(861, 900) g")
            case 2:
                with session.cursor().copy("copy expenses (amount) from stdin") as copy:
                    for amount in (1, 2, 900):
                        copy.write_row((amount,))
            case _:
                session.execute(
                    "insert into expenses (id, amount) values (0, 1) on conflict (id) do update set amount = 900"
                )
        return 1

    def try_to_violate(session: Connection) -> None:
        count = 1
        try:
            count = violate(session)
        except psycopg.Error as error:
            if error.sqlstate not in ("WF400", "57P01", None):
                raise
        with lock:
            tried[0] += count

    def in_a_short_session(_session: Connection) -> None:
        with psycopg.connect(crew.dsn, autocommit=True) as session:
            for _ in range(random.randint(5, 60)):
                if crew.stop.is_set() or session.closed:
                    break
                try_to_violate(session)

    def kill(session: Connection) -> None:
        time.sleep(0.2)
        session.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> all (%s) order by random() limit 1",
            [[session.info.backend_pid, ledger.db.info.backend_pid]],
        )

    ledger.run("insert into expenses (id, amount) values (0, 1)")
    crew.start(in_a_short_session, times=2)
    crew.start(kill)
    number = 0
    deadline = time.monotonic() + 60
    while tried[0] < 10_000 and time.monotonic() < deadline and not crew.errors:
        number += 1
        more: dict[str, Any] = {"deleteExecutionOnStatus": [1]} if number % 2 else {}
        extra = [note("x")] if number % 3 == 0 else []
        time.sleep(0.05)
        ledger.define(guard(above(random.randint(100, 860)), *extra, **more))
    crew.join()
    assert crew.errors == []
    assert tried[0] >= 10_000
    assert ledger.value("select count(*) from expenses where amount = 900") == 0


def test_a_transaction_older_than_the_publish_gets_a_serialization_failure(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("begin isolation level repeatable read")
    session.execute("select count(*) from expenses")
    limit.define(limit_of(100))
    sqlstate, _, _ = refusal(session, "insert into expenses (amount) values (300)")
    assert sqlstate == "40001"
    session.execute("rollback")
    session.execute("begin isolation level repeatable read")
    assert refused(session, "insert into expenses (amount) values (300)") == "Amount 300 is above 100"
    session.execute("rollback")


def test_an_old_transaction_that_knows_its_version_goes_on_when_nothing_was_published(
    limit: Ledger, connect: Connect
) -> None:
    session = connect()
    session.execute("begin isolation level repeatable read")
    session.execute("insert into expenses (amount) values (1)")
    limit.define(guard())
    session.execute("insert into expenses (amount) values (2)")
    session.execute("commit")
    assert limit.amounts() == [1, 2]


def test_rollback_publishes_an_older_version_at_once(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("insert into expenses (amount) values (300)")
    old = limit.value("select id from orchestrator.workflows where current")
    new = limit.define(limit_of(100))
    assert new != old
    assert refused(session, "insert into expenses (amount) values (300)") == "Amount 300 is above 100"
    limit.db.execute("select orchestrator.rollback('limit', %s)", [old])
    session.execute("insert into expenses (amount) values (300)")
    assert refused(session, "insert into expenses (amount) values (900)") == "Amount 900 is above 500"


def test_publishing_waits_for_no_writer(limit: Ledger, connect: Connect) -> None:
    writer, locker = connect(), connect()
    writer.execute("begin")
    writer.execute("insert into expenses (amount) values (1)")
    locker.execute("begin")
    locker.execute("lock table expenses in share update exclusive mode")
    limit.run("set lock_timeout = '300ms'")
    limit.define(limit_of(100))
    limit.db.execute(ENABLE.encode(), [False])
    limit.db.execute(ENABLE.encode(), [True])
    writer.execute("insert into expenses (amount) values (2)")
    writer.execute("commit")
    locker.execute("rollback")
    assert limit.amounts() == [1, 2]


def test_a_writer_waits_for_no_open_publish(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("set lock_timeout = '300ms'")
    with limit.db.transaction():
        limit.define(limit_of(100))
        session.execute("insert into expenses (amount) values (300)")
        held = limit.rows(
            "select mode from pg_locks where pid = pg_backend_pid() and relation = 'expenses'::regclass"
            " and mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')"
        )
        assert held == []
    assert refused(session, "insert into expenses (amount) values (300)") == "Amount 300 is above 100"


def test_deleting_a_workflow_lets_its_writes_pass(limit: Ledger, connect: Connect) -> None:
    session = connect()
    assert refused(session, "insert into expenses (amount) values (900)")
    limit.run("delete from orchestrator.workflows where key = 'limit'")
    session.execute("insert into expenses (amount) values (900)")


def test_unmanage_leaves_the_table_as_it_was(limit: Ledger, connect: Connect) -> None:
    session = connect()
    assert refused(session, "insert into expenses (amount) values (900)")
    limit.run("select orchestrator.unmanage('expenses')")
    session.execute("insert into expenses (amount) values (900)")
    assert limit.rows("select tgname from pg_trigger where tgrelid = 'expenses'::regclass") == []
    assert limit.rows("select proname from pg_proc where pronamespace = 'orchestrator_hooks'::regnamespace"
                      " and proname like 'expenses%'") == []  # fmt: skip


def test_rows_that_a_native_guard_let_pass_belong_to_the_same_version(ledger: Ledger, connect: Connect) -> None:
    """The first version refuses above 500, the second below 400: each refuses this statement, whole."""
    amount = "{{$context.params.values.amount}}"
    kept_not = {"deleteExecutionOnStatus": [1]}
    ledger.define(guard(when(amount, "gt", 500, say("too much"), end()), **kept_not))
    session = connect()
    insert = f"insert into expenses (amount) select case when g = 12 then 600 else 300 end {SLOWLY}"
    with in_background(lambda: session.execute(insert.encode())) as outcome:
        time.sleep(0.12)
        ledger.define(guard(when(amount, "lt", 400, say("too little"), end()), **kept_not))
    assert getattr(outcome[0], "sqlstate", None) == "WF400"
    assert ledger.amounts() == []
