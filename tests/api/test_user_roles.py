"""Which roles a user has, set from either side, and which of them acts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .accounts import made, refusal, roles_of, tidy, viewer
from .conftest import Api

#: fixtures
__all__ = ["tidy", "viewer"]


# -- relations ---------------------------------------------------------------------------------------------------------


def test_roles_of_a_user_are_added_removed_set_and_toggled(api: Api, viewer: str) -> None:
    user = made(api, "bob", roles=[])["id"]
    assert api.root.post(f"/users/{user}/roles:add", json=["viewer", "member"]).json() == {}
    assert api.root.post(f"/users/{user}/roles:add?filterByTk=viewer").json() == {}
    assert roles_of(api, user) == ["member", "viewer"]
    assert api.root.post(f"/users/{user}/roles:remove?filterByTks=member").json() == {}
    assert roles_of(api, user) == ["viewer"]
    assert api.root.post(f"/users/{user}/roles:set", json=["admin", {"name": "member"}]).json() == {}
    assert roles_of(api, user) == ["admin", "member"]
    assert api.root.post(f"/users/{user}/roles:toggle?filterByTk=admin").json() == {"data": "ok"}
    assert roles_of(api, user) == ["member"]
    assert api.root.post(f"/users/{user}/roles:set", json=[]).json() == {}
    assert roles_of(api, user) == []


def test_users_of_a_role_are_added_removed_set_and_toggled(api: Api, viewer: str) -> None:
    bob, eve = made(api, "bob")["id"], made(api, "eve")["id"]

    def members() -> list[str]:
        return [user["username"] for user in api.list("/roles/viewer/users", sort="id")]

    assert api.root.post("/roles/viewer/users:add", json=[bob, str(eve)]).json() == {}
    assert members() == ["bob", "eve"]
    assert api.root.post(f"/roles/viewer/users:remove?filterByTk={bob}").json() == {}
    assert members() == ["eve"]
    assert api.root.post("/roles/viewer/users:toggle", json=[bob, eve]).json() == {"data": "ok"}
    assert members() == ["bob"]
    assert api.root.post("/roles/viewer/users:set", json=[eve]).json() == {}
    assert members() == ["eve"]


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("users/1/roles:add", ["viewer", "nosuch"], 400, 'role "nosuch" does not exist'),
        ("users/987/roles:add", ["viewer"], 404, "user does not exist"),
        ("users/x/roles:add", ["viewer"], 404, "user does not exist"),
        ("roles/nosuch/users:add", [1], 404, 'role "nosuch" does not exist'),
        ("roles/viewer/users:add", [1, 987], 400, 'user "987" does not exist'),
        ("roles/viewer/users:add", ["x"], 400, 'user "x" does not exist'),
        ("users/1/roles:set", {}, 400, "null is not the key of a record"),
        ("users/1/roles:add", [True], 400, "true is not the key of a record"),
    ],
)
def test_links_to_nothing_are_refused(api: Api, viewer: str, path: str, body: Any, status: int, message: str) -> None:
    before = roles_of(api, 1)
    assert refusal(api.root.post(path, json=body)) == (status, message)
    assert roles_of(api, 1) == before


def test_users_without_a_role_are_listed(api: Api, viewer: str) -> None:
    made(api, "bob", roles=["viewer"])
    made(api, "eve", roles=["member"])
    made(api, "zoe", roles=[])
    found = api.list("/users:listExcludeRole", roleName="viewer", sort="id")
    assert [user["username"] for user in found] == ["root", "eve", "zoe"]
    response = api.root.get("/users:listExcludeRole?roleName=viewer&pageSize=2")
    assert response.json()["meta"] == {"count": 3, "page": 1, "pageSize": 2, "totalPage": 2}
    assert refusal(api.root.get("/users:listExcludeRole"))[0] == 400


# -- the default role --------------------------------------------------------------------------------------------------


def test_people_choose_which_of_their_roles_acts(api: Api, viewer: str) -> None:
    made(api, "bob", password="bobpass1", roles=["member", "viewer"])
    token = api.sign_in("bob", "bobpass1").json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}

    def chosen(role: Any) -> httpx.Response:
        return api.guest.post("/users:setDefaultRole", json={"roleName": role}, headers=headers)

    def default() -> list[str]:
        roles = api.guest.get("/auth:check", headers=headers).json()["data"]["roles"]
        return [role["name"] for role in roles if role["rolesUsers"]["default"]]

    assert chosen("viewer").json() == {"data": "ok"}
    assert default() == ["viewer"]
    assert chosen("member").json() == {"data": "ok"}
    assert default() == ["member"]
    assert chosen("admin").json() == {"data": "ok"}
    assert chosen("anonymous").json() == {}
    assert default() == ["member"]
    assert refusal(chosen(None)) == (400, '"roleName" must be the name of a role')
    assert api.guest.post("/users:setDefaultRole", json={"roleName": "viewer"}).status_code == 401


def test_all_roles_together_may_be_what_acts(api: Api, viewer: str) -> None:
    made(api, "bob", password="bobpass1", roles=["member", "viewer"])
    token = api.sign_in("bob", "bobpass1").json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}

    def acting(**values: str) -> str:
        if values:
            api.guest.post("/users:setDefaultRole", json=values, headers=headers)
        return str(api.guest.get("/roles:check", headers=headers).json()["data"]["role"])

    api.root.post("/roles:setSystemRoleMode", json={"roleMode": "allow-use-union"})
    assert acting() == "member"
    assert acting(roleName="__union__") == "__union__"
    assert acting(roleName="admin") == "__union__"
    assert acting(roleName="viewer") == "viewer"
    api.root.post("/roles:setSystemRoleMode", json={"roleMode": "only-use-union"})
    assert acting() == "__union__"
    api.root.post("/roles:setSystemRoleMode", json={"roleMode": "default"})
    assert acting() == "viewer"
