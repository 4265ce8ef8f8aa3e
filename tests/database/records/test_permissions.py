"""Permissions in statements: what is addressed, linked, written and shown of rows that may not all be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import Connection, RawCursor

from orchestrator.cluster import Cluster
from orchestrator.compiler.statements import compile_shape
from orchestrator.errors import InvalidError
from orchestrator.model.aggregation import split_query
from orchestrator.model.collection import Association, Catalog
from orchestrator.model.shape import split

from .conftest import NOW, shared_database

BAD = "Invalid SQL column or table reference"

SCHEMA = """
create table teams (
    id integer primary key, name text, secret text, "parentId" integer references teams (id)
);
create table docs (
    id integer primary key, title text, secret text, "createdById" bigint, "teamId" integer references teams (id)
);
create table notes (id integer primary key, body text, "docId" integer references docs (id) on delete cascade);
create table tags (id integer primary key, name text);
create table lists (id integer primary key, "tagIds" integer[]);
create table "docsTags" (
    "docId" integer references docs (id) on delete cascade,
    "tagId" integer references tags (id),
    weight integer,
    primary key ("docId", "tagId")
);
insert into teams values (1, 'red', 'r', null), (2, 'blue', 'b', 1), (3, 'green', 'g', 2), (4, 'grey', 'g', 3);
insert into docs values
    (1, 'one', 'x', 1, 1), (2, 'two', 'y', 1, 2), (3, 'three', 'z', 2, 1), (4, 'four', 'z', 2, null);
