"""Guards and followers of writes that a role is restricted in."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .restricted import (
    ALL,
    Permit,
    data_of,
    define,
    guard_of,
    insert,
    permit,
    restricted_tables,
    row_of,
    unless,
)

#: fixtures
__all__ = ["define", "permit", "restricted_tables"]


def test_a_guard_judges_what_will_be_written(permit: Permit, api: Api, define: Any) -> None:
    client = permit(tasks={"create": {"fields": ["title"]}, "view": ALL})
    define(guard_of("level_must_be_nine", "tasks", *unless("{{$context.params.values.level}}", 9)))
    assert client.post("/tasks:create", json={"title": "a", "level": 9}).status_code != 200
    assert api.root.post("/tasks:create", json={"title": "a", "level": 9}).status_code == 200


def test_a_guard_judges_what_the_database_puts_in_place_of_a_value_that_was_dropped(
    permit: Permit, api: Api, define: Any
) -> None:
    client = permit(tasks={"update": {"fields": ["title"]}, "create": {"fields": ["title"]}, "view": ALL})
    task = insert(api, "tasks", title="a", level=9)
    define(
        guard_of("level_nine", "tasks", *unless("{{$context.params.values.level}}", 9), actions=("create", "update"))
    )
    assert client.post("/tasks:create", json={"title": "a"}).status_code != 200
    # level 9 is dropped, and so is what the guard hears of it
    assert client.post(f"/tasks:update?filterByTk={task}", json={"title": "b", "level": 9}).status_code != 200
    assert row_of(api, "tasks", task)["title"] == "a"


def test_guards_judge_nested_records_as_they_will_be_written(permit: Permit, api: Api, define: Any) -> None:
    client = permit(
        tasks={"create": ALL, "view": ALL}, notes={"create": {"fields": ["body"]}, "view": ALL}, strategy=["create"]
    )
    define(guard_of("five_stars", "notes", *unless("{{$context.params.values.stars}}", 5)))
    path = "/tasks:create?updateAssociationValues[]=notes"
    values = {"title": "five", "notes": [{"body": "n", "stars": 5}]}
    assert client.post(path, json=values).status_code != 200
    assert api.root.post(path, json=values).status_code == 200


def test_what_comes_into_scope_after_the_guards_were_asked_is_not_written(
    permit: Permit, api: Api, define: Any
) -> None:
    scope = {"list.level": {"$lt": 5}}
    client = permit(tasks={"update": {"scope": scope}, "view": ALL}, lists={"view": ALL})
    near, far = insert(api, "lists", level=1), insert(api, "lists", level=9)
    first, second = insert(api, "tasks", listId=near), insert(api, "tasks", listId=far, title="a")
    params = {"filter": {"id": far}, "values": {"level": 1}}
    lets_in = {"key": "lets_in", "type": "update", "config": {"collection": "lists", "params": params}}
    define(guard_of("lets_others_in", "tasks", lets_in, actions=("update",)))
    path = "/tasks:update?forceUpdate=1"
    changed = data_of(client.post(path, json=[{"id": first, "title": "b"}, {"id": second, "title": "b"}]))
    assert [[row["id"] for row in rows] for rows in changed] == [[first], []]
    assert row_of(api, "lists", far)["level"] == 1
    assert row_of(api, "tasks", second)["title"] == "a"


def test_guards_and_followers_see_everything(permit: Permit, api: Api, define: Any) -> None:
    client = permit(
        tasks={"create": ALL, "view": {"fields": ["title"]}}, notes={"create": ALL, "view": {"fields": ["body"]}}
    )
    secret = insert(api, "lists", name="rule", level=77)
    define(
        guard_of(
            "rule_is_read",
            "tasks",
            {
                "key": "rule",
                "type": "query",
                "config": {
                    "collection": "lists",
                    "multiple": False,
                    "params": {"filter": {"id": secret}},
                    "failOnEmpty": True,
                },
            },
        )
    )
    config = {"collection": "tasks", "mode": 1, "appends": []}
    copy = {"level": "{{$context.data.level}}", "name": "{{$context.data.notes.stars}}"}
    node = {"key": "copy", "type": "create", "config": {"collection": "lists", "params": {"values": copy}}}
    define({"key": "copies", "type": "collection", "sync": True, "enabled": True, "config": config, "nodes": [node]})
    values = {"title": "a", "level": 42, "notes": [{"body": "n", "stars": 4}]}
    made = data_of(client.post("/tasks:create?updateAssociationValues[]=notes", json=values))
    assert "level" not in made
    copied = api.db.execute("select name from lists where level = 42").fetchone()
    assert copied is not None
    assert "4" in copied[0]
