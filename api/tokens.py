"""Tokens: JSON Web Tokens signed with the application key. What one stands for is in the database."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from api.errors import ApiError

__all__ = ["Claims", "Tokens", "refused", "token_hash"]

_ALGORITHM = "HS256"
_CACHED = 10_000
#: the ends are compared by whoever asks, and another machine's clock may be a little ahead
_OPTIONS: Any = {"require": ["iat", "exp", "userId"], "verify_exp": False, "verify_iat": False}
_EXPIRED = "Your session has expired. Please sign in again."
#: refusals with a text of their own, by what the database calls them
_REFUSALS = {
    "EMPTY_TOKEN": ("Unauthenticated. Please sign in to continue.", "EMPTY_TOKEN"),
    "NOT_EXIST_USER": ("User not found. Please sign in again to continue.", "NOT_EXIST_USER"),
    "PASSWORD_CHANGED": ("User password changed, please signin again.", "INVALID_TOKEN"),
    "ROLE_NOT_FOUND_ERR": ("The user role does not exist. Please try signing in again", "ROLE_NOT_FOUND_ERR"),
}


def refused(problem: str) -> ApiError:
    """The 401 of a problem; one text for all that is wrong with a token itself."""
    return ApiError(401, *_REFUSALS.get(problem, (_EXPIRED, problem)))


def token_hash(token: str) -> str:
    """What is kept of a token that is kept nowhere, in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that was signed with our key. It may have expired, or be blocked."""

    user_id: int
    #: what the database knows it by: the id of a session's token, the hash of a key
    token_id: str
    #: Unix milliseconds
    signed_in_at: int
    #: Unix seconds
    expires_at: int
    #: the role of an API key; None: a session
    role: str | None = None

    @property
    def is_key(self) -> bool:
        """True for API keys."""
        return self.role is not None


class Tokens:
    """Signs and verifies; a verified token is remembered, so that only its first use costs."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._known: dict[str, Claims] = {}

    def session(self, user_id: int, jti: str, signed_in_at: int, issued_at: int, expires_at: int) -> str:
        """The token of a session: the same claims give the same text."""
        return self._sign(
            {
                "userId": user_id,
                "temp": True,
                "signInTime": signed_in_at,
                "jti": jti,
                "iat": issued_at,
                "exp": expires_at,
            }
        )

    def api_key(self, user_id: int, role: str, issued_at: float, expires_at: int) -> str:
        """The token of an API key; a time with fractions tells two keys of one second apart."""
        return self._sign({"userId": user_id, "roleName": role, "iat": issued_at, "exp": expires_at})

    def password_reset(self, user_id: int, expires_at: int) -> str:
        """A token that sets a password; it signs nobody in."""
        return self._sign({"resetPasswordUserId": user_id, "exp": expires_at})

    def verify(self, token: str) -> Claims:
        """The claims of a token that we signed, or 401."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._decode(token)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[token] = claims
        return claims

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, _ALGORITHM)

    def _decode(self, token: str) -> Claims:
        try:
            payload = jwt.decode(token, self._key, [_ALGORITHM], options=_OPTIONS)
            return _claims(token, payload)
        except (jwt.PyJWTError, ValueError):
            raise refused("INVALID_TOKEN") from None


def _claims(token: str, payload: dict[str, Any]) -> Claims:
    user_id, expires_at, issued_at = payload["userId"], payload["exp"], payload["iat"]
    if type(user_id) is not int or type(expires_at) is not int or type(issued_at) not in (int, float):
        raise ValueError("claims of the wrong type")
    if payload.get("temp") is True:
        signed_in_at, jti = payload.get("signInTime"), payload.get("jti")
        if type(signed_in_at) is not int or not isinstance(jti, str):
            raise ValueError("not a session's claims")
        return Claims(user_id, str(uuid.UUID(jti)), signed_in_at, expires_at)
    role = payload.get("roleName")
    if not isinstance(role, str) or not role:
        raise ValueError("neither a session nor a key")
    return Claims(user_id, token_hash(token), int(issued_at * 1000), expires_at, role)