insert into notes values (1, 'of one', 1), (2, 'of three', 3), (3, 'of three as well', 3);
insert into tags values (1, 'a'), (2, 'b');
insert into lists values (1, '{2,1}'), (2, '{2}');
insert into "docsTags" values (1, 1, 10), (1, 2, 20), (3, 1, 30);
"""
TABLES = ("teams", "docs", "notes", "tags", "lists", '"docsTags"')
MINE = {"createdById": 1}


class Asked:
    """The tables, and statements over them, each undone again."""

    def __init__(self, connection: Connection[Any], catalog: Catalog) -> None:
        self.connection = connection
        self.catalog = catalog

    def statement(self, collection: str, **request: Any) -> tuple[str, list[str | None]]:
        whole = {"kind": "select", "collection": collection, "rendering": "wire", "now": NOW, **request}
        shape, values = split_query(whole) if whole["kind"] == "query" else split(whole)
        return compile_shape(self.catalog, shape), values

    def rows(self, collection: str, **request: Any) -> list[Any]:
        sql, values = self.statement(collection, **request)
        cursor = RawCursor(self.connection)
        with self.connection.transaction(force_rollback=True):
            # as after some executions: the planner knows no values, and what fails does so when it meets a row
            self.connection.execute("set local plan_cache_mode = force_generic_plan")
            cursor.execute(sql.encode(), values, prepare=True)
            return cursor.fetchall() if cursor.description else [cursor.rowcount]

    def data(self, collection: str, **request: Any) -> Any:
        """What is shown: a list, or objects where keys are asked for."""
        rows = self.rows(collection, **request)
        return [json.loads(row[0]) for row in rows] if "keys" in request else json.loads(rows[0][0])

    def ids(self, collection: str, **request: Any) -> list[int]:
        return [row["id"] for row in self.data(collection, **request)]


@pytest.fixture(scope="module")
def asked(server: Cluster, template: str) -> Iterator[Asked]:
    with shared_database(server, template, SCHEMA, TABLES) as connection:
        connection.execute("set search_path = pg_catalog, orchestrator, pg_temp")
        row = connection.execute("select orchestrator.catalog()::text").fetchone()
        assert row is not None
        yield Asked(connection, Catalog.from_json(row[0]))


# -- reading -----------------------------------------------------------------------------------------------------------


def test_a_collection_without_permission_is_not_read_and_its_name_tells_nothing(asked: Asked) -> None:
    access = {"docs": {}}
    for request in (
        {"collection": "teams"},
        {"collection": "docs", "filter": {"team.name": "red"}},
        {"collection": "docs", "filter": {"team.id.$exists": True}},
        {"collection": "docs", "sort": ["team.name"]},
        {"collection": "docs", "fields": ["team.name"]},
        {"collection": "docs", "fields": ["team"]},
        {"collection": "docs", "kind": "query", "dimensions": [{"field": "team.name"}]},
    ):
        with pytest.raises(InvalidError, match=f"^{BAD}$"):
            asked.rows(**request, access=access)
    assert "team" not in asked.data("docs", access=access, appends=["team"])[0]


def test_columns_without_permission_can_be_named_nowhere(asked: Asked) -> None:
    access: Any = {"docs": {"fields": ["title"]}, "teams": {"fields": ["name"]}}
    named: tuple[dict[str, Any], ...] = (
        {"filter": {"secret": "x"}},
        {"filter": {"title": {"$eq": {"$col": "secret"}}}},
        {"filter": {"team.secret.$startsWith": "r"}},
        {"filter": {"$or": [{"title": "q"}, {"team.secret": "r"}]}},
        {"sort": ["secret"]},
        {"sort": ["-team.secret"]},
        {"fields": ["id", "secret"]},
        {"fields": ["team.secret"]},
        {"filterByTk": {"secret": "x"}},
        {"kind": "query", "measures": [{"field": "secret", "aggregation": "max"}]},
        {"kind": "query", "dimensions": [{"field": "team.secret"}]},
        {"kind": "query", "measures": [{"field": "title"}], "orders": [{"field": "secret"}]},
    )
    for request in named:
        with pytest.raises(InvalidError) as refused:
            asked.rows("docs", **request, access=access)
        unknown = json.loads(json.dumps(request).replace("secret", "nope"))
        with pytest.raises(InvalidError, match=f"^{re.escape(str(refused.value).replace('secret', 'nope'))}$"):
            asked.rows("docs", **unknown, access=access)
    row = asked.data("docs", filterByTk=1, appends=["team"], access=access)[0]
    assert row == {"id": 1, "title": "one", "team": {"id": 1, "name": "red"}}


def test_orders_and_conditions_are_of_related_rows_that_may_be_seen(asked: Asked) -> None:
    access: Any = {"docs": {}, "teams": {"scope": {"name": "red"}}}
    assert asked.ids("docs", sort=["team.name", "id"], access={"docs": {}, "teams": {}}) == [2, 1, 3, 4]
    assert asked.ids("docs", sort=["team.name", "id"], access=access) == [1, 3, 2, 4]
    assert asked.ids("docs", filter={"team.id.$exists": True}, access=access) == [1, 3]
    assert asked.ids("docs", filter={"$or": [{"team.name": "blue"}, {"id": 4}]}, access=access) == [4]
    assert asked.data("docs", filterByTk=2, fields=["team"], access=access) == [{"team": None}]


def test_what_is_below_a_row_is_looked_for_among_those_that_may_be_seen(asked: Asked) -> None:
    below = {"id.$childIn": [1]}
    assert asked.ids("teams", filter=below, access={"teams": {}}) == [2, 3, 4]
    assert asked.ids("teams", filter=below, access={"teams": {"scope": {"name.$ne": "blue"}}}) == []
    assert asked.ids("teams", filter=below, access={"teams": {"scope": {"name.$ne": "green"}}}) == [2]
    assert asked.ids("teams", filter=below, access={"teams": {"scope": {"name.$ne": "grey"}}}) == [2, 3]
    for relations, fields in ((["parent"], []), ([], ["parentId"])):
        assert asked.ids("teams", filter=below, access={"teams": {"relations": relations, "fields": fields}})
    with pytest.raises(InvalidError, match='"teams" is not a tree'):
        asked.ids("teams", filter=below, access={"teams": {"relations": [], "fields": ["name"]}})


def test_a_relation_may_be_seen_where_the_column_it_goes_by_may_not(asked: Asked) -> None:
    access: Any = {"docs": {"fields": ["title"]}, "teams": {}, "notes": {"fields": ["body"]}}
    (row,) = asked.data("docs", filterByTk=3, fields=["id", "team.name", "notes"], access=access)
    assert row["team"] == {"name": "red"} and [note["id"] for note in row["notes"]] == [2, 3]
    assert asked.ids("docs", filter={"team.name": "red"}, access=access) == [1, 3]


def test_a_relation_by_a_list_of_keys_may_be_seen_where_the_list_may_not(asked: Asked) -> None:
    relation = Association(
        name="tags",
        type="belongsToArray",
        target="tags",
        foreign_key="tagIds",
        source_key="id",
        target_key="id",
    )
    lists = replace(asked.catalog.collections["lists"], associations={"tags": relation})
    asked = Asked(asked.connection, replace(asked.catalog, collections={**asked.catalog.collections, "lists": lists}))
    access: Any = {"lists": {"fields": []}, "tags": {}}
    whole = [{"id": 2, "name": "b"}, {"id": 1, "name": "a"}]
    assert asked.data("lists", filterByTk=1, appends=["tags"], access=access) == [{"id": 1, "tags": whole}]
    assert asked.ids("lists", filter={"tags.name": "a"}, access=access) == [1]
    assert asked.ids("tags", association=_from("lists", "tags", 1), access=access) == [1, 2]
    access = {"lists": {"scope": {"id": 2}}, "tags": {"scope": {"name": "b"}}}
    assert asked.data("lists", appends=["tags"], fields=["id"], access=access) == [{"id": 2, "tags": whole[:1]}]
    assert asked.ids("tags", association=_from("lists", "tags", 1), access=access) == []
    assert asked.ids("tags", association=_from("lists", "tags", 2), access=access) == [2]


def test_a_relation_without_permission_is_unknown(asked: Asked) -> None:
    access: Any = {"docs": {"relations": ["tags"]}, "teams": {}, "tags": {}, "docsTags": {}}
    (row,) = asked.data("docs", filterByTk=1, appends=["team", "tags"], access=access)
    assert "team" not in row and len(row["tags"]) == 2
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        asked.rows("docs", filter={"team.name": "red"}, access=access)


def test_what_links_two_rows_is_shown_to_who_may_see_it(asked: Asked) -> None:
    access: Any = {"docs": {}, "tags": {}, "docsTags": {"fields": ["tagId"], "scope": {"tagId": 2}}}

    def shown(access: Any) -> tuple[Any, Any]:
        (doc,) = asked.data("docs", filterByTk=1, appends=["tags"], access=access)
        return doc["tags"], asked.data("tags", association=_from("docs", "tags", 1), access=access)

    appended, listed = shown(access)
    link = {"docId": 1, "tagId": 2}
    assert appended == [{"id": 1, "name": "a", "docsTags": None}, {"id": 2, "name": "b", "docsTags": link}]
    assert listed == [{**tag, "_pivot_": None} for tag in appended]
    del access["docsTags"]
    appended, listed = shown(access)
    assert appended == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    assert listed == [{**tag, "_pivot_": None} for tag in appended]


def _from(collection: str, name: str, key: Any) -> dict[str, Any]:
    return {"collection": collection, "name": name, "key": key}


def test_nothing_is_related_to_a_source_that_may_not_be_seen(asked: Asked) -> None:
    own: Any = {"docs": {"scope": MINE}, "tags": {}, "teams": {}, "notes": {"fields": ["body"]}}
    assert asked.ids("tags", association=_from("docs", "tags", 1), access=own) == [1, 2]
    assert asked.ids("tags", association=_from("docs", "tags", 3), access=own) == []
    assert asked.ids("teams", association=_from("docs", "team", 3), access=own) == []
    assert asked.ids("teams", association=_from("docs", "team", {"id": 1}), access=own) == [1]
    assert asked.ids("notes", association=_from("docs", "notes", 1), access=own) == [1]
    assert asked.ids("notes", association=_from("docs", "notes", 3), access=own) == []
    assert asked.rows("notes", kind="count", association=_from("docs", "notes", 3), access=own) == [("0",)]
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        asked.ids("tags", association=_from("docs", "tags", {"nope": "z"}), access=own)
    hidden: Any = {"docs": {"fields": ["title"]}, "tags": {}}
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        asked.ids("tags", association=_from("docs", "tags", {"secret": "x"}), access=hidden)
    without: Any = {"docs": {"relations": ["team"]}, "tags": {}}
    assert asked.ids("tags", association=_from("docs", "tags", 1), access=without) == []
    assert asked.ids("tags", association=_from("docs", "tags", 1), access={"tags": {}}) == []


def test_who_may_see_the_referring_column_needs_not_see_the_source(asked: Asked) -> None:
    of_three = _from("docs", "notes", 3)
    assert asked.ids("notes", association=of_three, access={"notes": {}}) == [2, 3]
    assert asked.ids("notes", association=of_three, access={"notes": {"fields": ["body"]}}) == []


def test_a_template_says_nothing_of_relations_that_may_not_be_seen(asked: Asked) -> None:
    row = asked.data("docs", filterByTk=1, single=True, template=True, access={"docs": {}})
    assert row == {"title": "one", "secret": "x"}


def test_a_scope_does_not_keep_a_filter_from_its_index(asked: Asked) -> None:
    access: Any = {"docs": {"scope": {"team.name": "red"}}, "notes": {"scope": {"body.$ne": "x"}}}
    for request in ({"filter": {"id": 1}}, {"filterByTk": 1}, {"filter": {"id": 1, "title.$regexp": "o"}}):
        sql, values = asked.statement("docs", **request, limit=5, count=True, appends=["notes"], access=access)
        cursor = RawCursor(asked.connection)
        with asked.connection.transaction(force_rollback=True):
            asked.connection.execute("set local enable_seqscan = off")
            plan = "\n".join(row[0] for row in cursor.execute(f"explain {sql}".encode(), values))
        assert plan.count("docs_pkey") == 2, plan


def test_the_number_of_hidden_rows_is_not_estimated(asked: Asked) -> None:
    page = {"limit": 1, "count": True}
    assert "reltuples" in asked.statement("docs", **page, access={"docs": {}})[0]
    assert "reltuples" not in asked.statement("docs", **page, access={"docs": {"scope": MINE}})[0]
    assert asked.rows("docs", **page, access={"docs": {"scope": MINE}})[0][1] == "2"


def test_values_of_permissions_that_a_statement_has_no_use_for_do_no_harm(asked: Asked) -> None:
    access: Any = {
        "docs": {"scope": MINE},
        "teams": {"scope": {"$and": [{"id.$between": [1, 2]}, {"name": "red"}, {"$not": {"id.$in": [9]}}]}},
    }
    assert asked.ids("docs", access=access) == [1, 2]
    assert asked.rows("docs", kind="count", access=access) == [("2",)]
    assert asked.data("docs", kind="query", measures=[{"field": "*", "aggregation": "count"}], access=access) == [
        {"*": 2}
    ]
    for kind in ("update", "delete"):
        request: dict[str, Any] = {"rendering": None, "filterByTk": 4, "columns": ["title"], "values": '{"title":"a"}'}
        assert asked.rows("docs", kind=kind, **request, access=access, scope={"id.$gt": 3}) == [1]
    written = asked.data("docs", kind="insert", columns=["id"], values='{"id":9}', keys=["id"], access=access)
    assert written == [{"id": 9}]


def test_a_scope_that_cannot_be_read_permits_nothing(asked: Asked) -> None:
    assert asked.data("docs", access={"docs": {"scope": {"title.$nope": 1}}}) == []
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        asked.data("docs", access={"docs": {"scope": {"team.gone": 1}}})


def test_scopes_may_ask_for_what_may_not_be_seen(asked: Asked) -> None:
    access: Any = {"docs": {"fields": ["title"], "scope": {"secret": "z", "team.secret": "r"}}}
    assert asked.data("docs", access=access) == [{"id": 3, "title": "three"}]


def test_requests_of_one_role_share_a_shape(asked: Asked) -> None:
    def shape(user: int) -> str:
        access = {"docs": {"fields": ["title"], "scope": {"createdById": user}}}
        return split({"kind": "select", "collection": "docs", "access": access})[0]

    assert shape(1) == shape(2)
    everything = split({"kind": "select", "collection": "docs", "access": {"docs": {"scope": {}}}})[0]
    nothing = split({"kind": "select", "collection": "docs", "access": {}})[0]
    assert json.loads(everything)["access"] == {"docs": {}} and json.loads(nothing)["access"] == {}
    for scope, read in ((True, True), (False, False), ({}, True), (None, None)):
        assert json.loads(split({"kind": "select", "collection": "docs", "scope": scope})[0]).get("scope") is read


def test_an_aggregating_query_cannot_lose_its_permissions(asked: Asked) -> None:
    query = {"collection": "docs", "measures": [{"field": "*", "aggregation": "count"}]}
    assert json.loads(split_query({**query, "access": {}})[0])["access"] == {}
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        asked.rows("docs", kind="query", measures=query["measures"], access={})


# -- conditions that fail ----------------------------------------------------------------------------------------------


def test_no_row_that_may_not_be_seen_makes_a_condition_fail(asked: Asked) -> None:
    """The planner would rather look at a text than at a subquery, and a failure told that there is one."""
    scope = {"team.name": "nobody's"}
    broken = {"$and": [{"title": "one"}, {"title.$regexp": "("}]}
    with pytest.raises(psycopg.errors.InvalidRegularExpression):
        asked.rows("docs", filter=broken)
    access: Any = {"docs": {"scope": scope}, "notes": {}}
    assert asked.data("docs", filter=broken, access=access) == []
    assert asked.rows("docs", kind="count", filter=broken, access=access) == [("0",)]
    assert asked.data("notes", filter={"doc.title.$regexp": "("}, access=access) == []
    of_query: Any = {"measures": [{"field": "*", "aggregation": "count"}], "filter": broken, "access": access}
    assert asked.data("docs", kind="query", **of_query) == [{"*": 0}]
    mixed = {"$or": [{"body": "q"}, {"doc.title.$regexp": "("}]}
    assert asked.data("notes", filter=mixed, access=access) == []
    assert asked.data("docs", filter=broken, access={"docs": {}}, scope=scope) == []
    for kind in ("update", "delete"):
        request = {"kind": kind, "filter": broken, "columns": ["title"], "values": '{"title":"a"}', "keys": ["id"]}
        assert asked.data("docs", **request, scope=scope) == []


@pytest.mark.parametrize("operator", ["$like", "$notLike", "$iLike", "$notILike"])
def test_a_pattern_that_ends_in_an_escape_is_refused_whatever_there_is(asked: Asked, operator: str) -> None:
    with pytest.raises(InvalidError, match="Invalid value"):
        asked.rows("docs", filter={"id": 99, f"title.{operator}": "a\\"})
    assert asked.data("docs", filter={f"title.{operator}": "nope\\\\", "id": 99}) == []


# -- writing -----------------------------------------------------------------------------------------------------------


def changed(asked: Asked, kind: str, **request: Any) -> list[Any]:
    """What is shown of the rows that a write changed."""
    values = {"columns": ["title"], "values": '{"title":"new"}'} if kind == "update" else {}
    return asked.data("docs", kind=kind, keys=["id"], **values, **request)


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_rows_are_changed_within_the_scope_of_the_action(asked: Asked, kind: str) -> None:
    def ids(**request: Any) -> list[int]:
        return [row["id"] for row in changed(asked, kind, **request)]

    everything: Any = {"access": {"docs": {}, "teams": {}}, "scope": MINE}
    assert ids(filterByTk=[1, 2, 3], **everything) == [1, 2]
    assert ids(filterByTk=3, **everything) == []
    assert ids(filterByTk=1, access={"docs": {}}, scope=False) == []
    assert ids(filter={"team.name": "red"}, **everything) == [1]


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_a_filter_finds_what_may_be_seen_alone(asked: Asked, kind: str) -> None:
    request: Any = {"access": {"docs": {"scope": {"teamId": 1}}}, "scope": True}
    assert [row["id"] for row in changed(asked, kind, filter={"secret.$ne": "q"}, **request)] == [1, 3]
    blind: Any = {"access": {}, "scope": MINE}
    assert changed(asked, kind, filter={"id": 1}, **blind) == []
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        changed(asked, kind, filter={"title": "one"}, **blind)


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_of_changed_rows_is_shown_what_may_be_seen(asked: Asked, kind: str) -> None:
    title = "new" if kind == "update" else "two"
    access: Any = {"docs": {"fields": ["title"], "scope": {"teamId": 2}}}
    shown = changed(asked, kind, filterByTk=[1, 2], access=access, scope=True)
    assert shown == [{"id": 1}, {"id": 2, "title": title}]
    assert changed(asked, kind, filterByTk=[1, 2], access={}, scope=True) == [{"id": 1}, {"id": 2}]


def test_of_rows_that_come_in_a_list_is_shown_what_may_be_seen(asked: Asked) -> None:
    access: Any = {"docs": {"fields": ["title"], "scope": {"teamId": 2}}}
    request: Any = {"kind": "update", "columns": ["title"], "values": '{"title":"new"}', "filterByTk": [1, 2]}
    ((data, count),) = asked.rows("docs", **request, access=access, scope=True)
    assert (json.loads(data), count) == ([{"id": 1}, {"id": 2, "title": "new"}], "2")


def test_of_a_new_row_is_shown_what_may_be_seen(asked: Asked) -> None:
    def shown(access: Any, team: int = 1) -> Any:
        values = json.dumps({"id": 9, "title": "t", "secret": "s", "teamId": team})
        request = {"columns": ["id", "title", "secret", "teamId"], "values": values, "single": True}
        return asked.data("docs", kind="insert", **request, access=access)

    assert shown({"docs": {"fields": ["title"]}}) == {"id": 9, "title": "t"}
    assert shown({}) == {"id": 9}
    of_red: Any = {"docs": {"fields": ["title"], "scope": {"team.name": "red"}}}
    assert shown(of_red) == {"id": 9, "title": "t"} and shown(of_red, team=2) == {"id": 9}


def test_columns_are_written_whether_they_may_be_seen_or_not(asked: Asked) -> None:
    request: Any = {"columns": ["secret"], "values": '{"secret":"s"}', "filterByTk": 1, "keys": ["id"]}
    assert asked.data("docs", kind="update", **request, access={"docs": {"fields": []}}) == [{"id": 1}]


def test_what_may_not_be_seen_is_not_linked(asked: Asked) -> None:
    def link(access: Any) -> Any:
        source = {"collection": "docs", "name": "tags", "value": 4}
        request: Any = {"kind": "link", "association": source, "filter": {"id": {"$in": [1, 2]}}, "rendering": None}
        return asked.rows("tags", **request, access=access)[0]

    assert link({"tags": {}}) == 2
    assert link({"tags": {"scope": {"name": "b"}}}) == 1
    assert link({"docs": {}}) == 0


def test_paths_through_hidden_rows_change_nothing(asked: Asked) -> None:
    def removed(access: Any, key: int) -> Any:
        request: Any = {"kind": "delete", "rendering": None, "filterByTk": [1, 2], "access": access}
        return asked.rows("notes", association=_from("docs", "notes", key), **request)[0]

    access: Any = {"docs": {"scope": MINE}, "notes": {"fields": []}}
    assert removed(access, 1) == 1 and removed(access, 3) == 0
