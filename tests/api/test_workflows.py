"""workflows:create, update, destroy, revision, sync, as clients of the editor call them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import Api

GLOBAL = {"collection": "posts", "global": True, "actions": ["create"]}


def made(api: Api, **values: Any) -> dict[str, Any]:
    response = api.root.post("/workflows:create", json={"title": "w", "type": "action", **values})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def changed(api: Api, workflow: dict[str, Any], **values: Any) -> dict[str, Any]:
    response = api.root.post(f"/workflows:update?filterByTk={workflow['id']}", json=values)
    assert response.status_code == 200, response.text
    (found,) = response.json()["data"]
    return dict(found)


def node(api: Api, workflow: dict[str, Any], **values: Any) -> dict[str, Any]:
    response = api.root.post(f"/workflows/{workflow['id']}/nodes:create", json={"type": "calculation", **values})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def loaded(api: Api, workflow: dict[str, Any], *appends: str) -> dict[str, Any]:
    response = api.root.get(f"/workflows:get/{workflow['id']}", params={"appends": ",".join(appends)})
    assert response.status_code == 200, response.text
    found = response.json()["data"]
    assert found is not None
    return dict(found)


def refusal(response: httpx.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["message"] for error in response.json()["errors"]]


@pytest.fixture(autouse=True)
def tidy(api: Api) -> Iterator[None]:
    yield
    api.db.execute("delete from orchestrator.workflows")
    api.db.execute("delete from orchestrator.executions")
    api.db.execute("delete from orchestrator.execution_counts")
    api.db.execute("delete from orchestrator.workflow_categories")
    api.db.execute("truncate comments, posts")


# -- create ------------------------------------------------------------------------------------------------------------


def test_a_draft_shows_every_column(api: Api) -> None:
    row = made(api, type="request-interception", title="x", invalid=True)
    (user_id,) = api.db.execute("select id from orchestrator.users where username = 'root'").fetchone() or (0,)
    assert {name: value for name, value in row.items() if name not in ("id", "key", "createdAt", "updatedAt")} == {
        "title": "x",
        "description": None,
        "type": "request-interception",
        "triggerTitle": None,
        "config": {},
        "enabled": False,
        "current": True,
        "sync": False,
        "invalid": False,
        "options": {"timeout": 0},
        "executed": 0,
        "allExecuted": 0,
        "createdById": user_id,
        "updatedById": user_id,
    }
    assert isinstance(row["id"], int)
    assert len(row["key"]) == 11
    assert row["createdAt"].endswith("Z")
    assert loaded(api, row) == row


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({}, ["Trigger type is required"]),
        ({"type": "nope"}, ['Trigger type "nope" is not registered']),
        ({"config": {}}, ['"collection" is required']),
        ({"config": {"collection": "posts", "global": True}}, ['"actions" is required']),
        (
            {"config": {"collection": "posts", "global": True, "actions": []}},
            ["At least one action is required in global mode"],
        ),
        (
            {"config": {"collection": "posts", "global": True, "actions": ["list"]}},
            ['"actions[0]" must be one of [create, update, updateOrCreate, destroy]'],
        ),
        ({"config": {"collection": "nowhere"}}, ['Collection "nowhere" does not exist in data source "main"']),
        ({"config": {"collection": "other:posts"}}, ['Data source "other" does not exist']),
        ({"config": {"global": 5}}, ['"collection" is required', '"global" must be a boolean']),
        ({"config": []}, ['"config" must be of type object']),
        ({"config": None}, ['"config" must be of type object']),
        ({"title": 5, "enabled": "yes"}, ['"title" must be a string', '"enabled" must be a boolean']),
        ({"options": {"timeout": "x"}}, ['"options.timeout" must be an integer']),
        ({"options": {"deleteExecutionOnStatus": 1}}, ['"options.deleteExecutionOnStatus" must be an array']),
        ({"nodes": [{"type": "end"}]}, ['"nodes" cannot be created with their workflow']),
        ({"categories": ["x"]}, ["categories must be given by their ids"]),
    ],
)
def test_what_is_wrong_is_told_path_by_path_and_nothing_is_written(
    api: Api, values: dict[str, Any], messages: list[str]
) -> None:
    given = values if "type" in values or not values else {"type": "request-interception", **values}
    response = api.root.post("/workflows:create", json=given)
    assert refusal(response) == (400, messages)
    assert set(response.json()["errors"][0]) == {"message"}
    assert api.list("/workflows:list") == []


def test_an_enabled_workflow_works_from_the_moment_it_is_made(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    assert (row["enabled"], row["current"], row["sync"]) == (True, True, True)
    api.create("posts", {"title": "a"})
    assert [found["workflowId"] for found in api.list("/executions:list")] == [row["id"]]


# -- list and get ------------------------------------------------------------------------------------------------------


def test_statistics_nodes_and_revisions_are_appended(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    api.create("posts", {"title": "a"})
    found = loaded(api, row, "nodes", "stats", "versionStats", "categories", "revisions")
    assert (found["nodes"], found["categories"]) == ([], [])
    assert {name: found["stats"][name] for name in ("key", "executed")} == {"key": row["key"], "executed": 1}
    assert {name: found["versionStats"][name] for name in ("id", "executed")} == {"id": row["id"], "executed": 1}
    assert [version["id"] for version in found["revisions"]] == [row["id"]]
    api.db.execute("select orchestrator.fold_counts()")
    assert loaded(api, row, "stats")["stats"]["executed"] == 1
    assert "nodes" not in loaded(api, row)


def test_lists_leave_out_what_is_excepted_and_show_what_is_stored(api: Api) -> None:
    row = made(api)
    api.db.execute("update orchestrator.workflows set invalid = true where id = %s", (row["id"],))
    (found,) = api.list("/workflows:list", **{"except": "config,options", "appends": "stats"})
    assert (found["invalid"], found["stats"]["key"]) == (True, row["key"])
    assert not {"config", "options", "nodes"} & set(found)


# -- update ------------------------------------------------------------------------------------------------------------


def test_an_update_answers_a_list_and_passes_over_what_never_changes(api: Api) -> None:
    row = made(api)
    found = changed(api, row, title="new", description="d", triggerTitle="t", key="other", type="collection", sync=True)
    assert (found["title"], found["description"], found["triggerTitle"]) == ("new", "d", "t")
    assert (found["key"], found["type"], found["sync"]) == (row["key"], "action", False)
    assert found["updatedAt"] >= row["updatedAt"]


def test_an_update_of_nothing_that_exists_changes_nothing(api: Api) -> None:
    assert api.root.post("/workflows:update?filterByTk=999999", json={"title": "x"}).json() == {"data": []}
    assert api.root.post("/workflows:update", json={"title": "x"}).status_code == 500


def test_rows_are_updated_by_a_filter(api: Api) -> None:
    one, two = made(api, title="one"), made(api, title="two")
    response = api.root.post(
        "/workflows:update", params={"filter": json.dumps({"title": "one"})}, json={"description": "d"}
    )
    assert [row["id"] for row in response.json()["data"]] == [one["id"]]
    assert loaded(api, two)["description"] is None


def test_config_is_checked_when_it_is_given(api: Api) -> None:
    row = made(api)
    response = api.root.post(f"/workflows:update?filterByTk={row['id']}", json={"config": {"collection": "nowhere"}})
    assert refusal(response) == (400, ['Collection "nowhere" does not exist in data source "main"'])
    assert changed(api, row, config=GLOBAL)["config"] == GLOBAL


def test_the_config_of_an_executed_version_is_history_and_its_title_is_not(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    api.create("posts", {"title": "a"})
    response = api.root.post(f"/workflows:update?filterByTk={row['id']}", json={"config": row["config"]})
    assert refusal(response) == (400, ["config of executed workflow can not be updated"])
    assert changed(api, row, title="new", options={"stackLimit": 3})["options"] == {"stackLimit": 3}
    response = api.root.post(f"/workflows/{row['id']}/nodes:create", json={"type": "calculation", "config": {}})
    assert refusal(response) == (400, ["Node could not be created in executed workflow"])


def test_disabling_keeps_a_version_current_and_stops_it(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    assert changed(api, row, enabled=False)["current"] is True
    api.create("posts", {"title": "a"})
    assert api.list("/executions:list") == []


def test_enabling_what_cannot_work_is_refused(api: Api) -> None:
    row = made(api, config=GLOBAL)
    node(api, row, type="create")
    response = api.root.post(f"/workflows:update?filterByTk={row['id']}", json={"enabled": True})
    assert refusal(response) == (400, ["Collection is not configured"])
    assert loaded(api, row)["enabled"] is False


# -- destroy -----------------------------------------------------------------------------------------------------------


def test_the_current_version_takes_its_lineage_along_and_leaves_history(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    api.create("posts", {"title": "a"})
    revised(api, row, row["key"])
    assert api.root.post(f"/workflows:destroy/{row['id']}").json() == {"data": 1}
    assert api.list("/workflows:list") == []
    assert api.list("/workflowStats:list") == []
    assert len(api.list("/executions:list")) == 1
    api.create("posts", {"title": "b"})
    assert len(api.list("/executions:list")) == 1


def test_another_version_goes_alone(api: Api) -> None:
    row = made(api)
    version = revised(api, row, row["key"])
    assert api.root.post(f"/workflows:destroy?filterByTk={version['id']}").json() == {"data": 1}
    assert [found["id"] for found in api.list("/workflows:list")] == [row["id"]]


# -- revision ----------------------------------------------------------------------------------------------------------


def revised(api: Api, row: dict[str, Any], key: str | None = None, **values: Any) -> dict[str, Any]:
    params = {"filterByTk": row["id"]} | ({"filter": json.dumps({"key": key})} if key else {})
    response = api.root.post("/workflows:revision", params=params, json=values)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def test_a_new_version_shares_the_key_and_waits_to_be_enabled(api: Api) -> None:
    row = made(api, title="t", triggerTitle="tt", config=GLOBAL, enabled=True, options={"stackLimit": 3})
    first = node(api, row, title="a", config={"engine": "math.js", "expression": "1"})
    branch = node(api, row, type="condition", upstreamId=first["id"], config={"rejectOnFalse": False})
    inner = node(api, row, type="end", upstreamId=branch["id"], branchIndex=1, config={"endStatus": 1})
    version = revised(api, row, row["key"], type="collection", sync=True, config={})
    same = ("key", "title", "triggerTitle", "type", "sync", "config", "options", "description")
    assert {name: version[name] for name in same} == {name: row[name] for name in same}
    assert (version["enabled"], version["current"], version["categories"]) == (False, None, [])
    found = loaded(api, version, "nodes", "stats", "versionStats")
    assert found["versionStats"]["executed"] == 0
    by_key = {copy["key"]: copy for copy in found["nodes"]}
    assert by_key.keys() == {first["key"], branch["key"], inner["key"]}
    copies = [by_key[original["key"]] for original in (first, branch, inner)]
    assert [copy["title"] for copy in copies] == ["a", None, None]
    assert [copy["config"] for copy in copies] == [first["config"], branch["config"], inner["config"]]
    assert copies[0]["downstreamId"] == copies[1]["id"] != branch["id"]
    assert (copies[1]["upstreamId"], copies[1]["downstreamId"]) == (copies[0]["id"], None)
    assert (copies[2]["upstreamId"], copies[2]["branchIndex"]) == (copies[1]["id"], 1)


def test_enabling_a_new_version_demotes_the_old_one(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    version = revised(api, row, row["key"])
    changed(api, version, enabled=True)
    old = loaded(api, row)
    assert (old["enabled"], old["current"]) == (False, None)
    api.create("posts", {"title": "a"})
    assert [found["workflowId"] for found in api.list("/executions:list")] == [version["id"]]
    found = loaded(api, row, "stats", "versionStats")
    assert (found["stats"]["executed"], found["versionStats"]["executed"]) == (1, 0)


def test_a_revision_that_shall_be_enabled_works_at_once_with_its_nodes(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    node(api, row, config={"engine": "math.js", "expression": "6 * 7"})
    version = revised(api, row, row["key"], enabled=True)
    assert (version["enabled"], version["current"]) == (True, True)
    api.create("posts", {"title": "a"})
    (execution,) = api.list("/executions:list", appends="jobs")
    assert (execution["workflowId"], [job["result"] for job in execution["jobs"]]) == (version["id"], [42])


def test_a_copy_has_a_key_of_its_own_and_is_current(api: Api) -> None:
    row = made(api, title="t", triggerTitle="tt", config=GLOBAL, enabled=True)
    copy = revised(api, row)
    assert copy["key"] != row["key"]
    assert (copy["title"], copy["triggerTitle"]) == ("t copy", None)
    assert (copy["enabled"], copy["current"], copy["config"]) == (False, True, GLOBAL)
    changed(api, copy, enabled=True)
    assert loaded(api, row)["enabled"] is True
    assert revised(api, row, title="mine")["title"] == "mine"


def test_a_revision_of_nothing_is_not_found(api: Api) -> None:
    row = made(api)
    for params in ({"filterByTk": 999999}, {"filterByTk": "x"}, {}, {"filterByTk": row["id"], "filter[key]": "other"}):
        assert refusal(api.root.post("/workflows:revision", params=params)) == (404, ["workflow not found"])


def test_categories_are_set_replaced_and_copied(api: Api) -> None:
    (one,) = (
        api.db.execute("insert into orchestrator.workflow_categories (title) values ('a') returning id").fetchone()
        or ()
    )
    (two,) = (
        api.db.execute("insert into orchestrator.workflow_categories (title) values ('b') returning id").fetchone()
        or ()
    )
    row = made(api, categories=[one, {"id": two}])
    assert [found["title"] for found in loaded(api, row, "categories")["categories"]] == ["a", "b"]
    assert [found["id"] for found in revised(api, row, row["key"])["categories"]] == [one, two]
    assert [found["id"] for found in revised(api, row)["categories"]] == [one, two]
    changed(api, row, categories=[two])
    assert [found["id"] for found in loaded(api, row, "categories")["categories"]] == [two]
    assert [found["id"] for found in api.list("/workflows:list", **{"filter[categories.id]": one})] != []


def test_a_stack_limit_counts_at_once(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    values = {"collection": "posts", "params": {"values": {"title": "again"}}}
    changed(api, row, options={"stackLimit": 3})
    node(api, row, type="create", config=values)
    api.create("posts", {"title": "first"})
    assert len(api.list("/executions:list")) == 3
    assert len(api.list("/posts:list")) == 4


# -- sync, and who may -------------------------------------------------------------------------------------------------


def test_sync_publishes_and_says_nothing(api: Api) -> None:
    row = made(api, type="collection", config={"collection": "posts", "mode": 1}, enabled=True, sync=True)
    response = api.root.post(f"/workflows:sync?filterByTk={row['id']}")
    assert (response.status_code, response.content) == (204, b"")
    api.create("posts", {"title": "a"})
    assert len(api.list("/executions:list")) == 1


@pytest.mark.parametrize("action", ["create", "update", "destroy", "revision", "sync"])
def test_other_roles_may_not(api: Api, action: str) -> None:
    row = made(api)
    with api.client("root", **{"X-Role": "member"}) as member:
        response = member.post(f"/workflows:{action}?filterByTk={row['id']}", json={"type": "action"})
    assert refusal(response) == (403, ["No permissions"])
    assert api.guest.post(f"/workflows:{action}?filterByTk={row['id']}").status_code == 401
    assert [found["id"] for found in api.list("/workflows:list")] == [row["id"]]
