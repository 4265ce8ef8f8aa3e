"""Session tokens: JSON Web Tokens signed with the application key."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

import jwt

from api.errors import ApiError

__all__ = ["Claims", "Tokens", "session_expired"]

_ALGORITHM = "HS256"
_CACHED = 10_000


def session_expired(code: str) -> ApiError:
    """401 with the one text that all broken tokens get."""
    return ApiError(401, "Your session has expired. Please sign in again.", code)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    user_id: int
    #: Unix milliseconds
    signed_in_at: int
    #: Unix seconds
    expires_at: int


class Tokens:
    """Issues and verifies; a verified token is remembered until it expires, so that only the first use costs."""

    def __init__(self, key: str, lifetime: int) -> None:
        self._key = key
        self._lifetime = lifetime
        self._known: dict[str, Claims] = {}

    def issue(self, user_id: int) -> str:
        """A new session token of a user."""
        now = time.time()
        claims = {
            "userId": user_id,
            "temp": True,
            "signInTime": int(now * 1000),
            "jti": str(uuid.uuid4()),
            "iat": int(now),
            "exp": int(now) + self._lifetime,
        }
        return jwt.encode(claims, self._key, _ALGORITHM)

    def verify(self, token: str) -> Claims:
        """The claims of a token, or 401."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._decode(token)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[token] = claims
        if claims.expires_at <= time.time():
            self._known.pop(token, None)
            raise session_expired("EXPIRED_SESSION")
        return claims

    def _decode(self, token: str) -> Claims:
        try:
            payload = jwt.decode(token, self._key, [_ALGORITHM], options={"require": ["iat", "exp", "userId"]})
        except jwt.ExpiredSignatureError:
            raise session_expired("EXPIRED_SESSION") from None
        except jwt.PyJWTError:
            raise session_expired("INVALID_TOKEN") from None
        user_id, signed_in_at = payload["userId"], payload.get("signInTime", int(payload["iat"]) * 1000)
        if type(user_id) is not int or type(signed_in_at) is not int:
            raise session_expired("INVALID_TOKEN")
        return Claims(user_id, signed_in_at, int(payload["exp"]))
