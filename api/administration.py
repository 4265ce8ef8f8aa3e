"""Actions on our own resources: one call of `orchestrator.administer`, whose status and body go out as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from api import reads
from api.context import Context
from api.reply import Reply
from api.resources import Action

__all__ = ["ACTIONS", "administer", "forward", "forward_selected", "selected"]

_ADMINISTER = "select orchestrator.administer($1, $2::bigint, $3, $4)"


async def forward(ctx: Context) -> Reply:
    """Hands the request on: the path's or query's key names the record."""
    return await administer(ctx, {"filterByTk": ctx.params.filter_by_tk})


async def forward_selected(ctx: Context) -> Reply:
    """Hands the request on with the keys of the records that it selects."""
    return await administer(ctx, await selected(ctx))


async def selected(ctx: Context) -> dict[str, Any]:
    """The keys of what the request selects; the key alone is not looked up."""
    if not ctx.params.filter:
        return {"filterByTk": ctx.params.filter_by_tk}
    return {"filterByTk": ctx.params.filter_by_tk, "keys": await reads.keys(ctx)}


async def administer(ctx: Context, selection: Mapping[str, Any], values: str | None = None) -> Reply:
    """Hands a request on with what it selects, and with other values than the body, if any."""
    request = {
        "resource": ctx.target.resource,
        "action": ctx.action,
        "sourceId": ctx.target.source_id,
        "filter": ctx.params.filter,
        "params": ctx.params.raw,
        **selection,
    }
    text = json.dumps(request, ensure_ascii=False, default=_number)
    row = await ctx.services.database.row(
        _ADMINISTER,
        (
            f'{text[:-1]}, "values": {ctx.values_text() if values is None else values}}}',
            None if ctx.user_id is None else str(ctx.user_id),
            ctx.role,
            ctx.request_id,
        ),
    )
    if row is None or row[0] is None:
        raise RuntimeError("orchestrator.administer returned nothing")
    return Reply(int(row[0][:3]), row[0][4:])


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


#: what no snippet grants: they set in motion what has stopped, with another's rights
_ROOT_ONLY = frozenset({"rerun", "resume"})


def _actions(names: Iterable[str], selecting: Iterable[str] = ()) -> tuple[Action, ...]:
    """Actions on the record of a key, and on those that a key or filter selects."""
    return (
        *(Action(name, forward, root_only=name in _ROOT_ONLY) for name in names),
        *(Action(name, forward_selected, needs_filter=True) for name in selecting),
    )


#: by resource
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "workflows": _actions(("create", "revision", "execute"), ("update", "destroy", "sync")),
    "workflows.nodes": _actions(("create",)),
    "flow_nodes": _actions(("update", "duplicate", "destroy", "destroyBranch", "move", "test")),
    "executions": _actions(("cancel", "rerun"), ("destroy",)),
    "jobs": _actions(("resume",)),
    "workflowCategories": _actions(("create", "move"), ("update", "destroy")),
    "collectionCategories": _actions(("create", "move"), ("update", "destroy")),
}
