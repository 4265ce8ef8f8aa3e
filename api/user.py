"""The acting user's record, as variables want to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from api.context import Context
from api.params import load_json
from api.statements import run
from orchestrator.model.shape import split
from orchestrator.model.variables import user_fields

__all__ = ["find_user", "read_user", "user_request"]

#: what the session knows already
_KNOWN = frozenset({"$user.id"})


async def read_user(ctx: Context, names: Iterable[str]) -> dict[str, Any]:
    """What variables of these names want to know of the acting user, whether the role may see it or not."""
    user: dict[str, Any] = {"id": ctx.user_id} if ctx.user_id is not None else {}
    wanted = set(names) - _KNOWN
    if not user or not wanted:
        return user
    fields = user_fields(wanted, (await ctx.services.main.catalogs.current()).catalog)
    return user | (await find_user(ctx, user_request(ctx, fields)) if fields else {})


def user_request(ctx: Context, fields: Sequence[str]) -> dict[str, Any]:
    """A request for `split`."""
    return {
        "kind": "select",
        "collection": "users",
        "filterByTk": ctx.user_id,
        "fields": fields,
        "rendering": "context",
        "single": True,
    }


async def find_user(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What such a request finds."""
    rows = await run(ctx.services.main, *split(request))
    found: dict[str, Any] = load_json(rows[0][0].decode()) if rows and rows[0][0] is not None else {}
    return found
