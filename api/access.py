"""Requests restricted to what the role that acts may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from api.context import Context
from api.user import read_user
from orchestrator.access import restrict, scope_variables
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.variables import Variables

__all__ = ["restricted", "scope_of"]


async def restricted(ctx: Context, request: Mapping[str, Any], action: str | None = None) -> dict[str, Any]:
    """A request for `split` with what the role may see of it, and of `action` which rows it may touch."""
    access = ctx.access
    if access is None:
        return dict(request)
    catalog = (await ctx.services.catalogs.current()).catalog
    variables = await _variables(ctx, scope_variables(access, catalog, request, action))
    return restrict(access, catalog, request, variables, action)


async def scope_of(ctx: Context, resource: str, action: str) -> Any:
    """The filter that the rows of an action have to meet, None for every row, False for none."""
    grant = ctx.access.grant(resource, action) if ctx.access is not None else None
    if grant is None or grant.scopes is None:
        return None
    return grant.rows(await _variables(ctx, grant.names()))


async def _variables(ctx: Context, names: Iterable[str]) -> Variables:
    user = await read_user(ctx, names)
    return Variables(now=datetime.now(UTC), zone=parse_zone(ctx.header("x-timezone")), user=user, role=ctx.acting)
