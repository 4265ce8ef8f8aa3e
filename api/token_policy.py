"""How long tokens and sessions live: one record, for administrators."""

from __future__ import annotations

import json

from api.context import Context
from api.errors import ApiError, NotFound
from api.owned import values_object
from api.reply import Reply
from api.resources import Action

__all__ = ["ACTIONS"]

_KEY = "token-policy-config"
_GET = "select orchestrator.identity_setting($1)"
_SAVE = "select orchestrator.save_identity_setting($1, $2, $3)"
_RECORD = b'{"key":"token-policy-config","config":%b}'


async def get(ctx: Context) -> Reply:
    """The record."""
    row = await ctx.services.database.row(_GET, (_asked(ctx),))
    return Reply(200, b'{"data":%b}' % (_RECORD % ((row and row[0]) or b"{}")))


async def update(ctx: Context) -> Reply:
    """A list of the changed record; tokens that are issued from now on follow it."""
    config = values_object(ctx).get("config")
    if not isinstance(config, dict):
        raise ApiError(400, '"config" must be an object')
    params = (_asked(ctx), json.dumps(config, default=str), str(ctx.user_id))
    row = await ctx.services.database.row(_SAVE, params)
    return Reply(200, b'{"data":[%b]}' % (_RECORD % ((row and row[0]) or b"{}")))


def _asked(ctx: Context) -> str:
    if ctx.params.filter_by_tk not in (None, _KEY):
        raise NotFound
    return _KEY


ACTIONS = (Action("get", get), Action("update", update))
