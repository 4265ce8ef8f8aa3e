"""Running an action with the custom code around it: middlewares, the handler before, the action, the handler after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.access import scope_of
from api.call import Call
from api.context import Context
from api.errors import ApiError
from api.extension import Around, CustomAction, Next, extensions
from api.gate import resource_of
from api.merging import merge_params
from api.params import read_params
from api.reply import Reply
from api.resources import Action
from api.variables import fill

__all__ = ["run_call"]


async def run_call(ctx: Context, action: Action) -> Reply:
    """The reply of an action that is custom, or has custom code around it."""
    raw = ctx.params.raw
    if ctx.params.filter is not None:
        # without its variables
        raw = {**raw, "filter": ctx.params.filter}
    if isinstance(action, CustomAction):
        raw = await _within_scope(ctx, raw)
    values = ctx.values_json() if ctx.request.body or ctx.values is not None else None
    call = Call(ctx, raw if values is None else merge_params(raw, {"values": values}))
    resource, name = call.resource, call.action
    before, after = extensions.handler_before(resource, name), extensions.handler_after(resource, name)

    async def act() -> None:
        if before is not None:
            await before(call)
        if isinstance(action, CustomAction):
            result = await action.run(call)
            if result is not None:
                call.body = result
        else:
            await _reread(ctx, call, action, values)
            call.answered(await action.handler(ctx))
        if after is not None:
            await after(call)

    await _onion(call, extensions.around(resource, name), act)()
    return call.reply()


async def _within_scope(ctx: Context, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of a custom action, whose filter is the scope of its permission as well."""
    scope = await scope_of(ctx, resource_of(ctx), ctx.action)
    if scope is False:
        raise ApiError(403, "No permissions")
    return raw if scope is None else merge_params(raw, {"filter": scope})


async def _reread(ctx: Context, call: Call, action: Action, values: Any) -> None:
    """What custom code made of the parameters counts for the built-in action, under the same checks."""
    ctx.params = read_params(
        {name: value for name, value in call.params.items() if name != "values"},
        ctx.target.record_id,
        max_page_size=ctx.services.settings.max_page_size,
    )
    if ctx.params.filter is not None:
        ctx.params.filter = await fill(ctx, ctx.params.filter, strict=not action.reads)
    if action.needs_filter and ctx.params.selects_nothing:
        raise ApiError(500, f"to do {action.name} action, filter or filterByTk is required")
    if call.params.get("values") is not values:
        ctx.values = call.params.get("values")


def _onion(call: Call, around: Sequence[Around], act: Next) -> Next:
    """The first one is the outermost; what follows its `await next()` runs when all within is done."""
    within = act
    for handler in reversed(around):
        within = _wrapped(call, handler, within)
    return within


def _wrapped(call: Call, handler: Around, within: Next) -> Next:
    async def run() -> None:
        await handler(call, within)

    return run
