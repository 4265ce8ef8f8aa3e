"""What administrators allow people: authenticators, and how long tokens live."""

from __future__ import annotations

from typing import Any

import httpx
import jwt
import psycopg
import pytest

from .conftest import Api
from .signed_in import basic, message_of, name, user

#: fixtures
__all__ = ["basic", "name", "user"]


# authenticators


def test_anybody_sees_the_public_side_of_enabled_authenticators(api: Api, basic: Any) -> None:
    basic(public={"allowSignUp": True}, internal="not for everybody")
    assert api.guest.get("/authenticators:publicList").json() == {
        "data": [
            {
                "name": "basic",
                "authType": "Email/Password",
                "authTypeTitle": "Password",
                "title": None,
                "options": {"allowSignUp": True},
            }
        ]
    }


def test_administrators_create_change_and_delete_authenticators(api: Api) -> None:
    created = api.create("authenticators", {"name": "staff", "authType": "Email/Password", "enabled": True})
    assert (created["name"], created["enabled"], created["options"]) == ("staff", True, {})
    path = f"filterByTk={created['id']}"
    (changed,) = api.root.post(f"/authenticators:update?{path}", json={"title": "Staff", "enabled": False}).json()[
        "data"
    ]
    assert (changed["name"], changed["title"], changed["enabled"]) == ("staff", "Staff", False)
    assert [row["name"] for row in api.guest.get("/authenticators:publicList").json()["data"]] == ["basic"]
    assert {row["name"] for row in api.list("/authenticators:list")} == {"basic", "staff"}
    assert api.root.get(f"/authenticators:get?{path}").json()["data"] == changed
    assert api.root.post(f"/authenticators:destroy?{path}").json() == {"data": 1}
    assert api.root.post(f"/authenticators:destroy?{path}").status_code == 404
    assert api.list("/authenticators:listTypes") == [{"name": "Email/Password", "title": "Password"}]


def test_the_last_enabled_authenticator_stays(api: Api) -> None:
    (basic,) = api.list("/authenticators:list")
    for call in (
        api.root.post(f"/authenticators:destroy?filterByTk={basic['id']}"),
        api.root.post(f"/authenticators:update?filterByTk={basic['id']}", json={"enabled": False}),
    ):
        assert message_of(call) == (400, "one authenticator has to stay enabled")
    with pytest.raises(psycopg.errors.Error, match="has to stay enabled"):
        api.db.execute("update orchestrator.authenticators set enabled = false")
    assert api.list("/authenticators:list") == [basic]


@pytest.mark.parametrize(
    "values",
    [{"name": "basic"}, {"authType": "OIDC"}, {"options": []}, {"enabled": "yes"}, [], {"name": "x", "options": "y"}],
)
def test_authenticators_that_cannot_be_are_refused(api: Api, values: Any) -> None:
    assert api.root.post("/authenticators:create", json=values).status_code == 400
    assert len(api.list("/authenticators:list")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/authenticators:list",
        "/authenticators:listTypes",
        "/authenticators:create",
        "/authenticators:update?filterByTk=1",
        "/authenticators:destroy?filterByTk=1",
        "/tokenControlConfig:get",
        "/tokenControlConfig:update",
        "/users:updateSystemSettings",
        "/users:createResetToken?filterByTk=1",
    ],
)
def test_only_root_administers(api: Api, user: httpx.Client, path: str) -> None:
    assert (user.post(path, json={}).status_code, api.guest.post(path, json={}).status_code) == (403, 401)


# how long tokens live


def test_new_tokens_follow_the_policy_at_once(api: Api, name: str) -> None:
    def lifetime() -> int:
        claims = jwt.decode(api.sign_in(name).json()["data"]["token"], options={"verify_signature": False})
        return int(claims["exp"] - claims["iat"])

    before = api.root.get("/tokenControlConfig:get?filterByTk=token-policy-config").json()["data"]
    assert before == {
        "key": "token-policy-config",
        "config": {"tokenExpirationTime": "1d", "sessionExpirationTime": "7d", "expiredTokenRenewLimit": "1d"},
    }
    assert lifetime() == 86_400
    try:
        path = "/tokenControlConfig:update?filterByTk=token-policy-config"
        (changed,) = api.root.post(path, json={"config": {"tokenExpirationTime": "30m"}}).json()["data"]
        assert changed["config"] == before["config"] | {"tokenExpirationTime": "30m"}
        assert lifetime() == 1800
        api.root.post(path, json={"config": {"sessionExpirationTime": 600}})
        assert 599 <= lifetime() <= 600
    finally:
        api.root.post(path, json={"config": before["config"]})
    assert lifetime() == 86_400


@pytest.mark.parametrize(
    "config",
    [{"tokenExpirationTime": "soon"}, {"tokenExpirationTime": "0"}, {"tokenExpirationTime": None}, {"nope": "1d"}, []],
)
def test_a_policy_that_cannot_be_is_refused(api: Api, config: Any) -> None:
    assert api.root.post("/tokenControlConfig:update", json={"config": config}).status_code == 400
    assert api.root.get("/tokenControlConfig:get").json()["data"]["config"]["tokenExpirationTime"] == "1d"


def test_a_policy_that_was_broken_in_sql_has_its_defaults(api: Api, name: str) -> None:
    query = "update orchestrator.identity_settings set config = %s where key = 'token-policy-config'"
    before = api.root.get("/tokenControlConfig:get").json()["data"]["config"]
    api.db.execute(query, ('{"tokenExpirationTime": "x"}',))
    try:
        claims = jwt.decode(api.sign_in(name).json()["data"]["token"], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == 86_400
    finally:
        api.db.execute(query, (psycopg.types.json.Jsonb(before),))
