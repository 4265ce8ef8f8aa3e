"""The variables of a request's filters, with the values that they have for who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from api.access import restricted
from api.context import Context
from api.user import find_user, read_user, user_request
from orchestrator.access import may_see
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.variables import Variables, mentioned, substitute, user_fields

__all__ = ["fill"]


async def fill(ctx: Context, filter_: Any, *, strict: bool = False) -> Any:
    """The filter without variables; `strict` refuses what has no value."""
    names = mentioned(filter_)
    if not names:
        return filter_
    user = await _visible_user(ctx, names)
    variables = Variables(
        now=datetime.now(UTC), zone=parse_zone(ctx.header("x-timezone")), user=user, role=_roles(ctx), strict=strict
    )
    return substitute(filter_, variables)


async def _visible_user(ctx: Context, names: Iterable[str]) -> dict[str, Any]:
    """The acting user: all of his own record, and of what is related to it what the role may see."""
    if ctx.access is None:
        return await read_user(ctx, names)
    related = {name for name in names if name.count(".") > 1}
    user = await read_user(ctx, set(names) - related)
    if ctx.services is not ctx.services.main:
        # what his roles may see elsewhere says nothing of where users are
        return user
    catalog = (await ctx.services.main.catalogs.current()).catalog
    users = catalog.get("users")
    if not user or users is None:
        return user
    fields = []
    for path in user_fields(related, catalog):
        first, *rest = path.split(".")
        if may_see(ctx.access, catalog, users.associations[first].target, rest):
            fields.append(path)
    if not fields:
        return user
    request = await restricted(ctx, user_request(ctx, fields))
    view = request["access"].setdefault("users", {"fields": [], "relations": [], "scope": False})
    own = {"id": ctx.user_id}
    if "scope" in view:
        view["scope"] = {"$or": [own, view["scope"]]} if view["scope"] else own
    if "relations" in view:
        view["relations"] = sorted({*view["relations"], *(path.partition(".")[0] for path in fields)})
    return user | await find_user(ctx, request | {"fields": fields})


def _roles(ctx: Context) -> str | Sequence[str] | None:
    """The role that acts; a list where several act together."""
    return ctx.role if len(ctx.acting) < 2 else ctx.acting
