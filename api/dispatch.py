"""The chain of a request: what is asked, may it be asked like this, who asks, may he, do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sanic import Request

from api import auth, collections, query_string, reads, writes
from api.catalog import Statements
from api.context import Context, body_text
from api.errors import ApiError, NotFound
from api.extension import extensions
from api.params import load_json, read_params
from api.reply import Reply
from api.request import Target, parse_path
from api.resources import Action, Actions, choose_action
from api.roles import acting_role, authorize
from api.running import run_call
from api.services import Services
from api.system import SYSTEM

__all__ = ["ACTIONS", "Dispatcher"]


def _registry() -> Actions:
    actions = Actions(
        (
            Action("list", reads.listing),
            Action("get", reads.get),
            Action("create", writes.create, writes=True),
            Action("update", writes.update, writes=True, needs_filter=True),
            Action("destroy", writes.destroy, writes=True, needs_filter=True),
        )
    )
    actions.add("auth", auth.ACTIONS, closed=True)
    for resource, own in collections.ACTIONS.items():
        actions.add(resource, own)
    return actions


ACTIONS = _registry()


class Dispatcher:
    """Answers requests below the prefix."""

    def __init__(self, services: Services, actions: Actions = ACTIONS) -> None:
        self._services = services
        self._actions = actions

    async def answer(self, request: Request, path: str, request_id: str, seen: dict[str, Any]) -> Reply:
        """The reply of an action. `seen` gets what is known of the request, for the log, as soon as it is known."""
        target = parse_path(path)
        body = _legacy_body(request) if target.legacy else None
        if body is not None:
            target = _legacy_target(target, body)
        name = choose_action(target, request.method)
        collection, name = await self._resolve(target, name)
        seen["action"] = name
        action = self._find(target, collection, name)
        raw = extensions.merged(
            target.resource, name, body if body is not None else query_string.parse(request.query_string)
        )
        params = read_params(raw, target.record_id, max_page_size=self._services.settings.max_page_size)
        ctx = Context(self._services, request, request_id, target, name, collection, params)
        if body is not None:
            ctx.values = body.get("values") or {}
        if action.needs_filter and params.selects_nothing:
            raise ApiError(500, f"to do {name} action, filter or filterByTk is required")
        if not action.public:
            await self._admit(ctx, action, seen)
        if extensions.touches(target.resource, name):
            return await run_call(ctx, action)
        return await action.handler(ctx)

    async def _resolve(self, target: Target, name: str) -> tuple[str, str]:
        """The collection whose records are meant, and the action; NotFound for what the catalog does not have."""
        if self._actions.is_closed(target.collection):
            if target.association is not None:
                raise NotFound
            return target.collection, name
        if extensions.owns(target.resource, name):
            return target.collection, name
        found = _collection(await self._services.catalogs.current(), target)
        if found is None:
            found = _collection(await self._services.catalogs.refresh(), target)
        if found is None:
            raise NotFound
        collection, to_many = found
        if name == "list" and target.action is None and not to_many:
            # a path to one record, without an action: there is nothing to list
            name = "get"
        return collection, name

    def _find(self, target: Target, collection: str, name: str) -> Action:
        if not extensions.allows(target.resource, name):
            raise ApiError(403, f"{name} action is not allowed")
        custom = extensions.find(target.resource, name)
        if custom is not None:
            return custom
        action = self._actions.find(target.resource, name)
        if action.writes and collection in SYSTEM:
            raise NotFound
        if target.association is not None and target.source_id is None:
            raise NotFound
        return action

    async def _admit(self, ctx: Context, action: Action, seen: dict[str, Any]) -> None:
        ctx.session = await auth.authenticate(ctx)
        seen["user_id"] = ctx.session.user_id
        source = ctx.header("x-data-source")
        if source is not None and source != "main":
            raise ApiError(500, f"data source {source} does not exist")
        ctx.role = acting_role(ctx.session, ctx.header("x-role"))
        authorize(action, ctx.role)


def _collection(statements: Statements, target: Target) -> tuple[str, bool] | None:
    """Name of the addressed collection, and whether the path can mean several records."""
    source = statements.get(target.collection)
    if source is None or target.association is None:
        return (source.name, True) if source is not None else None
    association = source.associations.get(target.association)
    return (association.target, association.to_many) if association is not None else None


def _legacy_body(request: Request) -> dict[str, Any]:
    body = load_json(body_text(request))
    if not isinstance(body, dict):
        raise ApiError(400, "Bad Request")
    return body


def _legacy_target(target: Target, body: Mapping[str, Any]) -> Target:
    source, record = body.get("associatedIndex"), body.get("resourceIndex")
    return replace(
        target,
        source_id=str(source) if isinstance(source, str | int) else None,
        record_id=str(record) if isinstance(record, str | int) else None,
    )
