"""list and get: one statement whose result is JSON text already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.context import Context
from api.database import Row
from api.errors import BAD_REFERENCE, is_stale_catalog
from api.params import load_json
from api.reply import Reply
from orchestrator.errors import InvalidError
from orchestrator.model.shape import split

__all__ = ["get", "keys", "listing"]

#: ids of jobs are their execution's id times this, and a number
_JOBS = 1 << 20


async def listing(ctx: Context) -> Reply:
    """A page of records with `meta`; all of them without it when `paginate` is false."""
    params = ctx.params
    request = _request(ctx)
    if params.paginate:
        request |= {"limit": params.page_size, "offset": (params.page - 1) * params.page_size, "count": True}
    rows = await _run(ctx, request)
    data = rows[0][0] or b"[]"
    if not params.paginate:
        return Reply(200, b'{"data":%b}' % data)
    count = int(rows[0][1] or 0)
    meta = b'{"count":%d,"page":%d,"pageSize":%d,"totalPage":%d}' % (
        count,
        params.page,
        params.page_size,
        -(-count // params.page_size),
    )
    return Reply(200, b'{"data":%b,"meta":%b}' % (data, meta))


async def get(ctx: Context) -> Reply:
    """The first record that matches, null when none does."""
    request = _request(ctx) | {"single": True, "filterByTk": ctx.params.filter_by_tk}
    if ctx.collection == "jobs":
        request["filter"] = _narrowed(request)
    rows = await _run(ctx, request)
    return Reply(200, b'{"data":%b}' % (rows[0][0] if rows and rows[0][0] is not None else b"null"))


async def keys(ctx: Context) -> list[Any]:
    """The ids of the records that key and filter select."""
    request = _request(ctx) | {"filterByTk": ctx.params.filter_by_tk, "fields": ["id"], "except": [], "appends": []}
    rows = await _run(ctx, request)
    return [record["id"] for record in load_json((rows[0][0] or b"[]").decode())]


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
    if not isinstance(key, str | int) or not str(key).isdigit():
        return request["filter"]
    execution = {"executionId": int(key) // _JOBS}
    return {"$and": [execution, request["filter"]]} if request["filter"] else execution


async def _run(ctx: Context, request: Mapping[str, Any]) -> list[Row]:
    """Runs the statement; once more when it failed for a catalog that is no longer true."""
    shape, values = split(request)
    catalogs, database = ctx.services.catalogs, ctx.services.database
    statements = await catalogs.current()
    try:
        return await database.rows(statements.of(shape), values)
    except Exception as error:
        unknown = isinstance(error, InvalidError) and error.message == BAD_REFERENCE
        if not unknown and not is_stale_catalog(error):
            raise
        again = await catalogs.refresh()
        if again is statements:
            raise
        return await database.rows(again.of(shape), values)
