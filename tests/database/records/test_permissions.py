"""Permissions in statements that read: what is addressed and shown of rows that may not all be seen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import RawCursor

from orchestrator.errors import InvalidError
from orchestrator.model.aggregation import split_query
from orchestrator.model.collection import Association
from orchestrator.model.shape import split

from .permitted import BAD, MINE, Asked, asked

#: fixtures
__all__ = ["asked"]


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
