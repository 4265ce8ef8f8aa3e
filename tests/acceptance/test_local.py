"""Local workflows: a write is bound to them by name, as a button is; nothing else starts them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Connect, Connection, Ledger, end, follower, guard, note, refused, say

SHOP = """
create table regions (id bigint primary key, name text);
create table categories (id bigint primary key, name text, region_id bigint references regions);
create table articles (id bigint primary key, title text, category_id bigint references categories);
insert into regions values (1, 'north');
insert into categories values (10, 'books', 1), (11, 'toys', null);
"""


def local_guard(*nodes: dict[str, Any], key: str, **more: Any) -> dict[str, Any]:
    """A before-workflow that runs when it is named."""
    return guard(*nodes, key=key, config={"global": False, "actions": []}, **more)


def local_action(*nodes: dict[str, Any], key: str, collection: str = "expenses", **more: Any) -> dict[str, Any]:
    """A synchronous after-workflow that runs when it is named."""
    return follower(*nodes, key=key, type="action", collection=collection, **({"sync": True, "config": {}} | more))


def bound(connection: Connection, keys: str, statement: str) -> None:
    """Carry out a statement whose transaction names workflows."""
    with connection.transaction():
        connection.execute("select set_config('orchestrator.trigger_workflows', %s, true)", [keys])
        connection.execute(statement.encode())


INSERT = "insert into expenses (title, amount) values ('a', 1)"


def test_a_local_guard_runs_only_when_it_is_named(ledger: Ledger) -> None:
    ledger.define(local_guard(say("bound"), end(), key="button"))
    ledger.run(INSERT)
    assert ledger.act("expenses", "create", values={"amount": 1})[0] == 200
    with ledger.db.transaction(force_rollback=True):
        ledger.run("set local orchestrator.trigger_workflows = 'button'")
        assert refused(ledger.db, INSERT) == "bound"
    answer = ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows="button")
    assert answer == (400, {"errors": [{"message": "bound"}]})
    ledger.run(INSERT)
    assert len(ledger.amounts()) == 3


@pytest.mark.parametrize("statement", ["update expenses set amount = 2", "delete from expenses"])
def test_a_local_guard_runs_for_whatever_action_names_it(ledger: Ledger, statement: str) -> None:
    ledger.run(INSERT)
    ledger.define(local_guard(say("bound"), end(), key="button"))
    with ledger.db.transaction(force_rollback=True):
        ledger.run("set local orchestrator.trigger_workflows = 'button'")
        assert refused(ledger.db, statement) == "bound"
    ledger.run(statement)


def test_bound_guards_run_in_the_order_named_and_before_global_ones(ledger: Ledger) -> None:
    ledger.define(guard(note("global"), key="everywhere"))
    for name in ("one", "two", "three"):
        ledger.define(local_guard(note(name), say(name), key=name))
    bound(ledger.db, "three,one,two", INSERT)
    assert ledger.notes() == ["three", "one", "two", "global"]
    _, body = ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows="two, three")
    assert body["messages"] == [{"message": "two"}, {"message": "three"}]
    assert ledger.notes()[4:] == ["two", "three", "global"]


def test_bound_followers_run_in_the_order_named_and_before_global_ones(ledger: Ledger) -> None:
    ledger.define(local_action(note("global"), key="everywhere", config={"global": True, "actions": ["create"]}))
    for name in ("one", "two", "three"):
        ledger.define(local_action(note(name), key=name))
    bound(ledger.db, "three,one", INSERT)
    assert ledger.notes() == ["three", "one", "global"]
    ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows="two,three")
    assert ledger.notes()[3:] == ["two", "three", "global"]


@pytest.mark.parametrize("door", ["sql", "http"])
def test_unknown_disabled_and_foreign_keys_are_ignored(ledger: Ledger, door: str) -> None:
    ledger.run("create table others (id bigint primary key)")
    ledger.manage("others")
    ledger.define(local_guard(say("off"), end(), key="off", enabled=False))
    ledger.define(guard(say("other"), end(), key="other", collection="others", config={"global": False, "actions": []}))
    ledger.define(local_action(note("off"), key="off-after", enabled=False))
    ledger.define(local_action(note("other"), key="other-after", collection="others"))
    ledger.define(local_action(note("runs"), key="runs"))
    ledger.define(follower(note("event"), key="event", config={"mode": 2}, sync=True))
    keys = "nobody,off,other,off-after,,other-after, event ,runs,nobody!category"
    if door == "sql":
        bound(ledger.db, keys, INSERT)
    else:
        assert ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows=keys)[0] == 200
    assert ledger.notes() == ["runs"]


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_key_named_twice_runs_once(ledger: Ledger, door: str) -> None:
    ledger.define(local_guard(note("before"), key="before"))
    ledger.define(local_action(note("after"), key="after"))
    keys = "after,before,after,before"
    if door == "sql":
        bound(ledger.db, keys, INSERT)
    else:
        ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows=keys)
    assert ledger.notes() == ["before", "after"]


def test_a_global_workflow_that_is_named_as_well_runs_once(ledger: Ledger) -> None:
    ledger.define(guard(note("before"), key="before"))
    ledger.define(local_action(note("after"), key="after", config={"global": True, "actions": ["create"]}))
    bound(ledger.db, "before,after", INSERT)
    ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows="after,before")
    assert ledger.notes() == ["before", "after"] * 2


def test_a_local_follower_runs_once_a_record(ledger: Ledger) -> None:
    ledger.define(local_action(note("{{$context.data.title}}"), key="each"))
    bound(ledger.db, "each", "insert into expenses (title, amount) values ('a', 1), ('b', 2)")
    ledger.act("expenses", "create", values=[{"title": "c", "amount": 1}, {"title": "d", "amount": 2}],
               triggerWorkflows="each")  # fmt: skip
    bound(ledger.db, "each", "update expenses set amount = 5 where title < 'c'")
    bound(ledger.db, "each", "delete from expenses")
    assert ledger.notes() == ["a", "b", "c", "d", "a", "b"]


@pytest.fixture
def shop(ledger: Ledger) -> Ledger:
    """Articles of categories of regions."""
    ledger.run(SHOP)
    ledger.manage("regions", "categories", "articles")
    return ledger


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_path_starts_the_workflow_with_the_related_record(shop: Ledger, door: str) -> None:
    shop.define(local_action(note("{{$context.data.name}}"), key="tell", collection="categories"))
    shop.define(local_action(note("{{$context.data.name}}"), key="deep", collection="regions"))
    shop.define(local_action(note("{{$context.data.title}}"), key="self", collection="articles"))
    path = shop.value("select name from orchestrator.fields where collection_name = 'articles' and type = 'belongsTo'")
    further = shop.value(
        "select name from orchestrator.fields where collection_name = 'categories' and type = 'belongsTo'"
    )
    keys = f"tell!{path},deep!{path}.{further},self,deep!{path},tell"
    for number, category in ((1, "10"), (2, "11"), (3, "null")):
        if door == "sql":
            bound(shop.db, keys, f"insert into articles values ({number}, 'article {number}', {category})")
        else:
            values = {"id": number, "title": f"article {number}", "category_id": None if number == 3 else int(category)}
            assert shop.act("articles", "create", values=values, triggerWorkflows=keys)[0] == 200
    assert shop.notes() == ["books", "north", "article 1", "toys", "article 2", "article 3"]


def test_a_path_of_an_asynchronous_workflow_queues_the_related_record(shop: Ledger) -> None:
    path = shop.value("select name from orchestrator.fields where collection_name = 'articles' and type = 'belongsTo'")
    shop.define(local_action(note("{{$context.data.name}}"), key="tell", collection="categories", sync=False))
    bound(shop.db, f"tell!{path}", "insert into articles values (1, 'a', 10)")
    shop.run("update categories set name = 'renamed'")
    assert shop.notes() == []
    assert shop.drain() == 1
    assert shop.notes() == ["books"]


def test_a_binding_ends_with_its_transaction_and_its_request(ledger: Ledger, connect: Connect) -> None:
    ledger.define(local_action(note("after"), key="after"))
    session = connect()
    bound(session, "after", INSERT)
    session.execute(INSERT)
    ledger.act("expenses", "create", values={"amount": 1}, triggerWorkflows="after")
    ledger.run(INSERT)
    assert ledger.act("expenses", "create", values={"amount": 1})[0] == 200
    assert ledger.notes() == ["after", "after"]


def test_a_request_is_not_bound_to_what_its_session_names(ledger: Ledger) -> None:
    ledger.define(local_action(note("after"), key="after"))
    ledger.run("set orchestrator.trigger_workflows = 'after'")
    ledger.act("expenses", "create", values={"amount": 1})
    assert ledger.notes() == []
    ledger.run(INSERT)
    assert ledger.notes() == ["after"]


def test_the_newest_version_of_a_key_runs(ledger: Ledger) -> None:
    ledger.define(local_action(note("old"), key="after"))
    bound(ledger.db, "after", INSERT)
    ledger.define(local_action(note("new"), key="after"))
    bound(ledger.db, "after", INSERT)
    assert ledger.notes() == ["old", "new"]


def test_writes_that_a_workflow_makes_are_not_bound(ledger: Ledger) -> None:
    ledger.run("create table copies (id bigint generated always as identity primary key, title text)")
    ledger.manage("copies")
    copy = {
        "key": "copy",
        "type": "create",
        "config": {"collection": "copies", "params": {"values": {"title": "{{$context.data.title}}"}}},
    }
    ledger.define(local_action(copy, key="copy"))
    ledger.define(local_action(note("copied"), key="copied", collection="copies"))
    bound(ledger.db, "copy,copied", INSERT)
    assert ledger.value("select count(*) from copies") == 1
    assert ledger.notes() == []
