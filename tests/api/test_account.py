"""What people do about their own account."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest

from .conftest import PASSWORD, Api
from .signed_in import basic, message_of, name, new_name, user

#: fixtures
__all__ = ["basic", "name", "user"]

_FORBIDDEN = {"errors": [{"message": "No permissions"}]}


# signing up


def _sign_up(api: Api, **values: Any) -> httpx.Response:
    return api.guest.post("/auth:signUp", json={"password": PASSWORD, "confirm_password": PASSWORD, **values})


def test_nobody_signs_up_unless_that_is_allowed(api: Api) -> None:
    assert message_of(_sign_up(api, username=new_name())) == (403, "Not allowed to sign up")


def test_who_signs_up_can_sign_in_with_the_roles_of_newcomers(api: Api, basic: Any) -> None:
    basic(public={"allowSignUp": True})
    name = new_name("new")
    response = _sign_up(api, username=name, roles=["root"], id=1, nickname="not asked for")
    assert (response.status_code, response.json()) == (200, {})
    with api.client(name) as client:
        user = client.get("/auth:check").json()["data"]
        assert [role["name"] for role in user["roles"]] == ["member"]
        assert (user["username"], user["nickname"]) == (name, None)
        assert client.get("/posts:list").json() == _FORBIDDEN


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "Please enter a valid username"),
        ({"username": ""}, "Please enter a valid username"),
        ({"username": "a@b"}, "Please enter a valid username"),
        ({"username": "a b"}, "Please enter a valid username"),
        ({"username": "x" * 51}, "Please enter a valid username"),
        ({"username": "fine", "password": ""}, "Please enter a password"),
        ({"username": "fine", "password": None}, "Please enter a password"),
        ({"username": "fine", "confirm_password": "other"}, "The password is inconsistent, please re-enter"),
        ({"username": "root"}, "Username already exists"),
    ],
)
def test_what_is_missing_or_taken_is_said(api: Api, basic: Any, values: dict[str, Any], message: str) -> None:
    basic(public={"allowSignUp": True})
    assert message_of(_sign_up(api, **values)) == (400, message)


def test_the_form_says_what_is_asked_for(api: Api, basic: Any) -> None:
    form = [
        {"field": "username", "show": True, "required": True},
        {"field": "email", "show": True, "required": True},
        {"field": "phone", "show": False, "required": True},
    ]
    basic(public={"allowSignUp": True, "signupForm": form})
    name = new_name("new")
    assert message_of(_sign_up(api, username=name)) == (400, "Please enter Email")
    assert message_of(_sign_up(api, username=name, email="nope")) == (400, "Please enter a valid email")
    assert message_of(_sign_up(api, username=name, email="root@example.org")) == (400, "Email already exists")
    assert _sign_up(api, username=name, email=f"{name}@example.org").status_code == 200
    assert api.sign_in(f"{name}@example.org").status_code == 200


def test_one_name_is_given_once_to_those_who_ask_at_once(api: Api, basic: Any) -> None:
    basic(public={"allowSignUp": True})
    name = new_name("race")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: _sign_up(api, username=name).status_code, range(4)))
    assert sorted(statuses) == [200, 400, 400, 400]


# passwords


def _change(client: httpx.Client, old: str = PASSWORD, new: str = "another", again: str = "another") -> httpx.Response:
    return client.post("/auth:changePassword", json={"oldPassword": old, "newPassword": new, "confirmPassword": again})


def test_a_changed_password_counts_and_ends_the_session(api: Api, name: str, user: httpx.Client) -> None:
    response = _change(user)
    assert response.status_code == 200
    data = response.json()["data"]
    assert data["username"] == name and data["passwordChangeTz"] > 0 and "password" not in data
    ended = user.get("/auth:check")
    assert (ended.status_code, ended.json()["errors"][0]["code"]) == (401, "INVALID_TOKEN")
    assert api.sign_in(name).status_code == 401
    assert api.sign_in(name, "another").status_code == 200


def test_a_password_is_changed_by_who_knows_it(user: httpx.Client) -> None:
    assert message_of(_change(user, again="x")) == (400, "The password is inconsistent, please re-enter")
    assert message_of(_change(user, new="", again="")) == (400, "Please enter a password")
    response = _change(user, old="nope")
    assert message_of(response) == (401, "The password is incorrect, please re-enter")
    assert "code" not in response.json()["errors"][0]
    assert user.get("/auth:check").status_code == 200


def test_a_stolen_session_does_not_try_passwords_for_long(user: httpx.Client) -> None:
    statuses = [_change(user, old=f"guess {n}").status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    assert _change(user).status_code == 429


def test_changing_passwords_and_profiles_can_be_switched_off(api: Api, user: httpx.Client) -> None:
    off = {"enableChangePassword": False, "enableEditProfile": False}
    assert api.root.post("/users:updateSystemSettings", json=off).json() == {"data": off}
    try:
        assert user.get("/users:getSystemSettings").json() == {"data": off}
        assert _change(user).status_code == 403
        assert user.post("/users:updateProfile", json={"nickname": "x"}).status_code == 403
    finally:
        api.root.post("/users:updateSystemSettings", json=dict.fromkeys(off, True))
    assert user.post("/users:updateProfile", json={"nickname": "x"}).status_code == 200


@pytest.mark.parametrize("values", [{"enableEditProfile": "yes"}, {"nope": True}, {"tokenExpirationTime": "1d"}])
def test_settings_that_are_none_are_refused(api: Api, values: dict[str, Any]) -> None:
    before = api.root.get("/users:getSystemSettings").json()
    assert api.root.post("/users:updateSystemSettings", json=values).status_code == 400
    assert api.root.get("/users:getSystemSettings").json() == before


# lost passwords


def _reset_token(api: Api, name: str) -> str:
    (user_id,) = api.db.execute("select id from orchestrator.users where username = %s", (name,)).fetchone() or (0,)
    response = api.root.post(f"/users:createResetToken?filterByTk={user_id}")
    assert response.status_code == 200
    return str(response.json()["data"]["resetToken"])


def _reset(api: Api, token: Any, password: str = "another", again: str = "another") -> httpx.Response:
    return api.guest.post(
        "/auth:resetPassword", json={"resetToken": token, "password": password, "confirmPassword": again}
    )


def test_a_reset_token_sets_a_password_once(api: Api, name: str, user: httpx.Client) -> None:
    token = _reset_token(api, name)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"resetPasswordUserId", "exp"}
    assert 3500 < claims["exp"] - time.time() <= 3600
    assert api.guest.post("/auth:checkResetToken", json={"resetToken": token}).json() == {"data": True}
    assert message_of(_reset(api, token, again="x")) == (400, "The password is inconsistent, please re-enter")
    response = _reset(api, token)
    assert (response.status_code, response.content) == (204, b"")
    assert user.get("/auth:check").status_code == 401
    assert api.sign_in(name, "another").status_code == 200
    assert message_of(_reset(api, token, "third", "third")) == (401, "Token expired")
    response = api.guest.post("/auth:checkResetToken", json={"resetToken": token})
    assert message_of(response) == (401, "Token expired")


def test_two_who_use_a_reset_token_at_once_are_one(api: Api, name: str) -> None:
    token = _reset_token(api, name)
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda n: _reset(api, token, f"p{n}", f"p{n}").status_code, range(4)))
    assert sorted(statuses) == [204, 401, 401, 401]


def test_a_reset_token_ends_with_its_hour_its_successor_and_a_change(api: Api, name: str) -> None:
    first = _reset_token(api, name)
    time.sleep(1)
    second = _reset_token(api, name)
    assert message_of(_reset(api, first)) == (401, "Token expired")
    api.db.execute("update orchestrator.users set password = 'x' where username = %s", (name,))
    assert message_of(_reset(api, second)) == (401, "Token expired")
    time.sleep(1)
    third = _reset_token(api, name)
    api.db.execute("update orchestrator.password_resets set expires_at = now()")
    assert message_of(_reset(api, third)) == (401, "Token expired")


@pytest.mark.parametrize("token", [None, "", "garbage", 1, {"a": 1}])
def test_no_reset_token_is_no_reset(api: Api, token: Any) -> None:
    assert message_of(_reset(api, token)) == (401, "Token expired")


def test_a_session_is_no_reset_token_and_the_other_way_round(api: Api, name: str, user: httpx.Client) -> None:
    session = user.headers["Authorization"].removeprefix("Bearer ")
    assert message_of(_reset(api, session)) == (401, "Token expired")
    headers = {"Authorization": f"Bearer {_reset_token(api, name)}"}
    assert api.guest.get("/auth:check", headers=headers).json()["errors"][0]["code"] == "INVALID_TOKEN"


def test_reset_tokens_are_made_by_root_for_those_who_exist(api: Api, user: httpx.Client) -> None:
    assert user.post("/users:createResetToken?filterByTk=1").json() == _FORBIDDEN
    assert message_of(api.root.post("/users:createResetToken?filterByTk=999999")) == (404, "User not found")
    for key in ("", "?filterByTk=x", "?filterByTk=99999999999999999999"):
        assert api.root.post(f"/users:createResetToken{key}").status_code == 404


def test_a_lost_password_tells_nothing_of_who_has_an_account(api: Api, basic: Any) -> None:
    known, unknown = {"email": "root@example.org"}, {"email": "ghost@example.org"}
    assert message_of(api.guest.post("/auth:lostPassword", json=known)) == (403, "Not allowed to reset password")
    basic(enableResetPassword=True)
    assert message_of(api.guest.post("/auth:lostPassword", json={})) == (400, "Please enter a valid email")
    replies = [api.guest.post("/auth:lostPassword", json=values) for values in (known, unknown)]
    assert replies[0].status_code == 400
    assert replies[0].content == replies[1].content


# profiles


def test_people_change_their_profile_and_nothing_else(api: Api, name: str, user: httpx.Client) -> None:
    before = user.get("/auth:check").json()["data"]
    values = {
        "nickname": "Nick",
        "phone": "123",
        "email": f"{name}@example.org",
        "id": 1,
        "password": "x",
        "roles": ["root"],
        "systemSettings": {"a": 1},
    }
    response = user.post("/users:updateProfile", json=values)
    assert response.status_code == 200
    after = response.json()["data"]
    assert (after["nickname"], after["phone"], after["email"]) == ("Nick", "123", f"{name}@example.org")
    assert (after["id"], after["username"], after["systemSettings"]) == (before["id"], name, {})
    checked = user.get("/auth:check").json()["data"]
    assert checked["nickname"] == "Nick" and [role["name"] for role in checked["roles"]] == ["member"]
    assert api.sign_in(name).status_code == 200
    user.post("/users:updateProfile", json={"email": "", "phone": None})
    assert user.get("/auth:check").json()["data"]["email"] is user.get("/auth:check").json()["data"]["phone"] is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"username": "root"}, "Username already exists"),
        ({"email": "root@example.org"}, "Email already exists"),
        ({"username": "root@example.org"}, "Please enter a valid username"),
        ({"username": ""}, "Please enter a valid username"),
        ({"email": "nope"}, "Please enter a valid email"),
        ({"nickname": {"a": 1}}, '"nickname" must be a text'),
        ([], "the values must be an object"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(user: httpx.Client, values: Any, message: str) -> None:
    before = user.get("/auth:check").json()
    assert message_of(user.post("/users:updateProfile", json=values)) == (400, message)
    assert user.get("/auth:check").json() == before


def test_people_choose_their_language(user: httpx.Client) -> None:
    assert user.post("/users:updateLang", json={"appLang": "de-DE"}).status_code == 200
    assert user.get("/auth:check").json()["data"]["appLang"] == "de-DE"
    for value in (None, "", 1):
        assert user.post("/users:updateLang", json={"appLang": value}).status_code == 400
