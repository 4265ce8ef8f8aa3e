"""API keys: tokens of programs, with one role, until they are deleted."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import psycopg
import pytest

from orchestrator.cluster import free_port

from .conftest import Api, Serve

_NOT_FOUND = {"errors": [{"message": "Not Found"}]}


@pytest.fixture
def owner(api: Api) -> Iterator[httpx.Client]:
    """A user with two roles, acting as root."""
    name = f"owner_{uuid.uuid4().hex[:8]}"
    api.add_user(name, "root", "member")
    with api.client(name, **{"X-Role": "root"}) as client:
        yield client


def _create(client: httpx.Client, role: str = "root", **values: Any) -> str:
    response = client.post("/apiKeys:create", json={"name": "key", "role": {"name": role}, "expiresIn": "1d", **values})
    assert response.status_code == 200, response.text
    assert set(response.json()["data"]) == {"token"}
    return str(response.json()["data"]["token"])


def _ask(api: Api, key: str, path: str = "/posts:list", **headers: str) -> httpx.Response:
    return api.guest.get(path, headers={"Authorization": f"Bearer {key}", **headers})


def _code(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.json()["errors"][0].get("code")


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_key_signs_its_user_in_by_header_and_by_query(api: Api, owner: httpx.Client) -> None:
    key = _create(owner)
    me = owner.get("/auth:check").json()["data"]["id"]
    assert _ask(api, key, "/auth:check").json()["data"]["id"] == me
    assert api.guest.get("/posts:list", params={"token": key}).status_code == 200
    assert set(_claims(key)) == {"userId", "roleName", "iat", "exp"}


def test_the_keys_role_wins_over_the_header(api: Api, owner: httpx.Client) -> None:
    member, root = _create(owner, "member"), _create(owner, "root")
    for role in ({}, {"X-Role": "root"}):
        assert _ask(api, member, **role).status_code == 403
    assert _ask(api, root, **{"X-Role": "member"}).status_code == 200
    assert _ask(api, root, **{"X-Role": "nope"}).status_code == 200


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [("1d", 86_400), ("2h", 7_200), (90, 90), ("90", 90), ("never", 31_557_600_000)],
)
def test_a_key_lives_as_long_as_was_chosen(owner: httpx.Client, expires_in: Any, seconds: int) -> None:
    claims = _claims(_create(owner, expiresIn=expires_in))
    assert claims["exp"] - int(claims["iat"]) == seconds
    row = owner.get("/apiKeys:list", params={"paginate": "false"}).json()["data"][-1]
    assert (row["expiresAt"] is None) == (expires_in == "never")


def test_a_key_without_a_chosen_end_lives_for_a_day(owner: httpx.Client) -> None:
    response = owner.post("/apiKeys:create", json={"role": {"name": "root"}})
    claims = _claims(response.json()["data"]["token"])
    assert claims["exp"] - int(claims["iat"]) == 86_400


@pytest.mark.parametrize("expires_in", ["", "tomorrow", "-1", 0, "0d", "99999999999y", None, {"d": 1}])
def test_an_end_that_is_none_is_refused(owner: httpx.Client, expires_in: Any) -> None:
    response = owner.post("/apiKeys:create", json={"name": "x", "role": {"name": "root"}, "expiresIn": expires_in})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith('"expiresIn" must be')
    assert owner.get("/apiKeys:list").json()["data"] == []


def test_a_key_that_is_over_ends(api: Api, owner: httpx.Client) -> None:
    key = _create(owner, expiresIn=1)
    assert _ask(api, key).status_code == 200
    time.sleep(2)
    response = _ask(api, key)
    assert _code(response) == (401, "EXPIRED_SESSION") and "x-new-token" not in response.headers


def test_keys_of_one_moment_differ(owner: httpx.Client) -> None:
    assert len({_create(owner) for _ in range(5)}) == 5


@pytest.mark.parametrize("values", [{"name": "x"}, {"name": "x", "role": None}, {"name": "x", "role": {}}])
def test_without_a_role_there_is_no_key(owner: httpx.Client, values: Any) -> None:
    response = owner.post("/apiKeys:create", json=values)
    assert (response.status_code, response.json()) == (200, {})
    assert owner.get("/apiKeys:list").json()["data"] == []


@pytest.mark.parametrize("role", ["ghost", "admin"])
def test_a_role_that_is_not_the_users_is_not_found(owner: httpx.Client, role: str) -> None:
    response = owner.post("/apiKeys:create", json={"name": "x", "role": {"name": role}, "expiresIn": "1d"})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "Role not found"}]})


def test_keys_are_seen_by_their_owner_alone_and_without_their_token(api: Api, owner: httpx.Client) -> None:
    key = _create(owner, name="mine")
    listed = owner.get("/apiKeys:list", params={"appends": "role"}).json()
    assert listed["meta"]["count"] == 1
    (row,) = listed["data"]
    assert (row["name"], row["roleName"], row["expiresIn"], row["role"]["name"]) == ("mine", "root", "1d", "root")
    assert not {"token", "tokenHash", "token_hash"} & set(row) and key not in str(row)
    assert owner.get(f"/apiKeys:get?filterByTk={row['id']}").json()["data"]["id"] == row["id"]
    others = {other["id"] for other in api.root.get("/apiKeys:list", params={"paginate": "false"}).json()["data"]}
    assert row["id"] not in others
    response = api.root.get(f"/apiKeys:get?filterByTk={row['id']}")
    assert (response.status_code, response.json()) == (404, _NOT_FOUND)
    everyone = {"filter": '{"$or": [{"id": {"$gt": 0}}, {"createdById": {"$gt": 0}}]}', "paginate": "false"}
    assert row["id"] not in {other["id"] for other in api.root.get("/apiKeys:list", params=everyone).json()["data"]}


def test_a_deleted_key_is_blocked_at_once_in_every_process(
    api: Api, owner: httpx.Client, login_dsn: str, serve: Serve
) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, session_ttl=60)
    key = _create(owner)
    (row,) = owner.get("/apiKeys:list").json()["data"]
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}/api/", headers={"Authorization": f"Bearer {key}"}, timeout=20
    ) as other:
        assert _ask(api, key).status_code == other.get("/posts:list").status_code == 200
        response = owner.post(f"/apiKeys:destroy?filterByTk={row['id']}")
        assert (response.status_code, response.json()) == (200, {"data": 1})
        assert _code(_ask(api, key)) == (401, "BLOCKED_TOKEN")
        time.sleep(0.2)
        assert _code(other.get("/posts:list")) == (401, "BLOCKED_TOKEN")


def test_nobody_deletes_the_keys_of_others(api: Api, owner: httpx.Client) -> None:
    key = _create(owner)
    (row,) = owner.get("/apiKeys:list").json()["data"]
    response = api.root.post(f"/apiKeys:destroy?filterByTk={row['id']}")
    assert (response.status_code, response.json()) == (404, _NOT_FOUND)
    response = api.root.post("/apiKeys:destroy", params={"filter": '{"id": {"$gt": 0}}'})
    assert response.status_code == 200
    assert api.root.post("/apiKeys:destroy").status_code == 500
    assert _ask(api, key).status_code == 200


def test_keys_are_deleted_all_or_none(api: Api, owner: httpx.Client) -> None:
    key = _create(owner)
    (row,) = owner.get("/apiKeys:list").json()["data"]
    response = owner.post("/apiKeys:destroy", params={"filterByTk": [row["id"], 999_999]})
    assert response.status_code == 404
    assert _ask(api, key).status_code == 200


def test_a_key_makes_no_keys(api: Api, owner: httpx.Client) -> None:
    key = _create(owner)
    response = api.guest.post(
        "/apiKeys:create", json={"name": "x", "role": {"name": "root"}}, headers={"Authorization": f"Bearer {key}"}
    )
    assert (response.status_code, response.json()) == (403, {"errors": [{"message": "No permissions"}]})


def test_a_key_cannot_be_changed(api: Api, owner: httpx.Client) -> None:
    _create(owner)
    (row,) = owner.get("/apiKeys:list").json()["data"]
    assert owner.post(f"/apiKeys:update?filterByTk={row['id']}", json={"roleName": "admin"}).status_code == 404


def test_other_roles_than_root_make_no_keys_yet(owner: httpx.Client) -> None:
    for path in ("/apiKeys:create", "/apiKeys:list", "/apiKeys:destroy?filterByTk=1"):
        assert owner.post(path, json={}, headers={"X-Role": "member"}).status_code == 403


def test_a_key_never_acts_in_another_role(api: Api, owner: httpx.Client) -> None:
    api.db.execute("insert into orchestrator.roles (name) values ('temporary') on conflict do nothing")
    me = owner.get("/auth:check").json()["data"]["id"]
    api.db.execute("insert into orchestrator.roles_users (user_id, role_name) values (%s, 'temporary')", (me,))
    key = _create(owner, "temporary")
    assert _ask(api, key, "/auth:check").status_code == 200
    api.db.execute("delete from orchestrator.roles_users where user_id = %s and role_name = 'temporary'", (me,))
    time.sleep(0.2)
    assert _code(_ask(api, key, "/auth:check")) == (401, "ROLE_NOT_FOUND_FOR_USER")
    api.db.execute("delete from orchestrator.roles where name = 'temporary'")
    time.sleep(0.2)
    assert _code(_ask(api, key, "/auth:check")) == (401, "ROLE_NOT_FOUND_ERR")


def test_keys_end_with_their_user(api: Api) -> None:
    name = f"owner_{uuid.uuid4().hex[:8]}"
    user_id = api.add_user(name, "root")
    with api.client(name) as client:
        key = _create(client)
    api.db.execute("delete from orchestrator.users where id = %s", (user_id,))
    time.sleep(0.2)
    assert _code(_ask(api, key)) == (401, "NOT_EXIST_USER")


def test_another_password_leaves_keys_alone(api: Api) -> None:
    name = f"owner_{uuid.uuid4().hex[:8]}"
    user_id = api.add_user(name, "root")
    with api.client(name) as client:
        key = _create(client)
    api.db.execute("update orchestrator.users set password = 'x' where id = %s", (user_id,))
    time.sleep(0.2)
    assert _ask(api, key).status_code == 200


def test_signing_out_with_a_key_deletes_it(api: Api, owner: httpx.Client) -> None:
    key = _create(owner)
    headers = {"Authorization": f"Bearer {key}"}
    assert api.guest.post("/auth:signOut", headers=headers).status_code == 200
    assert _code(_ask(api, key)) == (401, "BLOCKED_TOKEN")
    assert owner.get("/apiKeys:list").json()["data"] == []


def test_the_token_of_a_key_is_kept_nowhere(api: Api, owner: httpx.Client, login_dsn: str) -> None:
    key = _create(owner)
    rows = api.db.execute("select k::text from orchestrator.api_keys k").fetchall()
    assert rows and not [row for row in rows if key in row[0] or key.encode().hex() in row[0]]
    with psycopg.connect(login_dsn, autocommit=True) as connection:
        columns = connection.execute("select * from orchestrator.api_api_keys limit 0").description or []
    assert not [column.name for column in columns if "hash" in column.name or "token" in column.name]
