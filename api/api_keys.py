"""API keys: tokens of programs, each with one role of its user. A key's text is shown once."""

from __future__ import annotations

from typing import Any

from api import reads
from api.context import Context
from api.errors import ApiError, NotFound
from api.owned import id_list, narrowed, selected_ids, values_object
from api.reply import Reply, data_reply
from api.resources import Action
from api.tokens import token_hash

__all__ = ["ACTIONS"]

_TERMS = "select issued_at::text, expires_at::text from orchestrator.api_key_terms($1, $2, $3)"
_KEEP = "select orchestrator.keep_api_key($1, $2, $3, $4, $5, $6)"
#: of a key whose end was not chosen
_LIFE = "1d"
_DELETE = "select orchestrator.delete_api_keys($1, $2)::text"


async def create(ctx: Context) -> Reply:
    """The token of a new key, nothing when no role is named."""
    assert ctx.session is not None
    if ctx.session.claims.is_key:
        # else a key could give itself another role, or outlive its end
        raise ApiError(403, "No permissions")
    values = values_object(ctx)
    role, name = values.get("role"), values.get("name")
    role = role.get("name") if isinstance(role, dict) else role
    if not role:
        return Reply(200, b"{}")
    if not isinstance(role, str) or not isinstance(name, str | None):
        raise ApiError(400, '"name" and "role" must be texts')
    user, expires_in = str(ctx.user_id), str(values.get("expiresIn", _LIFE))
    database, tokens = ctx.services.database, await ctx.services.tokens()
    terms = await database.row(_TERMS, (user, role, expires_in))
    issued_at, expires_at = ((value or b"").decode() for value in terms or ())
    token = tokens.api_key(int(user), role, float(issued_at), int(expires_at))
    await database.row(_KEEP, (user, name, role, expires_in, expires_at, token_hash(token)))
    return data_reply({"token": token})


async def listing(ctx: Context) -> Reply:
    """One's own keys."""
    return await reads.listing(narrowed(ctx, _own(ctx)))


async def get(ctx: Context) -> Reply:
    """One of one's own keys."""
    reply = await reads.get(narrowed(ctx, _own(ctx)))
    if reply.body == b'{"data":null}':
        raise NotFound
    return reply


async def destroy(ctx: Context) -> Reply:
    """How many of one's own keys were deleted; they count no longer, anywhere."""
    ids = await selected_ids(ctx, _own(ctx))
    row = await ctx.services.database.row(_DELETE, (str(ctx.user_id), id_list(ids)))
    await ctx.services.sessions.forget(str(ctx.user_id))
    return Reply(200, b'{"data":%b}' % ((row and row[0]) or b"0"))


def _own(ctx: Context) -> dict[str, Any]:
    return {"createdById": ctx.user_id}


ACTIONS = (
    Action("create", create),
    Action("list", listing, reads=True, restricts=True),
    Action("get", get, reads=True, restricts=True),
    Action("destroy", destroy, needs_filter=True),
)
