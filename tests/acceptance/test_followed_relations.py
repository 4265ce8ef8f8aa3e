"""What a collection event can ask of relations, and what it ignores."""

from __future__ import annotations

import pytest

from .conftest import Ledger, follower, note

SHELVES = """
create table regions (id bigint primary key, name text);
create table categories (id bigint primary key, name text, region_id bigint references regions);
create table articles (id bigint primary key, title text, category_id bigint references categories);
insert into regions values (1, 'north');
insert into categories values (10, 'books', 1), (11, 'toys', null);
"""


@pytest.fixture
def shelves(ledger: Ledger) -> Ledger:
    """Articles of categories of regions."""
    ledger.run(SHELVES)
    ledger.manage("regions", "categories", "articles")
    return ledger


def relation(shelves: Ledger, collection: str, kind: str = "belongsTo") -> str:
    query = "select name from orchestrator.fields where collection_name = %s and type = %s"
    return str(shelves.value(query, collection, kind))


def test_a_changed_relation_to_one_is_its_foreign_key(shelves: Ledger) -> None:
    changed = [relation(shelves, "articles")]
    shelves.define(follower(note(), collection="articles", config={"mode": 2, "changed": changed}))
    shelves.run("insert into articles values (1, 'a', 10)")
    shelves.run("update articles set title = 'b'")
    shelves.run("update articles set category_id = 10")
    shelves.run("update articles set category_id = 11, title = 'c'")
    shelves.drain()
    assert shelves.notes() == ["c"]


def test_a_relation_to_many_never_changes(shelves: Ledger) -> None:
    changed = [relation(shelves, "categories", "hasMany")]
    shelves.define(follower(note("told"), collection="categories", config={"mode": 2, "changed": changed}))
    shelves.run("update categories set name = 'renamed'")
    assert shelves.drain() == 0


@pytest.mark.parametrize("sync", [True, False])
def test_a_delete_is_followed_whatever_the_condition_says(shelves: Ledger, sync: bool) -> None:
    config = {"mode": 4, "condition": {"title": "another"}}
    shelves.define(follower(note(), sync=sync, collection="articles", config=config))
    shelves.run("insert into articles values (1, 'a', 10)")
    shelves.run("delete from articles")
    shelves.drain()
    assert shelves.notes() == ["a"]


@pytest.mark.parametrize("sync", [True, False])
def test_a_condition_may_lead_through_a_relation(shelves: Ledger, sync: bool) -> None:
    config = {"mode": 1, "condition": {f"{relation(shelves, 'articles')}.name": "toys"}}
    shelves.define(follower(note(), sync=sync, collection="articles", config=config))
    shelves.run("insert into articles values (1, 'a', 10), (2, 'b', 11), (3, 'c', null)")
    shelves.drain()
    assert shelves.notes() == ["b"]


@pytest.mark.parametrize("sync", [True, False])
def test_an_appended_path_brings_the_relations_it_leads_through(shelves: Ledger, sync: bool) -> None:
    near, far = relation(shelves, "articles"), relation(shelves, "categories")
    told = f"{{{{$context.data.{near}.name}}}} {{{{$context.data.{near}.{far}.name}}}}"
    config = {"mode": 1, "appends": [f"{near}.{far}"]}
    shelves.define(follower(note(told), sync=sync, collection="articles", config=config))
    shelves.run("insert into articles values (1, 'a', 10), (2, 'b', 11), (3, 'c', null)")
    shelves.drain()
    assert shelves.notes() == ["books north", "toys ", " "]


def test_the_collection_may_be_named_with_its_data_source(shelves: Ledger) -> None:
    shelves.define(follower(note(), collection="main:articles", config={"mode": 1}))
    shelves.run("insert into articles values (1, 'a', 10)")
    shelves.drain()
    assert shelves.notes() == ["a"]


def test_without_a_mode_nothing_is_followed(shelves: Ledger) -> None:
    shelves.define(follower(note(), collection="articles", config={}))
    shelves.run("insert into articles values (1, 'a', 10)")
    assert shelves.drain() == 0
