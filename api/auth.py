"""Signing in and out, and who is signed in."""

from __future__ import annotations

import json
import time

from api.attempts import checked_password
from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.resources import Action
from api.sessions import Session
from api.tokens import Claims, refused

__all__ = ["ACTIONS", "authenticate"]

_ACCOUNT = "select user_id::text, password_hash, document from orchestrator.sign_in_account($1)"
_OPEN = "select jti, signed_in_at, issued_at, expires_at from orchestrator.open_session($1, $2, $3)"
_RENEW = "select problem, jti, signed_in_at, issued_at, expires_at from orchestrator.renew_session($1, $2, $3, $4)"
_END = "select orchestrator.end_session($1, $2, $3)"
_NEW_TOKEN = "x-new-token"
_WRONG = "The username/email or password is incorrect, please re-enter"


async def authenticate(ctx: Context) -> Session:
    """The session of the request's token, or 401. A token that has expired is renewed in passing."""
    token = _token(ctx)
    if token is None:
        raise refused("EMPTY_TOKEN")
    claims = (await ctx.services.tokens()).verify(token)
    if claims.expires_at <= time.time():
        claims = await _renewed(ctx, claims)
    return await ctx.services.sessions.of(claims)


def _token(ctx: Context) -> str | None:
    header = ctx.header("authorization")
    if header is None:
        token = ctx.params.raw.get("token")
        return token if isinstance(token, str) and token else None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise refused("INVALID_TOKEN")
    return token.strip() or None


async def _renewed(ctx: Context, claims: Claims) -> Claims:
    if claims.is_key:
        raise refused("EXPIRED_SESSION")
    params = (str(claims.user_id), claims.token_id, str(claims.signed_in_at), str(claims.expires_at))
    row = await ctx.services.database.row(_RENEW, params)
    if row is None or row[0] is not None:
        raise refused(row[0].decode() if row is not None and row[0] is not None else "TOKEN_RENEW_FAILED")
    token = await _session_token(ctx, claims.user_id, row[1:])
    ctx.headers[_NEW_TOKEN] = token
    return (await ctx.services.tokens()).verify(token)


async def _session_token(ctx: Context, user_id: int, claims: tuple[bytes | None, ...]) -> str:
    jti, *times = (value or b"" for value in claims)
    signed_in_at, issued_at, expires_at = map(int, times)
    return (await ctx.services.tokens()).session(user_id, jti.decode(), signed_in_at, issued_at, expires_at)


async def sign_in(ctx: Context) -> Reply:
    """A token for a username or e-mail address and its password."""
    values = ctx.values_json()
    values = values if isinstance(values, dict) else {}
    account, password = values.get("account") or values.get("email"), values.get("password")
    if not isinstance(account, str):
        raise ApiError(400, "Please enter your username or email")
    database = ctx.services.database
    row = await database.row(_ACCOUNT, (account,))
    stored = row[1].decode() if row is not None and row[1] is not None else None
    fits = await checked_password(ctx, account, stored, password)
    if row is None or not fits or row[0] is None or row[2] is None:
        raise ApiError(401, _WRONG)
    session = await database.row(_OPEN, (row[0].decode(), stored, account))
    if session is None:
        raise ApiError(401, _WRONG)
    token = await _session_token(ctx, int(row[0]), session)
    return Reply(200, b'{"data":{"user":%b,"token":%b}}' % (row[2], json.dumps(token).encode()))


async def sign_out(ctx: Context) -> Reply:
    """Blocks the token, whatever its user may do."""
    claims = (await authenticate(ctx)).claims
    await ctx.services.database.row(_END, (str(claims.user_id), claims.token_id, str(claims.is_key)))
    await ctx.services.sessions.forget(str(claims.user_id))
    ctx.headers.pop(_NEW_TOKEN, None)
    return Reply(200, b"{}")


async def check(ctx: Context) -> Reply:
    """The signed-in user with his roles."""
    assert ctx.session is not None
    return Reply(200, b'{"data":%b}' % ctx.session.document)


#: signing out needs a token, and no role
ACTIONS = (
    Action("signIn", sign_in, public=True),
    Action("signOut", sign_out, public=True),
    Action("check", check, any_role=True),
)
