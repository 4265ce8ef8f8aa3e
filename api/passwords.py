"""Passwords: Argon2id, off the event loop, and as slow for an unknown account as for a known one."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["PasswordChecks", "check_password", "hash_password"]

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The text to keep in users.password."""
    return _hasher.hash(password)


def check_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored hash's; without a hash the same work is done for nothing."""
    try:
        return _hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


class PasswordChecks:
    """A few at a time: each takes 64 MiB and a processor."""

    def __init__(self, at_once: int = 2) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def verify(self, stored: str | None, password: str) -> bool:
        """`check_password` in a thread."""
        async with self._turn:
            return await asyncio.to_thread(check_password, stored, password)

    async def hash(self, password: str) -> str:
        """`hash_password` in a thread."""
        async with self._turn:
            return await asyncio.to_thread(hash_password, password)


@cache
def _nobody() -> str:
    """The hash of a password that nobody knows."""
    return _hasher.hash(secrets.token_hex())
