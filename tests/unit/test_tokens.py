"""Tokens: what is believed of them before the database is asked."""

from __future__ import annotations

import time
import uuid

import jwt
import pytest

from api.errors import ApiError
from api.tokens import Tokens, refused, token_hash

KEY = "k" * 32
JTI = "6b1f7c1e-0d53-4b7c-9b53-2f1d8e1b6a01"


def _code(token: str) -> str | None:
    with pytest.raises(ApiError) as error:
        Tokens(KEY).verify(token)
    assert error.value.status == 401
    return error.value.code


def _token(key: str = KEY, algorithm: str = "HS256", **claims: object) -> str:
    now = int(time.time())
    default = {"userId": 1, "temp": True, "signInTime": now * 1000, "jti": JTI, "iat": now, "exp": now + 60}
    return jwt.encode({**default, **claims}, key, algorithm)


def test_a_token_says_who_signed_in_and_when() -> None:
    tokens = Tokens(KEY)
    token = tokens.session(7, JTI, 1_700_000_000_123, 1_700_000_001, 1_700_000_061)
    claims = tokens.verify(token)
    assert (claims.user_id, claims.token_id, claims.role, claims.is_key) == (7, JTI, None, False)
    assert (claims.signed_in_at, claims.expires_at) == (1_700_000_000_123, 1_700_000_061)
    payload = jwt.decode(token, KEY, ["HS256"], options={"verify_exp": False})
    assert set(payload) == {"userId", "temp", "signInTime", "jti", "iat", "exp"}


def test_the_same_session_has_the_same_token_in_every_process() -> None:
    assert Tokens(KEY).session(7, JTI, 1, 2, 3) == Tokens(KEY).session(7, JTI, 1, 2, 3)


def test_an_api_key_says_its_role_and_is_known_by_its_hash() -> None:
    token = Tokens(KEY).api_key(7, "member", 1_700_000_000.25, 1_800_000_000)
    claims = Tokens(KEY).verify(token)
    assert (claims.user_id, claims.role, claims.is_key) == (7, "member", True)
    assert claims.token_id == token_hash(token) and len(claims.token_id) == 64
    payload = jwt.decode(token, KEY, ["HS256"], options={"verify_exp": False})
    assert set(payload) == {"userId", "roleName", "iat", "exp"}


def test_a_token_that_resets_a_password_signs_nobody_in() -> None:
    assert _code(Tokens(KEY).password_reset(1, int(time.time()) + 60)) == "INVALID_TOKEN"


def test_garbage_and_foreign_signatures_are_invalid() -> None:
    assert _code("garbage") == "INVALID_TOKEN"
    assert _code(_token(key="x" * 32)) == "INVALID_TOKEN"
    assert _code(_token(key="x" * 64, algorithm="HS512")) == "INVALID_TOKEN"
    assert _code(jwt.encode({"userId": 1, "exp": 9999999999, "iat": 1}, "", "none")) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "claims",
    [
        {"userId": "1"},
        {"userId": True},
        {"userId": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"iat": "1"},
        {"signInTime": "x"},
        {"signInTime": None},
        {"jti": None},
        {"jti": "x"},
        {"temp": False},
        {"temp": False, "roleName": ""},
        {"temp": False, "roleName": 1},
    ],
)
def test_tokens_without_sound_claims_are_invalid(claims: dict[str, object]) -> None:
    assert _code(_token(**claims)) == "INVALID_TOKEN"


def test_an_expired_token_still_says_whose_it_was() -> None:
    claims = Tokens(KEY).verify(_token(exp=1, jti=str(uuid.UUID(JTI)).upper()))
    assert (claims.user_id, claims.token_id, claims.expires_at) == (1, JTI, 1)


def test_a_clock_that_is_ahead_makes_no_token_invalid() -> None:
    assert Tokens(KEY).verify(_token(iat=int(time.time()) + 30)).user_id == 1


@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        ("BLOCKED_TOKEN", "BLOCKED_TOKEN", "Your session has expired. Please sign in again."),
        ("EXPIRED_SESSION", "EXPIRED_SESSION", "Your session has expired. Please sign in again."),
        ("TOKEN_RENEW_FAILED", "TOKEN_RENEW_FAILED", "Your session has expired. Please sign in again."),
        ("PASSWORD_CHANGED", "INVALID_TOKEN", "User password changed, please signin again."),
        ("NOT_EXIST_USER", "NOT_EXIST_USER", "User not found. Please sign in again to continue."),
        ("ROLE_NOT_FOUND_ERR", "ROLE_NOT_FOUND_ERR", "The user role does not exist. Please try signing in again"),
    ],
)
def test_every_refusal_has_its_code_and_text(problem: str, code: str, message: str) -> None:
    error = refused(problem)
    assert (error.status, error.code, error.message) == (401, code, message)
