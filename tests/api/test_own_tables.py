"""Our own tables as resources: read, never written."""

from __future__ import annotations

import json

import psycopg
import pytest

from api.dispatch import ACTIONS
from api.system import SYSTEM

from .conftest import Api

_DOCUMENT = {
    "key": "note",
    "title": "Note it",
    "type": "collection",
    "sync": True,
    "enabled": True,
    "config": {"collection": "posts", "mode": 1},
    "nodes": [
        {
            "key": "sum",
            "type": "calculation",
            "config": {"engine": "math.js", "expression": "{{$context.data.read}} + 1"},
        }
    ],
}


@pytest.fixture(scope="module")
def workflow(api: Api) -> int:
    (workflow_id,) = api.db.execute("select orchestrator.define(%s)", (json.dumps(_DOCUMENT),)).fetchone() or (0,)
    api.create("posts", {"title": "noted", "read": 41})
    return int(workflow_id)


def test_columns_are_those_of_the_views(db: psycopg.Connection[tuple[object, ...]]) -> None:
    for collection in SYSTEM.values():
        found = db.execute(
            """
            select attname, format_type(atttypid, null) from pg_attribute
            where attrelid = to_regclass(%s) and attnum > 0 order by attnum
            """,
            (f"orchestrator.{collection.table}",),
        ).fetchall()
        assert found == [(field.name, field.pg_type) for field in collection.fields.values()], collection.name


def test_they_come_before_tables_of_their_name(api: Api) -> None:
    api.db.execute("create schema shadowed; create table shadowed.roles (name text primary key, secret text)")
    api.db.execute("select orchestrator.manage('shadowed.roles')")
    try:
        assert {"admin", "member", "root"} <= {row["name"] for row in api.list("/roles:list")}
        assert "secret" not in api.list("/roles:list")[0]
    finally:
        api.db.execute("select orchestrator.unmanage('shadowed.roles'); drop schema shadowed cascade")


def test_workflows_with_their_nodes(api: Api, workflow: int) -> None:
    found = api.root.get(f"/workflows:get/{workflow}?appends=nodes").json()["data"]
    assert (found["key"], found["type"], found["enabled"], found["current"]) == ("note", "collection", True, True)
    assert found["config"] == _DOCUMENT["config"]
    assert [node["key"] for node in found["nodes"]] == ["sum"]
    assert set(found) >= {"triggerTitle", "allExecuted", "createdAt", "updatedAt", "createdById"}
    assert [node["key"] for node in api.list(f"/workflows/{workflow}/nodes")] == ["sum"]


def test_executions_with_their_jobs_and_workflow(api: Api, workflow: int) -> None:
    filter_ = json.dumps({"workflowId": workflow})
    (execution,) = api.list("/executions:list", filter=filter_, sort="-id", appends="jobs,workflow", pageSize=1)
    assert (execution["status"], execution["workflow"]["key"]) == (1, "note")
    assert execution["context"]["data"]["title"] == "noted"
    (job,) = execution["jobs"]
    assert (job["nodeKey"], job["status"], job["result"], job["executionId"]) == ("sum", 1, 42, execution["id"])
    assert api.root.get(f"/jobs:get/{job['id']}").json()["data"]["result"] == 42
    assert api.root.get(f"/jobs:get?filterByTk={job['id']}&appends=execution").json()["data"]["execution"]["id"]
    assert [found["id"] for found in api.list(f"/executions/{execution['id']}/jobs")] == [job["id"]]


def test_a_job_is_not_found_by_another_condition(api: Api, workflow: int) -> None:
    (job,) = api.list("/jobs:list", sort="-id", pageSize=1)
    assert api.root.get(f"/jobs:get/{job['id']}?filter[nodeKey]=other").json()["data"] is None
    assert api.root.get(f"/jobs:get/{job['id']}?filter[nodeKey]=sum").json()["data"]["id"] == job["id"]


def test_users_and_roles_without_secrets(api: Api) -> None:
    (user,) = api.list("/users:list", appends="roles")
    assert "password" not in user
    assert {role["name"] for role in user["roles"]} == {"root", "admin", "member"}
    assert api.root.get("/users:list?fields=password").status_code == 400
    assert api.root.get('/users:list?filter={"password":{"$notEmpty":true}}').status_code == 400


#: what writes own tables has a handler of its own
CLOSED = [
    (resource, action)
    for resource in sorted(SYSTEM)
    for action in ("create", "update", "destroy")
    if action not in ACTIONS.own(resource)
]


@pytest.mark.parametrize(("resource", "action"), CLOSED)
def test_they_are_not_written_like_tables(api: Api, resource: str, action: str) -> None:
    assert api.root.post(f"/{resource}:{action}?filterByTk=1", json={}).status_code == 404


def test_nor_through_their_relations(api: Api, workflow: int) -> None:
    assert api.root.post(f"/workflows/{workflow}/nodes:update?filterByTk=1", json={"title": "x"}).status_code == 404
    assert api.root.post(f"/workflows/{workflow}/nodes:destroy?filterByTk=1").status_code == 404
    assert api.root.post("/users/1/roles:destroy?filterByTk=root").status_code == 404
