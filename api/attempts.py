"""Passwords are tried a few times, then slowly: PostgreSQL counts, for all processes together."""

from __future__ import annotations

from typing import Any

from api.context import Context, client_address
from api.errors import ApiError

__all__ = ["checked_password"]

_BEGIN = "select orchestrator.begin_attempt($1, $2)::text"


async def checked_password(ctx: Context, account: str, stored: str | None, password: Any) -> bool:
    """Whether the password is the stored hash's; 429 when this account was tried too often from where this comes."""
    row = await ctx.services.database.row(_BEGIN, (account, client_address(ctx.request)))
    if row is not None and row[0] is not None:
        ctx.headers["Retry-After"] = row[0].decode()
        raise ApiError(429, "Too many attempts, please try again later")
    return await ctx.services.passwords.verify(stored, password if isinstance(password, str) else "")
