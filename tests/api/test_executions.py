"""workflows:execute, executions:cancel and destroy, flow_nodes:test, workflowCategories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .by_hand import calculation, drawn, execute, refusal, stored, tidy, waiting, waiting_type
from .conftest import Api

#: fixtures
__all__ = ["tidy", "waiting_type"]


# -- execute -----------------------------------------------------------------------------------------------------------


def test_a_disabled_version_runs_by_hand_and_is_history_then(api: Api) -> None:
    version = drawn(api, calculation("sum", "{{$context.data.read}} + 1"))
    data = execute(api, version, data={"read": 41})
    assert data == {"execution": {"id": data["execution"]["id"], "status": 1}}
    found = stored(api, data["execution"]["id"])
    assert (found["workflowId"], found["manually"], [job["result"] for job in found["jobs"]]) == (version, True, [42])
    response = api.root.post(f"/workflows:update/{version}", json={"config": {"collection": "posts", "mode": 2}})
    assert refusal(response) == (400, ["config of executed workflow can not be updated"])


def test_a_version_that_is_not_current_runs_as_it_is(api: Api) -> None:
    version = drawn(api, calculation("one", "1"))
    (key,) = api.db.execute("select key from orchestrator.workflows").fetchone() or ("",)
    copy = api.root.post(f"/workflows:revision?filterByTk={version}&filter[key]={key}").json()["data"]
    assert execute(api, copy["id"])["execution"]["status"] == 1
    assert [found["workflowId"] for found in api.list("/executions:list")] == [copy["id"]]


def test_a_failing_run_is_a_status_and_not_an_error(api: Api) -> None:
    version = drawn(api, {"type": "sql", "config": {"sql": "select 1 / 0"}})
    assert execute(api, version)["execution"]["status"] == -2


def test_a_key_stands_for_its_record_with_relations(api: Api) -> None:
    category = api.create("categories", {"name": f"c{id(api)}"})
    post = api.create("posts", {"title": "a", "categoryId": category["id"]})
    version = drawn(api, type="action", appends=["category"])
    (user,) = api.list("/users:list")
    execution = execute(api, version, data=post["id"], userId=user["id"], roleName="admin")["execution"]
    context = stored(api, execution["id"])["context"]
    assert context["data"]["category"]["name"] == category["name"]
    assert (context["user"]["username"], context["roleName"]) == ("root", "admin")
    for values in ({}, {"data": {"id": 3, "read": 7}, "userId": user}):
        assert execute(api, version, **values)["execution"]["status"] == 1


def test_the_condition_of_a_collection_event_may_decline(api: Api) -> None:
    version = drawn(api, condition={"title": "yes"})
    for title, declined in (("yes", False), ("no", True)):
        post = api.create("posts", {"title": title})
        assert (execute(api, version, data=post["id"])["execution"] is None) is declined
        assert (execute(api, version, data=post, auto=1)["execution"] is None) is declined


def test_an_interception_is_told_what_a_request_would_say(api: Api) -> None:
    version = drawn(api, type="request-interception")
    post = api.create("posts", {"title": "a"})
    (user,) = api.list("/users:list")

    def told(**values: Any) -> Any:
        execution = execute(api, version, userId=user["id"], **values)["execution"]
        return stored(api, execution["id"])["context"]

    context = told(target={"title": "b"}, action="create")
    assert (context["params"], context["roleName"]) == ({"values": {"title": "b"}}, "root")
    assert context["user"]["id"] == user["id"]
    assert told(target=post["id"], action="update")["params"]["values"]["title"] == "a"
    assert told(target=post, action="destroy")["params"] == {"filterByTk": post["id"]}
    assert told(target=post["id"], action="destroy")["params"] == {"filterByTk": post["id"]}


def test_what_cannot_be_executed_says_why(api: Api) -> None:
    version = drawn(api, type="action")
    intercepting = drawn(api, type="request-interception")
    for path, values, expected in (
        ("", {}, (400, ["filterByTk is required"])),
        ("/x", {}, (400, ["filterByTk is invalid"])),
        ("/999999", {}, (404, ["workflow not found"])),
        (f"/{version}", [], (400, ["values is required"])),
        (f"/{version}", {"userId": 999}, (400, ["user not found"])),
        (f"/{version}", {"userId": "x"}, (400, ["user not found"])),
        (f"/{version}", {"data": 999999}, (400, ['record "999999" not found'])),
        (f"/{intercepting}", {"target": {}}, (400, ["user is not provided"])),
    ):
        assert refusal(api.root.post(f"/workflows:execute{path}", json=values)) == expected, path
    assert api.list("/executions:list") == []


@pytest.mark.parametrize("enabled", [True, False])
def test_a_run_may_leave_a_revision_in_its_place(api: Api, enabled: bool) -> None:
    version = drawn(api, calculation("one", "1"))
    api.root.post(f"/workflows:update/{version}", json={"enabled": enabled})
    data = execute(api, version, auto="1")
    assert data["execution"]["status"] == 1
    versions = {row["id"]: row for row in api.list("/workflows:list", appends="nodes")}
    assert versions.keys() == {version, data["newVersionId"]}
    new, old = versions[data["newVersionId"]], versions[version]
    assert (new["key"], new["current"], new["enabled"], len(new["nodes"])) == (old["key"], True, enabled, 1)
    assert (old["current"], old["enabled"]) == (None, False)
    assert "newVersionId" not in execute(api, version, auto=0)


# -- cancel, destroy ---------------------------------------------------------------------------------------------------


def test_a_waiting_execution_is_cancelled_once(api: Api) -> None:
    execution, job = waiting(api)
    response = api.root.post(f"/executions:cancel/{execution}")
    assert response.status_code == 200
    found = response.json()["data"]
    assert (found["id"], found["status"], found["reason"]) == (execution, -3, "manual_cancel")
    assert api.root.get(f"/jobs:get/{job['id']}").json()["data"]["status"] == -3
    assert refusal(api.root.post(f"/executions:cancel/{execution}"))[0] == 400
    assert refusal(api.root.post("/executions:cancel/999999"))[0] == 404
    assert refusal(api.root.post("/executions:cancel"))[0] == 404


def test_a_locked_execution_is_in_use(api: Api) -> None:
    execution, job = waiting(api)
    with api.db.transaction():
        api.db.execute("select from orchestrator.executions where id = %s for update", (execution,))
        for path in (f"/executions:cancel/{execution}", f"/executions:rerun/{execution}", f"/jobs:resume/{job['id']}"):
            assert refusal(api.root.post(path, json={"status": 1})) == (409, ["Execution is being processed"]), path
    assert stored(api, execution)["status"] == 0


def test_finished_executions_are_deleted_and_waiting_or_queued_ones_stay(api: Api) -> None:
    execution, _ = waiting(api)
    version = drawn(api, calculation("one", "1"))
    finished = execute(api, version)["execution"]["id"]
    (queued,) = api.db.execute(
        "insert into orchestrator.executions (workflow_id, key) values (1, 'k') returning id"
    ).fetchone() or (0,)
    response = api.root.post("/executions:destroy", params={"filter": json.dumps({"id.$gt": 0})})
    assert response.json() == {"data": 1}
    assert {row["id"] for row in api.list("/executions:list")} == {execution, queued}
    assert api.root.post(f"/executions:destroy/{finished}").json() == {"data": 0}
    assert api.root.post("/executions:destroy").status_code == 500


# -- test --------------------------------------------------------------------------------------------------------------


def test_nodes_are_tried_out_and_leave_nothing(api: Api) -> None:
    def tried(type: str, **config: Any) -> Any:
        response = api.root.post("/flow_nodes:test", json={"type": type, "config": config})
        assert response.status_code == 200, response.text
        return response.json()["data"]

    assert tried("calculation", engine="math.js", expression="6 * 7") == {"status": 1, "result": 42}
    assert tried("calculation", expression="1 +")["status"] == -2
    assert tried("condition", rejectOnFalse=True, engine="math.js", expression="1 > 2") == {
        "status": -1,
        "result": False,
    }
    written = tried("sql", sql="insert into public.posts (title) values ('x') returning title")
    assert written == {"status": 1, "result": [{"title": "x"}]}
    assert tried("sql", sql="") == {"status": 1, "result": None}
    assert tried("sql", sql="select 1 / 0") == {"status": -2, "result": "division by zero"}
    assert api.list("/posts:list") == []


def test_what_cannot_be_tried_out_says_why(api: Api) -> None:
    for values, message in (
        ({"type": "end"}, 'test method of instruction "end" not implemented'),
        ({"type": "nope"}, 'Node type "nope" is not registered'),
        ({"type": "condition", "config": {}}, '"rejectOnFalse" is required'),
    ):
        assert refusal(api.root.post("/flow_nodes:test", json=values)) == (400, [message])


# -- categories, and who may -------------------------------------------------------------------------------------------


def test_categories_are_a_plain_resource(api: Api) -> None:
    one = api.create("workflowCategories", {"title": "a"})
    two = api.create("workflowCategories", {"title": "b", "color": "red"})
    assert (one["color"], two["color"], one["sort"] < two["sort"]) == ("default", "red", True)
    response = api.root.post(f"/workflowCategories:update/{one['id']}", json={"title": "c"})
    assert [row["title"] for row in response.json()["data"]] == ["c"]
    assert [row["title"] for row in api.list("/workflowCategories:list", sort="sort")] == ["c", "b"]
    api.root.post("/workflows:create", json={"type": "action", "categories": [one["id"]]})
    assert api.root.post(f"/workflowCategories:destroy/{one['id']}").json() == {"data": 1}
    (workflow,) = api.list("/workflows:list", appends="categories")
    assert workflow["categories"] == []
    assert refusal(api.root.post("/workflowCategories:create", json={"title": 1})) == (
        400,
        ['"title" must be a string'],
    )


@pytest.mark.parametrize(
    "path",
    [
        "workflows:execute/1",
        "executions:cancel/1",
        "executions:rerun/1",
        "executions:destroy/1",
        "jobs:resume/1",
        "flow_nodes:test",
        "workflowCategories:create",
    ],
)
def test_other_roles_may_not(api: Api, path: str) -> None:
    with api.client("root", **{"X-Role": "member"}) as member:
        assert refusal(member.post(f"/{path}", json={"type": "end"})) == (403, ["No permissions"])
    assert api.guest.post(f"/{path}").status_code == 401


@pytest.mark.parametrize("path", ["executions:rerun/1", "jobs:resume/1"])
def test_what_root_alone_may_no_snippet_grants(api: Api, path: str) -> None:
    with api.client("root", **{"X-Role": "admin"}) as admin:
        assert refusal(admin.post(f"/{path}", json={})) == (403, ["No permissions"])
        assert admin.post("/executions:cancel/1", json={}).status_code == 404
