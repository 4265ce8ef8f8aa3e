"""users: created, changed, deleted over HTTP, with their roles; passwords are taken and never shown."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .accounts import made, refusal, roles_of, tidy, viewer
from .conftest import PASSWORD, Api

#: fixtures
__all__ = ["tidy", "viewer"]


# -- create ------------------------------------------------------------------------------------------------------------


def test_a_user_is_created_and_signs_in(api: Api) -> None:
    user = made(api, "bob", nickname="Bob", email="bob@example.org", password="bobpass1")
    assert "password" not in user
    assert (user["username"], user["nickname"], user["email"]) == ("bob", "Bob", "bob@example.org")
    assert (user["createdById"], user["systemSettings"], user["passwordChangeTz"]) == (1, {}, None)
    assert api.sign_in("bob", "bobpass1").status_code == 200
    assert api.sign_in("bob", PASSWORD).status_code == 401


def test_the_password_is_kept_as_an_argon2_hash(api: Api) -> None:
    made(api, "bob", password="bobpass1")
    (stored,) = api.db.execute("select password from orchestrator.users where username = 'bob'").fetchone() or ("",)
    assert stored.startswith("$argon2id$")


def test_roles_come_back_in_the_order_given(api: Api, viewer: str) -> None:
    user = made(api, "bob", roles=["viewer", {"name": "admin"}])
    assert [role["name"] for role in user["roles"]] == ["viewer", "admin"]
    assert user["roles"][0]["snippets"] == ["!pm", "!pm.*", "!ui.*"]
    assert roles_of(api, user["id"]) == ["admin", "viewer"]


def test_who_is_given_no_roles_gets_that_of_newcomers(api: Api) -> None:
    user = made(api, "bob")
    assert "roles" not in user
    assert roles_of(api, user["id"]) == ["member"]
    assert roles_of(api, made(api, "eve", roles=[])["id"]) == []


def test_a_list_creates_all_or_none(api: Api) -> None:
    response = api.root.post("/users:create", json=[{"username": "a", "password": "p1"}, {"username": "b"}])
    assert [user["username"] for user in response.json()["data"]] == ["a", "b"]
    assert api.sign_in("a", "p1").status_code == 200
    response = api.root.post("/users:create", json=[{"username": "c"}, {"username": "a"}])
    assert refusal(response) == (400, "Username already exists")
    assert api.list("/users:list", filter=json.dumps({"username": "c"})) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"username": "root"}, "Username already exists"),
        ({"username": "bob", "email": "root@example.org"}, "Email already exists"),
        ({"username": "b@b"}, "Please enter a valid username"),
        ({"username": "bob", "email": "nowhere"}, "Please enter a valid email"),
        ({"username": "bob", "password": ""}, "Please enter a password"),
        ({"username": "bob", "password": 12345}, "Please enter a password"),
        ({"username": "bob", "nickname": 1}, '"nickname" must be a text'),
        ({"username": "bob", "systemSettings": "x"}, '"systemSettings" must be of type object'),
        ({"username": "bob", "roles": ["nosuch"]}, 'role "nosuch" does not exist'),
        ({"username": "bob", "roles": [None]}, "null is not the key of a record"),
        ({"username": "bob", "roles": "viewer"}, '"roles" must be an array'),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(api: Api, values: dict[str, Any], message: str) -> None:
    assert refusal(api.root.post("/users:create", json=values)) == (400, message)
    assert api.list("/users:list", filter=json.dumps({"username": values["username"], "id": {"$ne": 1}})) == []


# -- update ------------------------------------------------------------------------------------------------------------


def test_an_update_answers_with_a_list(api: Api) -> None:
    user = made(api, "bob", nickname="Bob")
    (changed,) = api.root.post(f"/users:update?filterByTk={user['id']}", json={"nickname": "B.", "id": 99}).json()[
        "data"
    ]
    assert (changed["id"], changed["nickname"], changed["username"]) == (user["id"], "B.", "bob")
    assert api.root.post("/users:update?filterByTk=987654", json={"nickname": "x"}).json() == {"data": []}


def test_several_are_changed_by_a_filter(api: Api) -> None:
    made(api, "bob")
    made(api, "eve")
    filter_ = json.dumps({"username.$in": ["bob", "eve"]})
    response = api.root.post("/users:update", params={"filter": filter_}, json={"appLang": "de-DE"})
    assert [user["appLang"] for user in response.json()["data"]] == ["de-DE", "de-DE"]


def test_another_password_ends_sessions(api: Api) -> None:
    user = made(api, "bob", password="bobpass1")
    token = api.sign_in("bob", "bobpass1").json()["data"]["token"]
    bob = httpx.Client(base_url=api.guest.base_url, headers={"Authorization": f"Bearer {token}"})
    with bob:
        assert bob.get("/auth:check").status_code == 200
        response = api.root.post(f"/users:update?filterByTk={user['id']}", json={"password": "bobpass2"})
        assert "password" not in response.json()["data"][0]
        assert bob.get("/auth:check").status_code == 401
    assert api.sign_in("bob", "bobpass1").status_code == 401
    assert api.sign_in("bob", "bobpass2").status_code == 200


def test_no_password_leaves_it(api: Api) -> None:
    user = made(api, "bob", password="bobpass1")
    api.root.post(f"/users:update?filterByTk={user['id']}", json={"nickname": "B", "password": None})
    assert api.sign_in("bob", "bobpass1").status_code == 200


def test_roles_are_replaced_as_a_whole(api: Api, viewer: str) -> None:
    user = made(api, "bob", roles=["viewer", "member"])
    (changed,) = api.root.post(f"/users:update?filterByTk={user['id']}", json={"roles": ["admin"]}).json()["data"]
    assert [role["name"] for role in changed["roles"]] == ["admin"]
    assert roles_of(api, user["id"]) == ["admin"]


def test_a_role_taken_is_gone_at_the_next_request(api: Api, viewer: str) -> None:
    user = made(api, "bob", password="bobpass1", roles=["viewer", "member"])
    token = api.sign_in("bob", "bobpass1").json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}", "X-Role": "viewer"}
    assert api.guest.get("/auth:check", headers=headers).status_code == 200
    api.root.post(f"/users/{user['id']}/roles:remove", json=["viewer"])
    assert api.guest.get("/auth:check", headers=headers).status_code == 401


def test_neither_update_nor_destroy_does_without_a_filter(api: Api) -> None:
    for action in ("update", "destroy"):
        response = api.root.post(f"/users:{action}", json={"nickname": "all"})
        assert refusal(response) == (500, f"to do {action} action, filter or filterByTk is required")


def test_names_that_are_taken_are_refused(api: Api) -> None:
    user = made(api, "bob")
    response = api.root.post(f"/users:update?filterByTk={user['id']}", json={"username": "root", "nickname": "x"})
    assert refusal(response) == (400, "Username already exists")
    assert api.root.get(f"/users:get/{user['id']}").json()["data"]["nickname"] is None


# -- destroy -----------------------------------------------------------------------------------------------------------


def test_users_are_deleted_with_their_sessions(api: Api) -> None:
    user = made(api, "bob", password="bobpass1")
    token = api.sign_in("bob", "bobpass1").json()["data"]["token"]
    assert api.root.post(f"/users:destroy?filterByTk={user['id']}").json() == {"data": 1}
    headers = {"Authorization": f"Bearer {token}"}
    assert api.guest.get("/auth:check", headers=headers).status_code == 401


def test_the_first_user_stays(api: Api) -> None:
    user = made(api, "bob")
    assert refusal(api.root.post("/users:destroy?filterByTk=1")) == (403, "No permissions")
    response = api.root.post(f"/users:destroy?filterByTk[]=1&filterByTk[]={user['id']}")
    assert refusal(response) == (403, "No permissions")
    response = api.root.post("/users:destroy", params={"filter": json.dumps({"id.$gt": 0})})
    assert response.json() == {"data": 1}
    assert [found["id"] for found in api.list("/users:list")] == [1]


def test_the_last_one_with_the_role_root_keeps_it(api: Api) -> None:
    response = api.root.post("/users/1/roles:remove", json=["root"])
    assert refusal(response) == (403, "one user has to keep the role root")
    assert refusal(api.root.post("/users:update?filterByTk=1", json={"roles": ["member"]}))[0] == 403
    assert "root" in roles_of(api, 1)


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_a_password_is_neither_shown_nor_asked_for(api: Api) -> None:
    made(api, "bob", password="bobpass1")
    assert all("password" not in user for user in api.list("/users:list", appends="roles"))
    for params in ({"fields": "password"}, {"filter": '{"password.$ne":"x"}'}, {"sort": "password"}):
        assert api.root.get("/users:list", params=params).status_code == 400
    assert api.root.get("/roles/member/users", params={"fields": "password"}).status_code == 400


def test_a_database_login_is_not_set_over_http(api: Api) -> None:
    made(api, "bob", dbRole="postgres", db_role="postgres")
    assert api.db.execute("select db_role from orchestrator.users where username = 'bob'").fetchone() == (None,)


def test_a_hash_in_the_body_is_a_password_like_any_other(api: Api) -> None:
    (stored,) = api.db.execute("select password from orchestrator.users where id = 1").fetchone() or ("",)
    made(api, "bob", password=stored)
    assert api.sign_in("bob", PASSWORD).status_code == 401
    assert api.sign_in("bob", stored).status_code == 200
