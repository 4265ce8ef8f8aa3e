"""Collections and fields as resources: read like tables, changed by one call of `orchestrator.change_collection`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from api import reads
from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from api.resources import Action
from api.services import MAIN, Services
from api.system import SYSTEM

__all__ = ["ACTIONS", "CLOSED"]

_CHANGE = "select orchestrator.change_collection($1)"
#: the column with what a client gets
_DOCUMENT = "document"
_CATEGORY = ("id", "name", "color", "sort")
#: parameters that say where a collection is to stand
_PLACE = ("sourceId", "targetId", "method", "sticky")
_ALWAYS = ("filterTargetKey", "unavailableActions")

#: names that are resources already
_RESERVED = frozenset({*SYSTEM, "auth", "availableActions", "dataSources", "mainDataSource", "tokenControlConfig"})

Handler = Callable[[Context], Awaitable[Reply]]


async def list_collections(ctx: Context) -> Reply:
    """A page of definitions; those of their fields with `appends=fields`, what they are filed under with `category`."""
    return await _read(ctx, reads.listing, with_fields="fields" in ctx.params.appends)


async def get_collection(ctx: Context) -> Reply:
    """One definition, null when there is none of that name."""
    return await _read(ctx, reads.get, with_fields="fields" in ctx.params.appends)


async def list_meta(ctx: Context) -> Reply:
    """Every definition with its fields."""
    ctx.params = replace(ctx.params, paginate=False, fields=None)
    return await _read(ctx, reads.listing, with_fields=True)


async def list_fields(ctx: Context) -> Reply:
    """A page of the fields of a collection, or of all."""
    return await _read(ctx, reads.listing)


async def get_field(ctx: Context) -> Reply:
    """One field: by its name below a collection, else by its key."""
    key = ctx.params.filter_by_tk
    if ctx.target.association is not None and key is not None:
        named: dict[str, Any] = {"name": key}
        condition = {"$and": [named, ctx.params.filter]} if ctx.params.filter else named
        ctx.params = replace(ctx.params, filter=condition, filter_by_tk=None)
    return await _read(ctx, reads.get)


async def change(ctx: Context) -> Reply:
    """Hands the request on: everything of it happens in one transaction, or nothing."""
    values, services = ctx.values_text(), ctx.services
    if ctx.target.resource == "dataSources":
        values, services = _of_source(ctx)
    request = {
        "resource": ctx.target.resource,
        "action": ctx.action,
        "source": ctx.target.source_id,
        "key": ctx.params.filter_by_tk,
        "cascade": ctx.params.raw.get("cascade"),
        "params": {name: ctx.params.raw.get(name) for name in _PLACE},
        "reserved": sorted(_RESERVED) if services is services.main else [],
    }
    text = json.dumps(request, ensure_ascii=False, default=str)
    row = await services.database.row(_CHANGE, (f'{text[:-1]}, "values": {values}}}',))
    if row is None or row[0] is None:
        raise RuntimeError("orchestrator.change_collection returned nothing")
    # what was made can be used by whoever reads this reply
    await services.catalogs.changed()
    return Reply(int(row[0][:3]), row[0][4:])


def _of_source(ctx: Context) -> tuple[str, Services]:
    """The values as the database that they name takes them, and that database's services."""
    values = ctx.values_json()
    key = values.get("dataSourceKey", MAIN) if isinstance(values, dict) else MAIN
    if key == MAIN:
        return ctx.values_text(), ctx.services
    source = ctx.services.sources.get(key) if isinstance(key, str) else None
    if source is None:
        raise ApiError(404, f'data source "{key}" does not exist')
    # that database is its own main one
    return json.dumps({**values, "dataSourceKey": MAIN}, default=str), source


async def _read(ctx: Context, handler: Handler, *, with_fields: bool = False) -> Reply:
    """Reads the documents, and shows what was asked of them."""
    wanted, hidden = ctx.params.fields, ctx.params.excluded
    filed = "category" in ctx.params.appends
    if set(ctx.params.appends) - {"fields", "category"}:
        raise ApiError(400, "Invalid SQL column or table reference")
    ctx.params = replace(
        ctx.params,
        fields=[
            _DOCUMENT,
            *([f"fields.{_DOCUMENT}", "fields.sort"] if with_fields else []),
            *([f"category.{name}" for name in _CATEGORY] if filed else []),
        ],
        excluded=[],
        appends=[
            *(["fields(sort=sort)"] if with_fields else []),
            *(["category(sort=sort)"] if filed else []),
        ],
        sort=ctx.params.sort or ["sort"],
    )
    # names are for everybody who is signed in, and nothing else is read
    reply = await handler(replace(ctx, access=None))
    body = json.loads(reply.body)
    data = body["data"]
    if isinstance(data, list):
        body["data"] = [_shown(entry, wanted, hidden) for entry in data]
    elif data is not None:
        body["data"] = _shown(data, wanted, hidden)
    return Reply(reply.status, json.dumps(body, ensure_ascii=False).encode())


def _shown(entry: Mapping[str, Any], wanted: Iterable[str] | None, hidden: Iterable[str]) -> dict[str, Any]:
    document: dict[str, Any] = entry[_DOCUMENT]
    if wanted is not None:
        names = {name.partition(".")[0] for name in wanted} | {*_ALWAYS}
        document = {name: value for name, value in document.items() if name in names}
    if "fields" in entry:
        document["fields"] = [field[_DOCUMENT] for field in entry["fields"]]
    if "category" in entry:
        document["category"] = [{key: category[key] for key in _CATEGORY} for category in entry["category"]]
    return {name: value for name, value in document.items() if name not in hidden}


_READS = (Action("list", list_fields), Action("get", get_field))
_CHANGES = (
    Action("create", change),
    Action("update", change, needs_filter=True),
    Action("destroy", change, needs_filter=True),
)

#: by resource
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "collections": (
        Action("list", list_collections, any_role=True),
        Action("listMeta", list_meta, any_role=True),
        Action("get", get_collection),
        Action("setFields", change, needs_filter=True),
        Action("apply", change),
        Action("move", change),
        *_CHANGES,
    ),
    "collections.fields": (*_READS, Action("apply", change), *_CHANGES),
    "fields": (*_READS, Action("apply", change), *_CHANGES),
}
#: resources that are no collections
CLOSED: Mapping[str, tuple[Action, ...]] = {
    "dataSources": (Action("readTables", change), Action("loadTables", change)),
    "mainDataSource": (Action("syncFields", change), Action("refresh", change)),
}
