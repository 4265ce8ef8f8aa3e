"""Records of our own tables that an action of theirs is about: their ids, or one of them as it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api import reads
from api.context import Context
from api.errors import ApiError, NotFound
from api.reply import Reply

__all__ = ["id_list", "narrowed", "selected_ids", "shown", "values_object"]


def narrowed(ctx: Context, *conditions: Mapping[str, Any] | None, **params: Any) -> Context:
    """The same request with more conditions, and other parameters."""
    both = [condition for condition in (ctx.params.filter, *conditions) if condition]
    return replace(ctx, params=replace(ctx.params, filter={"$and": both} if both else None, **params))


async def selected_ids(ctx: Context, *conditions: Mapping[str, Any]) -> list[int]:
    """Ids of what key, filter and conditions select; NotFound when there is none of a key's."""
    keys = ctx.params.filter_by_tk
    wanted = keys if isinstance(keys, list) else [] if keys is None else [keys]
    by_key = {"id": {"$in": wanted}} if wanted else None
    plain: dict[str, Any] = {"appends": [], "excluded": [], "sort": [], "fields": ["id"], "paginate": False}
    reply = await reads.listing(narrowed(ctx, by_key, *conditions, **plain))
    ids = [int(record["id"]) for record in json.loads(reply.body)["data"]]
    if wanted and not set(map(str, wanted)) <= set(map(str, ids)):
        raise NotFound
    return ids


async def shown(ctx: Context, ids: list[int], *, single: bool = False) -> Reply:
    """Records by id, as clients see them."""
    plain: dict[str, Any] = {"filter_by_tk": ids[0] if single else None, "paginate": False}
    ctx = replace(ctx, params=replace(ctx.params, filter=None))
    return await (reads.get(narrowed(ctx, **plain)) if single else reads.listing(narrowed(ctx, {"id": ids}, **plain)))


def id_list(ids: list[int]) -> str:
    """Ids as the text of an array."""
    return "{" + ",".join(map(str, ids)) + "}"


def values_object(ctx: Context) -> dict[str, Any]:
    """The body, which has to be an object."""
    values = ctx.values_json()
    if not isinstance(values, dict):
        raise ApiError(400, "the values must be an object")
    return values
