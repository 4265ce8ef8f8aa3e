"""Relations between records and the users and roles of the application, read and written inside the database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.model.people import PEOPLE

from .conftest import Api


@pytest.fixture(scope="module", autouse=True)
def tasks(api: Api) -> int:
    """Tasks with an owner and helpers; the id of a second user."""
    fields = [
        {"name": "title", "type": "string"},
        {"name": "owner", "type": "belongsTo", "target": "users", "foreignKey": "ownerId", "targetKey": "id"},
        {
            "name": "helpers",
            "type": "belongsToMany",
            "target": "users",
            "through": "taskHelpers",
            "foreignKey": "taskId",
            "otherKey": "userId",
        },
    ]
    body = {"name": "tasks", "fields": fields, "createdBy": True, "updatedBy": True, "createdAt": True}
    response = api.root.post("/collections:create", json=body)
    assert response.status_code == 200, response.text
    return api.add_user("helper", "member")


def _workflow(api: Api, node: dict[str, Any] | None = None, **values: Any) -> int:
    made = api.root.post("/workflows:create", json=values).json()["data"]
    if node is not None:
        response = api.root.post(f"/workflows/{made['id']}/nodes:create", json=node)
        assert response.status_code == 200, response.text
    response = api.root.post(f"/workflows:update?filterByTk={made['id']}", json={"enabled": True})
    assert response.status_code == 200, response.text
    return int(made["id"])


def _task(api: Api, key: int) -> dict[str, Any]:
    appends = "owner,helpers,createdBy"
    found: dict[str, Any] = api.root.get(f"/tasks:get?filterByTk={key}&appends={appends}").json()["data"]
    return found


def test_what_the_engine_knows_of_users_is_what_the_api_shows(api: Api) -> None:
    for name, collection in PEOPLE.items():
        (found,) = api.db.execute(
            """select array_agg(attname::text order by attname) from pg_attribute
            where attrelid = %s::regclass and attnum > 0""",
            (f"orchestrator.{collection.table}",),
        ).fetchone() or ((),)
        assert sorted(collection.fields) == found, name
        assert "password" not in collection.fields


def test_nested_values_link_users_and_never_write_them(api: Api, tasks: int) -> None:
    made = api.create("tasks", {"title": "a", "owner": {"id": tasks}, "helpers": [1, tasks]})
    found = _task(api, made["id"])
    assert (found["owner"]["username"], [h["id"] for h in found["helpers"]]) == ("helper", [1, tasks])
    assert found["createdBy"]["username"] == "root"
    assert "password" not in found["owner"]
    assert api.create("tasks", {"owner": tasks})["ownerId"] == tasks
    for values in ({"owner": {"username": "new"}}, {"helpers": [{"username": "new"}]}):
        response = api.root.post("/tasks:create", json=values)
        assert (response.status_code, response.json()["errors"][0]["message"]) == (
            400,
            '"users" can only be read and linked',
        )
    path = f"/tasks:update?filterByTk={made['id']}&updateAssociationValues[]=owner&updateAssociationValues[]=helpers"
    for values in ({"owner": {"id": tasks, "nickname": "x"}}, {"helpers": [{"id": tasks, "nickname": "x"}]}):
        assert api.root.post(path, json=values).status_code == 400
    assert api.db.execute("select count(*) from orchestrator.users where nickname = 'x'").fetchone() == (0,)


def test_roles_of_a_user_are_out_of_reach_of_nested_values(api: Api, tasks: int) -> None:
    made = api.create("tasks", {"owner": tasks})
    path = (
        f"/tasks:update?filterByTk={made['id']}&updateAssociationValues[]=owner&updateAssociationValues[]=owner.roles"
    )
    assert api.root.post(path, json={"owner": {"id": tasks, "roles": ["root"]}}).status_code == 400
    rows = api.db.execute("select role_name from orchestrator.roles_users where user_id = %s", (tasks,)).fetchall()
    assert rows == [("member",)]


def test_users_are_linked_and_unlinked_on_a_path(api: Api, tasks: int) -> None:
    key = api.create("tasks", {"title": "path"})["id"]
    assert api.root.post(f"/tasks/{key}/helpers:add", json=[1, tasks]).status_code == 200
    assert api.root.post(f"/tasks/{key}/helpers:remove", json=[1]).status_code == 200
    assert api.root.post(f"/tasks/{key}/owner:set?filterByTk={tasks}").status_code == 200
    found = _task(api, key)
    assert (found["owner"]["id"], [h["id"] for h in found["helpers"]]) == (tasks, [tasks])
    assert api.root.post(f"/tasks/{key}/owner:set?filterByTk=4711").status_code == 400
    for action in ("create", "update?filterByTk=1", "destroy?filterByTk=1"):
        assert api.root.post(f"/tasks/{key}/helpers:{action}", json={"nickname": "x"}).status_code == 404


def test_links_on_a_path_are_judged_by_the_records_own_guards(api: Api, tasks: int) -> None:
    key = api.create("tasks", {"title": "kept"})["id"]
    node = {"type": "end", "config": {"endStatus": -1}}
    config = {"collection": "tasks", "global": True, "actions": ["update"]}
    workflow = _workflow(api, node, type="request-interception", title="no", config=config)
    assert api.root.post(f"/tasks/{key}/owner:set?filterByTk={tasks}").status_code == 400
    assert api.root.post(f"/workflows:destroy?filterByTk={workflow}").status_code == 200
    assert _task(api, key)["owner"] is None


def test_a_workflow_sees_whose_record_it_is(api: Api, tasks: int) -> None:
    config = {"collection": "tasks", "global": True, "actions": ["create"], "appends": ["owner.roles", "createdBy"]}
    workflow = _workflow(api, type="action", title="whose", sync=True, config=config)
    api.create("tasks", {"title": "whose", "owner": tasks})
    (context,) = api.db.execute(
        "select context::text from orchestrator.executions where workflow_id = %s", (workflow,)
    ).fetchone() or ("{}",)
    data = json.loads(context)["data"]
    assert (data["owner"]["username"], data["createdBy"]["username"]) == ("helper", "root")
    assert [role["name"] for role in data["owner"]["roles"]] == ["member"]
    assert "password" not in context.replace("passwordChangeTz", "")
    api.root.post(f"/workflows:destroy?filterByTk={workflow}")


def test_a_node_asks_for_users_and_cannot_write_them(api: Api, tasks: int) -> None:
    config = {"collection": "tasks", "global": True, "actions": ["create"]}
    filter_ = {"username": "helper", "roles.name": "member"}
    query = {"type": "query", "config": {"collection": "users", "multiple": True, "params": {"filter": filter_}}}
    workflow = _workflow(api, query, type="action", title="asks", sync=True, config=config)
    api.create("tasks", {"title": "asks"})
    results = """
        select j.result from orchestrator.jobs j join orchestrator.executions e on e.id = j.execution_id
        where e.workflow_id = %s
    """
    (((user,),),) = api.db.execute(results, (workflow,)).fetchall()
    assert user["id"] == tasks and "password" not in user
    assert api.root.post(f"/workflows:destroy?filterByTk={workflow}").status_code == 200
    draft = api.root.post("/workflows:create", json={"type": "action", "title": "w", "config": config}).json()["data"]
    update = {"type": "update", "config": {"collection": "users", "params": {"filter": {"id": 1}, "values": {}}}}
    response = api.root.post(f"/workflows/{draft['id']}/nodes:create", json=update)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == 'Collection "users" does not exist in data source "main"'


def test_filters_of_a_write_reach_through_the_owner(api: Api, tasks: int) -> None:
    api.create("tasks", [{"title": "mine", "owner": 1}, {"title": "his", "owner": tasks}])
    params = {"filter": json.dumps({"owner.username": "helper", "title": {"$in": ["mine", "his"]}})}
    response = api.root.post("/tasks:update", params=params, json={"title": "changed"})
    assert [task["ownerId"] for task in response.json()["data"]] == [tasks]


def test_sql_of_a_node_sees_users_without_their_secrets(api: Api) -> None:
    api.db.execute("set role orchestrator_runner")
    try:
        assert api.db.execute("select count(*) > 0 from orchestrator.api_users").fetchone() == (True,)
        with pytest.raises(Exception, match="permission denied"):
            api.db.execute("select password from orchestrator.users")
        with pytest.raises(Exception, match=r"permission denied|cannot"):
            api.db.execute("update orchestrator.api_users set username = 'x'")
    finally:
        api.db.execute("reset role")
