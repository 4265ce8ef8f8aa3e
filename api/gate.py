"""Whether the role that acts may do what is asked at all. Which rows and columns it reaches is decided further in."""

from __future__ import annotations

from api.context import Context
from api.errors import ApiError
from api.extension import CustomAction, extensions
from api.resources import Action
from orchestrator.access import Access

__all__ = ["authorize", "resource_of"]

#: what they change is the record that a path goes through
_RELATING = frozenset({"add", "set", "remove", "toggle"})


def authorize(ctx: Context, action: Action) -> None:
    """403 unless the role may do it: open to any role, held by a snippet, or granted for the resource."""
    if ctx.access is None or action.any_role:
        return
    if action.root_only or not _permitted(ctx, ctx.access, action):
        raise ApiError(403, "No permissions")


def _permitted(ctx: Context, access: Access, action: Action) -> bool:
    if access.snippets.allow(ctx.target.resource, ctx.action):
        return True
    resource, name = resource_of(ctx), "update" if _relates(ctx) else ctx.action
    if not access.allows(resource, name):
        return False
    if isinstance(action, CustomAction):
        return True
    grant = access.grant(resource, name)
    if grant is None or not (action.restricts or grant.is_unlimited):
        return False
    through = ctx.target.association or ctx.target.field
    return not _relates(ctx) or grant.fields is None or through in grant.fields


def resource_of(ctx: Context) -> str:
    """Whose permissions count: those of what a path leads to, but of what it comes from where relations change."""
    if extensions.owns(ctx.target.resource, ctx.action):
        return ctx.target.resource
    return ctx.target.collection if _relates(ctx) else ctx.collection


def _relates(ctx: Context) -> bool:
    return ctx.action in _RELATING and (ctx.target.association or ctx.target.field) is not None
