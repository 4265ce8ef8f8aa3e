"""Rows that plainly pass take a short way: what is judged and what is kept of them is the same."""

from __future__ import annotations

import json

import psycopg
import pytest

from .conftest import Connect, Ledger, end, guard, refusal, refused, say, when

WRITE = "insert into expenses (title, amount) values ('a', 10)"
VIOLATION = "insert into expenses (amount) values (900)"
GROSS = {
    "key": "gross",
    "type": "calculation",
    "config": {"engine": "math.js", "expression": "{{$context.params.values.amount}} * 1.19"},
}


def gross_limit(limit: float = 500) -> list[dict[str, object]]:
    """A calculation, so that the native guard cannot say anything."""
    return [GROSS, when("{{$jobsMapByNodeKey.gross}}", "gt", limit, say("too much"), end())]


def test_one_row_and_many_leave_the_same_history(ledger: Ledger, connect: Connect) -> None:
    ledger.run(
        "grant select, insert on expenses to writer;"
        "insert into orchestrator.users (nickname, password, db_role) values ('Tess', 'secret', 'writer')"
    )
    ledger.define(guard(*gross_limit(), key="gross"))
    with connect(user="writer") as writer:
        writer.execute(WRITE)
        writer.execute("insert into expenses (title, amount) select 'a', 10 from generate_series(1, 2)")
    single, *many = ledger.rows(
        "select status, context::jsonb #- '{params,values,id}', jobs::jsonb, context #>> '{user,nickname}',"
        " context ->> 'dbUser', started_at = created_at, now() - created_at < interval '1 minute'"
        " from orchestrator.executions order by id"
    )
    assert many == [single, single]
    assert single[3:] == ("Tess", "writer", True, True)
    assert json.dumps(single[1]).find("secret") < 0
    assert ledger.value("select sum(executed) from orchestrator.execution_counts where key = 'gross'") == 3
    jobs = ledger.rows("select node_key, status, result from orchestrator.jobs order by id")
    assert jobs == [("gross", 1, 11.9), ("ask", 1, False)] * 3


def test_the_one_row_of_a_statement_is_kept_at_the_time_that_a_test_sets(ledger: Ledger) -> None:
    ledger.define(guard(*gross_limit()))
    ledger.run("set orchestrator.fake_now = '2031-02-03T04:05:06Z'")
    ledger.run(WRITE)
    assert ledger.value("select created_at = '2031-02-03T04:05:06Z' and started_at = created_at"
                        " from orchestrator.executions")  # fmt: skip


def test_several_kept_guards_leave_a_run_each(ledger: Ledger) -> None:
    for number in range(3):
        kept = {} if number else {"deleteExecutionOnStatus": [1]}
        ledger.define(guard(*gross_limit(), key=f"g{number}", **kept))
    ledger.run("insert into expenses (title, amount) select 'a', n % 100 from generate_series(1, 2500) n")
    ledger.run(WRITE)
    assert ledger.rows("select key, count(*) from orchestrator.executions group by 1 order by 1") == [
        ("g1", 2501),
        ("g2", 2501),
    ]
    assert refused(ledger.db, "insert into expenses (amount) values (1), (2), (900)") == "too much"
    assert ledger.value("select count(*) from orchestrator.executions") == 5002


@pytest.mark.parametrize("kept", [True, False])
def test_every_row_is_judged_by_the_version_of_its_statement(ledger: Ledger, connect: Connect, kept: bool) -> None:
    options = {} if kept else {"deleteExecutionOnStatus": [1]}
    ledger.define(guard(*gross_limit(), **options))
    with connect() as session:
        session.execute(WRITE)
        session.execute(WRITE)
        assert refused(session, VIOLATION) == "too much"
        ledger.define(guard(*gross_limit(5000), **options))
        session.execute(VIOLATION)
        ledger.define(guard(*gross_limit(5), **options))
        assert refused(session, WRITE) == "too much"
        with session.transaction():
            session.execute("update orchestrator.workflows set enabled = false where key = 'limit' and current")
            session.execute(WRITE)
            session.execute("update orchestrator.workflows set enabled = true where key = 'limit' and current")
            with pytest.raises(psycopg.Error, match="too much"), session.transaction():
                session.execute(WRITE)
    assert ledger.amounts() == [10, 10, 10, 900]


