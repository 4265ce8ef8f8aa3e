"""roles: created, changed, deleted over HTTP; how several roles of one user act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from .acting import As
from .conftest import Api


def made(api: Api, **values: Any) -> dict[str, Any]:
    return dict(api.create("roles", values))


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


@pytest.fixture(autouse=True)
def tidy(api: Api) -> Iterator[None]:
    yield
    api.db.execute("delete from orchestrator.users where id <> 1")
    api.db.execute("delete from orchestrator.roles where name not in ('root', 'admin', 'member')")
    api.db.execute("""update orchestrator.roles set "default" = name = 'member'""")
    api.db.execute(
        """update orchestrator.identity_settings set config = '{"roleMode": "default"}' where key = 'roles'"""
    )


def test_a_role_is_created_with_what_the_wire_knows(api: Api) -> None:
    role = made(api, name="viewer", title="Viewer", strategy={"actions": ["view"]})
    times = role.pop("createdAt"), role.pop("updatedAt")
    assert all(time.endswith("Z") for time in times)
    assert role == {
        "name": "viewer",
        "title": "Viewer",
        "description": None,
        "strategy": {"actions": ["view"]},
        "default": False,
        "hidden": False,
        "allowConfigure": None,
        "allowNewMenu": False,
        "snippets": ["!pm", "!pm.*", "!ui.*"],
    }
    assert [found["name"] for found in api.list("/roles:list")] == ["admin", "member", "root", "viewer"]


def test_a_role_without_a_name_gets_one(api: Api) -> None:
    assert made(api, title="Nameless")["name"].startswith("r_")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "member"}, "Role UID already exists"),
        (
            {"name": "__union__"},
            '"__union__" cannot be the name of a role: letters, digits, "_", "-" and "." can',
        ),
        ({"name": "a b"}, '"a b" cannot be the name of a role: letters, digits, "_", "-" and "." can'),
        ({"name": 1}, '"name" must be a string'),
        ({"name": "x", "title": 1}, '"title" must be a string'),
        ({"name": "x", "default": "yes"}, '"default" must be a boolean'),
        ({"name": "x", "snippets": "pm"}, '"snippets" must be an array'),
        ({"name": "x", "snippets": [1]}, '"snippets[0]" must be a string'),
        ({"name": "x", "strategy": []}, '"strategy" must be of type object'),
        ({"name": "x", "strategy": {"actions": "view"}}, '"strategy.actions" must be an array'),
        ({"name": "x", "strategy": {"actions": ["view", "veiw"]}}, '"strategy.actions": "veiw" is no action'),
        ({"name": "x", "strategy": {"actions": ["view:mine"]}}, '"strategy.actions": "view:mine" is no action'),
        ({"name": "x", "strategy": {"actions": [1]}}, '"strategy.actions": "1" is no action'),
    ],
)
def test_what_cannot_be_is_refused(api: Api, values: dict[str, Any], message: str) -> None:
    assert refusal(api.root.post("/roles:create", json=values)) == (400, message)
    assert api.root.get("/roles:get/x").json() == {"data": None}


@pytest.mark.parametrize(
    "actions", ["*", False, None, [], ["create", "view:own", "update:all", "importXlsx", "export"]]
)
def test_strategies_of_every_kind_are_kept(api: Api, actions: Any) -> None:
    assert made(api, name="x", strategy={"actions": actions})["strategy"] == {"actions": actions}


def test_a_list_creates_all_or_none(api: Api) -> None:
    created = api.create("roles", [{"name": "zeta"}, {"name": "alpha"}])
    assert [role["name"] for role in created] == ["zeta", "alpha"]
    assert api.root.post("/roles:create", json=[{"name": "new"}, {"name": "zeta"}]).status_code == 400
    assert api.root.get("/roles:get/new").json() == {"data": None}


def test_an_update_answers_with_a_list_and_leaves_the_name(api: Api) -> None:
    made(api, name="viewer", title="Viewer", strategy={"actions": ["view"]})
    (role,) = api.root.post(
        "/roles:update?filterByTk=viewer",
        json={"name": "other", "title": "Reader", "snippets": ["pm.users"], "allowConfigure": True},
    ).json()["data"]
    assert (role["name"], role["title"], role["snippets"]) == ("viewer", "Reader", ["pm.users"])
    assert (role["allowConfigure"], role["strategy"]) == (True, {"actions": ["view"]})
    (role,) = api.root.put("/roles/viewer", json={"strategy": None, "description": "d"}).json()["data"]
    assert (role["strategy"], role["description"], role["title"]) == (None, "d", "Reader")
    assert api.root.post("/roles:update?filterByTk=nosuch", json={"title": "x"}).json() == {"data": []}
    assert refusal(api.root.post("/roles:update", json={})) == (
        500,
        "to do update action, filter or filterByTk is required",
    )


def test_several_are_changed_by_a_filter(api: Api) -> None:
    for name in ("one", "two"):
        made(api, name=name)
    response = api.root.post('/roles:update?filter={"name.$in":["one","two"]}', json={"hidden": True})
    assert [(role["name"], role["hidden"]) for role in response.json()["data"]] == [("one", True), ("two", True)]


def test_one_role_is_that_of_newcomers(api: Api) -> None:
    made(api, name="viewer", default=True)
    assert [role["name"] for role in api.list("/roles:list") if role["default"]] == ["viewer"]
    api.root.post("/roles:update?filterByTk=admin", json={"default": True})
    assert [role["name"] for role in api.list("/roles:list") if role["default"]] == ["admin"]


def test_a_deleted_role_is_nobodys(api: Api) -> None:
    made(api, name="viewer")
    user = api.create("users", {"username": "bob", "roles": ["viewer", "member"]})["id"]
    assert api.root.post("/roles:destroy?filterByTk=viewer").json() == {"data": 1}
    assert [role["name"] for role in api.list(f"/users/{user}/roles")] == ["member"]
    assert api.root.delete("/roles/viewer").json() == {"data": 0}


def test_built_in_roles_stay(api: Api) -> None:
    made(api, name="viewer")
    for name in ("root", "admin", "member"):
        assert refusal(api.root.post(f"/roles:destroy?filterByTk={name}")) == (403, "No permissions")
    assert refusal(api.root.post("/roles:destroy?filterByTk[]=viewer&filterByTk[]=admin")) == (403, "No permissions")
    assert api.root.post('/roles:destroy?filter={"name.$ne":"x"}').json() == {"data": 1}
    assert [role["name"] for role in api.list("/roles:list")] == ["admin", "member", "root"]


def test_roles_are_shown_with_their_users(api: Api) -> None:
    (role,) = api.list("/roles:list", filter='{"name":"root"}', appends="users")
    assert [user["username"] for user in role["users"]] == ["root"]
    assert "password" not in role["users"][0]


@pytest.mark.parametrize("mode", ["default", "allow-use-union", "only-use-union"])
def test_the_mode_of_roles_is_set(api: Api, mode: str) -> None:
    assert api.root.post("/roles:setSystemRoleMode", json={"roleMode": mode}).json() == {}
    assert api.root.get("/roles:check").json()["data"]["roleMode"] == mode


@pytest.mark.parametrize("mode", ["union", "", None, 1])
def test_another_mode_is_refused(api: Api, mode: Any) -> None:
    response = api.root.post("/roles:setSystemRoleMode", json={"roleMode": mode})
    assert refusal(response) == (400, "Invalid role mode")


def test_the_actions_that_can_be_granted_are_listed(api: Api) -> None:
    actions = {action["name"]: action for action in api.list("/availableActions:list")}
    assert list(actions) == ["create", "view", "update", "destroy", "importXlsx", "export"]
    assert set(actions["view"]) == {"name", "displayName", "type", "aliases", "allowConfigureFields"}
    assert actions["view"]["aliases"] == ["get", "list", "query"]
    assert actions["update"]["aliases"] == ["update", "move"]
    assert api.root.get("/availableActions:get/view").status_code == 404


# -- in other roles, as the database gets their requests ---------------------------------------------------------------


def test_a_strategy_does_not_let_a_role_change_roles(api: Api) -> None:
    made(api, name="editor", strategy={"actions": "*"}, snippets=["pm.users", "ui.*"])
    for role in ("editor", "member", None):
        act = As(api, role)
        assert act.forbidden("roles", "create", values={"name": "x"})
        assert act.forbidden("roles", "update", "editor", values={"snippets": ["pm.*"]})
        assert act.forbidden("roles", "destroy", "editor")
        assert act.forbidden("roles", "setSystemRoleMode", values={"roleMode": "default"})
        assert act.forbidden("roles", "applyDataPermissions", "editor", values={"resources": [{"name": "posts"}]})


def test_who_manages_roles_does_not_touch_root(api: Api) -> None:
    made(api, name="it", snippets=["pm.acl.roles"])
    act = As(api, "it")
    assert act("roles", "create", values={"name": "x"})["data"]["name"] == "x"
    assert act("roles", "update", "admin", values={"description": "d"})["data"][0]["description"] == "d"
    assert act.forbidden("roles", "update", "root", values={"title": "x"})
    assert act.forbidden("roles", "update", keys=["x", "root"], values={"title": "x"})
    assert act("roles", "destroy", "x") == {"data": 1}
    api.db.execute("update orchestrator.roles set description = null where name = 'admin'")


def test_actions_of_a_deployment_can_be_granted(api: Api) -> None:
    values = {"name": "x", "strategy": {"actions": ["approve:own", "view"]}}
    assert refusal(api.root.post("/roles:create", json=values))[0] == 400
    created = As(api, "root")("roles", "create", values=values, known={"actions": ["approve"]})["data"]
    assert created["strategy"] == values["strategy"]


def test_roles_are_not_written_past_the_handlers(api: Api) -> None:
    assert api.root.post("/users/1/roles:create", json={"name": "x"}).status_code == 404
    assert api.root.post("/roles/member/users:create", json={"username": "x"}).status_code == 404
    assert api.root.post("/rolesUsers:create", json={"userId": 1, "roleName": "member"}).status_code == 404
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        api.db.execute("set role orchestrator_api")
        try:
            api.db.execute("update orchestrator.roles set snippets = '[\"pm.*\"]'")
        finally:
            api.db.execute("reset role")
