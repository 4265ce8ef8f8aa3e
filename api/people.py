"""Users, roles and who has which: handed on to `orchestrator.administer`, passwords as hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api import reads
from api.administration import administer, forward, forward_selected, selected
from api.context import Context
from api.errors import ApiError
from api.owned import narrowed
from api.reply import Reply
from api.resources import Action
from api.statements import run
from orchestrator.engine.encoding import to_json
from orchestrator.model.shape import split

__all__ = ["ACTIONS", "forgetting"]


async def forgetting(ctx: Context, reply: Reply) -> Reply:
    """The reply, once this process knows nothing of users and roles any more; the others are told by the database."""
    await ctx.services.sessions.forget()
    await ctx.services.permissions.forget()
    return reply


async def save_user(ctx: Context) -> Reply:
    """Creates or changes users."""
    values = ctx.values_json()
    elements = values if isinstance(values, list) else [values]
    passwords = [await _hash(ctx, element) for element in elements]
    selection = await selected(ctx) if ctx.action == "update" else {}
    return await forgetting(ctx, await administer(ctx, {**selection, "passwords": passwords}, to_json(values)))


async def _hash(ctx: Context, values: Any) -> str | None:
    """The hash of the password among the values, from which it is gone then."""
    password = values.pop("password", None) if isinstance(values, dict) else None
    if password is None:
        return None
    if not isinstance(password, str) or not password:
        raise ApiError(400, "Please enter a password")
    return await ctx.services.passwords.hash(password)


async def list_without_role(ctx: Context) -> Reply:
    """A page of the users who do not have a role."""
    role = ctx.params.raw.get("roleName")
    if not isinstance(role, str) or not role:
        raise ApiError(400, '"roleName" must be the name of a role')
    members = {"kind": "select", "collection": "users", "filter": {"roles": {"name": role}}, "fields": ["id"]}
    rows = await run(ctx.services, *split({**members, "rendering": "context"}))
    ids = [user["id"] for user in json.loads(rows[0][0] or b"[]")]
    return await reads.listing(narrowed(ctx, {"id": {"$notIn": ids}}))


async def change(ctx: Context) -> Reply:
    """Hands the request on; its key, if any, names the record."""
    return await forgetting(ctx, await forward(ctx))


async def change_selected(ctx: Context) -> Reply:
    """Hands the request on with the keys of what it selects."""
    return await forgetting(ctx, await forward_selected(ctx))


_LINKING = tuple(Action(name, change) for name in ("add", "set", "remove", "toggle"))

#: by resource
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "users": (
        Action("create", save_user),
        Action("update", save_user, needs_filter=True),
        Action("destroy", change_selected, needs_filter=True),
        Action("setDefaultRole", change, any_role=True),
        Action("listExcludeRole", list_without_role, reads=True),
    ),
    "users.roles": _LINKING,
    "roles.users": _LINKING,
}
