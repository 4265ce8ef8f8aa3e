"""Requests get what may be read for them, and which rows their action may touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.access import Access, restrict
from orchestrator.errors import ForbiddenError
from orchestrator.model.collection import Catalog
from orchestrator.model.variables import Variables

Build = Callable[..., Access]

_VARIABLES = Variables(now=datetime(2026, 5, 4, tzinfo=UTC), zone=UTC, user={"id": 7})
_VIEW_ALL = {"strategy": {"actions": ["view", "update:own"]}}


def _restricted(access: Access | None, catalog: Catalog, action: str | None = None, **request: Any) -> dict[str, Any]:
    return restrict(access, catalog, {"kind": "select", "collection": "posts", **request}, _VARIABLES, action)


def test_without_an_access_a_request_is_as_it_was(catalog: Catalog) -> None:
    assert _restricted(None, catalog, "update") == {"kind": "select", "collection": "posts"}


def test_a_collection_that_may_be_viewed_is_named(access: Build, catalog: Catalog) -> None:
    assert _restricted(access(_VIEW_ALL), catalog)["access"] == {"posts": {}}


def test_a_collection_that_may_not_be_viewed_is_absent(access: Build, catalog: Catalog) -> None:
    assert _restricted(access({}), catalog)["access"] == {}


def test_columns_relations_and_rows_are_told(access: Build, catalog: Catalog) -> None:
    role = access({"resources": {"posts": {"view": {"fields": ["title", "tags"], "scope": "own"}}}})
    assert _restricted(role, catalog)["access"] == {
        "posts": {
            "fields": ["createdAt", "createdById", "id", "title", "updatedAt"],
            "relations": ["tags"],
            "scope": {"createdById": 7},
        }
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"filter": {"comments": {"body": "x"}}},
        {"filter": {"$or": [{"$not": {"comments.body.$eq": "x"}}]}},
        {"fields": ["title", "comments.body"]},
        {"fields": "title,comments.body"},
        {"appends": ["comments(sort=-id)"]},
        {"sort": ["-comments.id"]},
        {"except": ["comments.body"]},
        {"measures": [{"field": ["comments", "id"], "aggregation": "count"}]},
        {"dimensions": [{"field": "comments.body"}]},
    ],
)
def test_what_relations_lead_to_is_told_as_well(access: Build, catalog: Catalog, request_: dict[str, Any]) -> None:
    assert set(_restricted(access(_VIEW_ALL), catalog, **request_)["access"]) == {"posts", "comments"}


def test_the_source_and_the_table_between_are_told(access: Build, catalog: Catalog) -> None:
    association = {"collection": "posts", "name": "tags", "key": 1}
    role = access(_VIEW_ALL)
    request = {"kind": "select", "collection": "tags", "association": association}
    assert set(restrict(role, catalog, request, _VARIABLES)["access"]) == {"posts", "tags", "postsTags"}


def test_relations_are_followed_as_far_as_they_are_named(access: Build, catalog: Catalog) -> None:
    request = {"collection": "tags", "appends": ["comments.post.tags"]}
    assert set(_restricted(access(_VIEW_ALL), catalog, **request)["access"]) == {"tags"}
    deep = _restricted(access(_VIEW_ALL), catalog, collection="comments", appends=["post.tags"])
    assert set(deep["access"]) == {"comments", "posts", "tags", "postsTags"}


def test_rows_of_an_action_are_told_apart_from_those_that_may_be_viewed(access: Build, catalog: Catalog) -> None:
    restricted = _restricted(access(_VIEW_ALL), catalog, "update", kind="update")
    assert restricted["access"] == {"posts": {}}
    assert restricted["scope"] == {"createdById": 7}


def test_an_action_on_every_row_has_no_scope(access: Build, catalog: Catalog) -> None:
    assert "scope" not in _restricted(access({"strategy": {"actions": ["destroy"]}}), catalog, "destroy")


def test_to_view_needs_no_scope_of_its_own(access: Build, catalog: Catalog) -> None:
    assert "scope" not in _restricted(access({"strategy": {"actions": ["view:own"]}}), catalog, "list")


def test_an_action_that_is_not_granted_is_refused(access: Build, catalog: Catalog) -> None:
    with pytest.raises(ForbiddenError, match="No permissions"):
        _restricted(access(_VIEW_ALL), catalog, "destroy")


def test_a_scope_without_a_value_leaves_no_row(access: Build, catalog: Catalog) -> None:
    role = access({"resources": {"posts": {"view": {"scope": {"title": "{{$user.title}}"}}}}})
    assert _restricted(role, catalog)["access"]["posts"]["scope"] is False


def test_conditions_about_the_current_user_know_him(access: Build, catalog: Catalog) -> None:
    assert _restricted(access(_VIEW_ALL), catalog)["userId"] == 7
