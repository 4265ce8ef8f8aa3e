"""Signing in, and who is signed in."""

from __future__ import annotations

import json

from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.resources import Action
from api.sessions import Session
from api.tokens import session_expired

__all__ = ["ACTIONS", "authenticate"]

_ACCOUNT = "select user_id::text, password_hash, document from orchestrator.sign_in_account($1)"


async def authenticate(ctx: Context) -> Session:
    """The session of the request's token, or 401."""
    token = _token(ctx)
    if token is None:
        raise ApiError(401, "Unauthenticated. Please sign in to continue.", "EMPTY_TOKEN")
    claims = (await ctx.services.tokens()).verify(token)
    session = await ctx.services.sessions.of(claims.user_id)
    if session.password_changed_at is not None and claims.signed_in_at < session.password_changed_at:
        raise ApiError(401, "User password changed, please signin again.", "INVALID_TOKEN")
    return session


def _token(ctx: Context) -> str | None:
    header = ctx.header("authorization")
    if header is None:
        token = ctx.params.raw.get("token")
        return token if isinstance(token, str) and token else None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise session_expired("INVALID_TOKEN")
    return token.strip() or None


async def sign_in(ctx: Context) -> Reply:
    """A token for a username or e-mail address and its password."""
    values = ctx.values_json()
    values = values if isinstance(values, dict) else {}
    account, password = values.get("account") or values.get("email"), values.get("password")
    if not isinstance(account, str):
        raise ApiError(400, "Please enter your username or email")
    row = await ctx.services.database.row(_ACCOUNT, (account,))
    stored = row[1].decode() if row is not None and row[1] is not None else None
    fits = await ctx.services.passwords.verify(stored, password if isinstance(password, str) else "")
    if row is None or not fits or row[0] is None or row[2] is None:
        raise ApiError(401, "The username/email or password is incorrect, please re-enter")
    token = (await ctx.services.tokens()).issue(int(row[0]))
    return Reply(200, b'{"data":{"user":%b,"token":%b}}' % (row[2], json.dumps(token).encode()))


async def check(ctx: Context) -> Reply:
    """The signed-in user with his roles."""
    assert ctx.session is not None
    return Reply(200, b'{"data":%b}' % ctx.session.document)


ACTIONS = (Action("signIn", sign_in, public=True), Action("check", check, any_role=True))
