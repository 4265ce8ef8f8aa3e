"""query: groups of records and what they amount to, in one statement."""

from __future__ import annotations

from api.access import restricted
from api.context import Context
from api.errors import ApiError
from api.params import read_params
from api.reply import Reply
from api.statements import run
from api.variables import fill
from orchestrator.model.aggregation import split_query

__all__ = ["query"]

#: what a query consists of besides conditions
_ASKED = ("measures", "dimensions", "orders", "limit", "offset")


async def query(ctx: Context) -> Reply:
    """Flat objects by the names of the query's measures and dimensions."""
    if ctx.target.association is not None:
        raise ApiError(400, "Query action does not support association resources")
    body = ctx.values_json()
    request = body if isinstance(body, dict) else {}
    conditions = {
        name: await fill(ctx, read_params({"filter": request.get(name)}).filter) for name in ("filter", "having")
    }
    asked = {name: request[name] for name in _ASKED if name in request} | conditions
    asked |= {"collection": ctx.collection, "timezone": ctx.header("x-timezone"), "userId": ctx.user_id}
    shape, values = split_query(await restricted(ctx, asked), ctx.services.settings.max_page_size)
    rows = await run(ctx.services, shape, values)
    return Reply(200, b'{"data":%b}' % (rows[0][0] or b"[]"))
