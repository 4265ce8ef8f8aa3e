"""Who may manage users, and how far that reaches."""

from __future__ import annotations

import httpx
import pytest

from .accounts import made, manager, refusal, roles_of, ruler, tidy, viewer
from .acting import As
from .conftest import Api

#: fixtures
__all__ = ["manager", "ruler", "tidy", "viewer"]


def test_a_strategy_does_not_let_a_role_change_users(api: Api) -> None:
    user = made(api, "bob")["id"]
    api.create("roles", {"name": "editor", "strategy": {"actions": ["create", "update", "destroy"]}})
    for role in ("editor", "member", "nosuch", None):
        act = As(api, role)
        assert act.forbidden("users", "create", values={"username": "x"})
        assert act.forbidden("users", "update", user, values={"nickname": "x"})
        assert act.forbidden("users", "destroy", user)
        assert act.forbidden("users.roles", "add", sourceId=str(user), values=["member"])
        assert act.forbidden("users", "createResetToken", user, values={})


def test_who_manages_users_gives_ordinary_roles(api: Api, manager: As, viewer: str) -> None:
    user = manager("users", "create", values={"username": "bob", "roles": ["viewer"]})["data"]
    manager("users.roles", "add", sourceId=str(user["id"]), values=["member"])
    manager("users", "update", user["id"], values={"nickname": "B"}, passwords=["hash"])
    assert roles_of(api, user["id"]) == ["member", "viewer"]
    assert manager("users", "destroy", user["id"]) == {"data": 1}


@pytest.mark.parametrize("role", ["root", "admin"])
def test_nobody_gives_or_takes_a_role_with_more_power(api: Api, manager: As, ruler: As, role: str) -> None:
    user, holder = made(api, "bob")["id"], made(api, "eve", roles=[role])["id"]
    weaker = (manager, ruler) if role == "root" else (manager,)
    for act in weaker:
        assert act.forbidden("users", "create", values={"username": "x", "roles": [role]})
        assert act.forbidden("users", "update", user, values={"roles": [role]})
        assert act.forbidden("users.roles", "add", sourceId=str(user), values=[role])
        assert act.forbidden("users.roles", "toggle", sourceId=str(user), values=[role])
        assert act.forbidden("users.roles", "set", sourceId=str(holder), values=[])
        assert act.forbidden("users.roles", "remove", sourceId=str(holder), values=[role])
    assert ruler.forbidden("roles.users", "add", sourceId="root", values=[user])
    assert ruler.forbidden("roles.users", "set", sourceId="root", values=[])
    assert roles_of(api, user) == ["member"]
    assert roles_of(api, holder) == [role]


def test_newcomers_are_made_by_who_could_give_them_their_role(api: Api, manager: As, ruler: As) -> None:
    api.root.post("/roles:update?filterByTk=admin", json={"default": True})
    try:
        assert manager.forbidden("users", "create", values={"username": "ladder"})
        assert manager.forbidden("users", "create", values=[{"username": "ladder"}])
        assert manager("users", "create", values={"username": "plain", "roles": []})["data"]
        user = ruler("users", "create", values={"username": "ladder"})["data"]
    finally:
        api.root.post("/roles:update?filterByTk=member", json={"default": True})
    assert roles_of(api, user["id"]) == ["admin"]


@pytest.mark.parametrize("role", ["root", "admin"])
def test_nobody_changes_a_user_with_more_power(api: Api, manager: As, ruler: As, role: str) -> None:
    holder = made(api, "eve", roles=[role, "member"])["id"]
    for act in (manager, ruler) if role == "root" else (manager,):
        assert act.forbidden("users", "update", holder, values={}, passwords=["hash"])
        assert act.forbidden("users", "update", holder, values={"email": "mine@example.org"})
        assert act.forbidden("users", "destroy", holder)
        assert act.forbidden("users", "destroy", keys=[holder])
        assert act.forbidden("users", "createResetToken", holder, values={"hash": "00", "expiresAt": 1})
        assert act.forbidden("users.roles", "remove", sourceId=str(holder), values=["member"])
    assert roles_of(api, holder) == sorted([role, "member"])


def test_who_manages_roles_reaches_all_but_root(api: Api, ruler: As) -> None:
    holder = made(api, "eve", roles=["admin"])["id"]
    ruler("users", "update", holder, values={"nickname": "E"})
    ruler("users.roles", "remove", sourceId=str(holder), values=["admin"])
    assert roles_of(api, holder) == []


