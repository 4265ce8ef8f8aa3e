"""move: another place for a record in an order that is kept in a column."""

from __future__ import annotations

from typing import Any

from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.writes import act

__all__ = ["move"]


async def move(ctx: Context) -> Reply:
    """Always "ok"."""
    params, raw = ctx.params, ctx.params.raw
    asked: dict[str, Any] = {name: params.key(name) for name in ("sourceId", "targetId")}
    asked |= {name: _text(raw, name) for name in ("sortField", "method")}
    if raw.get("sticky") not in (None, "", "false", False):
        asked["sticky"] = True
    scope = raw.get("targetScope")
    if scope not in (None, ""):
        if not isinstance(scope, dict) or any(isinstance(value, list | dict) for value in scope.values()):
            raise ApiError(400, '"targetScope" must hold one value a column')
        asked["targetScope"] = scope
    return await act(ctx, "{}", {"move": {name: value for name, value in asked.items() if value is not None}})


def _text(raw: Any, name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f'"{name}" must be a text')
    return value or None
