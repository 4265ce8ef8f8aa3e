"""roles:check: what the role that acts may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import psycopg

from api.context import Context
from api.reply import Reply
from api.resources import Action
from api.roles import ANONYMOUS
from api.services import PATIENCE
from orchestrator.access import ACTION_ALIASES, AVAILABLE_ACTIONS, report

__all__ = ["ACTIONS"]

#: what root holds
_ALL = ["pm", "pm.*", "ui.*"]


async def check(ctx: Context) -> Reply:
    """The role's effective permissions; what is not listed is denied."""
    assert ctx.session is not None
    services = ctx.services
    permitted = report(ctx.access, (await services.catalogs.current()).catalog)
    data = {
        "roles": list(ctx.acting),
        "strategy": permitted["strategy"],
        "actions": permitted["actions"],
        "snippets": ctx.access.snippets.merged() if ctx.access is not None else _ALL,
        "resources": permitted["resources"],
        "role": ctx.role,
        "roleMode": ctx.session.role_mode,
        "availableActions": list(AVAILABLE_ACTIONS),
        "actionAlias": dict(ACTION_ALIASES),
        "allowAll": permitted["allowAll"],
        "allowConfigure": permitted["allowConfigure"],
        "allowMenuItemIds": [],
        "allowAnonymous": await services.permissions.exists(ANONYMOUS),
        "uiButtonSchemasBlacklist": [],
    }
    elsewhere = await asyncio.gather(*(_elsewhere(ctx, key) for key in services.sources))
    body = {"data": data, "meta": {"dataSources": dict(zip(services.sources, elsewhere, strict=True))}}
    return Reply(200, json.dumps(body, ensure_ascii=False).encode())


async def _elsewhere(ctx: Context, source: str) -> Mapping[str, Any]:
    """What the role may do in another data source; nothing while that is away."""
    services = ctx.services
    catalogs = services.sources[source].catalogs
    try:
        async with asyncio.timeout(PATIENCE):
            access, _ = await services.permissions.elsewhere(ctx.acting, source, catalogs)
            permitted = report(access, (await catalogs.current()).catalog)
    except (psycopg.OperationalError, TimeoutError):
        return {"strategy": {}, "actions": {}, "resources": [], "allowAll": False}
    return {name: permitted[name] for name in ("strategy", "actions", "resources", "allowAll")}


ACTIONS = (Action("check", check, any_role=True),)
