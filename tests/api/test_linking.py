"""add, set, remove and toggle: what a record is related to, under guards and followed."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from .conftest import Api
from .relating import define, end, post, posted, refusal_of, runs, say, tables, tags, tags_of, when, workflow

#: fixtures
__all__ = ["define", "post", "tables", "tags"]


def test_records_are_added_set_removed_and_toggled_through_a_join_table(api: Api, post: int, tags: list[int]) -> None:
    first, second, third = tags
    path = f"/posts/{post}/tags"
    assert posted(api, f"{path}:add", [first]) == {}
    assert posted(api, f"{path}:add?filterByTk={second}") == {}
    assert posted(api, f"{path}:add", [first, second]) == {}
    assert tags_of(api, post) == [first, second]
    assert posted(api, f"{path}:remove", [first]) == {}
    assert tags_of(api, post) == [second]
    assert posted(api, f"{path}:set", [second, third]) == {}
    assert tags_of(api, post) == [second, third]
    assert posted(api, f"{path}:toggle", [second, first]) == {"data": "ok"}
    assert tags_of(api, post) == [first, third]
    assert posted(api, f"{path}:toggle?filterByTk={first}") == {"data": "ok"}
    assert tags_of(api, post) == [third]
    assert posted(api, f"{path}:set", []) == {}
    assert tags_of(api, post) == []


def test_keys_come_in_the_query_or_else_in_the_body(api: Api, post: int, tags: list[int]) -> None:
    first, second, third = tags
    path = f"/posts/{post}/tags"
    for query, body, linked in (
        (f"?filterByTks={first},{second}", None, [first, second]),
        (f"?filterByTks[]={third}", None, [third]),
        (f"?filterByTk[]={first}&filterByTk[]={third}", None, [first, third]),
        (f"?filterByTk={first}&filterByTks={second}", [third], [first]),
        (f"/{second}", None, [second]),
        ("", [str(first), third, third], [first, third]),
    ):
        assert posted(api, f"{path}:set{query}", body) == {}
        assert tags_of(api, post) == linked, query
    legacy = {"associatedIndex": post, "values": second}
    assert posted(api, "/resourcer/posts.tags:set", legacy) == {}
    assert tags_of(api, post) == [second]


def test_keys_of_no_record_are_passed_over(api: Api, post: int, tags: list[int]) -> None:
    for action in ("add", "set", "toggle", "remove"):
        posted(api, f"/posts/{post}/tags:{action}", [999_999])
        assert tags_of(api, post) == []
    posted(api, f"/posts/{post}/tags:set", [999_999, tags[0]])
    assert tags_of(api, post) == [tags[0]]


def test_values_of_links_are_stored_with_them(api: Api, post: int, tags: list[int]) -> None:
    first, second, _ = tags
    path = f"/posts/{post}/tags"

    def notes() -> dict[int, Any]:
        return {tag["id"]: tag["postsTags"]["note"] for tag in api.list(f"{path}:list")}

    posted(api, f"{path}:add", [first, [second, {"note": "n", "postId": 1, "nope": 2, "createdById": 77}]])
    assert notes() == {first: None, second: "n"}
    assert api.db.execute('select from "postsTags" where "createdById" = 77').fetchone() is None
    posted(api, f"{path}:add", [[first, {"note": "later"}]])
    assert notes() == {first: "later", second: "n"}
    posted(api, f"{path}:set", [[first, {"note": "set"}]])
    assert notes() == {first: "set"}


@pytest.mark.parametrize("action", ["add", "set", "remove", "toggle"])
@pytest.mark.parametrize("body", [None, {"values": [3]}, [{"id": 3}], [[3, 4]], [[1, {}, 2]], [None], [True], ["abc"]])
def test_what_is_no_key_is_the_clients_error(api: Api, post: int, tags: list[int], action: str, body: Any) -> None:
    posted(api, f"/posts/{post}/tags:add", [tags[0]])
    assert refusal_of(api, f"/posts/{post}/tags:{action}", body)[0] == 400
    assert tags_of(api, post) == [tags[0]]


@pytest.mark.parametrize("action", ["add", "set", "remove", "toggle"])
def test_nothing_is_related_to_a_record_that_is_not_there(api: Api, tags: list[int], action: str) -> None:
    message = 'the record of "posts" does not exist'
    assert refusal_of(api, f"/posts/999999/tags:{action}", tags) == (404, message)
    assert refusal_of(api, f"/posts/999999/comments:{action}", [1]) == (404, message)
    assert api.root.post(f"/posts/_/tags:{action}", json=tags).status_code == 404
    assert api.root.post(f"/posts/1/nope:{action}", json=tags).status_code == 404


def test_without_a_relation_there_is_nothing_to_do(api: Api) -> None:
    for action in ("add", "remove", "toggle"):
        assert posted(api, f"/posts:{action}", [1]) == {}
    assert refusal_of(api, "/posts:set", [1]) == (400, '"set" needs a path through a relation')
    assert api.guest.post("/posts:add", json=[1]).status_code == 401


def test_foreign_keys_are_set_and_cleared(api: Api, post: int) -> None:
    comments = [c["id"] for c in api.create("comments", [{"content": "a"}, {"content": "b"}, {"content": "c"}])]
    path = f"/posts/{post}/comments"

    def linked() -> list[int]:
        return [c["id"] for c in api.list(f"{path}:list", sort="id")]

    posted(api, f"{path}:add", comments[:2])
    assert linked() == comments[:2]
    posted(api, f"{path}:set", comments[1:])
    assert linked() == comments[1:]
    posted(api, f"{path}:remove", [comments[1]])
    assert linked() == [comments[2]]
    posted(api, f"{path}:toggle", [comments[0], comments[2]])
    assert linked() == [comments[0]]
    posted(api, f"{path}:set", [])
    assert linked() == []
    assert len(api.list("/comments:list", filter=json.dumps({"id": comments}))) == 3


def test_a_relation_to_one_is_set_and_removed(api: Api, post: int) -> None:
    first, second = (c["id"] for c in api.create("categories", [{"name": "one"}, {"name": "two"}]))

    def category() -> Any:
        return api.root.get(f"/posts:get/{post}").json()["data"]["categoryId"]

    path = f"/posts/{post}/category"
    assert posted(api, f"{path}:add?filterByTk={first}") == {}
    assert category() is None
    assert posted(api, f"{path}:set?filterByTk={first}") == {}
    assert category() == first
    assert posted(api, f"{path}:set", [second]) == {}
    assert category() == second
    assert refusal_of(api, f"{path}:set", [first, second]) == (400, '"category" relates to one record')
    assert refusal_of(api, f"{path}:toggle", [first]) == (400, '"category" relates to one record')
    assert refusal_of(api, f"{path}:set")[0] == 400
    assert refusal_of(api, f"{path}:set", [999_999])[0] == 400
    assert category() == second
    assert posted(api, f"{path}:remove") == {}
    assert category() is None


def test_a_relation_to_one_that_the_other_side_holds_is_set_and_removed(api: Api, post: int) -> None:
    first, second = (p["id"] for p in api.create("profiles", [{"bio": "one"}, {"bio": "two"}]))
    path = f"/posts/{post}/profiles"
    for key in (first, second):
        posted(api, f"{path}:set?filterByTk={key}")
        assert api.root.get(path).json()["data"]["id"] == key
    assert refusal_of(api, f"{path}:set", [999_999])[0] == 400
    assert api.root.get(path).json()["data"]["id"] == second
    posted(api, f"{path}:remove")
    assert api.root.get(path).json()["data"] is None
    assert api.list("/profiles:list", filter=json.dumps({"postId": post})) == []


def test_a_source_is_addressed_by_several_columns(api: Api) -> None:
    api.create("places", [{"country": "de", "city": "ulm"}, {"country": "at", "city": "ulm"}])
    api.create("regions", {"code": "south", "title": "s"})
    source = "%7B%22country%22%3A%22de%22%2C%22city%22%3A%22ulm%22%7D"
    posted(api, f"/places/{source}/regions:set?filterByTk=south")
    places = api.list("/places:list", sort="country")
    assert [(p["country"], p["regionCode"]) for p in places] == [("at", None), ("de", "south")]
    assert posted(api, f"/places/{source}/regions:update", {"title": "t"})["data"]["title"] == "t"
    several = "%7B%22city%22%3A%22ulm%22%7D"
    assert refusal_of(api, f"/places/{several}/regions:set?filterByTk=south")[0] == 400
    assert refusal_of(api, "/places/%7Bnope/regions:remove")[0] == 400


def test_who_changes_the_links_of_a_record_waits_for_those_before_him(api: Api, post: int, tags: list[int]) -> None:
    first, _, third = tags
    waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(api.dsn) as before:
            before.execute("select from posts where id = %s for no key update", (post,))
            before.execute('insert into "postsTags" ("postId", "tagId") values (%s, %s)', (post, third))
            answer = pool.submit(api.root.post, f"/posts/{post}/tags:set", json=[first])
            while not answer.done() and api.db.execute(waiting).fetchone() is None:
                time.sleep(0.02)
        assert answer.result().status_code == 200
    assert tags_of(api, post) == [first]


def test_a_bound_guard_judges_every_action_of_its_collection_once(
    api: Api, define: Any, post: int, tags: list[int]
) -> None:
    define(workflow("rel-bound", "tags", when("$context.params.values.0", tags[2], say("not this"), end(-1))))
    path = f"/posts/{post}/tags"
    for action in ("add", "set", "toggle", "remove"):
        posted(api, f"{path}:{action}?triggerWorkflows=rel-bound", [tags[0]])
        refused = refusal_of(api, f"{path}:{action}?triggerWorkflows=rel-bound", [tags[2]])
        assert refused == (400, "not this"), action
    assert tags_of(api, post) == []
    assert [run["params"] for run in runs(api, "rel-bound")] == [
        {"values": [key]} for _ in range(4) for key in (tags[0], tags[2])
    ]


def test_a_bound_guard_judges_a_request_and_not_its_rows_again(api: Api, define: Any, post: int) -> None:
    comments = [c["id"] for c in api.create("comments", [{"content": "a"}, {"content": "b"}])]
    define(workflow("rel-once", "comments", say("told")))
    answer = posted(api, f"/posts/{post}/comments:set?triggerWorkflows=rel-once", comments)
    assert answer == {"messages": [{"message": "told"}]}
    answer = posted(api, f"/posts/{post}/comments:toggle?triggerWorkflows=rel-once&filterByTk={comments[0]}")
    assert answer == {"data": "ok", "messages": [{"message": "told"}]}
    assert [run["params"] for run in runs(api, "rel-once")] == [
        {"values": comments},
        {"filterByTk": str(comments[0])},
    ]


@pytest.mark.parametrize("relation", ["tags", "comments", "profiles", "category"])
def test_a_bound_guard_judges_what_is_written_below_a_record(api: Api, define: Any, post: int, relation: str) -> None:
    target = {"category": "categories"}.get(relation, relation)
    column = {"comments": "content", "profiles": "bio"}.get(relation, "name")
    path = f"/posts/{post}/{relation}"
    made = posted(api, f"{path}:create", {column: f"made{post}"})["data"]
    define(workflow("rel-below", target, say("no"), end(-1)))
    for request in ("create?", f"update?filterByTk={made['id']}&", f"destroy?filterByTk={made['id']}&"):
        answer = refusal_of(api, f"{path}:{request}triggerWorkflows=rel-below", {column: f"changed{post}"})
        assert answer == (400, "no"), request
    found = api.list(f"/{target}:list", filter=json.dumps({column: {"$in": [f"made{post}", f"changed{post}"]}}))
    assert found == [made]
    local = [run["params"] for run in runs(api, "rel-below")]
    assert local[-2:] == [
        {"filterByTk": local[-1]["filterByTk"], "values": {column: f"changed{post}"}},
        {"filterByTk": local[-1]["filterByTk"]},
    ]


def test_a_bound_guard_that_ends_well_leaves_the_action_out(api: Api, define: Any, post: int, tags: list[int]) -> None:
    define(workflow("rel-skip", "tags", say("left out"), end(1)))
    answer = posted(api, f"/posts/{post}/tags:add?triggerWorkflows=rel-skip", tags)
    assert answer == {"messages": [{"message": "left out"}]}
    assert tags_of(api, post) == []


def test_global_guards_judge_the_rows_that_a_relation_changes(api: Api, define: Any, post: int) -> None:
    mine, locked = (c["id"] for c in api.create("comments", [{"content": "mine"}, {"content": "locked"}]))
    stop = when("$context.previous.content", "locked", say("locked"), end(-1))
    define(workflow("rel-global", "comments", stop, actions=("update",)))
    path = f"/posts/{post}/comments"
    posted(api, f"{path}:add", [mine])
    for action in ("add", "set", "toggle"):
        assert refusal_of(api, f"{path}:{action}", [mine, locked]) == (400, "locked"), action
    assert [c["id"] for c in api.list(f"{path}:list")] == [mine]
    # it is related already: nothing changes, and nothing is judged
    before = len(runs(api, "rel-global"))
    posted(api, f"{path}:add", [mine])
    assert len(runs(api, "rel-global")) == before


def test_a_refusal_leaves_nothing_of_a_set_but_its_trace(api: Api, define: Any, post: int, tags: list[int]) -> None:
    posted(api, f"/posts/{post}/tags:set", tags[:2])
    stop = when("$context.params.values.note", "bad", say("no"), end(-1))
    define(workflow("rel-pivot", "postsTags", stop, actions=("create",)))
    assert refusal_of(api, f"/posts/{post}/tags:set", [[tags[2], {"note": "bad"}]]) == (400, "no")
    assert tags_of(api, post) == tags[:2]
    assert len(runs(api, "rel-pivot")) == 1


def test_followers_start_for_the_rows_that_a_relation_changes(api: Api, define: Any, post: int) -> None:
    comment = api.create("comments", {"content": "f"})["id"]
    document = workflow("rel-after", "comments", say("linked"), actions=("update",))
    define(document | {"type": "action", "sync": True})
    answer = posted(api, f"/posts/{post}/comments:add", [comment])
    assert answer == {"messages": [{"message": "linked"}]}
    assert [run["data"]["postId"] for run in runs(api, "rel-after")] == [post]


def test_guards_of_the_row_that_refers_judge_its_new_reference(api: Api, define: Any, post: int) -> None:
    good, bad = (c["id"] for c in api.create("categories", [{"name": "good"}, {"name": "bad"}]))
    stop = when("$context.params.values.categoryId", bad, say("not there"), end(-1))
    define(workflow("rel-refers", "posts", stop, actions=("update",)))
    posted(api, f"/posts/{post}/category:set?filterByTk={good}")
    assert refusal_of(api, f"/posts/{post}/category:set?filterByTk={bad}") == (400, "not there")
