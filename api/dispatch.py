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
    data_sources,
    moves,
    people,
    query_string,
    reads,
    relations,
    role_check,
    role_permissions,
    sheets,
    token_policy,
    upserts,
    writes,
)
from api.catalog import Statements
from api.context import Context, body_text
from api.errors import ApiError, NotFound, Worded
from api.extension import extensions
from api.gate import authorize
from api.params import Params, load_json, read_params
from api.reply import Reply
from api.request import Target, parse_path
from api.resources import Action, Actions, choose_action
from api.roles import admit
from api.running import run_call
from api.services import MAIN, Services
from api.system import SYSTEM
from api.variables import fill
from orchestrator.access import ROOT

__all__ = ["ACTIONS", "Dispatcher"]


_RELATING = tuple(
    Action(name, relations.relate, writes=True, restricts=True) for name in ("add", "set", "remove", "toggle")
)
#: what may be done to the items of a column that holds a list
_ON_LISTS = {
    action.name: action for action in (Action("list", relations.items, reads=True, restricts=True), *_RELATING)
}


def _registry() -> Actions:
    actions = Actions(
        (
            Action("list", reads.listing, reads=True, restricts=True),
            Action("get", reads.get, reads=True, restricts=True),
            Action("query", aggregates.query, reads=True, restricts=True),
            Action("create", writes.create, writes=True, restricts=True),
            Action("update", writes.update, writes=True, needs_filter=True, restricts=True),
            Action("destroy", writes.destroy, writes=True, needs_filter=True, restricts=True),
            *_RELATING,
            *upserts.ACTIONS,
            Action("move", moves.move, writes=True, restricts=True),
            *sheets.ACTIONS,
        )
    )
    actions.add("auth", (*auth.ACTIONS, *account.AUTH_ACTIONS), closed=True)
    actions.add("users", account.USER_ACTIONS)
    actions.add("roles", role_check.ACTIONS)
    actions.add("apiKeys", api_keys.ACTIONS)
    actions.add("authenticators", authenticators.ACTIONS)
    actions.add("tokenControlConfig", token_policy.ACTIONS, closed=True)
    own_actions = (administration.ACTIONS, collections.ACTIONS, people.ACTIONS, role_permissions.ACTIONS)
    for resource, own in (item for each in own_actions for item in each.items()):
        actions.add(resource, own)
    for resource, own in {**collections.CLOSED, **role_permissions.CLOSED}.items():
        actions.add(resource, own, closed=True)
    actions.add("dataSources", data_sources.ACTIONS, closed=True)
    return actions


ACTIONS = _registry()
#: to come to another database at all; what is done there is decided once that is known
_VISIT = Action("visit", reads.listing, any_role=True)


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
        visit = await self._visit(request, target, request_id, seen, headers)
        services = self._services if visit is None else visit.services
        meaning, name = await self._resolve(target, name, services)
        collection, to_many, field = meaning
        if field is not None:
            target = replace(target, association=None, field=field)
        seen["action"] = name
        action = self._find(target, collection, name, services)
        raw = extensions.merged(
            target.resource, name, body if body is not None else query_string.parse(request.query_string)
        )
        params = read_params(raw, target.record_id, max_page_size=self._services.settings.max_page_size)
        ctx = Context(services, request, request_id, target, name, collection, params, headers=headers)
        if visit is not None:
            ctx = replace(visit, target=target, action=name, collection=collection, params=params)
            authorize(ctx, action)
        if body is not None:
            ctx.values = body.get("values") or {}
        if action.needs_filter and to_many and params.selects_nothing and not _may_do_without(ctx):
            raise ApiError(500, Worded("to do {} action, filter or filterByTk is required", name))
        if not action.public and visit is None:
            await self._admit(ctx, action, seen)
        if params.filter is not None:
            params.filter = await fill(ctx, params.filter, strict=not action.reads)
        if extensions.touches(target.resource, name):
            return await run_call(ctx, action)
        return await action.handler(ctx)

    async def _visit(
        self, request: Request, target: Target, request_id: str, seen: dict[str, Any], headers: dict[str, str]
    ) -> Context | None:
        """Who asks something of another database, with what he may do there; None where nobody does."""
        source = request.headers.get("x-data-source") or MAIN
        if source == MAIN or self._actions.is_closed(target.collection):
            return None
        params = Params(raw=query_string.parse(request.query_string))
        ctx = Context(self._services, request, request_id, target, "visit", target.collection, params, headers=headers)
        await self._admit(ctx, _VISIT, seen)
        seen["data_source"] = source
        ctx.services = self._services.sources[source]
        if ctx.access is None:
            # of all the user's roles together where they act together
            ctx.role, ctx.acting = ROOT, (ROOT,)
        else:
            ctx.access, ctx.elsewhere = await self._services.permissions.elsewhere(
                ctx.acting, source, ctx.services.catalogs
            )
        return ctx

    async def _resolve(self, target: Target, name: str, services: Services) -> tuple[_Meaning, str]:
        """What the path means, and the action.

        Raises:
            NotFound: the catalog does not have it.
        """
        if self._actions.is_closed(target.resource):
            return _Meaning(target.collection), name
        if self._actions.is_closed(target.collection):
            if target.association is not None:
                raise NotFound
            return _Meaning(target.collection), name
        if extensions.owns(target.resource, name):
            return _Meaning(target.collection), name
        found = _meaning(await services.catalogs.current(), target)
        if found is None:
            found = _meaning(await services.catalogs.look(), target)
        if found is None:
            raise NotFound
        if name == "list" and target.action is None and not found.to_many:
            # a path to one record, without an action: there is nothing to list
            name = "get"
        return found, name

    def _find(self, target: Target, collection: str, name: str, services: Services) -> Action:
        if not extensions.allows(target.resource, name):
            raise ApiError(403, Worded("{} action is not allowed", name))
        custom = extensions.find(target.resource, name)
        if custom is not None:
            return custom
        own = services is self._services
        if target.field is not None:
            action = _ON_LISTS.get(name)
        else:
            # what is ours is in the main database
            action = self._actions.find(target.resource, name) if own else self._actions.common(name)
        if action is None:
            raise NotFound
        if own and action.writes and collection in SYSTEM and not _only_links(target, name):
            raise NotFound
        through = target.association or target.field
        if through is not None and (target.source_id is None or (action.writes and target.source_id == "_")):
            raise NotFound
        return action

    async def _admit(self, ctx: Context, action: Action, seen: dict[str, Any]) -> None:
        session = await auth.authenticate(ctx)
        seen["user_id"] = session.user_id
        source = ctx.header("x-data-source")
        if source is not None and source != MAIN and source not in self._services.sources:
            raise ApiError(500, Worded("data source {} does not exist", source))
        await admit(ctx, session)
        authorize(ctx, action)


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


def _only_links(target: Target, action: str) -> bool:
    """Whether an action writes which of our own records a record is related to, and nothing of theirs."""
    relating = action in {relating.name for relating in _RELATING}
    return relating and target.association is not None and target.collection not in SYSTEM


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
