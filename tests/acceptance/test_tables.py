"""Tables of every kind, and what happens to them while they are managed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql as compose

from orchestrator.cluster import find_programs

from .conftest import Connect, Ledger, above, end, follower, guard, never, note, refusal, refused, say, when

MESSAGE = "Amount 900 is above 500"
NAMES = ["Mixed Case", 'quo"ted', "x" * 63, "größe", "select"]


def guarded(ledger: Ledger, script: str, table: str, **more: Any) -> None:
    """Create and manage a table whose column ``amount`` is guarded, and whose writes are followed."""
    ledger.run(script)
    ledger.manage(table)
    ledger.define(guard(collection=table, **more))
    ledger.define(follower(note("{{$context.data.amount}}"), collection=table, config={"mode": 3}))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_anything(ledger: Ledger, name: str) -> None:
    table = compose.Identifier(name)
    amount = "amount" if name != "select" else "order"
    ledger.db.execute(
        compose.SQL("create table {} (id bigint primary key, {} numeric, {} text)").format(
            table, compose.Identifier(amount), compose.Identifier(name)
        )
    )
    ledger.db.execute("select orchestrator.manage(%s::regclass)", [table.as_string(ledger.db)])
    ledger.define(guard(when(f"{{{{$context.params.values.{amount}}}}}", "gt", 500, say("no"), end()), collection=name))
    ledger.define(follower(note(f"{{{{$context.data.{amount}}}}}"), collection=name))
    insert = compose.SQL("insert into {} values (%s, %s, 'x')").format(table)
    ledger.db.execute(insert, [1, 100])
    with pytest.raises(psycopg.Error, match="no"):
        ledger.db.execute(insert, [2, 900])
    assert ledger.act(name, "create", values={"id": 3, amount: 200, name: "y"})[0] == 200
    assert ledger.act(name, "create", values={"id": 4, amount: 900})[0] == 400
    ledger.drain()
    assert ledger.notes() == ["100", "200"]


def test_two_long_names_that_begin_alike_do_not_meet(ledger: Ledger) -> None:
    names = ["y" * 60 + "_a", "y" * 60 + "_b"]
    for name, limit_ in zip(names, (100, 1000), strict=True):
        ledger.run(f"create table {name} (id bigint generated always as identity primary key, amount numeric)")
        ledger.manage(name)
        ledger.define(guard(above(limit_), key=f"limit-{limit_}", collection=name))
    assert refused(ledger.db, f"insert into {names[0]} (amount) values (500)") == "Amount 500 is above 100"
    ledger.run(f"insert into {names[1]} (amount) values (500)")


def test_tables_of_one_name_in_two_schemas(ledger: Ledger) -> None:
    ledger.run("create schema other; create table other.expenses (id bigint primary key, amount numeric)")
    with pytest.raises(psycopg.Error, match="expenses"):
        ledger.manage("other.expenses")
    ledger.run("select orchestrator.manage('other.expenses', 'more_expenses')")
    ledger.define(guard(collection="more_expenses"))
    assert refused(ledger.db, "insert into other.expenses values (1, 900)") == MESSAGE
    ledger.run("insert into expenses (amount) values (900)")


KINDS = {
    "generated": "create table things (id bigint primary key, amount numeric, twice numeric generated always as"
    " (amount * 2) stored)",
    "identity": "create table things (id bigint generated always as identity primary key, amount numeric)",
    "no key": "create table things (id bigint, amount numeric)",
    "composite key": "create table things (id bigint, amount numeric, region text default 'n',"
    " primary key (id, region))",
    "unlogged": "create unlogged table things (id bigint primary key, amount numeric)",
    "wide": "create table things (id bigint primary key, amount numeric, "
    + ", ".join(f"c{number} text" for number in range(130))
    + ")",
    "dropped columns": "create table things (gone text, id bigint primary key, gone2 int, amount numeric);"
    " alter table things drop column gone, drop column gone2",
    "partitioned": "create table things (id bigint, amount numeric) partition by hash (id);"
    " create table things_0 partition of things for values with (modulus 2, remainder 0);"
    " create table things_1 partition of things for values with (modulus 2, remainder 1)",
    "clustered, toasted": "create table things (id bigint primary key, amount numeric, body text)",
    "domain": "create domain money_amount as numeric check (value > -100);"
    " create table things (id bigint primary key, amount money_amount)",
    "float": "create table things (id bigint primary key, amount float8)",
    "small": "create table things (id smallint primary key, amount int)",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [True, False])
def test_a_table_of_any_kind_is_guarded_and_followed(ledger: Ledger, kind: str, kept: bool) -> None:
    guarded(ledger, KINDS[kind], "things", **({} if kept else {"deleteExecutionOnStatus": [1]}))
    key = "" if kind == "identity" else "id, "
    one, two = ("", "") if kind == "identity" else ("1, ", "2, ")
    ledger.run(f"insert into things ({key}amount) values ({one}100)")
    assert refused(ledger.db, f"insert into things ({key}amount) values ({two}900)") == MESSAGE
    ledger.run("update things set amount = 200")
    assert refused(ledger.db, "update things set amount = 900") == MESSAGE
    values: dict[str, Any] = {"amount": 300} | ({} if kind == "identity" else {"id": 3})
    assert ledger.act("things", "create", values=values)[0] == 200
    assert ledger.act("things", "create", values=values | {"amount": 900})[0] == 400
    ledger.drain()
    assert ledger.notes() == ["100", "200", "300"]
    ledger.run("delete from things")
    contexts = [context["params"] for _, _, context in ledger.executions("limit") if context["params"]]
    if kept and kind == "composite key":
        assert contexts[1]["filterByTk"] == {"id": 1, "region": "n"}
    if kept and kind == "no key":
        assert contexts[1].get("filterByTk") is None
    if kept and kind == "generated":
        assert contexts[0]["values"] == {"id": 1, "amount": 100}


def test_inheritance_children_are_guarded_through_their_parent(ledger: Ledger) -> None:
    ledger.run(
        "create table vehicles (id bigint primary key, amount numeric);"
        "create table cars (doors int) inherits (vehicles)"
    )
    ledger.manage("vehicles", "cars")
    ledger.define(guard(collection="vehicles", key="vehicles"))
    ledger.define(guard(collection="cars", key="cars"))
    assert refused(ledger.db, "insert into vehicles values (1, 900)") == MESSAGE
    assert refused(ledger.db, "insert into cars values (1, 900, 4)") == MESSAGE
    ledger.run("insert into cars values (1, 100, 4)")
    assert refused(ledger.db, "update vehicles set amount = 900") == MESSAGE
    assert ledger.amounts("vehicles") == [100]


ODD_TYPES = """
create type mood as enum ('glad', 'sad');
create type pair as (a int, b text);
create domain percent as int check (value between 0 and 100);
create table odd (
    id bigint primary key, flag boolean, small smallint, n numeric, f float8, d date, t timestamptz,
    ts timestamp, tm time, i interval, u uuid, j jsonb, js json, tags text[], numbers numeric[], stamps timestamptz[],
    m mood, p percent, b bytea, pt point, pr pair, r int4range, ip inet, c char(4), v varchar(5),
    x xml, mo money, bits bit(3)
);
"""
ODD_ROW = (
    "(1, true, 2, 1234567890123456789.012345678901234567890, 0.1, '2026-02-01', '2026-02-01 10:11:12.987654+00',"
    " '2026-02-01 10:11:12', '10:11:12', '1 day 2 hours', '6d38f5bd-7d5c-4b37-a0d7-6b1f6a2f1c11', '{\"a\": [1, 2.50]}',"
    " '{\"a\":1}', '{a,\"b c\",null}', '{1.10,2}', '{2026-02-01 10:11:12+00}', 'sad', 7, '\\x00ff', '(1,2)', '(1,x)',"
    " '[1,5)', '10.0.0.1', 'ab', 'abc', '<a/>', 12.50, '101')"
)
WEIRD = (
    "set datestyle = 'SQL, DMY'; set timezone = 'Asia/Kathmandu'; set intervalstyle = 'sql_standard';"
    " set extra_float_digits = -10; set bytea_output = 'escape'"
)


def test_contexts_do_not_depend_on_the_session(ledger: Ledger, connect: Connect) -> None:
    ledger.run(ODD_TYPES)
    ledger.manage("odd")
    ledger.define(guard(say("seen"), collection="odd"))
    ledger.define(follower(note("{{$context.data.t}}"), collection="odd"))
    for settings in ("select 1", WEIRD):
        session = connect()
        # the literals are read before the settings change how they would be read
        session.execute("prepare put as insert into odd values " + ODD_ROW)
        session.execute(settings.encode())
        session.execute("execute put")
        session.execute("delete from odd")
    contexts = {}
    for key in ("limit", "follow"):
        texts = ledger.rows(
            "select coalesce(context #> '{params,values}', context -> 'data')::text from orchestrator.executions"
            " where key = %s and coalesce(context #> '{params,values}', context -> 'data') is not null order by id",
            key,
        )
        assert len(texts) == 2
        assert texts[0] == texts[1], key
        contexts[key] = texts[0][0]
    values = ledger.value(
        "select context #> '{params,values}' from orchestrator.executions where key = 'limit' limit 1"
    )
    assert values["t"] == "2026-02-01T10:11:12.987Z"
    assert (values["d"], values["ts"], values["tm"]) == ("2026-02-01", "2026-02-01 10:11:12", "10:11:12")
    assert values["j"] == {"a": [1, 2.5]} and values["js"] == {"a": 1}
    assert values["tags"] == ["a", "b c", None] and values["numbers"] == [1.1, 2]
    assert (values["m"], values["p"], values["flag"], values["b"]) == ("sad", 7, True, "AP8=")
    data = ledger.value("select context -> 'data' from orchestrator.executions where key = 'follow' limit 1")
    assert {name for name in values if values[name] != data[name]} == set()


def test_numerics_are_exact(ledger: Ledger) -> None:
    exact = "1234567890123456789.012345678901234567890"
    ledger.define(guard(when("{{$context.params.values.amount}}", "gt", 10**30, say("no"), end())))
    ledger.define(follower(note("{{$context.data.amount}}")))
    ledger.run(f"insert into expenses (amount) values ({exact}), (0.1), (0.30), (1e-20)")
    # jsonb keeps every digit of a number
    amounts = [row[0] for row in ledger.rows("select context #>> '{params,values,amount}' from orchestrator.executions"
                                             " where key = 'limit' order by id")]  # fmt: skip
    assert amounts == [exact, "0.1", "0.30", "0.00000000000000000001"]
    copy = {
        "key": "copy",
        "type": "create",
        "config": {
            "collection": "expenses",
            "params": {"values": {"amount": "{{$context.data.amount}}", "title": "copy"}},
        },
    }
    ledger.define(follower(copy, key="copy", config={"mode": 2}))
    ledger.run(f"update expenses set title = 'x' where amount = {exact}")
    ledger.drain()
    assert ledger.value("select amount::text from expenses where title = 'copy'") == exact


def test_big_integers_are_exact(ledger: Ledger) -> None:
    ledger.define(guard(say("seen"), config={"actions": ["create", "update"]}))
    ledger.run("insert into expenses (id, amount) values (9007199254740993, 1); update expenses set amount = 2")
    keys = ledger.rows("select coalesce(context #>> '{params,filterByTk}', context #>> '{params,values,id}')"
                       " from orchestrator.executions order by id")  # fmt: skip
    assert keys == [("9007199254740993",)] * 2


def test_foreign_tables_are_guarded(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("1,100\n")
    ledger.run("create extension file_fdw; create server files foreign data wrapper file_fdw")
    ledger.run(
        f"create foreign table things (id int, amount numeric) server files options (filename '{file}', format 'csv')"
    )
    ledger.manage("things")
    ledger.define(guard(collection="things"))
    # a guard asks before the wrapper says that it cannot write
    assert refusal(ledger.db, "insert into things values (1, 900)")[0] in ("WF400", "0A000")


# -- changes of managed tables ----------------------------------------------------------------------------------------


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


def test_a_partition_comes_goes_and_comes_back(ledger: Ledger) -> None:
    guarded(
        ledger,
        "create table things (id bigint, amount numeric) partition by range (id);"
        "create table low partition of things for values from (0) to (10)",
        "things",
    )
    ledger.run("create table high partition of things for values from (10) to (20)")
    assert refused(ledger.db, "insert into high values (11, 900)") == MESSAGE
    ledger.run("insert into high values (11, 100)")
    ledger.run("alter table things detach partition high")
    ledger.run("insert into high values (12, 900); delete from high where id = 12; truncate high")
    assert ledger.rows("select tgname from pg_trigger where tgrelid = 'high'::regclass") == []
    ledger.run("alter table things attach partition high for values from (10) to (20)")
    assert refused(ledger.db, "insert into high values (13, 900)") == MESSAGE
    ledger.run("insert into high values (13, 200); insert into things values (14, 300)")
    ledger.define(never("kept", collection="things", key="keep", actions=("destroy",)))
    assert refusal(ledger.db, "truncate high")[0] == "WF400"
    ledger.drain()
    assert ledger.notes() == ["100", "200", "300"]


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


def test_a_clone_made_from_a_template_is_guarded(limit: Ledger, dsn: str, new_database: Callable[..., str]) -> None:
    limit.db.close()
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(new_database(template=str(name)), autocommit=True) as session:
        check_guarded(Ledger(session))
