"""The chain of a request: what is asked, may it be asked like this, who asks, may he, do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sanic import Request

from api import (
    account,
    administration,
    aggregates,
    api_keys,
    auth,
    authenticators,
    collections,
    query_string,
    reads,
    relations,
    token_policy,
    writes,
)
from api.catalog import Statements
from api.context import Context, body_text
from api.errors import ApiError, NotFound, Worded
from api.extension import extensions
from api.params import load_json, read_params
from api.reply import Reply
from api.request import Target, parse_path
from api.resources import Action, Actions, choose_action
from api.roles import acting_role, authorize
from api.running import run_call
from api.services import Services
from api.system import SYSTEM
from api.variables import fill

__all__ = ["ACTIONS", "Dispatcher"]


_RELATING = tuple(Action(name, relations.relate, writes=True) for name in ("add", "set", "remove", "toggle"))
#: what may be done to the items of a column that holds a list
_ON_LISTS = {action.name: action for action in (Action("list", relations.items), *_RELATING)}


def _registry() -> Actions:
    actions = Actions(
        (
            Action("list", reads.listing, reads=True),
            Action("get", reads.get, reads=True),
            Action("query", aggregates.query, reads=True),
            Action("create", writes.create, writes=True),
            Action("update", writes.update, writes=True, needs_filter=True),
            Action("destroy", writes.destroy, writes=True, needs_filter=True),
            *_RELATING,
        )
    )
    actions.add("auth", (*auth.ACTIONS, *account.AUTH_ACTIONS), closed=True)
    actions.add("users", account.USER_ACTIONS)
    actions.add("apiKeys", api_keys.ACTIONS)
    actions.add("authenticators", authenticators.ACTIONS)
    actions.add("tokenControlConfig", token_policy.ACTIONS, closed=True)
    for resource, own in ({**administration.ACTIONS, **collections.ACTIONS}).items():
        actions.add(resource, own)
    for resource, own in collections.CLOSED.items():
        actions.add(resource, own, closed=True)
    return actions


ACTIONS = _registry()


class Dispatcher:
    """Answers requests below the prefix."""

    def __init__(self, services: Services, actions: Actions = ACTIONS) -> None:
        self._services = services
        self._actions = actions

    async def answer(
        self, request: Request, path: str, request_id: str, seen: dict[str, Any], headers: dict[str, str]
    ) -> Reply:
        """The reply of an action. `seen` gets what is known of the request, for the log, as soon as it is known;
        `headers` those of the response, whatever becomes of it.
        """
        target = parse_path(path)
        body = _legacy_body(request) if target.legacy else None
        if body is not None:
            target = _legacy_target(target, body)
        name = choose_action(target, request.method)
        meaning, name = await self._resolve(target, name)
        collection, to_many, field = meaning
        if field is not None:
            target = replace(target, association=None, field=field)
        seen["action"] = name
        action = self._find(target, collection, name)
        raw = extensions.merged(
            target.resource, name, body if body is not None else query_string.parse(request.query_string)
        )
        params = read_params(raw, target.record_id, max_page_size=self._services.settings.max_page_size)
        ctx = Context(self._services, request, request_id, target, name, collection, params, headers=headers)
        if body is not None:
            ctx.values = body.get("values") or {}
        if action.needs_filter and to_many and params.selects_nothing and not _may_do_without(ctx):
            raise ApiError(500, Worded("to do {} action, filter or filterByTk is required", name))
        if not action.public:
            await self._admit(ctx, action, seen)
        if params.filter is not None:
            params.filter = await fill(ctx, params.filter, strict=not action.reads)
        if extensions.touches(target.resource, name):
            return await run_call(ctx, action)
        return await action.handler(ctx)

    async def _resolve(self, target: Target, name: str) -> tuple[_Meaning, str]:
        """What the path means, and the action.

        Raises:
            NotFound: the catalog does not have it.
        """
        if self._actions.is_closed(target.collection):
            if target.association is not None:
                raise NotFound
            return _Meaning(target.collection), name
        if extensions.owns(target.resource, name):
            return _Meaning(target.collection), name
        found = _meaning(await self._services.catalogs.current(), target)
        if found is None:
            found = _meaning(await self._services.catalogs.look(), target)
        if found is None:
            raise NotFound
        if name == "list" and target.action is None and not found.to_many:
            # a path to one record, without an action: there is nothing to list
            name = "get"
        return found, name

    def _find(self, target: Target, collection: str, name: str) -> Action:
        if not extensions.allows(target.resource, name):
            raise ApiError(403, Worded("{} action is not allowed", name))
        custom = extensions.find(target.resource, name)
        if custom is not None:
            return custom
        action = self._actions.find(target.resource, name) if target.field is None else _ON_LISTS.get(name)
        if action is None:
            raise NotFound
        if action.writes and collection in SYSTEM:
            raise NotFound
        through = target.association or target.field
        if through is not None and (target.source_id is None or (action.writes and target.source_id == "_")):
            raise NotFound
        return action

    async def _admit(self, ctx: Context, action: Action, seen: dict[str, Any]) -> None:
        ctx.session = await auth.authenticate(ctx)
        seen["user_id"] = ctx.session.user_id
        source = ctx.header("x-data-source")
        if source is not None and source != "main":
            raise ApiError(500, Worded("data source {} does not exist", source))
        ctx.role = acting_role(ctx.session, ctx.header("x-role"))
        authorize(action, ctx.role)


class _Meaning(NamedTuple):
    """What a path leads to: a collection's records, several or one; or the items of a column that holds a list."""

    collection: str
    to_many: bool = True
    field: str | None = None


def _meaning(statements: Statements, target: Target) -> _Meaning | None:
    source = statements.get(target.collection)
    if source is None or target.association is None:
        return _Meaning(source.name) if source is not None else None
    association = source.associations.get(target.association)
    if association is not None:
        return _Meaning(association.target, association.to_many)
    field = source.fields.get(target.association)
    return _Meaning(source.name, field=field.name) if field is not None and field.listed and not field.hidden else None


def _may_do_without(ctx: Context) -> bool:
    """Whether no filter is needed: a list of values names its records itself, and to truncate does nothing."""
    if ctx.action == "destroy":
        return ctx.params.truncates
    return ctx.action == "update" and ctx.params.is_forced and ctx.values_text().lstrip().startswith("[")


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
