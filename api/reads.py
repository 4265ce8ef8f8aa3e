"""list and get: one statement whose result is JSON text already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.access import restricted
from api.allowed import allowed_actions, wants_allowed
from api.context import Context
from api.params import Params, load_json
from api.reply import Reply
from api.statements import run
from api.system import SYSTEM
from orchestrator.access import shows_tree
from orchestrator.model.shape import split
from orchestrator.model.tree import nested

__all__ = ["get", "keys", "listing"]

#: ids of jobs are their execution's id times this, and a number
_JOBS = 1 << 20
#: of a bigint, at most
_DIGITS = 19
#: instead of a count, whether rows follow the page
_FOLLOWING = (b"true", b"false")
#: where the nodes of a tree are that lie below another
_CHILDREN = "children"


async def listing(ctx: Context) -> Reply:
    """A page of records with `meta`; all of them without it when `paginate` is false."""
    params = ctx.params
    request = await restricted(ctx, _request(ctx))
    if _told(params, "tree") and (found := await _tree(ctx, request)) is not None:
        return found
    if params.paginate:
        request |= {"limit": params.page_size, "offset": (params.page - 1) * params.page_size, "count": True}
    rows = await run(ctx.services, *split(request))
    return await _page(ctx, rows[0][0] or b"[]", rows[0][1] if params.paginate else None)


async def _page(ctx: Context, data: bytes, counted: bytes | None) -> Reply:
    params = ctx.params
    if not params.paginate:
        return Reply(200, b'{"data":%b}' % data)
    if counted in _FOLLOWING:
        meta = b'"hasNext":%b,"page":%d,"pageSize":%d' % (counted, params.page, params.page_size)
    else:
        count = int(counted or 0)
        meta = b'"count":%d,"page":%d,"pageSize":%d,"totalPage":%d' % (
            count,
            params.page,
            params.page_size,
            -(-count // params.page_size),
        )
    if wants_allowed(ctx) and (allowed := await allowed_actions(ctx, data)) is not None:
        meta += b',"allowedActions":%b' % allowed
    return Reply(200, b'{"data":%b,"meta":{%b}}' % (data, meta))


async def _tree(ctx: Context, request: dict[str, Any]) -> Reply | None:
    """A page of roots with what is below them; None where the collection was not declared to be a tree."""
    params = ctx.params
    collection = (await ctx.services.catalogs.current()).get(ctx.collection)
    if collection is None or collection.parent is None or not collection.options.get("tree"):
        return None
    if ctx.access is not None and not shows_tree(ctx.access, collection):
        return None
    appends = [name for name in params.appends if name.partition("(")[0] != _CHILDREN]
    request = request | {"kind": "tree", "appends": appends}
    if params.paginate:
        request |= {"limit": params.page_size, "offset": (params.page - 1) * params.page_size}
    rows = await run(ctx.services, *split(request))
    nodes = [(data, key, parent) for _, data, key, parent in rows if data is not None and key is not None]
    return await _page(ctx, nested(nodes, always_children=len(appends) < len(params.appends)), rows[0][0])


def _told(params: Params, name: str) -> bool:
    """A switch in the query."""
    return params.raw.get(name) in ("true", True)


async def get(ctx: Context) -> Reply:
    """The first record that matches, null when none does."""
    request = _request(ctx) | {"single": True, "filterByTk": ctx.params.filter_by_tk}
    request["template"] = _told(ctx.params, "isTemplate")
    if ctx.collection == "jobs" and ctx.services is ctx.services.main:
        request["filter"] = _narrowed(request)
    rows = await run(ctx.services, *split(await restricted(ctx, request)))
    data = rows[0][0] if rows else None
    if data is None:
        return Reply(200, b'{"data":null}')
    if wants_allowed(ctx) and (allowed := await allowed_actions(ctx, b"[%b]" % data)) is not None:
        return Reply(200, b'{"data":%b,"meta":{"allowedActions":%b}}' % (data, allowed))
    return Reply(200, b'{"data":%b}' % data)


async def keys(ctx: Context) -> list[Any]:
    """The keys of the records of our own that key and filter select."""
    (name,) = SYSTEM[ctx.collection].key_columns
    request = _request(ctx) | {"filterByTk": ctx.params.filter_by_tk, "fields": [name], "except": [], "appends": []}
    rows = await run(ctx.services, *split(await restricted(ctx, request)))
    return [record[name] for record in load_json((rows[0][0] or b"[]").decode())]


def _request(ctx: Context) -> dict[str, Any]:
    params, target = ctx.params, ctx.target
    request: dict[str, Any] = {
        "kind": "select",
        "collection": ctx.collection,
        "filter": params.filter,
        "fields": params.fields,
        "except": params.excluded,
        "appends": params.appends,
        "sort": params.sort,
        "rendering": "wire",
        "timezone": ctx.header("x-timezone"),
        "userId": ctx.user_id,
    }
    if target.association is not None and target.source_id != "_":
        request["association"] = {
            "collection": target.collection,
            "name": target.association,
            "key": ctx.source_key(),
        }
    return request


def _narrowed(request: Mapping[str, Any]) -> Any:
    """A job is found through its execution: ids of jobs have no index."""
    key = request["filterByTk"]
    if not isinstance(key, str | int) or not str(key).isdecimal() or len(str(key)) > _DIGITS:
        return request["filter"]
    execution = {"executionId": int(key) // _JOBS}
    return {"$and": [execution, request["filter"]]} if request["filter"] else execution
