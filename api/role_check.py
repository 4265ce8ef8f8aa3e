"""roles:check: what the role that acts may do."""

from __future__ import annotations

import json

from api.context import Context
from api.reply import Reply
from api.resources import Action
from api.roles import ANONYMOUS
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
    body = {"data": data, "meta": {"dataSources": {}}}
    return Reply(200, json.dumps(body, ensure_ascii=False).encode())


ACTIONS = (Action("check", check, any_role=True),)
