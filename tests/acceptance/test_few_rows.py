"""A native guard has two forms, one for statements of many rows and one for those of few: both say the same."""

from __future__ import annotations

import itertools
import time
from typing import Any

import psycopg
import pytest

from .conftest import Connect, Ledger, above, end, guard, refused, say, when
from .meanwhile import in_background

#: leaves nothing of runs that passed, so that it is not asked about every row
QUIET: dict[str, Any] = {"deleteExecutionOnStatus": [1]}
VALUES = "{{$context.params.values.%s}}"


@pytest.mark.parametrize(
    ("statement", "few"),
    [
        ("insert into notes (text) values ({}) returning text", True),
        ("INSERT INTO notes (text) VALUES ({}) RETURNING text", True),
        ("/* from the till */ insert into notes (text) values ({}) returning text", True),
        ("insert into notes (text) values ({}), ((select 'x')) returning text", True),
        ("insert into notes (text) select {} returning text", False),
        ("insert into notes (text) values ({}) returning text --" + "x" * 1000, False),
        ("select orchestrator_hooks.few_rows()::text /* select orchestrator.act($1) */", True),
        ("update notes set text = {} where id = %s returning text", True),
        ("DELETE FROM notes where id = %s returning {}", True),
        ("update notes set text = {} where id = 1 returning text", False),
        ("delete from notes where id = 1 returning {}", False),
        ("with n as (select {} as f) update notes set text = f from n where id = %s returning text", False),
    ],
)
def test_a_statement_is_told_by_its_text(ledger: Ledger, statement: str, few: bool) -> None:
    ledger.run("insert into notes (text) values ('first')")
    query = statement.format("orchestrator_hooks.few_rows()::text")
    assert ledger.value(query, *([1] if "%s" in query else [])) == str(few).lower()


GUARDS = {
    "above": when(VALUES % "amount", "gt", 500, say("no"), end()),
    "below": when(VALUES % "amount", "lte", 10, say("no"), end()),
    "other": when(VALUES % "amount", "notEqual", 20, say("no"), end()),
    "ratio": when(VALUES % "ratio", "gte", 0.5, say("no"), end()),
    "done": when(VALUES % "done", "equal", True, say("no"), end()),
    "grown": when("{{$context.previous.amount}}", "lt", 15, say("no"), end()),
}
AMOUNTS = ("null", "-1", "10", "20", "500.01", "'NaN'", "'Infinity'")


def outcome(ledger: Ledger, statement: str) -> str:
    """What came of a statement, which leaves nothing."""
    with ledger.db.transaction(force_rollback=True):
        try:
            return ledger.run(statement).split()[-1]
        except psycopg.Error as error:
            return f"{error.sqlstate} {error.diag.message_primary}"


def outcomes(ledger: Ledger, *forms: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Statements of few rows and of many, and where what came of them differs."""
    return [
        (few, first, second)
        for few, many in forms
        if (first := outcome(ledger, few)) != (second := outcome(ledger, many))
    ]


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.parametrize("kept", [False, True])
def test_both_forms_say_the_same(ledger: Ledger, name: str, kept: bool) -> None:
    ledger.run("create table things (id int primary key, amount numeric, ratio float8, done boolean)")
    ledger.run("insert into things values (1, 12, 0.1, false), (2, 20, 0.7, true)")
    ledger.manage("things")
    ledger.define(guard(GUARDS[name], collection="things", **({} if kept else QUIET)))
    rows = [
        f"{amount}, {ratio}, {done}"
        for amount, ratio, done in itertools.product(AMOUNTS, ("null", "0.5", "'NaN'"), ("null", "true", "false"))
    ]
    inserts = [(f"insert into things values (3, {row})", f"insert into things select 3, {row}") for row in rows]
    # what PREPARE in SQL sends is told by the text of EXECUTE: the parameter of this comment stands for a client's
    changes = [
        (
            f"update things set amount = {amount} /* $1 */ where id = 1",
            f"update things set amount = {amount} where id = 1",
        )
        for amount in AMOUNTS
    ]
    deletes = [(f"delete from things /* $1 */ where id = {n}", f"delete from things where id = {n}") for n in (1, 2)]
    assert outcomes(ledger, *inserts, *changes, *deletes) == []
    told = {outcome(ledger, few) for few, _ in (*inserts, *changes, *deletes)}
    assert told == {"1", "WF400 no"}, "the guard lets some pass and refuses others"


def test_more_guards_than_are_inlined_say_the_same(ledger: Ledger) -> None:
    for number in range(6):
        nodes = when(VALUES % "amount", "gt", 100 + number, say(f"above {100 + number}"), end())
        ledger.define(guard(nodes, key=f"above_{number}", **QUIET))
    for amount in (1, 100.5, 103, 900):
        forms = (
            f"insert into expenses (amount) values ({amount})",
            f"insert into expenses (amount) select {amount}",
        )
        assert outcomes(ledger, forms) == []


def test_a_text_that_misleads_makes_no_difference(ledger: Ledger) -> None:
    ledger.define(guard(**QUIET))
    bulk = "insert into expenses (amount) select case when g = 2000 then 900 else 1 end from generate_series(1, 2000) g"
    assert refused(ledger.db, f"{bulk} -- values") == "Amount 900 is above 500"
    assert refused(ledger.db, bulk) == "Amount 900 is above 500"
    assert refused(ledger.db, "insert into expenses (amount) select * from (values (900)) x")
    assert ledger.amounts() == []


def test_a_new_version_reaches_statements_that_clients_have_prepared(ledger: Ledger, connect: Connect) -> None:
    ledger.define(guard(**QUIET))
    session = connect()
    put = "insert into expenses (amount) values (%s)"
    for _ in range(8):
        session.execute(put, [300], prepare=True)
    ledger.define(guard(above(100), **QUIET))
    with pytest.raises(psycopg.Error, match="above 100"):
        session.execute(put, [300], prepare=True)
    ledger.run("update orchestrator.workflows set enabled = false")
    session.execute(put, [900], prepare=True)


#: rows of one VALUES that come slowly
SLOW_VALUES = (
    "insert into expenses (amount) values ((select 300 from pg_sleep(0.2))), ((select 300 from pg_sleep(0.2))), (600)"
)


@pytest.mark.parametrize("kept", [False, True])
def test_a_statement_of_few_rows_runs_on_one_version(ledger: Ledger, connect: Connect, kept: bool) -> None:
    more = {} if kept else QUIET
    ledger.define(guard(above(500), **more))
    session = connect()
    with in_background(lambda: session.execute(SLOW_VALUES.encode())) as result:
        time.sleep(0.1)
        ledger.define(guard(above(1000), **more))
        connect().execute("insert into expenses (amount) values (700)")
    assert getattr(result[0], "sqlstate", None) == "WF400"
    assert ledger.amounts() == [700]
