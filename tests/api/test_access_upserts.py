"""firstOrCreate, updateOrCreate and move, for roles that do not see everything."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from .conftest import Api
from .restricted import (
    ALL,
    DENIED,
    FAIL,
    LOW,
    Permit,
    data_of,
    define,
    guard_of,
    insert,
    message_of,
    permit,
    restricted_tables,
    row_of,
)

#: fixtures
__all__ = ["define", "permit", "restricted_tables"]


def test_an_upsert_needs_its_permissions(permit: Permit, api: Api) -> None:
    title = secrets.token_hex(4)
    insert(api, "tasks", title=title)
    for client, first, update in (
        (permit(strategy=["view"]), 403, 403),
        (permit(strategy=["view", "create"]), 200, 403),
        (permit(strategy=["view", "update"]), 403, 403),
        (permit(strategy=["create", "update"]), 403, 403),
        (permit(strategy=["view", "create", "update"]), 200, 200),
    ):
        for action, status in (("firstOrCreate", first), ("updateOrCreate", update)):
            response = client.post(f"/tasks:{action}?filterKeys[]=title", json={"title": title})
            assert (action, response.status_code) == (action, status)


def test_an_upsert_looks_among_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": {"scope": LOW}, "create": ALL, "update": {"scope": {"level": 2}}})
    hidden, seen, fixed = (secrets.token_hex(4) for _ in range(3))
    high, low = insert(api, "tasks", title=hidden, level=9), insert(api, "tasks", title=seen, level=2)
    other = insert(api, "tasks", title=fixed, level=3)
    path = "/tasks:firstOrCreate?filterKeys[]=title"
    assert data_of(client.post(path, json={"title": seen}))["id"] == low
    assert data_of(client.post(path, json={"title": hidden}))["id"] not in (high, low)
    path = "/tasks:updateOrCreate?filterKeys[]=title"
    assert [row["id"] for row in data_of(client.post(path, json={"title": seen, "code": seen}))] == [low]
    assert data_of(client.post(path, json={"title": fixed, "code": fixed})) == []
    assert (row_of(api, "tasks", high)["code"], row_of(api, "tasks", other)["code"]) == (None, None)


def test_no_guard_hears_of_an_upsert_outside_the_scope(permit: Permit, api: Api, define: Any) -> None:
    client = permit(tasks={"view": ALL, "create": ALL, "update": {"scope": LOW}})
    title = secrets.token_hex(4)
    insert(api, "tasks", title=title, level=9)
    define(guard_of("deny_every_update", "tasks", FAIL, actions=("update",)))
    response = client.post("/tasks:updateOrCreate?filterKeys[]=title", json={"title": title, "code": "x"})
    assert data_of(response) == []


def test_an_upsert_does_not_look_for_what_is_not_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": {"fields": ["title"]}, "create": ALL})
    for key in ("secret", "nosuch"):
        response = client.post(f"/tasks:firstOrCreate?filterKeys[]={key}", json={key: "x"})
        assert message_of(response) == (400, "Invalid SQL column or table reference")


def test_what_an_upsert_looks_for_survives_the_whitelist(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": ALL, "create": {"fields": ["level"]}, "update": {"fields": ["level"]}})
    title = secrets.token_hex(4)
    values = {"title": title, "level": 3, "code": title}
    made = data_of(client.post("/tasks:firstOrCreate?filterKeys[]=title", json=values))
    assert (made["title"], made["level"], made["code"]) == (title, 3, None)
    assert data_of(client.post("/tasks:firstOrCreate?filterKeys[]=title", json=values))["id"] == made["id"]
    (changed,) = data_of(client.post("/tasks:updateOrCreate?filterKeys[]=title", json=values | {"level": 4}))
    assert (changed["id"], changed["level"], changed["code"]) == (made["id"], 4, None)


def test_the_reply_of_an_upsert_shows_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": {"fields": ["title"]}, "create": ALL, "update": ALL})
    title = secrets.token_hex(4)
    values = {"title": title, "level": 3}
    for action in ("firstOrCreate", "firstOrCreate", "updateOrCreate"):
        found = data_of(client.post(f"/tasks:{action}?filterKeys[]=title", json=values))
        for record in found if isinstance(found, list) else [found]:
            assert record.keys() == {"id", "title", "createdById"}


@pytest.fixture(scope="module")
def cards(api: Api) -> str:
    fields = [
        {"name": "title", "type": "string"},
        {"name": "state", "type": "string"},
        {"name": "sort", "type": "sort", "scopeKey": "state"},
    ]
    assert api.root.post("/collections:create", json={"name": "cards", "fields": fields}).status_code == 200
    return "cards"


def test_a_move_needs_update_and_stays_in_its_scope(permit: Permit, api: Api, cards: str) -> None:
    state = secrets.token_hex(4)
    a, b, c = (card["id"] for card in api.create(cards, [{"title": title, "state": state} for title in "abc"]))
    path = f"/{cards}:move"
    scope = {"title": {"$in": ["a", "b"]}}
    client = permit(cards={"update": {"scope": scope}, "view": ALL})
    assert message_of(permit(strategy=["view", "create"]).post(path, params={"sourceId": a, "targetId": b})) == DENIED
    for pair in ((a, c), (c, a), (a, 888_888)):
        response = client.post(path, params=dict(zip(("sourceId", "targetId"), pair, strict=True)))
        assert message_of(response) == (404, 'the record of "cards" does not exist')
    assert data_of(client.post(path, params={"sourceId": b, "targetId": a})) == "ok"
    assert (
        "".join(card["title"] for card in api.list("/cards:list", filter=json.dumps({"state": state}), sort="sort"))
        == "bac"
    )


def test_a_move_changes_a_scope_column_only_where_it_may_be_written(permit: Permit, api: Api, cards: str) -> None:
    (key,) = (card["id"] for card in api.create(cards, [{"title": "d", "state": "open"}]))
    params = {"sourceId": key, "targetScope[state]": "done"}
    without = permit(cards={"update": {"fields": ["title"]}, "view": ALL})
    with_it = permit(cards={"update": {"fields": ["state"]}, "view": ALL})
    assert message_of(without.post(f"/{cards}:move", params=params)) == DENIED
    assert data_of(with_it.post(f"/{cards}:move", params=params)) == "ok"
    assert row_of(api, cards, key)["state"] == "done"