def test_a_row_that_takes_too_long_fails_with_the_nodes_error(ledger: Ledger) -> None:
    fibonacci = "f(n) = n < 2 ? n : f(n - 1) + f(n - 2); f({{$context.params.values.amount}})"
    slow = {"key": "slow", "type": "calculation", "config": {"engine": "math.js", "expression": fibonacci}}
    ledger.define(guard(slow, deleteExecutionOnStatus=[1]))
    ledger.run(WRITE)
    ledger.run(WRITE)
    sqlstate, _, detail = refusal(ledger.db, "insert into expenses (amount) values (60)")
    assert (sqlstate, detail["node"]) == ("WF500", "slow")
    assert "processor time" in detail["cause"]
    ledger.run(WRITE)
    assert ledger.amounts() == [10, 10, 10]


def test_a_request_that_takes_too_long_is_answered_and_its_trace_stays(ledger: Ledger) -> None:
    fibonacci = "f(n) = n < 2 ? n : f(n - 1) + f(n - 2); f({{$context.params.values.amount}})"
    slow = {"key": "slow", "type": "calculation", "config": {"engine": "math.js", "expression": fibonacci}}
    ledger.define(guard(slow))
    assert ledger.act("expenses", "create", values={"amount": 10})[0] == 200
    status, body = ledger.act("expenses", "create", values={"amount": 60})
    assert (status, list(body)) == (500, ["errors"])
    assert "internal" not in body["errors"][0]["message"]
    assert [status for _, status, _ in ledger.executions()] == [1, -2]
    assert ledger.act("expenses", "create", values={"amount": 11})[0] == 200
    assert ledger.amounts() == [10, 11]


def test_a_row_whose_computation_fails_is_told_so_by_the_node(ledger: Ledger) -> None:
    wrong = {"key": "w", "type": "calculation", "config": {
        "engine": "math.js", "expression": "{{$context.params.values.title}} * 2"}}  # fmt: skip
    ledger.define(guard(wrong))
    ledger.run("insert into expenses (title, amount) values ('4', 1), ('5', 1)")
    sqlstate, _, detail = refusal(ledger.db, "insert into expenses (title, amount) values ('4', 1), ('x', 1)")
    assert (sqlstate, detail["node"]) == ("WF500", "w")
    assert "to a number" in detail["cause"]


def test_what_keeps_the_history_from_being_written_stops_the_statement(ledger: Ledger) -> None:
    ledger.define(guard(*gross_limit()))
    ledger.run("alter table orchestrator.executions add constraint no_room check (key <> 'limit') not valid")
    for rows in (1, 10, 3000):
        statement = f"insert into expenses (title, amount) select 'a', 1 from generate_series(1, {rows})"
        assert refusal(ledger.db, statement)[0] == "23514"
    assert ledger.amounts() == []


def test_a_statement_inside_another_ones_rows_is_told_from_it(ledger: Ledger) -> None:
    """Rows of an outer and an inner statement alternate; each has its own version, history and depth."""
    ledger.define(guard(*gross_limit()))
    ledger.run(
        "create function again() returns trigger language plpgsql as $$ begin"
        " if new.title <> 'inner' then insert into expenses (title, amount) values ('inner', new.amount); end if;"
        " return new; end $$;"
        "create trigger again before insert on expenses for each row execute function again()"
    )
    ledger.run("insert into expenses (title, amount) select 'outer', n from generate_series(1, 3) n")
    assert refused(ledger.db, "insert into expenses (title, amount) values ('outer', 1), ('outer', 900)") == "too much"
    titles = "select context #>> '{params,values,title}', count(*) from orchestrator.executions group by 1 order by 1"
    assert ledger.rows(titles) == [("inner", 3), ("outer", 3)]
