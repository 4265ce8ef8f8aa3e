"""users: created, changed, deleted over HTTP, with their roles; passwords are taken and never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .acting import As
from .conftest import PASSWORD, Api


def made(api: Api, username: str, **values: Any) -> dict[str, Any]:
    response = api.root.post("/users:create", json={"username": username, **values})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


def roles_of(api: Api, user_id: int) -> list[str]:
    return sorted(role["name"] for role in api.list(f"/users/{user_id}/roles"))


@pytest.fixture(autouse=True)
def tidy(api: Api) -> Iterator[None]:
    yield
    api.db.execute("delete from orchestrator.users where id <> 1")
    api.db.execute("delete from orchestrator.roles where name not in ('root', 'admin', 'member')")
    api.db.execute("""update orchestrator.roles set "default" = name = 'member'""")


@pytest.fixture
def viewer(api: Api) -> str:
    assert api.root.post("/roles:create", json={"name": "viewer"}).status_code == 200
    return "viewer"


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


# -- what no role but root may do --------------------------------------------------------------------------------------


@pytest.fixture
def manager(api: Api) -> As:
    """Who manages users, and not roles."""
    api.create("roles", {"name": "hr", "snippets": ["pm.users"]})
    return As(api, "hr")


@pytest.fixture
def ruler(api: Api) -> As:
    """Who manages users and roles."""
    api.create("roles", {"name": "it", "snippets": ["pm.users", "pm.acl.roles"]})
    return As(api, "it")


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
