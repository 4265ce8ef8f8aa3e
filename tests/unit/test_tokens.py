"""Session tokens."""

from __future__ import annotations

import time

import jwt
import pytest

from api.errors import ApiError
from api.tokens import Tokens

KEY = "k" * 32


def _code(token: str) -> str | None:
    with pytest.raises(ApiError) as refused:
        Tokens(KEY, 60).verify(token)
    assert refused.value.status == 401
    return refused.value.code


def _token(key: str = KEY, algorithm: str = "HS256", **claims: object) -> str:
    now = int(time.time())
    return jwt.encode({"userId": 1, "iat": now, "exp": now + 60, **claims}, key, algorithm)


def test_a_token_says_who_signed_in_and_when() -> None:
    tokens = Tokens(KEY, 60)
    before = int(time.time() * 1000)
    token = tokens.issue(7)
    claims = tokens.verify(token)
    assert claims.user_id == 7
    assert before <= claims.signed_in_at <= time.time() * 1000
    payload = jwt.decode(token, KEY, ["HS256"])
    assert set(payload) == {"userId", "temp", "signInTime", "jti", "iat", "exp"}
    assert payload["exp"] - payload["iat"] == 60


def test_garbage_and_foreign_signatures_are_invalid() -> None:
    assert _code("garbage") == "INVALID_TOKEN"
    assert _code(_token(key="x" * 32)) == "INVALID_TOKEN"
    assert _code(_token(key="x" * 64, algorithm="HS512")) == "INVALID_TOKEN"
    assert _code(jwt.encode({"userId": 1, "exp": 9999999999, "iat": 1}, "", "none")) == "INVALID_TOKEN"


@pytest.mark.parametrize(
    "claims", [{"userId": "1"}, {"userId": True}, {"userId": None}, {"exp": None}, {"signInTime": "x"}]
)
def test_tokens_without_sound_claims_are_invalid(claims: dict[str, object]) -> None:
    assert _code(_token(**claims)) == "INVALID_TOKEN"


def test_an_expired_token_is_refused_even_after_it_was_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(KEY, 60)
    token = tokens.issue(1)
    tokens.verify(token)
    later = time.time() + 61
    monkeypatch.setattr("api.tokens.time.time", lambda: later)
    with pytest.raises(ApiError) as refused:
        tokens.verify(token)
    assert refused.value.code == "EXPIRED_SESSION"
