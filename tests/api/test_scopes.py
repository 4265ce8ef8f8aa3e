"""Scopes: the rows that a permission is for."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api
from .permitting import SCOPES, document, put, refusal, scope, viewer

#: fixtures
__all__ = ["viewer"]


def test_a_scope_is_created_used_and_changed(api: Api) -> None:
    made = scope(api, name="Cheap", resourceName="posts", scope={"price": {"$lt": 10}})
    assert (made["name"], made["resourceName"], made["scope"]) == ("Cheap", "posts", {"price": {"$lt": 10}})
    assert made["key"].startswith("s_")
    for reference in (made["id"], str(made["id"]), made["key"], made, {"id": made["id"]}):
        found = put(api, "posts", {"name": "view", "scope": reference})
        assert found["actions"][0]["scopeId"] == made["id"]
        api.root.post("/roles/viewer/resources:destroy?filterByTk=posts")
    put(api, "posts", {"name": "view", "scopeId": made["id"]})
    assert document(api)["resources"]["posts"]["view"]["scope"] == {"price": {"$lt": 10}}
    path = f"{SCOPES}:update?filterByTk={made['id']}"
    (changed,) = api.root.post(path, json={"scope": {"read": 1}, "key": "other"}).json()["data"]
    assert (changed["scope"], changed["key"]) == ({"read": 1}, made["key"])
    assert document(api)["resources"]["posts"]["view"]["scope"] == {"read": 1}


def test_scopes_know_variables_and_relations(api: Api) -> None:
    filters = [
        {"categoryId": "{{ ctx.state.currentUser.id }}"},
        {"categoryId": {"$in": ["{{$user.id}}"]}},
        {"publishedAt": {"$dateBefore": "{{$nDate.today}}"}},
        {"category": {"name": "{{$user.nickname}}"}},
        {"$or": [{"title.$includes": "x"}, {"$not": {"read": 3}}]},
        {},
    ]
    for filter_ in filters:
        assert scope(api, resourceName="posts", scope=filter_)["scope"] == filter_
    assert scope(api, name="any", scope={"whatever": 1})["resourceName"] is None
    assert scope(api, resourceName="users", scope={"roles": {"name": "{{$nRole}}"}})["resourceName"] == "users"
    api.create("collections", {"name": "owned", "createdBy": True, "fields": []})
    assert scope(api, resourceName="owned", scope={"createdBy": {"roles": {"name": "viewer"}}})["id"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resourceName": "nosuch", "scope": {}}, '"name": "nosuch" is no collection'),
        ({"resourceName": "posts", "scope": {"body": 1}}, "Invalid SQL column or table reference"),
        ({"resourceName": "posts", "scope": {"category": {"nosuch": 1}}}, None),
        ({"resourceName": "posts", "scope": {"title": {"$nosuch": 1}}}, None),
        ({"resourceName": "posts", "scope": [1]}, '"scope" must be of type object'),
        ({"scope": {"title": {"$nosuch": 1}}}, None),
        ({"key": "own", "scope": {}}, "key already exists"),
        ({"name": 1}, '"name" must be a string'),
    ],
)
def test_a_scope_that_cannot_be_asked_is_refused(api: Api, values: dict[str, Any], message: str | None) -> None:
    status, said = refusal(api.root.post(f"{SCOPES}:create", json=values))
    assert status == 400
    assert message in (None, said)
    assert [row["key"] for row in api.list(f"{SCOPES}:list", sort="id")] == ["all", "own"]


def test_a_scope_of_another_collection_is_refused(api: Api) -> None:
    made = scope(api, resourceName="posts", scope={"read": 1})
    values = {"name": "comments", "actions": [{"name": "view", "scope": made["id"]}]}
    response = api.root.post("/roles/viewer/resources:create", json=values)
    assert refusal(response) == (400, f'scope "{made["id"]}" is for "posts"')
    put(api, "posts", {"name": "view", "scope": made["id"]})
    response = api.root.post(f"{SCOPES}:update?filterByTk={made['id']}", json={"resourceName": "comments", "scope": {}})
    assert refusal(response) == (400, f'scope "{made["key"]}" is in use for another resource')


def test_a_scope_in_use_stays(api: Api) -> None:
    made = scope(api, resourceName="posts", scope={"read": 1})
    put(api, "posts", {"name": "view", "scope": made["id"]})
    path = f"{SCOPES}:destroy?filterByTk={made['id']}"
    assert refusal(api.root.post(path)) == (400, "the scope is in use")
    api.root.post("/roles/viewer/resources:destroy?filterByTk=posts")
    assert api.root.post(path).json() == {"data": 1}


def test_built_in_scopes_stay_as_they_are(api: Api) -> None:
    ids = {row["key"]: row["id"] for row in api.list(f"{SCOPES}:list")}
    for key in ("all", "own"):
        path = f"filterByTk={ids[key]}"
        assert refusal(api.root.post(f"{SCOPES}:update?{path}", json={"scope": {}})) == (403, "No permissions")
        assert refusal(api.root.post(f"{SCOPES}:destroy?{path}")) == (403, "No permissions")
    scope(api, name="mine")
    assert api.root.post(SCOPES + ':destroy?filter={"id.$gt":0}').json() == {"data": 1}
    assert sorted(row["key"] for row in api.list(f"{SCOPES}:list")) == ["all", "own"]
