"""The variables of a request's filters, with the values that they have for who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.context import Context
from api.params import load_json
from api.statements import run
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.shape import split
from orchestrator.model.variables import Variables, mentioned, substitute, user_fields

__all__ = ["fill"]

#: what the session knows already
_KNOWN = frozenset({"$user.id"})


async def fill(ctx: Context, filter_: Any, *, strict: bool = False) -> Any:
    """The filter without variables; `strict` refuses what has no value."""
    names = mentioned(filter_)
    if not names:
        return filter_
    user: dict[str, Any] = {"id": ctx.user_id} if ctx.user_id is not None else {}
    wanted = user_fields(names - _KNOWN, (await ctx.services.main.catalogs.current()).catalog)
    if user and wanted:
        user |= await _user(ctx, wanted)
    variables = Variables(
        now=datetime.now(UTC), zone=parse_zone(ctx.header("x-timezone")), user=user, role=ctx.role, strict=strict
    )
    return substitute(filter_, variables)


async def _user(ctx: Context, fields: list[str]) -> dict[str, Any]:
    request = {
        "kind": "select",
        "collection": "users",
        "filterByTk": ctx.user_id,
        "fields": fields,
        "rendering": "context",
        "single": True,
    }
    rows = await run(ctx.services.main, *split(request))
    found: dict[str, Any] = load_json(rows[0][0].decode()) if rows and rows[0][0] is not None else {}
    return found
