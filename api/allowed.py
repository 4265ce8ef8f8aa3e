"""meta.allowedActions: which of the records that are shown the role may view, update and destroy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.access import restricted
from api.context import Context
from api.params import load_json
from api.statements import run
from api.system import SYSTEM
from orchestrator.model.shape import split

__all__ = ["allowed_actions", "wants_allowed"]

_ACTIONS = ("update", "destroy")


def wants_allowed(ctx: Context) -> bool:
    """Whether the client asks for it."""
    return ctx.header("x-with-acl-meta") is not None


async def allowed_actions(ctx: Context, data: bytes) -> bytes | None:
    """Keys by action, of records given as a JSON array; None where there are none, or they show no single key."""
    collection = (await ctx.services.catalogs.current()).get(ctx.collection)
    if collection is None or len(collection.key_columns) != 1:
        return None
    (name,) = collection.key_columns
    shown = [record.get(name) for record in load_json(data.decode())]
    if not shown or None in shown:
        return None
    allowed: dict[str, list[Any]] = {"view": shown}
    for action in _ACTIONS:
        among = await _among(ctx, action, name, shown)
        allowed[action] = [key for key in shown if str(key) in among]
    return json.dumps(allowed, ensure_ascii=False, separators=(",", ":")).encode()


async def _among(ctx: Context, action: str, name: str, keys: list[Any]) -> Mapping[str, Any]:
    """Those of the keys whose records the action may be done to, by their text."""
    everything = dict.fromkeys(map(str, keys))
    if ctx.access is None:
        return everything
    if ctx.collection in SYSTEM and ctx.services is ctx.services.main:
        # written by who holds a snippet, whatever strategies say
        return everything if ctx.access.snippets.allow(ctx.collection, action) else {}
    grant = ctx.access.grant(ctx.collection, action)
    if grant is None:
        return {}
    if grant.scopes is None:
        return everything
    request = {
        "kind": "select",
        "collection": ctx.collection,
        "filterByTk": keys,
        "fields": [name],
        "rendering": "wire",
        "timezone": ctx.header("x-timezone"),
        "userId": ctx.user_id,
    }
    rows = await run(ctx.services, *split(await restricted(ctx, request, action)))
    return dict.fromkeys(str(record[name]) for record in load_json((rows[0][0] or b"[]").decode()))
