"""Tables of every kind, under every name, with values of every type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql as compose

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
