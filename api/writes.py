"""What writes records: one call of `orchestrator.act`, whose status and body go out as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import psycopg

from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.user import read_user

__all__ = ["act", "create", "destroy", "update"]

#: characters that a record has; beyond it is taken to be many, or a large one
_SHORT = 4000
#: in the context of an error that the engine has decided on
_RAISED = "enforce(text)"


async def create(ctx: Context) -> Reply:
    """The new record; a list of them for a list of values."""
    return await act(ctx, ctx.values_text())


async def update(ctx: Context) -> Reply:
    """A list of the updated records; for a list of values a list of such lists, for a to-one path one record."""
    return await act(ctx, ctx.values_text())


async def destroy(ctx: Context) -> Reply:
    """The number of deleted records; on a path through a relation true."""
    if ctx.params.truncates:
        return Reply(204, b"")
    return await act(ctx, "{}")


async def act(ctx: Context, values: str, more: Mapping[str, Any] | None = None) -> Reply:
    """Runs the action with its workflows in one statement, which is one transaction; `more` goes with the request."""
    target = ctx.target
    if ctx.access is not None:
        # what its scopes want to know; the engine itself knows no relations of users
        more = {**(more or {}), "user": await read_user(ctx, ctx.access.variables()), "access": ctx.elsewhere}
    try:
        row = await ctx.services.database.row(
            ctx.services.act,
            (
                _request(ctx, values, more or {}),
                target.collection,
                target.association,
                ctx.acting_user,
                ctx.role,
                ctx.params.trigger_workflows,
                ctx.request_id,
            ),
            _kind(ctx, values),
        )
    except psycopg.IntegrityError as error:
        # at the commit, past the engine, which says no more than the role may know
        if ctx.access is None or _RAISED in (error.diag.context or ""):
            raise
        raise ApiError(400, "a reference or a value is not allowed") from None
    if row is None or row[0] is None:
        raise RuntimeError("orchestrator.act returned nothing")
    return Reply(int(row[0][:3]), row[0][4:])


def _kind(ctx: Context, values: str) -> str | None:
    """What requests that take about as long have in common; None where that is anybody's guess."""
    if ctx.params.filter is not None or len(values) > _SHORT:
        return None
    nested = "[" in values or "{" in values[1:]
    return f"{ctx.action} {ctx.target.collection} {ctx.target.association or ''} {nested}"


def _request(ctx: Context, values: str, more: Mapping[str, Any]) -> str:
    """The request as JSON. The values are text already, checked to be one JSON value, and go in as such."""
    target, params = ctx.target, ctx.params
    request: dict[str, Any] = {"action": ctx.action}
    if target.association is not None:
        request["association"] = target.association
        request["source"] = target.collection
        request["sourceId"] = ctx.source_key()
    elif target.field is not None:
        request["field"] = target.field
        request["sourceId"] = ctx.source_key()
    optional = {
        "filterByTk": params.filter_by_tk,
        "filter": params.filter,
        "timezone": ctx.header("x-timezone") if params.filter or ctx.access is not None else None,
        "whitelist": params.whitelist,
        "blacklist": params.blacklist,
        "updateAssociationValues": params.update_association_values or None,
        **more,
    }
    request.update((name, value) for name, value in optional.items() if value is not None)
    return f'{_encoder.encode(request)[:-1]}, "values": {values}}}'


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value) if value == Decimal(repr(float(value))) else str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, default=_number)
