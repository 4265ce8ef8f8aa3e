"""Permissions of roles: strategies, resources with actions, fields and scopes, as editors set and read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .acting import As
from .conftest import Api

SCOPES = "/dataSourcesRolesResourcesScopes"


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


def put(api: Api, name: str, *actions: dict[str, Any], role: str = "viewer", using: bool = True) -> dict[str, Any]:
    values = {"name": name, "usingActionsConfig": using, "actions": list(actions)}
    response = api.root.post(f"/roles/{role}/resources:create", json=values)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def scope(api: Api, **values: Any) -> dict[str, Any]:
    return dict(api.create("dataSourcesRolesResourcesScopes", values))


def document(api: Api, role: str = "viewer") -> dict[str, Any]:
    """What the role may do, as the database tells."""
    (text,) = api.db.execute("select orchestrator.access_document(array[%s])", (role,)).fetchone() or ("",)
    (found,) = json.loads(text)["roles"]
    return dict(found)


def revision(api: Api) -> int:
    (number,) = api.db.execute("select orchestrator.access_revision()").fetchone() or (0,)
    return int(number)


@pytest.fixture(autouse=True)
def viewer(api: Api) -> Iterator[None]:
    api.create("roles", {"name": "viewer"})
    yield
    api.db.execute("delete from orchestrator.roles where name not in ('root', 'admin', 'member')")
    api.db.execute("delete from orchestrator.data_sources_roles_resources")
    api.db.execute("delete from orchestrator.data_sources_roles_resources_scopes where key not in ('all', 'own')")


# -- resources ---------------------------------------------------------------------------------------------------------


def test_permissions_for_a_collection_are_created(api: Api) -> None:
    found = put(api, "posts", {"name": "view", "fields": ["title", "categoryId"], "scope": "own"}, {"name": "create"})
    assert (found["name"], found["roleName"], found["dataSourceKey"]) == ("posts", "viewer", "main")
    assert found["usingActionsConfig"] is True
    view, create = found["actions"]
    assert (view["name"], view["fields"], view["scope"]["key"]) == ("view", ["title", "categoryId"], "own")
    assert view["scopeId"] == view["scope"]["id"]
    assert view["rolesResourceId"] == found["id"]
    assert (create["name"], create["fields"], create["scope"]) == ("create", [], None)
    assert document(api)["resources"] == {
        "posts": {
            "view": {"fields": ["title", "categoryId"], "scope": "own"},
            "create": {"fields": [], "scope": None},
        }
    }


def test_they_are_read_with_their_actions(api: Api) -> None:
    made = put(api, "posts", {"name": "view", "fields": ["title"], "scope": {"key": "own"}})
    for key in (made["id"], "posts"):
        for relation in ("resources", "dataSourceResources"):
            found = api.root.get(f"/roles/viewer/{relation}:get/{key}?dataSourceKey=main").json()["data"]
            assert (found["id"], found["name"], found["usingActionsConfig"]) == (made["id"], "posts", True)
            (action,) = found["actions"]
            assert (action["name"], action["fields"], action["scope"]["key"]) == ("view", ["title"], "own")
    found = api.root.get('/roles/viewer/dataSourceResources:get?filter={"name":"posts"}&appends=actions').json()["data"]
    assert [action["name"] for action in found["actions"]] == ["view"]
    assert [row["name"] for row in api.list("/roles/viewer/dataSourceResources:list")] == ["posts"]
    assert api.list("/roles/viewer/dataSourceResources:list", dataSourceKey="other") == []
    assert api.list("/roles/member/resources") == []
    assert api.root.get("/roles/viewer/resources:get/comments").json() == {"data": None}


def test_the_actions_of_an_update_take_the_place_of_all_there_were(api: Api) -> None:
    made = put(api, "posts", {"name": "view", "fields": ["title"]}, {"name": "create"})
    path = f"/roles/viewer/resources:update?filterByTk={made['id']}"
    (found,) = api.root.post(
        path, json={"actions": [{"name": "view", "fields": ["read"]}, {"name": "destroy", "scope": None}]}
    ).json()["data"]
    assert [(action["name"], action["fields"]) for action in found["actions"]] == [("view", ["read"]), ("destroy", [])]
    assert found["actions"][0]["id"] == made["actions"][0]["id"]
    (found,) = api.root.post(path, json={"usingActionsConfig": False}).json()["data"]
    assert (found["usingActionsConfig"], len(found["actions"])) == (False, 2)
    assert document(api)["resources"] == {}
    by_name = "/roles/viewer/dataSourceResources:update?filterByTk=posts&dataSourceKey=main"
    (found,) = api.root.post(by_name, json={"usingActionsConfig": True, "actions": []}).json()["data"]
    assert found["actions"] == []
    assert document(api)["resources"] == {"posts": {}}
    assert api.root.post("/roles/viewer/resources:update?filterByTk=comments", json={}).json() == {"data": []}


def test_what_an_editor_read_it_can_send_back(api: Api) -> None:
    put(api, "posts", {"name": "view", "fields": ["title"], "scope": "own"})
    read = api.root.get("/roles/viewer/resources:get/posts").json()["data"]
    (found,) = api.root.post(f"/roles/viewer/resources:update?filterByTk={read['id']}", json=read).json()["data"]
    assert (found["actions"][0]["fields"], found["actions"][0]["scope"]["key"]) == (["title"], "own")


def test_they_are_deleted_by_id_or_name(api: Api) -> None:
    made = put(api, "posts", {"name": "view"})
    put(api, "comments", {"name": "view"})
    assert api.root.post(f"/roles/member/resources:destroy?filterByTk={made['id']}").json() == {"data": 0}
    assert api.root.post(f"/roles/viewer/resources:destroy?filterByTk={made['id']}").json() == {"data": 1}
    assert api.root.post("/roles/viewer/dataSourceResources:destroy?filterByTk=comments").json() == {"data": 1}
    assert api.list("/roles/viewer/resources") == []


def test_they_go_with_their_role(api: Api) -> None:
    put(api, "posts", {"name": "view"})
    api.root.post("/roles:destroy?filterByTk=viewer")
    assert api.list("/dataSourcesRolesResources:list") == []
    assert api.list("/dataSourcesRolesResourcesActions:list") == []


def test_relations_and_own_resources_can_be_named(api: Api) -> None:
    found = put(api, "posts", {"name": "update", "fields": ["title", "category"]})
    assert found["actions"][0]["fields"] == ["title", "category"]
    assert put(api, "workflows", {"name": "view", "fields": ["title", "nodes"]})["name"] == "workflows"


def test_null_stands_for_all_fields(api: Api) -> None:
    put(api, "posts", {"name": "view", "fields": None})
    assert document(api)["resources"]["posts"]["view"]["fields"] is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, '"name" is required'),
        ({"name": "nosuch"}, '"name": "nosuch" is no collection'),
        ({"name": "posts", "usingActionsConfig": "yes"}, '"usingActionsConfig" must be a boolean'),
        ({"name": "posts", "actions": {"name": "view"}}, '"actions" must be an array'),
        ({"name": "posts", "actions": ["view"]}, '"actions[0]" must be of type object'),
        ({"name": "posts", "actions": [{}]}, '"actions[0].name" is required'),
        ({"name": "posts", "actions": [{"name": "list"}]}, '"actions": "list" is no action'),
        ({"name": "posts", "actions": [{"name": "view"}, {"name": "view"}]}, '"actions": "view" stands there twice'),
        (
            {"name": "posts", "actions": [{"name": "view", "fields": ["title", "body"]}]},
            '"actions": "body" is no field of "posts"',
        ),
        (
            {"name": "workflows", "actions": [{"name": "view", "fields": ["x"]}]},
            '"actions": "x" is no field of "workflows"',
        ),
        ({"name": "posts", "actions": [{"name": "view", "fields": "title"}]}, '"actions[0].fields" must be an array'),
        ({"name": "posts", "actions": [{"name": "view", "scope": "mine"}]}, 'scope "mine" does not exist'),
        ({"name": "posts", "actions": [{"name": "view", "scopeId": 98765}]}, 'scope "98765" does not exist'),
        ({"name": "posts", "actions": [{"name": "view", "scope": {}}]}, '"scope" must name a scope by its id or key'),
        (
            {"name": "posts", "actions": [{"name": "view", "scope": [1]}]},
            '"scope" must be the id or the key of a scope',
        ),
    ],
)
def test_what_is_unknown_is_named_and_nothing_written(api: Api, values: dict[str, Any], message: str) -> None:
    assert refusal(api.root.post("/roles/viewer/resources:create", json=values)) == (400, message)
    assert api.list("/roles/viewer/resources") == []
    if "name" in values:
        put(api, "posts", {"name": "create"}) if values["name"] == "posts" else None
        body = {"resources": [{"name": "comments", "actions": [{"name": "view"}]}, values]}
        before = document(api)
        assert api.root.post("/roles:applyDataPermissions?filterByTk=viewer", json=body).status_code == 400
        assert document(api) == before


def test_a_failed_update_leaves_what_there_was(api: Api) -> None:
    made = put(api, "posts", {"name": "view", "fields": ["title"]})
    before = document(api)
    path = f"/roles/viewer/resources:update?filterByTk={made['id']}"
    values = {"usingActionsConfig": False, "actions": [{"name": "view", "fields": ["body"]}]}
    assert refusal(api.root.post(path, json=values)) == (400, '"actions": "body" is no field of "posts"')
    assert refusal(api.root.post(path, json={"name": "comments"}))[0] == 400
    assert document(api) == before


def test_other_refusals(api: Api) -> None:
    put(api, "posts", {"name": "view"})
    again = api.root.post("/roles/viewer/resources:create", json={"name": "posts"})
    assert refusal(again) == (400, 'permissions for "posts" already exist')
    nobody = api.root.post("/roles/nosuch/resources:create", json={"name": "posts"})
    assert refusal(nobody) == (404, 'role "nosuch" does not exist')
    elsewhere = api.root.post("/roles/viewer/dataSourceResources:create?dataSourceKey=other", json={"name": "posts"})
    assert refusal(elsewhere) == (404, 'data source "other" does not exist')
    unnamed = api.root.post("/roles/viewer/resources:update", json={"actions": []})
    assert refusal(unnamed) == (500, "to do update action, filter or filterByTk is required")


# -- several at once ---------------------------------------------------------------------------------------------------


def test_permissions_for_several_collections_are_set_in_one_request(api: Api) -> None:
    put(api, "posts", {"name": "view", "fields": ["title"]}, {"name": "create"})
    body = {
        "dataSourceKey": "main",
        "resources": [
            {"name": "posts", "actions": [{"name": "view", "fields": ["read"], "scope": "own"}]},
            {"name": "comments", "usingActionsConfig": True, "actions": [{"name": "view"}, {"name": "update"}]},
            {"name": "categories", "usingActionsConfig": False},
        ],
    }
    response = api.root.post("/roles:applyDataPermissions?filterByTk=viewer", json=body)
    assert response.json() == {"data": {"count": 3}}
    assert document(api)["resources"] == {
        "posts": {"view": {"fields": ["read"], "scope": "own"}},
        "comments": {"view": {"fields": [], "scope": None}, "update": {"fields": [], "scope": None}},
    }
    again = api.root.post("/roles:applyDataPermissions", json={"roleName": "viewer", "resources": [{"name": "posts"}]})
    assert again.json() == {"data": {"count": 1}}
    assert document(api)["resources"]["posts"] == {"view": {"fields": ["read"], "scope": "own"}}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"resources": [{"name": "posts"}]}, 400, "filterByTk is required"),
        ({"roleName": "nosuch", "resources": [{"name": "posts"}]}, 404, 'role "nosuch" does not exist'),
        ({"roleName": "viewer"}, 400, '"resources" is required'),
        ({"roleName": "viewer", "resources": []}, 400, '"resources" must contain at least 1 items'),
        ({"roleName": "viewer", "resources": [{}]}, 400, '"resources[0].name" is required'),
    ],
)
def test_a_bulk_that_says_too_little_is_refused(api: Api, body: Any, status: int, message: str) -> None:
    assert refusal(api.root.post("/roles:applyDataPermissions", json=body)) == (status, message)


# -- strategies --------------------------------------------------------------------------------------------------------


def test_a_strategy_is_the_roles_and_the_data_sources(api: Api) -> None:
    strategy = {"actions": ["create", "view:own"]}
    path = "/dataSources/main/roles:update?filterByTk=viewer"
    answer = api.root.post(path, json={"strategy": strategy}).json()
    assert answer == {"data": [{"dataSourceKey": "main", "roleName": "viewer", "strategy": strategy}]}
    assert api.root.get("/roles:get/viewer").json()["data"]["strategy"] == strategy
    api.root.post("/roles:update?filterByTk=viewer", json={"strategy": {"actions": ["view"]}})
    found = api.root.get("/dataSources/main/roles:get?filterByTk=viewer").json()["data"]
    assert found == {"dataSourceKey": "main", "roleName": "viewer", "strategy": {"actions": ["view"]}}
    assert api.root.get("/dataSources/main/roles/viewer").json()["data"] == found
    listed = api.list("/dataSources/main/roles:list")
    assert [row["roleName"] for row in listed] == ["admin", "member", "root", "viewer"]
    assert api.list("/dataSources/other/roles:list") == []


@pytest.mark.parametrize(
    ("path", "values", "status", "message"),
    [
        (
            "main/roles:update?filterByTk=viewer",
            {"strategy": {"actions": ["x"]}},
            400,
            '"strategy.actions": "x" is no action',
        ),
        ("main/roles:update?filterByTk=viewer", {"strategy": "*"}, 400, '"strategy" must be of type object'),
        ("main/roles:update?filterByTk=nosuch", {"strategy": {}}, 404, 'role "nosuch" does not exist'),
        ("other/roles:update?filterByTk=viewer", {"strategy": {}}, 404, 'data source "other" does not exist'),
        ("main/roles:update", {"strategy": {}}, 500, "to do update action, filter or filterByTk is required"),
        ("main/roles:destroy?filterByTk=viewer", {}, 404, "Not Found"),
        ("main/other:update?filterByTk=viewer", {}, 404, "Not Found"),
    ],
)
def test_a_strategy_of_nothing_is_refused(api: Api, path: str, values: Any, status: int, message: str) -> None:
    assert refusal(api.root.post(f"/dataSources/{path}", json=values)) == (status, message)
    assert document(api)["strategy"] is None


def test_collections_tell_what_decides_about_them(api: Api) -> None:
    put(api, "posts", {"name": "view"})
    put(api, "comments", using=False)
    for path in ("/roles/viewer/dataSourcesCollections:list?dataSourceKey=main", "/roles/viewer/collections:list"):
        response = api.root.get(path).json()
        found = {row["name"]: (row["exists"], row["usingConfig"]) for row in response["data"]}
        assert found["posts"] == (True, "resourceAction")
        assert found["comments"] == (True, "strategy")
        assert found["categories"] == (False, "strategy")
        assert response["meta"]["count"] == len(found)
        assert {"type", "collectionName", "title", "roleName"} <= set(response["data"][0])
    assert api.list("/roles/viewer/dataSourcesCollections:list", pageSize=1, page=2)[0]["roleName"] == "viewer"
    assert api.list("/roles/viewer/dataSourcesCollections:list", dataSourceKey="other") == []
    assert api.root.post("/roles/viewer/collections:create", json={"name": "x"}).status_code == 404


# -- scopes ------------------------------------------------------------------------------------------------------------


def test_a_scope_is_created_used_and_changed(api: Api) -> None:
    made = scope(api, name="Cheap", resourceName="posts", scope={"price": {"$lt": 10}})
    assert (made["name"], made["resourceName"], made["scope"]) == ("Cheap", "posts", {"price": {"$lt": 10}})
    assert made["key"].startswith("s_")
    for reference in (made["id"], str(made["id"]), made["key"], made, {"id": made["id"]}):
        found = put(api, "posts", {"name": "view", "scope": reference})
        assert found["actions"][0]["scopeId"] == made["id"]
        api.root.post("/roles/viewer/resources:destroy?filterByTk=posts")
    put(api, "posts", {"name": "view", "scopeId": made["id"]})
    assert document(api)["resources"]["posts"]["view"]["scope"] == {"price": {"$lt": 10}}
    path = f"{SCOPES}:update?filterByTk={made['id']}"
    (changed,) = api.root.post(path, json={"scope": {"read": 1}, "key": "other"}).json()["data"]
    assert (changed["scope"], changed["key"]) == ({"read": 1}, made["key"])
    assert document(api)["resources"]["posts"]["view"]["scope"] == {"read": 1}


def test_scopes_know_variables_and_relations(api: Api) -> None:
    filters = [
        {"categoryId": "{{ ctx.state.currentUser.id }}"},
        {"categoryId": {"$in": ["{{$user.id}}"]}},
        {"publishedAt": {"$dateBefore": "{{$nDate.today}}"}},
        {"category": {"name": "{{$user.nickname}}"}},
        {"$or": [{"title.$includes": "x"}, {"$not": {"read": 3}}]},
        {},
    ]
    for filter_ in filters:
        assert scope(api, resourceName="posts", scope=filter_)["scope"] == filter_
    assert scope(api, name="any", scope={"whatever": 1})["resourceName"] is None
    assert scope(api, resourceName="users", scope={"roles": {"name": "{{$nRole}}"}})["resourceName"] == "users"
    api.create("collections", {"name": "owned", "createdBy": True, "fields": []})
    assert scope(api, resourceName="owned", scope={"createdBy": {"roles": {"name": "viewer"}}})["id"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resourceName": "nosuch", "scope": {}}, '"name": "nosuch" is no collection'),
        ({"resourceName": "posts", "scope": {"body": 1}}, "Invalid SQL column or table reference"),
        ({"resourceName": "posts", "scope": {"category": {"nosuch": 1}}}, None),
        ({"resourceName": "posts", "scope": {"title": {"$nosuch": 1}}}, None),
        ({"resourceName": "posts", "scope": [1]}, '"scope" must be of type object'),
        ({"scope": {"title": {"$nosuch": 1}}}, None),
        ({"key": "own", "scope": {}}, "key already exists"),
        ({"name": 1}, '"name" must be a string'),
    ],
)
def test_a_scope_that_cannot_be_asked_is_refused(api: Api, values: dict[str, Any], message: str | None) -> None:
    status, said = refusal(api.root.post(f"{SCOPES}:create", json=values))
    assert status == 400
    assert message in (None, said)
    assert [row["key"] for row in api.list(f"{SCOPES}:list", sort="id")] == ["all", "own"]


def test_a_scope_of_another_collection_is_refused(api: Api) -> None:
    made = scope(api, resourceName="posts", scope={"read": 1})
    values = {"name": "comments", "actions": [{"name": "view", "scope": made["id"]}]}
    response = api.root.post("/roles/viewer/resources:create", json=values)
    assert refusal(response) == (400, f'scope "{made["id"]}" is for "posts"')
    put(api, "posts", {"name": "view", "scope": made["id"]})
    response = api.root.post(f"{SCOPES}:update?filterByTk={made['id']}", json={"resourceName": "comments", "scope": {}})
    assert refusal(response) == (400, f'scope "{made["key"]}" is in use for another resource')


def test_a_scope_in_use_stays(api: Api) -> None:
    made = scope(api, resourceName="posts", scope={"read": 1})
    put(api, "posts", {"name": "view", "scope": made["id"]})
    path = f"{SCOPES}:destroy?filterByTk={made['id']}"
    assert refusal(api.root.post(path)) == (400, "the scope is in use")
    api.root.post("/roles/viewer/resources:destroy?filterByTk=posts")
    assert api.root.post(path).json() == {"data": 1}


def test_built_in_scopes_stay_as_they_are(api: Api) -> None:
    ids = {row["key"]: row["id"] for row in api.list(f"{SCOPES}:list")}
    for key in ("all", "own"):
        path = f"filterByTk={ids[key]}"
        assert refusal(api.root.post(f"{SCOPES}:update?{path}", json={"scope": {}})) == (403, "No permissions")
        assert refusal(api.root.post(f"{SCOPES}:destroy?{path}")) == (403, "No permissions")
    scope(api, name="mine")
    assert api.root.post(SCOPES + ':destroy?filter={"id.$gt":0}').json() == {"data": 1}
    assert sorted(row["key"] for row in api.list(f"{SCOPES}:list")) == ["all", "own"]


# -- effect ------------------------------------------------------------------------------------------------------------


def test_every_change_is_another_revision(api: Api) -> None:
    seen = [revision(api)]
    made = scope(api, name="s", resourceName="posts", scope={"read": 1})
    seen.append(revision(api))
    found = put(api, "posts", {"name": "view", "scope": made["id"]})
    seen.append(revision(api))
    api.root.post(f"/roles/viewer/resources:update?filterByTk={found['id']}", json={"actions": []})
    seen.append(revision(api))
    api.root.post(f"{SCOPES}:update?filterByTk={made['id']}", json={"scope": {}})
    seen.append(revision(api))
    api.root.post("/dataSources/main/roles:update?filterByTk=viewer", json={"strategy": {"actions": "*"}})
    seen.append(revision(api))
    api.root.post("/roles/viewer/resources:destroy?filterByTk=posts")
    seen.append(revision(api))
    assert seen == sorted(set(seen))


# -- in other roles ----------------------------------------------------------------------------------------------------


def test_who_may_not_manage_roles_changes_no_permission(api: Api) -> None:
    api.create(
        "roles", {"name": "hr", "snippets": ["pm.users", "pm.data-source-manager*"], "strategy": {"actions": "*"}}
    )
    act = As(api, "hr")
    for resource in ("roles.resources", "roles.dataSourceResources"):
        assert act.forbidden(resource, "create", sourceId="hr", values={"name": "posts"})
        assert act.forbidden(resource, "update", "posts", sourceId="hr", values={"actions": []})
        assert act.forbidden(resource, "destroy", "posts", sourceId="hr")
    assert act.forbidden("dataSources.roles", "update", "hr", sourceId="main", values={"strategy": {"actions": "*"}})
    assert act.forbidden("dataSourcesRolesResourcesScopes", "create", values={"scope": {}})
    assert act.forbidden("dataSourcesRolesResourcesScopes", "update", 1, values={"scope": {}})
    assert act.forbidden("dataSourcesRolesResourcesScopes", "destroy", 1)


def test_who_manages_roles_changes_all_but_roots(api: Api) -> None:
    api.create("roles", {"name": "it", "snippets": ["pm.acl.roles", "pm.data-source-manager"]})
    act = As(api, "it")
    assert act("roles.resources", "create", sourceId="viewer", values={"name": "posts"})["data"]["name"] == "posts"
    assert act("dataSources.roles", "update", "viewer", sourceId="main", values={"strategy": {"actions": ["view"]}})
    assert act.forbidden("roles.resources", "create", sourceId="root", values={"name": "posts"})
    assert act.forbidden("dataSources.roles", "update", "root", sourceId="main", values={"strategy": None})
    assert act.forbidden("roles", "applyDataPermissions", "root", values={"resources": [{"name": "posts"}]})


def test_a_snippet_lets_a_role_manage_permissions(api: Api) -> None:
    api.create("roles", {"name": "it", "snippets": ["pm.acl.roles"]})
    api.add_user("one-it", "it")
    with api.client("one-it") as client:
        made = client.post("/roles/viewer/resources:create", json={"name": "posts", "actions": [{"name": "view"}]})
        assert made.status_code == 200, made.text
        read = client.get("/roles/viewer/resources:get/posts").json()["data"]
        assert [action["name"] for action in read["actions"]] == ["view"]
        listed = client.get("/roles/viewer/dataSourceResources:list").json()["data"]
        assert [row["name"] for row in listed] == ["posts"]
        collections = client.get("/roles/viewer/dataSourcesCollections:list?dataSourceKey=main").json()["data"]
        assert "posts" in [row["name"] for row in collections]
        assert client.get("/dataSources/main/roles:get?filterByTk=viewer").json()["data"]["roleName"] == "viewer"
        assert client.get("/availableActions:list").status_code == 200
        assert client.post(f"{SCOPES}:create", json={"name": "s"}).status_code == 200
        assert client.post("/roles/root/resources:create", json={"name": "posts"}).status_code == 403
        assert client.post("/roles/nosuch/resources:create", json={"name": "posts"}).status_code == 404
    api.db.execute("delete from orchestrator.users where username = 'one-it'")
