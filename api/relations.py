"""add, set, remove and toggle: which records a record is related to, and what is in a list of its own."""

from __future__ import annotations

import json
from typing import Any

from api.access import restricted
from api.context import Context
from api.errors import ApiError
from api.reply import Reply, data_reply
from api.statements import run
from api.writes import act
from orchestrator.model.shape import split

__all__ = ["items", "relate"]


async def items(ctx: Context) -> Reply:
    """All items of a record's list; none where there is no such record."""
    name = ctx.target.field or ""
    request = {
        "kind": "select",
        "collection": ctx.collection,
        "fields": [name],
        "filterByTk": ctx.source_key(),
        "single": True,
        "rendering": "wire",
    }
    rows = await run(ctx.services, *split(await restricted(ctx, request)))
    row = json.loads(rows[0][0] or b"{}") if rows else {}
    return data_reply(row.get(name) or [])


async def relate(ctx: Context) -> Reply:
    """An empty object; for a toggle "ok". Keys come in the query or in the body."""
    if ctx.target.association is None and ctx.target.field is None:
        if ctx.action == "set":
            raise ApiError(400, '"set" needs a path through a relation')
        return Reply(200, b"{}")
    return await act(ctx, ctx.values_text(), {"filterByTks": _keys(ctx.params.raw.get("filterByTks"))})


def _keys(value: Any) -> Any:
    """A list, or a text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
