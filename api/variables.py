"""The variables of a request's filters, with the values that they have for who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from api.context import Context
from api.params import load_json
from api.statements import run
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.shape import split
from orchestrator.model.variables import Variables, mentioned, substitute, user_fields

__all__ = ["fill", "read_user"]

#: what the session knows already
_KNOWN = frozenset({"$user.id"})


async def fill(ctx: Context, filter_: Any, *, strict: bool = False) -> Any:
    """The filter without variables; `strict` refuses what has no value."""
    names = mentioned(filter_)
    if not names:
        return filter_
    user = await read_user(ctx, names)
    variables = Variables(
        now=datetime.now(UTC), zone=parse_zone(ctx.header("x-timezone")), user=user, role=_roles(ctx), strict=strict
    )
    return substitute(filter_, variables)


async def read_user(ctx: Context, names: Iterable[str]) -> dict[str, Any]:
    """What variables of these names want to know of the acting user."""
    user: dict[str, Any] = {"id": ctx.user_id} if ctx.user_id is not None else {}
    wanted = set(names) - _KNOWN
    if not user or not wanted:
        return user
    fields = user_fields(wanted, (await ctx.services.main.catalogs.current()).catalog)
    if not fields:
        return user
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
    return user | found


def _roles(ctx: Context) -> str | Sequence[str] | None:
    """The role that acts; a list where several act together."""
    return ctx.role if len(ctx.acting) < 2 else ctx.acting
