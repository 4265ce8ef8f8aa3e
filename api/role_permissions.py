"""What roles may do: read like tables, changed by `orchestrator.administer`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import psycopg

from api import reads
from api.administration import administer, forward, selected
from api.context import Context
from api.extension import extensions
from api.owned import narrowed
from api.people import forgetting
from api.reply import Reply
from api.resources import Action
from api.services import PATIENCE, Services
from api.system import SYSTEM

__all__ = ["ACTIONS", "CLOSED"]

_SCOPES = "dataSourcesRolesResourcesScopes"
#: what a permission is shown with where nothing else was asked for
_WHOLE = ["actions", "actions.scope"]


async def list_permissions(ctx: Context) -> Reply:
    """A page of what a role has permissions of its own for."""
    return await reads.listing(_of_source(ctx))


async def get_permissions(ctx: Context) -> Reply:
    """Permissions by their id or the name of their resource, with their actions; null when there are none."""
    key = ctx.params.filter_by_tk
    ctx = replace(ctx, params=replace(ctx.params, filter_by_tk=None))
    if not (ctx.params.fields or ctx.params.appends):
        ctx.params.appends = _WHOLE
    named: dict[str, Any] | None = None
    if key is not None:
        named = {"$or": [{"name": key}, {"id": key}]} if str(key).isdecimal() else {"name": key}
    return await reads.get(narrowed(_of_source(ctx), named))


async def list_collections(ctx: Context) -> Reply:
    """A page of the collections, each with what decides about it."""
    ctx = _of_source(ctx)
    return await reads.listing(narrowed(ctx, sort=ctx.params.sort or ["sort"]))


async def list_strategies(ctx: Context) -> Reply:
    """A page of the strategies of roles in a data source."""
    return await reads.listing(narrowed(_strategies(ctx), {"dataSourceKey": ctx.target.source_id}))


async def get_strategy(ctx: Context) -> Reply:
    """The strategy of one role in a data source."""
    key = {"dataSourceKey": ctx.target.source_id, "roleName": ctx.params.filter_by_tk}
    return await reads.get(narrowed(_strategies(ctx), key, filter_by_tk=None))


async def change(ctx: Context) -> Reply:
    """Hands the request on with the names that permissions may be about."""
    return await _change(ctx, {"filterByTk": ctx.params.filter_by_tk})


async def change_selected(ctx: Context) -> Reply:
    """Hands the request on, and the keys of what it selects."""
    return await _change(ctx, await selected(ctx))


async def _change(ctx: Context, selection: Mapping[str, Any]) -> Reply:
    return await forgetting(ctx, await administer(ctx, {**selection, "known": await _vocabulary(ctx)}))


async def _vocabulary(ctx: Context) -> Mapping[str, Any]:
    """The names that permissions may be about, with those of other databases that the request is about."""
    known, sources = dict(_known()), ctx.services.sources
    if sources:
        # a scope is named by its id alone
        named = list(sources) if ctx.target.resource == _SCOPES else _named(ctx)
        meant = [key for key in sources if key in named]
        known["sources"] = {key: names for key in meant if (names := await _collections(sources[key])) is not None}
    return known


def _named(ctx: Context) -> Sequence[Any]:
    """What may be the key of a data source in a request."""
    body = ctx.values_json()
    elements = [each for each in (body if isinstance(body, list) else [body]) if isinstance(each, Mapping)]
    places = (ctx.params.raw, ctx.params.filter or {}, *elements)
    return [ctx.target.source_id, *(place.get("dataSourceKey") for place in places)]


async def _collections(source: Services) -> Mapping[str, list[str]] | None:
    """Names of columns and relations by collection; None while the database is away."""
    try:
        async with asyncio.timeout(PATIENCE):
            catalog = (await source.catalogs.current()).catalog
    except (psycopg.OperationalError, TimeoutError):
        return None
    return {collection.name: [*collection.fields, *collection.associations] for collection in catalog}


@cache
def _known() -> Mapping[str, Any]:
    """What the database does not know: our own collections, and actions that a deployment added."""
    names = [name.rpartition(":") for name in extensions.actions]
    return {
        "collections": {name: [*own.fields, *own.associations] for name, own in SYSTEM.items()},
        "resources": sorted({resource for resource, _, _ in names if resource}),
        "actions": sorted({action for _, _, action in names}),
    }


def _of_source(ctx: Context) -> Context:
    """Narrowed to the data source that the query names, if it names one."""
    source = ctx.params.raw.get("dataSourceKey")
    return narrowed(ctx, {"dataSourceKey": source}) if isinstance(source, str) and source else ctx


def _strategies(ctx: Context) -> Context:
    """The same request for records that the path does not lead to."""
    target = replace(ctx.target, association=None, source_id=None)
    return replace(ctx, target=target, collection="dataSourcesRoles")


_PERMISSIONS = (
    Action("list", list_permissions, reads=True),
    Action("get", get_permissions, reads=True),
    Action("create", change),
    Action("update", change, needs_filter=True),
    Action("destroy", change, needs_filter=True),
)
_COLLECTIONS = (Action("list", list_collections, reads=True),)

#: by resource
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "roles": (
        Action("create", change),
        Action("update", change_selected, needs_filter=True),
        Action("destroy", change_selected, needs_filter=True),
        Action("setSystemRoleMode", change),
        Action("applyDataPermissions", change),
    ),
    "roles.resources": _PERMISSIONS,
    "roles.dataSourceResources": _PERMISSIONS,
    "roles.collections": _COLLECTIONS,
    "roles.dataSourcesCollections": _COLLECTIONS,
    _SCOPES: (
        Action("create", change),
        Action("update", change_selected, needs_filter=True),
        Action("destroy", change_selected, needs_filter=True),
    ),
}
#: resources that are no collections
CLOSED: Mapping[str, tuple[Action, ...]] = {
    "dataSources.roles": (
        Action("list", list_strategies, reads=True),
        Action("get", get_strategy, reads=True),
        Action("update", change, needs_filter=True),
    ),
    "availableActions": (Action("list", forward, reads=True),),
}
