"""Which databases there are: the main one, where users are, and those that the settings name."""

from __future__ import annotations

import asyncio
from typing import Any

from api.context import Context
from api.errors import ApiError
from api.reply import Reply, data_reply
from api.resources import Action
from api.services import MAIN, PATIENCE, Services

__all__ = ["ACTIONS"]


async def list_sources(ctx: Context) -> Reply:
    """Every database, and whether it can be used."""
    return data_reply(await _documents(ctx))


async def list_enabled(ctx: Context) -> Reply:
    """What clients offer to choose from."""
    return data_reply([{**document, "isDBInstance": True} for document in await _documents(ctx)])


async def get_source(ctx: Context) -> Reply:
    """One of them, by its key."""
    found = [document for document in await _documents(ctx) if document["key"] == ctx.params.filter_by_tk]
    if not found:
        raise ApiError(404, f'data source "{ctx.params.filter_by_tk}" does not exist')
    return data_reply(found[0])


async def _documents(ctx: Context) -> list[dict[str, Any]]:
    every = [ctx.services.main, *ctx.services.main.sources.values()]
    return list(await asyncio.gather(*map(_document, every)))


async def _document(services: Services) -> dict[str, Any]:
    """How to reach it is nobody's business."""
    try:
        await asyncio.wait_for(services.database.row("select 1"), PATIENCE)
        status = "loaded"
    except Exception:
        status = "loading-failed"
    main = services.key == MAIN
    return {
        "key": services.key,
        "displayName": "Main" if main else services.key,
        "type": MAIN if main else "postgres",
        "enabled": True,
        "fixed": main,
        "options": {},
        "status": status,
    }


ACTIONS = (
    Action("list", list_sources),
    Action("listEnabled", list_enabled, any_role=True),
    Action("get", get_source),
)
