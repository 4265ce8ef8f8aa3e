"""Who signs in, who is believed, and in which role."""

from __future__ import annotations

import time

import httpx
import psycopg
import pytest

from api.passwords import hash_password

from .conftest import PASSWORD, Api

_EMPTY = {"message": "Unauthenticated. Please sign in to continue.", "code": "EMPTY_TOKEN"}
_WRONG = {"errors": [{"message": "The username/email or password is incorrect, please re-enter"}]}


def _code(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.json()["errors"][0].get("code")


@pytest.mark.parametrize(
    "values",
    [
        {"account": "root", "password": PASSWORD},
        {"account": "root@example.org", "password": PASSWORD},
        {"email": "root@example.org", "password": PASSWORD},
    ],
)
def test_signs_in_by_username_or_address(api: Api, values: dict[str, str]) -> None:
    response = api.guest.post("/auth:signIn", json=values, headers={"X-Authenticator": "nope"})
    assert response.status_code == 200
    data = response.json()["data"]
    assert set(data) == {"user", "token"}
    assert data["user"]["username"] == "root"
    assert not [name for name in data["user"] if "password" in name.lower() and name != "passwordChangeTz"]


def test_signs_in_with_a_form(api: Api) -> None:
    response = api.guest.post("/auth:signIn", data={"account": "root", "password": PASSWORD})
    assert response.status_code == 200


def test_an_unknown_account_and_a_wrong_password_look_the_same(api: Api) -> None:
    unknown, wrong = api.sign_in("ghost"), api.sign_in("root", "nope")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json()) == (401, _WRONG)
    assert api.guest.post("/auth:signIn", json={"account": "root"}).json() == _WRONG


def test_an_unknown_account_takes_as_long_as_a_wrong_password(api: Api) -> None:
    def fastest(account: str) -> float:
        def once() -> float:
            started = time.perf_counter()
            api.sign_in(account, "nope")
            return time.perf_counter() - started

        return min(once() for _ in range(4))

    api.sign_in("ghost")
    assert 0.5 < fastest("ghost") / fastest("root") < 2


def test_an_account_without_a_password_cannot_sign_in(api: Api) -> None:
    api.db.execute("insert into orchestrator.users (username) values ('machine')")
    assert api.sign_in("machine", "").json() == _WRONG


@pytest.mark.parametrize("values", [{}, [], {"account": ""}, {"account": None}, {"account": 1, "password": "x"}])
def test_an_account_must_be_given(api: Api, values: object) -> None:
    response = api.guest.post("/auth:signIn", json=values)
    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": "Please enter your username or email"}]}


def test_a_username_wins_over_an_address_spelled_the_same(api: Api) -> None:
    api.add_user("both@example.org", "root")
    api.db.execute("insert into orchestrator.users (username, email) values ('other', 'both@example.org')")
    assert api.sign_in("both@example.org").json()["data"]["user"]["username"] == "both@example.org"


def test_check_shows_the_user_with_his_roles(api: Api) -> None:
    response = api.root.get("/auth:check")
    assert response.status_code == 200
    user = response.json()["data"]
    assert (user["id"], user["username"], user["systemSettings"]) == (1, "root", {})
    assert [role["name"] for role in user["roles"]] == ["admin", "member", "root"]
    role = user["roles"][2]
    assert role["rolesUsers"]["userId"] == 1 and role["rolesUsers"]["default"] is True
    assert role["_pivot_"] is None
    assert role["createdAt"].endswith("Z") and len(role["createdAt"]) == len("2026-11-21T01:41:43.866Z")
    assert "password" not in user


def test_a_token_may_come_in_the_query(api: Api) -> None:
    token = api.root.headers["Authorization"].removeprefix("Bearer ")
    assert api.guest.get("/auth:check", params={"token": token}).status_code == 200


@pytest.mark.parametrize("path", ["/auth:check", "/posts:list", "/workflows:list"])
def test_without_a_token_nothing_is_told(api: Api, path: str) -> None:
    response = api.guest.get(path)
    assert (response.status_code, response.json()) == (401, {"errors": [_EMPTY]})


@pytest.mark.parametrize("header", ["Bearer garbage", "Basic cm9vdDpyb290", "garbage"])
def test_other_tokens_are_invalid(api: Api, header: str) -> None:
    response = api.guest.get("/posts:list", headers={"Authorization": header})
    assert _code(response) == (401, "INVALID_TOKEN")
    assert response.json()["errors"][0]["message"] == "Your session has expired. Please sign in again."


def test_the_token_of_a_deleted_user_is_worth_nothing_at_once(api: Api) -> None:
    user_id = api.add_user("gone", "root")
    with api.client("gone") as client:
        assert client.get("/auth:check").status_code == 200
        api.db.execute("delete from orchestrator.users where id = %s", (user_id,))
        time.sleep(0.2)
        assert _code(client.get("/auth:check")) == (401, "NOT_EXIST_USER")


