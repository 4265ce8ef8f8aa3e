"""add, set, remove and toggle: which records a record is related to."""

from __future__ import annotations

from typing import Any

from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.writes import act

__all__ = ["relate"]


async def relate(ctx: Context) -> Reply:
    """An empty object; for a toggle "ok". Keys come in the query or in the body."""
    if ctx.target.association is None:
        if ctx.action == "set":
            raise ApiError(400, '"set" needs a path through a relation')
        return Reply(200, b"{}")
    return await act(ctx, ctx.values_text(), {"filterByTks": _keys(ctx.params.raw.get("filterByTks"))})


def _keys(value: Any) -> Any:
    """A list, or a text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