def test_all_roles_together_reach_as_far_as_one_of_them(api: Api, manager: As, ruler: As) -> None:
    both = made(api, "both", roles=["hr", "it"])["id"]
    holder = made(api, "eve", roles=["admin"])["id"]
    assert As(api, "__union__", both)("users", "update", holder, values={"nickname": "E"})["data"]
    plain = made(api, "plain", roles=["hr"])["id"]
    assert As(api, "__union__", plain).forbidden("users", "update", holder, values={"nickname": "F"})


def test_a_reset_token_is_for_those_within_reach(api: Api) -> None:
    user = made(api, "bob", password="bobpass1")
    data = api.root.post(f"/users:createResetToken?filterByTk={user['id']}").json()["data"]
    assert data["resetToken"]
    assert refusal(api.root.post("/users:createResetToken?filterByTk=98765")) == (404, "User not found")


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def acting_as(api: Api, role: str) -> httpx.Client:
    api.add_user(f"one-{role}", role)
    return api.client(f"one-{role}")


def test_a_snippet_lets_a_role_manage_users(api: Api, manager: As, viewer: str) -> None:
    with acting_as(api, "hr") as client:
        user = client.post("/users:create", json={"username": "bob", "password": "p", "roles": ["viewer"]}).json()[
            "data"
        ]
        assert client.post(f"/users:update?filterByTk={user['id']}", json={"nickname": "B"}).status_code == 200
        found = client.post('/users:update?filter={"username":"bob"}', json={"nickname": "Bo"}).json()["data"]
        assert [each["nickname"] for each in found] == ["Bo"]
        assert client.post('/users:update?filter={"roles.name":"root"}', json={"nickname": "x"}).status_code == 403
        assert client.post(f"/users/{user['id']}/roles:add", json=["member"]).json() == {}
        assert client.post(f"/users/{user['id']}/roles:add", json=["root"]).status_code == 403
        assert client.post("/users:update?filterByTk=1", json={"password": "mine"}).status_code == 403
        assert client.post("/roles/viewer/users:add", json=[1]).status_code == 403
        assert client.post("/roles:create", json={"name": "x"}).status_code == 403
        assert client.post("/roles:update?filterByTk=hr", json={"snippets": ["pm.*"]}).status_code == 403
    assert api.sign_in("bob", "p").status_code == 200
    assert api.sign_in("root").status_code == 200


def test_no_strategy_lets_a_role_manage_users(api: Api) -> None:
    user = made(api, "bob")
    api.create("roles", {"name": "editor", "strategy": {"actions": "*"}})
    with acting_as(api, "editor") as client:
        before = api.list("/users:list", sort="id")
        for path in (
            "/users:create",
            f"/users:update?filterByTk={user['id']}",
            f"/users:destroy?filterByTk={user['id']}",
            f"/users/{user['id']}/roles:add?filterByTk=member",
            f"/users/{user['id']}/roles:set?filterByTk=root",
            f"/roles/root/users:add?filterByTk={user['id']}",
            "/roles:create",
            "/roles:update?filterByTk=editor",
            "/roles:destroy?filterByTk=admin",
            "/roles:setSystemRoleMode",
            "/roles:applyDataPermissions?filterByTk=editor",
            "/roles/editor/resources:create",
            "/dataSources/main/roles:update?filterByTk=editor",
            "/dataSourcesRolesResourcesScopes:create",
        ):
            response = client.post(path, json={"username": "x", "snippets": ["pm.*"], "strategy": {"actions": "*"}})
            assert refusal(response) == (403, "No permissions"), path
        assert client.get("/availableActions:list").status_code == 403
        assert api.list("/users:list", sort="id") == before


def test_a_changed_role_counts_at_the_next_request(api: Api) -> None:
    api.create("roles", {"name": "hr", "snippets": []})
    with acting_as(api, "hr") as client:
        for snippets, status in (([], 403), (["pm.users"], 200), (["pm.*", "!pm.users"], 403), (["pm.*"], 200)):
            api.root.post("/roles:update?filterByTk=hr", json={"snippets": snippets})
            assert client.get("/users:listExcludeRole?roleName=root").status_code == status
