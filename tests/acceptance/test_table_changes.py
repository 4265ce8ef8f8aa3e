"""Managed tables that change: renamed, altered, dropped, dumped, restored and cloned, and guarded throughout."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from orchestrator.cluster import find_programs
from orchestrator.schema.installer import uninstall

from .conftest import Connect, Ledger, above, end, follower, guard, note, refusal, refused, say, when

MESSAGE = "Amount 900 is above 500"


def test_a_renamed_table_stays_guarded(limit: Ledger) -> None:
    limit.define(follower(note("{{$context.data.amount}}")))
    limit.run("alter table expenses rename to costs")
    limit.run("create schema books; alter table costs set schema books")
    assert refused(limit.db, "insert into books.costs (amount) values (900)") == MESSAGE
    limit.run("insert into books.costs (amount) values (100)")
    assert limit.act("expenses", "create", values={"amount": 900})[0] == 400
    assert limit.act("expenses", "create", values={"amount": 200})[0] == 200
    limit.drain()
    assert limit.notes() == ["100", "200"]


def test_a_renamed_column_is_the_field_of_its_new_name(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("insert into expenses (amount) values (100)")
    limit.run("alter table expenses rename column title to label")
    assert refused(session, "insert into expenses (amount) values (900)") == MESSAGE
    session.execute("insert into expenses (label, amount) values ('x', 200)")
    context = limit.executions()[-1][2]
    assert context["params"]["values"]["label"] == "x" and "title" not in context["params"]["values"]
    assert ("label",) in limit.rows("select name from orchestrator.fields where collection_name = 'expenses'")


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("change", ["drop column amount", "rename column amount to price"])
def test_a_workflow_that_reads_a_column_now_gone_fails_with_a_clear_error(
    ledger: Ledger, connect: Connect, change: str, kept: bool
) -> None:
    ledger.define(guard(**({} if kept else {"deleteExecutionOnStatus": [1]})))
    session = connect()
    session.execute("insert into expenses (amount) values (100)")
    ledger.run(f"alter table expenses {change}")
    column = "price, " if "price" in change else ""
    value = "1, " if "price" in change else ""
    sqlstate, _, detail = refusal(session, f"insert into expenses ({column}title) values ({value}'x')")
    assert sqlstate == "WF500"
    assert "amount" in detail["cause"]


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("record", ["record", "params.values"])
@pytest.mark.parametrize("late", [True, False])
def test_a_guard_that_reads_a_generated_column_fails_with_a_clear_error(
    ledger: Ledger, kept: bool, record: str, late: bool
) -> None:
    """It is computed when all guards were asked: read as null, everything would pass."""
    column = "alter table expenses add column twice numeric generated always as (amount * 2) stored"
    if not late:
        ledger.run(column)
    large = when(f"{{{{$context.{record}.twice}}}}", "gt", 500, say("large"), end())
    ledger.define(guard(large, **({} if kept else {"deleteExecutionOnStatus": [1]})))
    if late:
        ledger.run(column)
    for statement in ("insert into expenses (amount) values (900)", "insert into expenses (amount) values (1)"):
        sqlstate, _, detail = refusal(ledger.db, statement)
        assert sqlstate == "WF500" and '"twice"' in detail["cause"] and "generated" in detail["cause"]
    ledger.define(follower(note("{{$context.data.twice}}")))
    ledger.run("update orchestrator.workflows set enabled = false where key = 'limit'")
    ledger.run("insert into expenses (amount) values (900)")
    ledger.drain()
    assert ledger.notes() == ["1800"]


def test_an_added_column_is_seen_at_once(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("insert into expenses (amount) values (100)")
    limit.run("alter table expenses add column urgent boolean default true")
    session.execute("insert into expenses (amount) values (100)")
    assert limit.executions()[-1][2]["params"]["values"]["urgent"] is True
    status, body = limit.act("expenses", "create", values={"amount": 1, "urgent": False})
    assert (status, body["data"]["urgent"]) == (200, False)
    limit.run("alter table expenses drop column urgent")
    session.execute("insert into expenses (amount) values (100)")
    assert "urgent" not in limit.executions()[-1][2]["params"]["values"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_column_that_changes_its_type_stays_guarded(ledger: Ledger, connect: Connect, kept: bool) -> None:
    ledger.define(guard(**({} if kept else {"deleteExecutionOnStatus": [1]})))
    session = connect()
    for type_name in ("int", "float8", "text", "numeric(12, 2)"):
        ledger.run(f"alter table expenses alter column amount type {type_name} using amount::{type_name}")
        assert refused(session, "insert into expenses (amount) values ('900')").startswith("Amount 900")
        session.execute("insert into expenses (amount) values ('100')")
    assert ledger.value("select count(*) from expenses") == 4


def test_a_column_that_becomes_a_domain_of_its_type_stays_guarded(limit: Ledger, connect: Connect) -> None:
    limit.define(follower(note("{{$context.data.amount}}")))
    session = connect()
    session.execute("insert into expenses (amount) values (1)")
    limit.run(
        "create domain positive as numeric check (value > 0); create domain small as numeric check (value < 1000)"
    )
    for type_name, value in ("positive", 2), ("small", 3), ("numeric", 4):
        limit.run(f"alter table expenses alter column amount type {type_name}")
        assert refused(session, "insert into expenses (amount) values (900)") == MESSAGE
        session.execute(f"insert into expenses (amount) values ({value})".encode())
    limit.drain()
    assert limit.notes() == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("made", "type_name", "dropped"),
    [
        ("create domain kind as text", "kind", "drop domain kind cascade"),
        ("create type kind as enum ('a')", "kind", "drop type kind cascade"),
        ("create extension citext", "citext", "drop extension citext cascade"),
        ("create schema kinds; create domain kinds.kind as int", "kinds.kind", "drop schema kinds cascade"),
    ],
)
def test_a_column_that_is_dropped_with_its_type_is_no_field_any_more(
    limit: Ledger, connect: Connect, made: str, type_name: str, dropped: str
) -> None:
    limit.run(f"{made}; alter table expenses add column kind {type_name}")
    session = connect()
    session.execute("insert into expenses (amount) values (100)")
    limit.run(dropped)
    assert refused(session, "insert into expenses (amount) values (900)") == MESSAGE
    session.execute("insert into expenses (amount) values (200)")
    assert limit.act("expenses", "create", values={"amount": 300})[0] == 200
    assert "kind" not in limit.executions()[-1][2]["params"]["values"]
    assert limit.amounts() == [100, 200, 300]


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("alter schema books rename to papers", "papers.bills"),
        ("alter table books.bills rename to slips", "books.slips"),
        ("alter table books.bills set schema public", "public.bills"),
        ("alter extension citext set schema books", "books.bills"),
    ],
)
def test_a_name_that_changes_after_statements_were_compiled_is_followed(
    ledger: Ledger, connect: Connect, change: str, table: str
) -> None:
    ledger.run("create schema books; create extension citext")
    ledger.run("create table books.bills (id bigint generated always as identity primary key, payee citext, open bool)")
    ledger.manage("books.bills")
    by_payee = {"filter": {"payee": "ADA"}}
    asked = {"key": "bill", "type": "query", "config": {"collection": "bills", "params": by_payee}}
    ledger.define(guard(asked, when("{{$jobsMapByNodeKey.bill.open}}", "equal", False, say("settled"), end())))
    pay = {"collection": "bills", "params": by_payee | {"values": {"open": False}}}
    ledger.define(follower({"key": "pay", "type": "update", "config": pay}))
    session = connect()
    for name, changed in ("books.bills", ""), (table, change):
        ledger.run(changed)
        assert ledger.act("bills", "create", values={"payee": "Ada", "open": True})[0] == 200
        assert ledger.act("bills", "update", **by_payee, values={"open": True})[0] == 200
        session.execute("insert into expenses (amount) values (1)")
        assert ledger.drain() == 1
        assert ledger.value(f"select bool_and(not open) from {name}") is True
        assert refused(session, "insert into expenses (amount) values (1)") == "settled"
        ledger.run(f"delete from {name}")


def test_a_change_that_is_rolled_back_changes_nothing(limit: Ledger) -> None:
    with limit.db.transaction(force_rollback=True):
        limit.run("alter table expenses add column extra text; alter table expenses rename column title to label")
        limit.run("insert into expenses (label, amount) values ('x', 1)")
    limit.run("insert into expenses (title, amount) values ('x', 1)")
    assert set(limit.executions()[-1][2]["params"]["values"]) == {"id", "title", "amount"}


def test_a_plain_drop_works_and_leaves_nothing_behind(limit: Ledger) -> None:
    limit.define(follower(note()))
    limit.run("insert into expenses (amount) values (1)")
    limit.run("drop table expenses")
    hooks = "select proname from pg_proc where pronamespace = 'orchestrator_hooks'::regnamespace"
    assert limit.rows(f"{hooks} and proname like 'expenses%'") == []
    assert limit.value("select count(*) from orchestrator.collections where name = 'expenses'") == 0
    # history and workflows stay; a new table of that name begins anew
    assert len(limit.executions()) == 2
    limit.run("create table expenses (id bigint generated always as identity primary key, amount numeric, title text)")
    limit.run("insert into expenses (amount) values (900)")
    limit.manage("expenses")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == MESSAGE


def test_a_schema_that_is_dropped_takes_its_collections_along(ledger: Ledger) -> None:
    ledger.run("create schema gone; create table gone.things (id bigint primary key, amount numeric)")
    ledger.manage("gone.things")
    ledger.define(guard(collection="things"))
    ledger.run("drop schema gone cascade")
    assert ledger.value("select count(*) from orchestrator.collections where name = 'things'") == 0


@pytest.mark.parametrize("which", ["user", "all"])
def test_enabling_triggers_again_restores_always(limit: Ledger, which: str) -> None:
    limit.run(f"alter table expenses disable trigger {which}")
    limit.run("insert into expenses (amount) values (900)")
    limit.run(f"alter table expenses enable trigger {which}")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == MESSAGE
    limit.run("set session_replication_role = replica")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == MESSAGE


def test_sessions_that_wrote_before_a_change_go_on(limit: Ledger, connect: Connect) -> None:
    session = connect()
    session.execute("prepare put (numeric) as insert into expenses (amount) values ($1)")
    session.execute("execute put (1)")
    for change in (
        "add column a int", "add column b jsonb default '{}'", "drop column a", "alter column title type varchar(20)",
        "add primary key (id, amount)", "set unlogged",   "replica identity full",
        "set (fillfactor = 50)", "add check (amount < 1000)",
    ):  # fmt: skip
        if "primary key" in change:
            limit.run("alter table expenses drop constraint expenses_pkey")
        limit.run(f"alter table expenses {change}")
        session.execute("execute put (1)")
        assert refused(session, "execute put (900)") == MESSAGE


def _dumped(dsn: str, new_dsn: str, tmp_path: Path, *options: str) -> None:
    programs, file = find_programs(), tmp_path / "dump"
    subprocess.run([programs / "pg_dump", "-Fc", f"--file={file}", dsn], check=True, capture_output=True)
    subprocess.run(
        [programs / "pg_restore", "--exit-on-error", *options, f"--dbname={new_dsn}", file],
        check=True,
        capture_output=True,
    )


def test_dump_and_restore_keep_the_guard(
    limit: Ledger, dsn: str, new_database: Callable[..., str], tmp_path: Path
) -> None:
    limit.define(follower(note("{{$context.data.amount}}")))
    limit.run("insert into expenses (amount) values (100), (200)")
    target = new_database()
    _dumped(dsn, target, tmp_path)
    with psycopg.connect(target, autocommit=True) as session:
        restored = Ledger(session)
        assert restored.amounts() == [100, 200]
        # a restore writes rows that were judged once: nothing is judged, followed or queued again
        assert len(restored.executions()) == len(limit.executions())
        check_guarded(restored)
        assert restored.drain() == 4
        assert sorted(restored.notes(), key=int) == ["1", "2", "100", "200"]


def check_guarded(restored: Ledger) -> None:
    """Everything works that worked before the dump."""
    assert refused(restored.db, "insert into expenses (amount) values (900)") == MESSAGE
    restored.run("insert into expenses (amount) values (1)")
    assert restored.act("expenses", "create", values={"amount": 900})[0] == 400
    assert restored.act("expenses", "create", values={"amount": 2})[0] == 200
    restored.run("set session_replication_role = replica")
    assert refused(restored.db, "insert into expenses (amount) values (900)") == MESSAGE
    restored.run("reset session_replication_role")
    restored.run("alter table expenses add column later text; insert into expenses (amount, later) values (3, 'x')")
    restored.run("delete from expenses where later = 'x'")
    restored.run("delete from orchestrator.executions where context #>> '{data,amount}' = '3'")
    restored.run("alter table expenses rename to costs; alter table costs rename to expenses")
    assert refused(restored.db, "insert into expenses (amount) values (900)") == MESSAGE
    restored.define(guard(above(50)))
    assert refused(restored.db, "insert into expenses (amount) values (60)") == "Amount 60 is above 50"


def test_a_restore_of_data_with_disabled_triggers_leaves_them_enabled_always(
    limit: Ledger, dsn: str, tmp_path: Path
) -> None:
    limit.run("insert into expenses (amount) values (100)")
    programs, file = find_programs(), tmp_path / "dump"
    subprocess.run(
        [programs / "pg_dump", "-Fc", "--data-only", "--table=expenses", f"--file={file}", dsn],
        check=True,
        capture_output=True,
    )
    limit.run("delete from expenses")
    subprocess.run(
        [programs / "pg_restore", "--data-only", "--disable-triggers", f"--dbname={dsn}", file],
        check=True,
        capture_output=True,
    )
    assert limit.amounts() == [100]
    limit.run("set session_replication_role = replica")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == MESSAGE


def test_a_restore_without_data_refuses_writes_and_says_why(
    limit: Ledger, dsn: str, new_database: Callable[..., str], tmp_path: Path
) -> None:
    target = new_database()
    _dumped(dsn, target, tmp_path, "--schema-only")
    with psycopg.connect(target, autocommit=True) as session:
        sqlstate, message, _ = refusal(session, "insert into expenses (amount) values (100)")
        assert sqlstate == "WF505"
        assert "restored without its data" in message
        uninstall(session)
        session.execute("insert into expenses (amount) values (900)")


def test_a_restore_by_sections_keeps_the_guard(
    limit: Ledger, dsn: str, new_database: Callable[..., str], tmp_path: Path
) -> None:
    target = new_database()
    for section in "pre-data", "data", "post-data":
        _dumped(dsn, target, tmp_path, f"--section={section}")
    with psycopg.connect(target, autocommit=True) as session:
        assert refused(session, "insert into expenses (amount) values (900)") == MESSAGE


def test_a_clone_made_from_a_template_is_guarded(limit: Ledger, dsn: str, new_database: Callable[..., str]) -> None:
    limit.db.close()
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(new_database(template=str(name)), autocommit=True) as session:
        check_guarded(Ledger(session))
