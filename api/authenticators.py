"""Ways to sign in: the public list, and what administrators change of them."""

from __future__ import annotations

import json

from api.context import Context
from api.errors import NotFound
from api.owned import id_list, selected_ids, shown, values_object
from api.reply import Reply, data_reply
from api.resources import Action

__all__ = ["ACTIONS"]

_PUBLIC = "select orchestrator.public_authenticators()"
_SAVE = "select orchestrator.save_authenticator($1, $2, $3)::text"
_DELETE = "select orchestrator.delete_authenticators($1)::text"


async def public_list(ctx: Context) -> Reply:
    """The enabled ones, with what anybody may know."""
    row = await ctx.services.database.row(_PUBLIC)
    return Reply(200, b'{"data":%b}' % ((row and row[0]) or b"[]"))


async def list_types(_: Context) -> Reply:
    """The kinds that can be created."""
    return data_reply([{"name": "Email/Password", "title": "Password"}])


async def create(ctx: Context) -> Reply:
    """The new authenticator."""
    return await shown(ctx, [await _save(ctx, None)], single=True)


async def update(ctx: Context) -> Reply:
    """A list of the changed authenticators."""
    ids = await selected_ids(ctx)
    for id_ in ids:
        await _save(ctx, id_)
    return await shown(ctx, ids)


async def destroy(ctx: Context) -> Reply:
    """How many were deleted."""
    row = await ctx.services.database.row(_DELETE, (id_list(await selected_ids(ctx)),))
    return Reply(200, b'{"data":%b}' % ((row and row[0]) or b"0"))


async def _save(ctx: Context, id_: int | None) -> int:
    values = json.dumps(values_object(ctx), default=str)
    params = (None if id_ is None else str(id_), values, str(ctx.user_id))
    row = await ctx.services.database.row(_SAVE, params)
    if row is None or row[0] is None:
        raise NotFound
    return int(row[0])


ACTIONS = (
    Action("publicList", public_list, public=True),
    Action("listTypes", list_types),
    Action("create", create),
    Action("update", update, needs_filter=True),
    Action("destroy", destroy, needs_filter=True),
)