def test_a_changed_password_ends_older_sessions(api: Api) -> None:
    api.db.execute("select orchestrator.ensure_root('second', 'second@example.org', %s)", (hash_password(PASSWORD),))
    with api.client("second") as client:
        assert client.get("/auth:check").status_code == 200
        changed = hash_password("another")
        api.db.execute("select orchestrator.ensure_root('second', 'second@example.org', %s)", (changed,))
        time.sleep(0.2)
        assert _code(client.get("/auth:check")) == (401, "INVALID_TOKEN")
        token = api.sign_in("second", "another").json()["data"]["token"]
        assert client.get("/auth:check", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_same_root_account_again_changes_nothing(api: Api) -> None:
    before = api.db.execute("select * from orchestrator.users where username = 'root'").fetchone()
    (stored,) = api.db.execute("select password from orchestrator.users where username = 'root'").fetchone() or ("",)
    api.db.execute("select orchestrator.ensure_root('root', 'root@example.org', %s)", (stored,))
    assert api.db.execute("select * from orchestrator.users where username = 'root'").fetchone() == before


def test_a_role_must_be_the_users(api: Api) -> None:
    foreign = api.root.get("/auth:check", headers={"X-Role": "nope"})
    assert _code(foreign) == (401, "ROLE_NOT_FOUND_FOR_USER")
    assert api.root.get("/auth:check", headers={"X-Role": "member"}).status_code == 200


def test_who_is_granted_nothing_may_sign_in(api: Api) -> None:
    api.add_user("bob", "member")
    with api.client("bob") as bob:
        assert bob.get("/auth:check").status_code == 200
        for method, path in (("GET", "/posts:list"), ("POST", "/posts:create"), ("GET", "/executions:list")):
            response = bob.request(method, path)
            assert (response.status_code, response.json()) == (403, {"errors": [{"message": "No permissions"}]})
    assert api.root.get("/posts:list", headers={"X-Role": "member"}).status_code == 403
    assert api.root.get("/posts:list", headers={"X-Role": "admin"}).status_code == 200
    assert api.root.get("/posts:list", headers={"X-Role": "root"}).status_code == 200
    assert api.root.get("/posts:list", headers={"X-Role": "__union__"}).status_code == 200


def test_a_user_without_a_role_can_do_nothing(api: Api) -> None:
    api.add_user("nobody")
    with api.client("nobody") as nobody:
        assert _code(nobody.get("/auth:check")) == (401, "USER_HAS_NO_ROLES_ERR")


def test_a_role_taken_away_is_missed_at_once(api: Api) -> None:
    user_id = api.add_user("carol", "root")
    with api.client("carol") as carol:
        assert carol.get("/posts:list").status_code == 200
        api.db.execute("delete from orchestrator.roles_users where user_id = %s", (user_id,))
        time.sleep(0.2)
        assert carol.get("/posts:list").status_code == 401


def test_any_origin_may_sign_in_and_no_cookie_does(api: Api) -> None:
    values = {"account": "root", "password": PASSWORD}
    foreign = {"Origin": "https://elsewhere.example", "Referer": "https://elsewhere.example/x"}
    response = api.guest.post("/auth:signIn", json=values, headers=foreign)
    assert response.status_code == 200 and "Set-Cookie" not in response.headers
    token = response.json()["data"]["token"]
    cookies = {"Cookie": f"nb_auth_token_main={token}; nb_authenticator_main=basic; nb_role_main=root"}
    assert _code(api.guest.get("/auth:check", headers=cookies)) == (401, "EMPTY_TOKEN")
    mine = {"Authorization": f"Bearer {token}", "Cookie": "nb_role_main=nobody"}
    assert api.guest.get("/auth:check", headers=mine).status_code == 200
    assert "Set-Cookie" not in api.guest.post("/auth:signOut", headers=mine).headers


def test_other_actions_of_auth_do_not_exist(api: Api) -> None:
    for path in ("/auth:list", "/auth", "/auth/1", "/auth/1/users:list", "/auth:syncCookies"):
        assert api.guest.get(path).status_code == 404


def test_the_apis_login_reads_neither_hashes_nor_keys(login_dsn: str) -> None:
    with psycopg.connect(login_dsn, autocommit=True) as connection:
        for table in (
            "users",
            "signing_keys",
            "roles_users",
            "workflows",
            "executions",
            "environment",
            "sessions",
            "api_keys",
            "failed_attempts",
            "password_resets",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from orchestrator.{table}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select orchestrator.ensure_root('eve', 'eve@example.org', 'x')")


def test_other_logins_cannot_ask_for_hashes_and_keys(database: str) -> None:
    with psycopg.connect(database, user="writer", autocommit=True) as connection:
        for call in (
            "sign_in_account('root')",
            "token_state(1, '', true)",
            "open_session(1, '', '')",
            "end_session(1, '', true)",
            "app_key()",
            "act('{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select orchestrator.{call}")
