"""Passwords in fields of that type: salted scrypt, as text that says how it was made."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["hash_password", "hash_text", "is_hash", "matches", "verify_text"]

_LOG_N, _R, _P = 14, 8, 1
_SALT, _KEY = 16, 32
_PREFIX = f"$scrypt$ln={_LOG_N},r={_R},p={_P}$"
#: 16 and 32 bytes in base64; other costs are not recognized, for whoever writes one would choose how long a check takes
_HASH = re.compile(re.escape(_PREFIX) + r"([A-Za-z0-9+/]{22}==)\$([A-Za-z0-9+/]{43}=)", re.ASCII)


def hash_password(password: str) -> str:
    """The text to store; what is such a text already stays."""
    if is_hash(password):
        return password
    salt = os.urandom(_SALT)
    return f"{_PREFIX}{b64encode(salt).decode()}${b64encode(_derive(password, salt)).decode()}"


def is_hash(text: str) -> bool:
    """Whether a text is a stored password."""
    return _HASH.fullmatch(text) is not None


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; without one it takes as long."""
    found = _HASH.fullmatch(stored or "")
    salt, key = (b64decode(found[1]), b64decode(found[2])) if found else (bytes(_SALT), b"")
    return hmac.compare_digest(_derive(password, salt), key)


def hash_text(_port: Port, password: str) -> str:
    """For `orchestrator.hash_password()`."""
    return hash_password(password)


def verify_text(_port: Port, stored: str, password: str) -> str:
    """For `orchestrator.password_matches()`."""
    return "true" if matches(stored, password) else "false"


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=1 << _LOG_N, r=_R, p=_P, dklen=_KEY, maxmem=1 << 26)
