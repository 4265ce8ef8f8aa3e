"""create, update and destroy over managed tables, with and without workflows."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from .conftest import Api


def _define(api: Api, document: dict[str, Any]) -> None:
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))


def _say(message: str) -> dict[str, Any]:
    return {"key": "say", "type": "response-message", "config": {"message": message}}


def _end(status: int) -> dict[str, Any]:
    return {"key": "stop", "type": "end", "config": {"endStatus": status}}


def _guard(key: str, title: str, *then: dict[str, Any], bound: bool = False) -> dict[str, Any]:
    """A before-workflow for posts whose title is this one; a bound one for any."""
    leaf = {"calculator": "equal", "operands": ["{{$context.params.values.title}}", title]}
    condition = {
        "key": "ask",
        "type": "condition",
        "config": {
            "engine": "basic",
            "rejectOnFalse": False,
            "calculation": {"group": {"type": "and", "calculations": [leaf]}},
        },
        "branches": {"1": list(then)},
    }
    config = {"collection": "posts"} if bound else {"collection": "posts", "global": True, "actions": ["create"]}
    return {
        "key": key,
        "type": "request-interception",
        "enabled": True,
        "config": config,
        "nodes": list(then) if bound else [condition],
    }


def _count(api: Api, title: str) -> int:
    (count,) = api.db.execute("select count(*) from posts where title = %s", (title,)).fetchone() or (0,)
    return int(count)


def test_create_answers_the_whole_record(api: Api) -> None:
    response = api.root.post("/posts:create", json={"title": "w1", "price": 1.5, "nope": 1})
    assert response.status_code == 200
    post = response.json()["data"]
    assert post == {
        "id": post["id"],
        "title": "w1",
        "read": 0,
        "price": "1.50",
        "publishedAt": None,
        "categoryId": None,
    }
    assert isinstance(post["id"], int)


def test_create_by_method_and_without_a_body(api: Api) -> None:
    assert api.root.post("/posts", json={"title": "w2"}).json()["data"]["title"] == "w2"
    assert api.root.post("/posts:create").json()["data"]["title"] is None
    assert api.root.get("/posts:create").json()["data"]["title"] is None


def test_create_takes_a_list(api: Api) -> None:
    data = api.create("posts", [{"title": "a1"}, {"title": "a2"}])
    assert [post["title"] for post in data] == ["a1", "a2"]
    assert api.create("posts", []) == []


def test_one_bad_element_undoes_the_whole_list(api: Api) -> None:
    response = api.root.post("/posts:create", json=[{"title": "undone"}, {"title": "undone", "read": None}])
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "read cannot be null"}]})
    assert _count(api, "undone") == 0


def test_create_writes_what_is_nested(api: Api) -> None:
    post = api.create("posts", {"title": "n1", "category": {"name": "nested"}, "comments": [{"content": "c"}]})
    assert post["category"]["name"] == "nested"
    assert post["comments"][0]["content"] == "c"
    (count,) = api.db.execute('select count(*) from comments where "postId" = %s', (post["id"],)).fetchone() or (0,)
    assert count == 1


def test_create_below_a_source(api: Api) -> None:
    post = api.create("posts", {"title": "source"})
    comment = api.root.post(f"/posts/{post['id']}/comments:create", json={"content": "below"}).json()["data"]
    assert comment["postId"] == post["id"]
    assert api.root.post("/posts/999999/comments:create", json={"content": "below"}).status_code == 404


def test_numbers_stay_exact(api: Api) -> None:
    response = api.root.post(
        "/posts:create",
        content=b'{"title": "exact", "price": 12345678.10, "read": 7}',
        headers={"Content-Type": "application/json"},
    )
    assert response.json()["data"]["price"] == "12345678.10"


def test_a_form_is_a_body_too(api: Api) -> None:
    assert api.root.post("/posts:create", data={"title": "form"}).json()["data"]["title"] == "form"


def test_whitelist_and_blacklist(api: Api) -> None:
    values = {"title": "listed", "read": 5}
    assert api.root.post("/posts:create?whitelist=title", json=values).json()["data"]["read"] == 0
    assert api.root.post("/posts:create?blacklist[]=title", json=values).json()["data"]["title"] is None


def test_lists_of_values_name_relations_as_a_whole(api: Api) -> None:
    def created(query: str) -> Any:
        values = {"title": "path", "read": 5, "category": {"name": secrets.token_hex(4), "level": 5}}
        return api.root.post(f"/posts:create?{query}", json=values).json()["data"]

    kept = created("whitelist=title,category.name")
    assert (kept["title"], kept["read"], kept["category"]["level"]) == ("path", 0, 5)
    assert created("blacklist=category.name")["category"]["level"] == 5
    assert created("blacklist=read,category")["categoryId"] is None


def test_what_is_given_to_a_relation_to_one(api: Api) -> None:
    category = api.create("categories", {"name": secrets.token_hex(4)})["id"]
    post = api.create("posts", {"title": "one", "category": category})
    assert (post["categoryId"], "category" in post) == (category, False)
    refused = api.root.post("/posts:create", json={"category": [category]})
    message = "The value of 'category' cannot be in array format"
    assert (refused.status_code, refused.json()) == (400, {"errors": [{"message": message}]})
    missing = api.root.post("/posts:create", json={"title": "none", "category": 999_999})
    assert missing.status_code == 400 and _count(api, "none") == 0


def test_a_record_below_a_source_keeps_its_link_whatever_is_whitelisted(api: Api) -> None:
    post = api.create("posts", {"title": "source"})["id"]
    made = api.root.post(f"/posts/{post}/comments:create?whitelist=content", json={"content": "below"}).json()["data"]
    assert (made["content"], made["postId"]) == ("below", post)


def test_a_guard_sees_the_source_that_a_record_is_created_below(api: Api) -> None:
    post = api.create("posts", {"title": "closed"})["id"]
    guard = _guard("closed-post", "", _say("the post is closed"), _end(-1))
    guard["config"]["collection"] = "comments"
    leaf = guard["nodes"][0]["config"]["calculation"]["group"]["calculations"][0]
    leaf["operands"] = ["{{$context.params.values.postId}}", post]
    _define(api, guard)
    for path in ("/comments:create", f"/posts/{post}/comments:create"):
        response = api.root.post(path, json={"content": "c", "postId": post})
        assert (response.status_code, response.json()) == (400, {"errors": [{"message": "the post is closed"}]}), path
    response = api.root.post(f"/posts/{post}/comments:create", json={"content": "c"})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "the post is closed"}]})
    assert api.root.get(f"/posts/{post}/comments:list").json()["data"] == []


def test_a_writes_filter_knows_the_user_and_his_time_zone(api: Api) -> None:
    mine, other = (api.create("posts", {"title": "mine", "read": read})["id"] for read in (1, 999_999))
    root = api.db.execute("select id from orchestrator.users where username = 'root'").fetchone()
    api.db.execute("update posts set read = %s where id = %s", (root[0], mine))
    not_mine = {"$and": [{"title": "mine"}, {"read": {"$isNotCurrentUser": True}}]}
    answer = api.root.post("/posts:destroy", params={"filter": json.dumps(not_mine)})
    assert answer.json() == {"data": 1}
    assert api.root.get("/posts:get", params={"filterByTk": mine}).json()["data"]["id"] == mine
    assert api.root.get("/posts:get", params={"filterByTk": other}).json()["data"] is None


def test_update_answers_a_list(api: Api) -> None:
    key = api.create("posts", {"title": "u1"})["id"]
    for method, path in (
        ("POST", f"/posts:update?filterByTk={key}"),
        ("POST", f"/posts:update/{key}"),
        ("PUT", f"/posts/{key}"),
        ("PATCH", f"/posts/{key}"),
    ):
        response = api.root.request(method, path, json={"title": f"{method} {path}"})
        assert response.status_code == 200
        assert [post["title"] for post in response.json()["data"]] == [f"{method} {path}"]
    assert api.root.post("/posts:update/999999", json={"title": "x"}).json() == {"data": []}


def test_requests_wait_for_a_row_that_somebody_holds_and_others_do_not(api: Api) -> None:
    held, free = (api.create("posts", {"title": title}) for title in ("held", "free"))

    def update(post: Any, read: int) -> int:
        return api.root.post(f"/posts:update?filterByTk={post['id']}", json={"read": read}).status_code

    for read in range(20):
        assert update(free, read) == 200
    with ThreadPoolExecutor(8) as pool, psycopg.connect(api.dsn) as other:
        other.execute("update posts set title = 'changed' where id = %s", (held["id"],))
        waiting = pool.submit(update, held, 7)
        assert list(pool.map(lambda read: update(free, read), range(40))) == [200] * 40
        assert not waiting.done()
        other.commit()
        assert waiting.result(20) == 200
    found = api.list("/posts:list", filter=json.dumps({"id": held["id"]}))
    assert [(post["title"], post["read"]) for post in found] == [("changed", 7)]


def test_update_of_many(api: Api) -> None:
    first, second, third = (post["id"] for post in api.create("posts", [{"title": "m"}] * 3))
    by_key = api.root.post(f"/posts:update?filterByTk[]={first}&filterByTk[]={second}", json={"read": 60})
    assert [post["read"] for post in by_key.json()["data"]] == [60, 60]
    found = json.dumps({"id": {"$in": [first, second, third]}, "read": {"$lt": 60}})
    by_filter = api.root.post("/posts:update", params={"filter": found}, json={"title": "m2"})
    assert [post["id"] for post in by_filter.json()["data"]] == [third]


def test_destroy_answers_how_many(api: Api) -> None:
    first, second, third = (post["id"] for post in api.create("posts", [{"title": "d"}] * 3))
    assert api.root.post(f"/posts:destroy?filterByTk={first}").json() == {"data": 1}
    assert api.root.delete(f"/posts/{second}").json() == {"data": 1}
    assert api.root.post("/posts:destroy", params={"filter": json.dumps({"id": third})}).json() == {"data": 1}
    assert api.root.delete(f"/posts/{third}").json() == {"data": 0}


@pytest.mark.parametrize("action", ["update", "destroy"])
def test_a_key_and_a_filter_hold_together(api: Api, action: str) -> None:
    first, second = (post["id"] for post in api.create("posts", [{"title": "b", "read": 1}, {"title": "b", "read": 2}]))
    params = {"filterByTk[]": [first, second], "filter": '{"read":2}'}
    answer = api.root.post(f"/posts:{action}", params=params, json={"price": 3}).json()["data"]
    if action == "update":
        assert [post["id"] for post in answer] == [second]
    else:
        assert answer == 1
        assert [post["id"] for post in api.list("/posts:list", filter=json.dumps({"id": [first, second]}))] == [first]
        assert api.root.post(f"/posts:destroy?filterByTk[]={first}&filterByTk[]={second}").json() == {"data": 1}


@pytest.mark.parametrize("query", ["", "filter={}", 'filter={"$and":[]}', 'filter={"$and":[{}]}', "filterByTk="])
@pytest.mark.parametrize("action", ["update", "destroy"])
def test_a_write_must_say_which_records_whoever_asks(api: Api, action: str, query: str) -> None:
    message = f"to do {action} action, filter or filterByTk is required"
    for client in (api.root, api.guest):
        response = client.post(f"/posts:{action}?{query}", json={"title": "all"})
        assert (response.status_code, response.json()) == (500, {"errors": [{"message": message}]})
    assert api.guest.delete("/posts").status_code == 500
    assert _count(api, "all") == 0


def test_put_on_a_collection_is_no_route(api: Api) -> None:
    assert api.root.put("/posts", json={"title": "all"}).status_code == 404
    assert api.root.post("/posts/1", json={}).status_code == 404


@pytest.mark.parametrize(
    ("values", "status", "message"),
    [
        ({"name": "taken"}, 400, "name already exists"),
        ({"id": 1000, "name": "other"}, 400, "id already exists"),
        ({"name": "x", "level": "abc"}, 400, 'invalid input syntax for type integer: "abc"'),
        ({"name": "x", "level": 99999999999}, 400, None),
        ({"name": "x\0"}, 400, None),
    ],
)
def test_constraints_and_types_are_the_clients_errors(api: Api, values: Any, status: int, message: str | None) -> None:
    api.db.execute("insert into categories (id, name) values (1000, 'taken') on conflict do nothing")
    response = api.root.post("/categories:create", json=values)
    assert response.status_code == status
    if message is not None:
        assert response.json() == {"errors": [{"message": message}]}


def test_foreign_keys_are_the_clients_errors(api: Api) -> None:
    post = api.create("posts", {"title": "parent", "comments": [{"content": "child"}]})
    for response in (
        api.root.post("/comments:create", json={"content": "x", "postId": 999999}),
        api.root.delete(f"/posts/{post['id']}"),
    ):
        assert response.status_code == 400
        assert "foreign key" in response.json()["errors"][0]["message"]
    assert api.root.post("/comments:create", json={}).json() == {"errors": [{"message": "content cannot be null"}]}


@pytest.mark.parametrize(
    "body",
    [b"{", b"null", b'"text"', b"1", b"{}{}", b"{'a': 1}", b'{"a": NaN}', b"\xff", b"[" * 200_000, b'{"a":1},"x":{}'],
)
def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    response = api.root.post("/posts:create", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "Bad Request"}]})


def test_a_body_cannot_speak_for_the_api(api: Api) -> None:
    values = {"title": "claims", "collection": "categories", "userId": 99, "roleName": "x", "values": {"title": "y"}}
    assert api.create("posts", values)["title"] == "claims"


def test_a_list_cannot_update(api: Api) -> None:
    assert api.root.post("/posts:update?filterByTk=1", json=[{"title": "x"}]).status_code == 400


def test_a_refusal_answers_its_messages_and_writes_nothing(api: Api) -> None:
    _define(api, _guard("refuse", "bad", _say("Title {{$context.params.values.title}} is refused"), _end(-1)))
    response = api.root.post("/posts:create", json={"title": "bad"})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "Title bad is refused"}]})
    assert _count(api, "bad") == 0
    (execution,) = api.list("/executions:list", appends="jobs", filter='{"key":"refuse"}', sort="-id", pageSize=1)
    assert execution["status"] == -1
    assert execution["context"]["user"]["id"] == 1
    assert execution["context"]["roleName"] == "root"
    assert [job["nodeKey"] for job in execution["jobs"]] == ["ask", "say", "stop"]
    assert api.root.post("/posts:create", json={"title": "good"}).status_code == 200


def test_each_element_of_a_list_is_judged(api: Api) -> None:
    _define(api, _guard("each", "bad element", _end(-1)))
    response = api.root.post("/posts:create", json=[{"title": "fine"}, {"title": "bad element"}])
    assert (response.status_code, response.json()) == (400, {})
    assert _count(api, "fine") == 0


def test_a_skip_answers_its_messages_without_data(api: Api) -> None:
    _define(api, _guard("skip", "skipped", _say("not today"), _end(1)))
    response = api.root.post("/posts:create", json={"title": "skipped"})
    assert (response.status_code, response.json()) == (200, {"messages": [{"message": "not today"}]})
    assert _count(api, "skipped") == 0


def test_a_failing_node_is_an_error_of_the_server(api: Api) -> None:
    broken = {"key": "sql", "type": "sql", "config": {"sql": "select 1 / 0"}}
    _define(api, _guard("broken", "breaks", broken))
    response = api.root.post("/posts:create", json={"title": "breaks"})
    assert response.status_code == 500
    message = "Workflow on your action failed, please contact the administrator"
    assert response.json() == {"errors": [{"message": message}]}
    assert _count(api, "breaks") == 0


def test_bound_workflows_run_when_named_in_the_order_named(api: Api) -> None:
    for key in ("local-1", "local-2"):
        _define(api, _guard(key, "", _say(f"{key} {{{{$context.params.values.title}}}}"), bound=True))
    created = api.root.post("/posts:create?triggerWorkflows=local-2,nope,local-1", json={"title": "b"}).json()
    assert created["messages"] == [{"message": "local-2 b"}, {"message": "local-1 b"}]
    assert created["data"]["title"] == "b"
    assert "messages" not in api.root.post("/posts:create", json={"title": "b"}).json()


def test_an_execution_knows_the_requests_id(api: Api) -> None:
    _define(api, _guard("traced", "traced", _end(-1)))
    response = api.root.post("/posts:create", json={"title": "traced"}, headers={"X-Request-Id": "trace-7"})
    assert response.headers["X-Request-Id"] == "trace-7"
