"""firstOrCreate and updateOrCreate: looked for by some of the values, created where there is none."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .conftest import Api


def _first(api: Api, path: str, values: Any, *keys: str, **params: Any) -> httpx.Response:
    return api.root.post(f"/{path}:firstOrCreate", params={"filterKeys[]": list(keys), **params}, json=values)


def _update(api: Api, path: str, values: Any, *keys: str, **params: Any) -> httpx.Response:
    return api.root.post(f"/{path}:updateOrCreate", params={"filterKeys[]": list(keys), **params}, json=values)


def _ok(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()["data"]


def _say(text: str, *, key: str, actions: list[str] | None = None, status: int | None = None) -> dict[str, Any]:
    """A before-workflow of posts that says something, and may end the request; bound where it has no actions."""
    config: dict[str, Any] = {"collection": "posts"}
    if actions is not None:
        config |= {"global": True, "actions": actions}
    nodes: list[dict[str, Any]] = [{"key": "say", "type": "response-message", "config": {"message": text}}]
    if status is not None:
        nodes.append({"key": "stop", "type": "end", "config": {"endStatus": status}})
    return {"key": key, "type": "request-interception", "enabled": True, "config": config, "nodes": nodes}


def _define(api: Api, document: dict[str, Any]) -> None:
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))


def _forget(api: Api, key: str) -> None:
    api.db.execute("select orchestrator.disable(%s)", (key,))


def test_first_or_create_creates_once(api: Api) -> None:
    made = _ok(_first(api, "posts", {"title": "foc", "read": 3}, "title"))
    assert made == {
        "id": made["id"],
        "title": "foc",
        "read": 3,
        "price": None,
        "publishedAt": None,
        "categoryId": None,
    }
    assert _ok(_first(api, "posts", {"title": "foc", "read": 9}, "title")) == made


def test_update_or_create_answers_an_object_when_it_creates_and_a_list_when_it_updates(api: Api) -> None:
    made = _ok(_update(api, "posts", {"title": "uoc", "read": 1}, "title"))
    assert made["read"] == 1
    assert _ok(_update(api, "posts", {"title": "uoc", "read": 2}, "title")) == [{**made, "read": 2}]


def test_a_missing_value_matches_null_and_does_not_create_twice(api: Api) -> None:
    made = api.create("categories", {"level": 5})
    assert _ok(_update(api, "categories", {"level": 5}, "name", "level")) == [made]
    assert _ok(_first(api, "categories", {"level": 5, "name": None}, "name", "level")) == made
    first = _ok(_update(api, "categories", {}, "name"))
    again = _ok(_update(api, "categories", {}, "name"))
    assert again[0]["id"] == (first[0] if isinstance(first, list) else first)["id"]


def test_only_the_first_record_is_updated(api: Api) -> None:
    first, second = api.create("posts", [{"title": "same"}, {"title": "same"}])
    assert [post["id"] for post in _ok(_update(api, "posts", {"title": "same", "read": 4}, "title"))] == [first["id"]]
    assert _ok(api.root.get(f"/posts:get/{second['id']}"))["read"] == 0


@pytest.mark.parametrize("query", ["", "?filterKeys=title", "?filterKeys[]="])
def test_filter_keys_must_be_a_list(api: Api, query: str) -> None:
    for action in ("firstOrCreate", "updateOrCreate"):
        response = api.root.post(f"/posts:{action}{query}", json={"title": "keyless"})
        assert (response.status_code, response.json()) == (
            400,
            {"errors": [{"message": '"filterKeys" must be a list of names'}]},
        )
    assert api.list("/posts:list", filter='{"title": "keyless"}') == []


def test_values_and_keys_that_make_no_sense_are_refused(api: Api) -> None:
    assert _first(api, "posts", [{"title": "listed"}], "title").status_code == 400
    assert _first(api, "posts", {"title": "x"}, "nope").status_code == 400
    refused = _first(api, "posts", {"category": {"name": "x"}}, "category")
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (
        400,
        '"category" is not the path of a value',
    )


def test_the_values_type_is_the_columns(api: Api) -> None:
    made = _ok(_first(api, "posts", {"title": 7, "price": "1.5"}, "title", "price"))
    assert (made["title"], made["price"]) == ("7", "1.50")
    assert _ok(_first(api, "posts", {"title": "7", "price": 1.50}, "title", "price")) == made


def test_paths_lead_through_relations(api: Api) -> None:
    values = {"title": "nested", "category": {"name": "upsert nested"}}
    made = _ok(_first(api, "posts", values, "title", "category.name"))
    assert made["category"]["name"] == "upsert nested"
    assert _ok(_first(api, "posts", values, "title", "category.name"))["id"] == made["id"]
    other = _ok(_first(api, "posts", {"title": "nested", "category": None}, "title", "category.name"))
    assert other["id"] != made["id"]


def test_positions_in_lists_are_no_part_of_a_path(api: Api) -> None:
    values = {"title": "listed", "comments": [{"content": "upsert one"}, {"content": "upsert two"}]}
    made = _ok(_first(api, "posts", values, "comments.content"))
    assert len(made["comments"]) == 2
    assert _ok(_first(api, "posts", {"comments": [{"content": "upsert two"}]}, "comments.content"))["id"] == made["id"]


def test_below_a_record_only_its_own_are_looked_at(api: Api) -> None:
    here, there = (post["id"] for post in api.create("posts", [{"title": "here"}, {"title": "there"}]))
    theirs = _ok(_first(api, f"posts/{there}/comments", {"content": "mine"}, "content"))
    made = _ok(_first(api, f"posts/{here}/comments", {"content": "mine"}, "content"))
    assert (theirs["postId"], made["postId"]) == (there, here)
    assert _ok(_first(api, f"posts/{here}/comments", {"content": "mine"}, "content"))["id"] == made["id"]
    assert _ok(_update(api, f"posts/{here}/comments", {"content": "mine"}, "content")) == [made]
    assert _first(api, "posts/999999/comments", {"content": "mine"}, "content").status_code == 404


def test_through_a_join_table_a_new_record_is_linked(api: Api) -> None:
    for values in (
        {"name": "upsertTags", "fields": [{"name": "name", "type": "string"}]},
        {"name": "upsertPosts", "fields": [{"name": "tags", "type": "belongsToMany", "target": "upsertTags"}]},
    ):
        _ok(api.root.post("/collections:create", json=values))
    post = api.create("upsertPosts", {})["id"]
    tag = _ok(_first(api, f"upsertPosts/{post}/tags", {"name": "a"}, "name"))
    assert _ok(_first(api, f"upsertPosts/{post}/tags", {"name": "a"}, "name"))["id"] == tag["id"]
    assert [each["id"] for each in api.list(f"/upsertPosts/{post}/tags:list")] == [tag["id"]]


def test_a_whitelist_keeps_what_was_looked_for(api: Api) -> None:
    made = _ok(_first(api, "posts", {"title": "kept", "read": 5, "price": 1}, "title", whitelist="read"))
    assert (made["title"], made["read"], made["price"]) == ("kept", 5, None)


def test_guards_judge_what_really_happens(api: Api) -> None:
    made = api.create("posts", {"title": "guarded"})
    _define(api, _say("no creating", key="upsert-create", actions=["create"], status=-1))
    refused = _first(api, "posts", {"title": "not there"}, "title")
    assert (refused.status_code, refused.json()) == (400, {"errors": [{"message": "no creating"}]})
    assert _update(api, "posts", {"title": "not there"}, "title").status_code == 400
    assert _ok(_first(api, "posts", {"title": "guarded"}, "title"))["id"] == made["id"]
    assert _ok(_update(api, "posts", {"title": "guarded", "read": 1}, "title"))[0]["read"] == 1
    _forget(api, "upsert-create")
    _define(api, _say("no updating", key="upsert-update", actions=["update"], status=-1))
    assert _update(api, "posts", {"title": "guarded", "read": 2}, "title").json() == {
        "errors": [{"message": "no updating"}]
    }
    assert _ok(_first(api, "posts", {"title": "guarded"}, "title"))["read"] == 1
    _forget(api, "upsert-update")
    _define(api, _say("neither", key="upsert-both", actions=["updateOrCreate"], status=-1))
    assert _update(api, "posts", {"title": "guarded"}, "title").status_code == 400
    assert _update(api, "posts", {"title": "not there"}, "title").status_code == 400
    _forget(api, "upsert-both")


def test_bound_guards_are_asked_in_each_case(api: Api) -> None:
    _define(api, _say("bound", key="upsert-bound"))
    for request in (_first, _first, _update):
        response = request(api, "posts", {"title": "bound"}, "title", triggerWorkflows="upsert-bound")
        assert (response.status_code, response.json()["messages"]) == (200, [{"message": "bound"}])
    _define(api, _say("bound", key="upsert-bound", status=-1))
    assert _first(api, "posts", {"title": "bound"}, "title", triggerWorkflows="upsert-bound").status_code == 400


def test_what_was_written_is_followed(api: Api) -> None:
    config = {"collection": "posts", "global": True, "actions": ["create", "update"]}
    node = {"key": "say", "type": "response-message", "config": {"message": "{{$context.data.read}}"}}
    _define(
        api,
        {"key": "upsert-after", "type": "action", "sync": True, "enabled": True, "config": config, "nodes": [node]},
    )
    made = _first(api, "posts", {"title": "followed", "read": 1}, "title").json()
    again = _first(api, "posts", {"title": "followed", "read": 2}, "title").json()
    changed = _update(api, "posts", {"title": "followed", "read": 3}, "title").json()
    _forget(api, "upsert-after")
    assert [answer.get("messages") for answer in (made, again, changed)] == [
        [{"message": "1"}],
        None,
        [{"message": "3"}],
    ]


@pytest.mark.parametrize("action", ["firstOrCreate", "updateOrCreate"])
def test_requests_at_once_create_one(api: Api, action: str) -> None:
    def ask(number: int) -> httpx.Response:
        values = {"title": f"at once {action}", "read": number}
        return api.root.post(f"/posts:{action}", params={"filterKeys[]": "title"}, json=values)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    (count,) = api.db.execute("select count(*) from posts where title = %s", (f"at once {action}",)).fetchone() or (0,)
    assert count == 1


def test_a_record_that_appears_meanwhile_is_the_one(api: Api) -> None:
    with ThreadPoolExecutor(1) as pool, api.db.transaction():
        api.db.execute("insert into categories (name, level) values ('meanwhile', 1)")
        answer = pool.submit(_update, api, "categories", {"name": "meanwhile", "level": 2}, "name")
        for _ in range(500):
            waiting = api.db.execute("select from pg_locks where not granted").fetchone()
            if waiting is not None:
                break
            time.sleep(0.02)
        assert waiting is not None
    assert [each["level"] for each in _ok(answer.result())] == [2]


def test_what_is_unique_for_another_reason_is_told(api: Api) -> None:
    api.create("categories", {"name": "upsert unique", "level": 1})
    response = _first(api, "categories", {"name": "upsert unique", "level": 2}, "level", "name")
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "name already exists"}]})


def test_other_roles_may_not(api: Api) -> None:
    api.add_user("upserter", "member")
    with api.client("upserter") as client:
        for action in ("firstOrCreate", "updateOrCreate"):
            response = client.post(f"/posts:{action}?filterKeys[]=title", json={"title": "forbidden"})
            assert response.status_code == 403
