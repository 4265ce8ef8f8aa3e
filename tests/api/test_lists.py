"""Paths to columns that hold a list: items are added, set, removed and toggled."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .relating import define, end, post, posted, refusal_of, runs, say, tables, tags, when, workflow

#: fixtures
__all__ = ["define", "post", "tables", "tags"]


def test_a_list_of_a_record_has_each_item_once_and_in_order(api: Api) -> None:
    key = api.create("lists", {})["id"]
    path = f"/lists/{key}/labels"
    assert api.list(f"{path}:list", paginate="false") == []
    for action, given, left in (
        ("add", ["b", "a", "b"], ["a", "b"]),
        ("add", ["a", "c"], ["a", "b", "c"]),
        ("remove", ["b", "z"], ["a", "c"]),
        ("set", ["y", "x", "x"], ["x", "y"]),
        ("toggle", ["x", "w"], ["w", "y"]),
        ("set", [], []),
    ):
        assert posted(api, f"{path}:{action}", given) == ({"data": "ok"} if action == "toggle" else {})
        response = api.root.get(f"{path}:list", params={"paginate": "false"})
        assert response.json() == {"data": left}, action
    posted(api, f"{path}:add?filterByTks=d,e")
    assert api.list(path) == ["d", "e"]
    posted(api, f"/lists/{key}/numbers:add", [3, 1])
    posted(api, f"/lists/{key}/numbers:remove?filterByTk=3")
    assert api.list(f"/lists:get/{key}")["numbers"] == ["1"]


def test_what_paths_to_lists_cannot_mean(api: Api) -> None:
    key = api.create("lists", {"labels": ["a"]})["id"]
    assert refusal_of(api, "/lists/999999/labels:add", ["a"]) == (404, 'the record of "lists" does not exist')
    assert api.list("/lists/999999/labels:list") == []
    assert refusal_of(api, f"/lists/{key}/labels:add")[0] == 400
    assert refusal_of(api, f"/lists/{key}/numbers:add", ["abc"])[0] == 400
    for action in ("get", "create", "update", "destroy", "query"):
        assert api.root.post(f"/lists/{key}/labels:{action}?filterByTk={key}", json={"labels": []}).status_code == 404
    assert api.root.get("/lists.labels:list").status_code == 404
    assert api.root.post("/lists/_/labels:set", json=[]).status_code == 404
    assert api.root.get("/posts/1/title:list").status_code == 404
    assert api.guest.get(f"/lists/{key}/labels:list").status_code == 401
    assert api.list(f"/lists/{key}/labels:list") == ["a"]


def test_guards_judge_a_list_as_it_will_be(api: Api, define: Any) -> None:
    key = api.create("lists", {"labels": ["a"]})["id"]
    stop = when("$context.params.values.labels.1", "b", say("not b"), end(-1))
    define(workflow("rel-items", "lists", stop, actions=("update",)))
    assert refusal_of(api, f"/lists/{key}/labels:add", ["b"]) == (400, "not b")
    posted(api, f"/lists/{key}/labels:add", ["c"])
    assert api.list(f"/lists/{key}/labels:list") == ["a", "c"]
    params = {"filterByTk": str(key), "values": {"labels": ["a", "b"]}}
    assert params in [run["params"] for run in runs(api, "rel-items")]
