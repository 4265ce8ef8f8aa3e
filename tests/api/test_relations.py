"""Paths through relations: create, update and destroy below a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Api
from .relating import define, end, post, posted, refusal_of, runs, say, tables, tags, tags_of, when, workflow

#: fixtures
__all__ = ["define", "post", "tables", "tags"]


def test_create_below_a_join_table_makes_the_record_and_its_link(api: Api, post: int) -> None:
    made = posted(api, f"/posts/{post}/tags:create", {"name": "new", "postsTags": {"note": "n"}})["data"]
    assert made == {"id": made["id"], "name": "new"}
    (linked,) = api.list(f"/posts/{post}/tags:list")
    assert (linked["id"], linked["postsTags"]["note"]) == (made["id"], "n")
    both = posted(api, f"/posts/{post}/tags:create", [{"name": "a"}, {"name": "b"}])["data"]
    assert tags_of(api, post) == [made["id"], *(tag["id"] for tag in both)]
    assert posted(api, f"/posts/{post}/tags:create")["data"]["name"] is None


def test_a_whitelist_holds_below_a_join_table_too(api: Api, post: int) -> None:
    path = f"/posts/{post}/tags:create"
    values = {"name": "n", "postsTags": {"note": "n"}}
    assert posted(api, f"{path}?whitelist=id", values)["data"]["name"] is None
    posted(api, f"{path}?blacklist[]=postsTags", values)
    assert [tag["postsTags"]["note"] for tag in api.list(f"/posts/{post}/tags:list")] == [None, None]


def test_create_of_the_one_record_replaces_the_one_before(api: Api, post: int) -> None:
    path = f"/posts/{post}/profiles:create"
    first = posted(api, path, {"bio": "first"})["data"]
    assert first["postId"] == post
    second = posted(api, path, {"bio": "second"})["data"]
    assert api.list("/profiles:list", filter=json.dumps({"postId": post})) == [second]
    assert refusal_of(api, path, [{"bio": "a"}, {"bio": "b"}]) == (400, '"profiles" relates to one record')


def test_create_of_what_a_record_refers_to_makes_it_refer(api: Api, post: int) -> None:
    made = posted(api, f"/posts/{post}/category:create", {"name": "referred"})["data"]
    assert api.root.get(f"/posts:get/{post}").json()["data"]["categoryId"] == made["id"]


@pytest.mark.parametrize("relation", ["tags", "comments", "profiles", "category"])
def test_nothing_is_created_below_a_record_that_is_not_there(api: Api, relation: str) -> None:
    values = {"name": "orphan", "content": "orphan", "bio": "orphan"}
    answer = refusal_of(api, f"/posts/999999/{relation}:create", values)
    assert answer == (404, 'the record of "posts" does not exist')
    target = {"category": "categories"}.get(relation, relation)
    column = {"comments": "content", "profiles": "bio"}.get(relation, "name")
    assert api.list(f"/{target}:list", filter=json.dumps({column: "orphan"})) == []


def test_a_refused_link_takes_the_new_record_with_it(api: Api, define: Any, post: int) -> None:
    define(workflow("rel-link", "postsTags", say("no links"), end(-1), actions=("create",)))
    assert refusal_of(api, f"/posts/{post}/tags:create", {"name": "gone"}) == (400, "no links")
    assert api.list("/tags:list", filter=json.dumps({"name": "gone"})) == []


def test_guards_and_followers_see_what_is_created_below_a_record(api: Api, define: Any, post: int) -> None:
    stop = when("$context.params.values.postId", post, say("closed"), end(-1))
    define(workflow("rel-create", "comments", stop, actions=("create",)))
    assert refusal_of(api, f"/posts/{post}/comments:create", {"content": "c"}) == (400, "closed")
    assert [run["params"]["values"] for run in runs(api, "rel-create")] == [{"content": "c", "postId": post}]
    define(workflow("rel-made", "tags", say("made"), actions=("create",)) | {"type": "action", "sync": True})
    assert posted(api, f"/posts/{post}/tags:create", {"name": "m"})["messages"] == [{"message": "made"}]


def test_update_below_a_record_reaches_its_own_alone(api: Api, post: int) -> None:
    mine = posted(api, f"/posts/{post}/comments:create", {"content": "mine"})["data"]["id"]
    other = api.create("comments", {"content": "other"})["id"]
    path = f"/posts/{post}/comments:update"
    assert [c["content"] for c in posted(api, f"{path}/{mine}", {"content": "new"})["data"]] == ["new"]
    assert posted(api, f"{path}/{other}", {"content": "new"}) == {"data": []}
    assert posted(api, f"/posts/999999/comments:update/{mine}", {"content": "x"}) == {"data": []}


def test_update_behind_a_join_table_takes_values_of_the_link(api: Api, post: int, tags: list[int]) -> None:
    other = api.create("posts", {"title": "other"})["id"]
    for key in (post, other):
        posted(api, f"/posts/{key}/tags:add", tags[:2])
    path = f"/posts/{post}/tags:update?filterByTk={tags[0]}"
    (tag,) = posted(api, path, {"name": "new", "postsTags": {"note": "n", "tagId": tags[2]}})["data"]
    assert (tag["name"], tag["postsTags"]["note"]) == ("new", "n")
    (tag,) = posted(api, path, {"postsTags": {"note": "alone"}})["data"]
    assert (tag["name"], tag["postsTags"]["note"]) == ("new", "alone")
    notes = {p: [t["postsTags"]["note"] for t in api.list(f"/posts/{p}/tags:list")] for p in (post, other)}
    assert notes == {post: ["alone", None], other: [None, None]}
    unlinked = f"/posts/{post}/tags:update?filterByTk={tags[2]}"
    assert posted(api, unlinked, {"name": "x", "postsTags": {"note": "x"}}) == {"data": []}
    posted(api, f"{path}&blacklist[]=postsTags", {"postsTags": {"note": "kept out"}})
    assert posted(api, path, {})["data"][0]["postsTags"]["note"] == "alone"


@pytest.mark.parametrize("query", ["", "?filterByTk=999999", "/999999"])
def test_update_of_the_one_related_record_needs_no_key(api: Api, post: int, query: str) -> None:
    profile = posted(api, f"/posts/{post}/profiles:create", {"bio": "b"})["data"]
    answer = posted(api, f"/posts/{post}/profiles:update{query}", {"bio": "new"})
    assert answer == {"data": profile | {"bio": "new"}}
    category = posted(api, f"/posts/{post}/category:create", {"name": f"c{post}"})["data"]
    answer = posted(api, f"/posts/{post}/category:update{query}", {"level": 3})
    assert answer == {"data": category | {"level": 3}}


def test_update_of_the_one_related_record_that_is_not_there(api: Api, post: int) -> None:
    for path in (f"/posts/{post}/profiles", f"/posts/{post}/category", "/posts/999999/category"):
        assert refusal_of(api, f"{path}:update?filterByTk=1", {"bio": "b"}) == (404, "The record does not exist")
    posted(api, f"/posts/{post}/profiles:create", {"bio": "b"})
    no_match = json.dumps({"bio": "other"})
    response = api.root.post(f"/posts/{post}/profiles:update", params={"filter": no_match}, json={"bio": "x"})
    assert response.status_code == 404


def test_guards_of_the_one_related_record_are_told_its_key(api: Api, define: Any, post: int) -> None:
    profile = posted(api, f"/posts/{post}/profiles:create", {"bio": "b"})["data"]["id"]
    define(workflow("rel-one", "profiles", say("seen"), actions=("update", "destroy")))
    posted(api, f"/posts/{post}/profiles:update?filterByTk=1", {"bio": "new"})
    posted(api, f"/posts/{post}/profiles:destroy?filterByTk=1")
    assert [run["params"] for run in runs(api, "rel-one")] == [
        {"filterByTk": profile, "values": {"bio": "new"}},
        {"filterByTk": profile},
    ]


def test_a_list_of_values_updates_each_record_by_its_key(api: Api, post: int) -> None:
    first, second = (p["id"] for p in api.create("posts", [{"title": "a"}, {"title": "b"}]))
    values = [{"id": first, "title": "a2"}, {"id": 999_999, "title": "x"}, {"id": str(second), "read": 5}]
    data = posted(api, "/posts:update?forceUpdate=true", values)["data"]
    assert [[(p["id"], p["title"], p["read"]) for p in found] for found in data] == [
        [(first, "a2", 0)],
        [],
        [(second, "b", 5)],
    ]
    comment = posted(api, f"/posts/{post}/comments:create", {"content": "c"})["data"]["id"]
    other = api.create("comments", {"content": "other"})["id"]
    values = [{"id": key, "content": "new"} for key in (comment, other)]
    data = posted(api, f"/posts/{post}/comments:update?forceUpdate=1", values)["data"]
    assert [len(found) for found in data] == [1, 0]
    assert api.root.get(f"/comments:get/{other}").json()["data"]["content"] == "other"


def test_a_list_of_values_without_all_keys_updates_nothing(api: Api, post: int) -> None:
    for wrong in ({"title": "x"}, {"id": None}, {"id": [post]}, {"id": {"$ne": 0}}):
        values = [{"id": post, "title": "changed"}, wrong]
        assert refusal_of(api, "/posts:update?forceUpdate=true", values) == (400, "filterByTk invalid")
    everything = {"filter": json.dumps({"id": {"$gt": 0}}), "forceUpdate": "true"}
    response = api.root.post("/posts:update", params=everything, json=[{"id": "", "title": "changed"}])
    assert response.status_code == 400
    failing = [{"id": post, "title": "changed"}, {"id": post, "read": None}]
    assert refusal_of(api, "/posts:update?forceUpdate=true", failing) == (400, "read cannot be null")
    assert api.root.get(f"/posts:get/{post}").json()["data"]["title"] == "p"


def test_only_a_list_of_values_may_do_without_a_filter(api: Api, post: int) -> None:
    message = "to do update action, filter or filterByTk is required"
    for query, body in (("", [{"id": post}]), ("?forceUpdate=", [{"id": post}]), ("?forceUpdate=true", {"title": "x"})):
        assert refusal_of(api, f"/posts:update{query}", body) == (500, message)
    assert refusal_of(api, f"/posts:update?filterByTk={post}", [{"id": post}])[0] == 400
    assert refusal_of(api, f"/posts/{post}/category:update?forceUpdate=1", [{"id": 1}])[0] == 400


def test_a_guard_judges_each_element_of_a_list_with_its_key(api: Api, define: Any) -> None:
    first, second = (p["id"] for p in api.create("posts", [{"title": "a"}, {"title": "b"}]))
    stop = when("$context.params.filterByTk", second, say("not that one"), end(-1))
    define(workflow("rel-list", "posts", stop, actions=("update",)))
    values = [{"id": key, "title": "new"} for key in (first, second)]
    assert refusal_of(api, "/posts:update?forceUpdate=true", values) == (400, "not that one")
    assert api.root.get(f"/posts:get/{first}").json()["data"]["title"] == "a"


def test_destroy_below_a_record_reaches_its_own_alone(api: Api, post: int) -> None:
    mine = posted(api, f"/posts/{post}/comments:create", {"content": "mine"})["data"]["id"]
    other = api.create("comments", {"content": "other"})["id"]
    assert posted(api, f"/posts/{post}/comments:destroy?filterByTk[]={mine}&filterByTk[]={other}") == {"data": True}
    assert [c["id"] for c in api.list("/comments:list", filter=json.dumps({"id": [mine, other]}))] == [other]
    assert posted(api, f"/posts/{post}/comments:destroy?filterByTk={mine}") == {"data": True}


def test_destroy_behind_a_join_table_removes_links_and_records(api: Api, post: int, tags: list[int]) -> None:
    posted(api, f"/posts/{post}/tags:add", tags[:2])
    path = f"/posts/{post}/tags:destroy"
    assert posted(api, f"{path}?filterByTk[]={tags[0]}&filterByTk[]={tags[2]}") == {"data": True}
    assert [tag["id"] for tag in api.list("/tags:list", filter=json.dumps({"id": tags}))] == tags[1:]
    response = api.root.post(path, params={"filter": json.dumps({"name": "t2"})})
    assert response.json() == {"data": True}
    assert [tag["id"] for tag in api.list("/tags:list", filter=json.dumps({"id": tags}))] == tags[2:]


def test_destroy_of_a_record_that_is_linked_elsewhere_undoes_all(api: Api, post: int, tags: list[int]) -> None:
    other = api.create("posts", {"title": "other"})["id"]
    for key in (post, other):
        posted(api, f"/posts/{key}/tags:add", tags[:1])
    assert refusal_of(api, f"/posts/{post}/tags:destroy?filterByTk={tags[0]}")[0] == 400
    assert tags_of(api, post) == tags[:1]


def test_destroy_that_wants_to_truncate_does_nothing(api: Api, post: int) -> None:
    for path in ("/posts:destroy", f"/posts/{post}/comments:destroy"):
        response = api.root.post(path, params={"truncate": "true"})
        assert (response.status_code, response.content) == (204, b"")
    assert api.guest.post("/posts:destroy?truncate=true").status_code == 401
    assert refusal_of(api, "/posts:destroy?truncate=false")[0] == 500
    assert api.root.get(f"/posts:get/{post}").json()["data"]["id"] == post


def test_destroy_of_the_one_related_record_needs_no_key(api: Api, post: int) -> None:
    kept = api.create("profiles", {"bio": "kept"})["id"]
    profile = posted(api, f"/posts/{post}/profiles:create", {"bio": "b"})["data"]["id"]
    for _ in range(2):
        assert posted(api, f"/posts/{post}/profiles:destroy?filterByTk={kept}") == {"data": True}
    left = api.list("/profiles:list", filter=json.dumps({"id": [kept, profile]}))
    assert [found["id"] for found in left] == [kept]
    assert api.root.delete(f"/posts/{post}/profiles").json() == {"data": True}


def test_a_guard_of_the_records_stops_their_destruction(api: Api, define: Any, post: int, tags: list[int]) -> None:
    posted(api, f"/posts/{post}/tags:add", tags)
    define(workflow("rel-keep", "tags", say("kept"), end(-1), actions=("destroy",)))
    assert refusal_of(api, f"/posts/{post}/tags:destroy?filterByTk={tags[0]}") == (400, "kept")
    assert tags_of(api, post) == tags
    define(workflow("rel-keep-link", "postsTags", say("links stay"), end(-1), actions=("destroy",)))
    api.db.execute("select orchestrator.disable('rel-keep')")
    assert refusal_of(api, f"/posts/{post}/tags:destroy?filterByTk={tags[0]}") == (400, "links stay")
    assert tags_of(api, post) == tags
