"""firstOrCreate and updateOrCreate: a record is looked for by some of its values, and created where there is none."""

from __future__ import annotations

from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.resources import Action
from api.writes import act

__all__ = ["ACTIONS"]


async def upsert(ctx: Context) -> Reply:
    """The record; of updateOrCreate a list of it where it was there."""
    keys = ctx.params.names("filterKeys")
    if not keys:
        raise ApiError(400, '"filterKeys" must be a list of names')
    return await act(ctx, ctx.values_text(), {"filterKeys": keys, "timezone": ctx.header("x-timezone")})


ACTIONS = tuple(Action(name, upsert, writes=True, restricts=True) for name in ("firstOrCreate", "updateOrCreate"))
