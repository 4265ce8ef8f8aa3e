"""Requests restricted to what the role that acts may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.context import Context
from api.variables import read_user
from orchestrator.access import restrict, scope_variables
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.variables import Variables

__all__ = ["restricted"]


async def restricted(ctx: Context, request: Mapping[str, Any], action: str | None = None) -> dict[str, Any]:
    """A request for `split` with what the role may see of it, and of `action` which rows it may touch."""
    access = ctx.access
    if access is None or ctx.unrestricted:
        return dict(request)
    catalog = (await ctx.services.catalogs.current()).catalog
    user = await read_user(ctx, scope_variables(access, catalog, request, action))
    variables = Variables(now=datetime.now(UTC), zone=parse_zone(ctx.header("x-timezone")), user=user, role=ctx.acting)
    return restrict(access, catalog, request, variables, action)
