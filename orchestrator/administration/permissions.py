"""What roles may do: a strategy for all collections, and permissions of its own for a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.access import MAIN
from orchestrator.administration import scopes
from orchestrator.administration.authority import Authority
from orchestrator.administration.request import Answer, Request, conform, whole
from orchestrator.administration.roles import demand_role
from orchestrator.administration.vocabulary import Vocabulary
from orchestrator.compiler.schema import Schema, anything, array, boolean, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["apply", "create", "destroy", "update", "update_strategy"]

_ACTION = record(
    {
        "name": string(required=True),
        "fields": array(string(required=True), nullable=True),
        "scope": anything(),
        "scopeId": anything(),
    }
)
_KEYS: Mapping[str, Schema] = {
    "name": string(required=True),
    "usingActionsConfig": boolean(),
    "actions": array(_ACTION, nullable=True),
}
_NEW = record(_KEYS)
_CHANGE = record({**_KEYS, "name": string(nullable=True)})
_MANY = record(
    {
        "role": string(nullable=True),
        "roleName": string(nullable=True),
        "resources": array(record(_KEYS), required=True, minimum=1),
    }
)

_ROWS: LiteralString = """
    select
        r.*,
        coalesce(
            (
                select jsonb_agg(to_jsonb(a) || jsonb_build_object('scope', to_jsonb(s)) order by a.id)
                from orchestrator.api_data_sources_roles_resources_actions a
                left join orchestrator.api_data_sources_roles_resources_scopes s on s.id = a."scopeId"
                where a."rolesResourceId" = r.id
            ),
            '[]'
        ) as actions
    from orchestrator.api_data_sources_roles_resources r
    where r.id = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))
    order by r.id
"""
_INSERT: LiteralString = """
    insert into orchestrator.data_sources_roles_resources (role_name, data_source_key, name, using_actions_config)
    values ($1, $2, $3, coalesce($4::boolean, false))
    on conflict (role_name, data_source_key, name) do nothing
    returning id
"""
_FIND: LiteralString = """
    select r.id, r.name from orchestrator.data_sources_roles_resources r
    where r.role_name = $1 and r.data_source_key = $2 and (r.name = $3 or r.id = $4::bigint)
    order by r.id = $4::bigint desc nulls last limit 1
    for update
"""
_UPDATE: LiteralString = """
    update orchestrator.data_sources_roles_resources
    set using_actions_config = coalesce($2::boolean, using_actions_config), updated_at = orchestrator.current_time()
    where id = $1::bigint
"""
#: what stays keeps its row
_FORGET: LiteralString = """
    delete from orchestrator.data_sources_roles_resources_actions a
    where a.roles_resource_id = $1::bigint
        and a.name <> all (array(select n ->> 'name' from jsonb_array_elements($2::jsonb) as n))
"""
_PUT: LiteralString = """
    insert into orchestrator.data_sources_roles_resources_actions (roles_resource_id, name, fields, scope_id)
    select $1::bigint, n ->> 'name', nullif(n -> 'fields', 'null'), (n ->> 'scope')::bigint
    from jsonb_array_elements($2::jsonb) with ordinality as given (n, place)
    order by place
    on conflict (roles_resource_id, name) do update
    set fields = excluded.fields, scope_id = excluded.scope_id, updated_at = orchestrator.current_time()
"""
_SET_STRATEGY: LiteralString = """
    update orchestrator.roles set strategy = nullif($2::jsonb, 'null'), updated_at = orchestrator.current_time()
    where name = $1
"""
_SET_ELSEWHERE: LiteralString = """
    insert into orchestrator.data_sources_roles (data_source_key, role_name, strategy)
    values ($3, $1, nullif($2::jsonb, 'null'))
    on conflict (data_source_key, role_name) do update set strategy = excluded.strategy
"""


def create(port: Port, request: Request) -> Answer:
    """The new permissions of a role for a resource, with their actions."""
    role = _role(port, request, "create")
    values = request.values
    conform(values, _NEW)
    vocabulary = Vocabulary(port, request)
    source = _source(vocabulary, request)
    actions = _actions(port, values, values["name"], vocabulary, source)
    created = port.fetch(_INSERT, [role, source, values["name"], _flag(values.get("usingActionsConfig"))])
    if not created:
        raise InvalidError(f'permissions for "{values["name"]}" already exist')
    _put(port, created[0]["id"], actions or [])
    return Answer(_rows(port, [created[0]["id"]])[0])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed permissions; the actions given take the place of all there were."""
    role = _role(port, request, "update")
    values = request.values
    conform(values, _CHANGE)
    vocabulary = Vocabulary(port, request)
    source = _source(vocabulary, request)
    found = _find(port, role, source, request)
    if found is None:
        return Answer([])
    if values.get("name") not in (None, found["name"]):
        raise InvalidError(f'"name": permissions for "{found["name"]}" cannot become those for "{values["name"]}"')
    actions = _actions(port, values, found["name"], vocabulary, source)
    port.run(_UPDATE, [str(found["id"]), _flag(values.get("usingActionsConfig"))])
    _put(port, found["id"], actions)
    return Answer(_rows(port, [found["id"]]))


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted; the strategy of the role decides again."""
    role = _role(port, request, "destroy")
    found = _find(port, role, _source(Vocabulary(port, request), request), request)
    if found is None:
        return Answer(0)
    return Answer(
        port.run("delete from orchestrator.data_sources_roles_resources where id = $1::bigint", [str(found["id"])])
    )


def apply(port: Port, request: Request) -> Answer:
    """Sets the permissions of a role for several resources, all or none; says for how many."""
    authority = Authority(port, request)
    authority.demand("roles", "applyDataPermissions")
    values = request.values
    conform(values, _MANY)
    name = request.key if request.is_named else values.get("roleName") or values.get("role")
    if name in (None, ""):
        raise InvalidError("filterByTk is required")
    role = demand_role(port, str(name))
    authority.reach_roles([role])
    vocabulary = Vocabulary(port, request)
    source = _source(vocabulary, request)
    for resource in values["resources"]:
        actions = _actions(port, resource, resource["name"], vocabulary, source)
        using = _flag(resource.get("usingActionsConfig", True))
        created = port.fetch(_INSERT, [role, source, resource["name"], using])
        key = created[0]["id"] if created else port.fetch(_FIND, [role, source, resource["name"], None])[0]["id"]
        port.run(_UPDATE, [str(key), using])
        _put(port, key, actions)
    return Answer({"count": len(values["resources"])})


def update_strategy(port: Port, request: Request) -> Answer:
    """A list of the role's strategy in a data source, as changed."""
    authority = Authority(port, request)
    authority.demand("dataSources.roles", "update")
    authority.manage_roles()
    vocabulary = Vocabulary(port, request)
    source = vocabulary.data_source(request.source)
    if not request.is_named:
        raise InvalidError("filterByTk is required")
    role = demand_role(port, str(request.key))
    authority.reach_roles([role])
    values = request.values
    conform(values, record({"strategy": record(nullable=True)}))
    if "strategy" in values:
        vocabulary.check_strategy(values["strategy"])
        text = to_json(values["strategy"])
        port.run(*((_SET_STRATEGY, [role, text]) if source == MAIN else (_SET_ELSEWHERE, [role, text, source])))
    return Answer(
        port.fetch(
            'select * from orchestrator.api_data_sources_roles where "dataSourceKey" = $1 and "roleName" = $2',
            [source, role],
        )
    )


def _role(port: Port, request: Request, action: str) -> str:
    """The role that the path leads to, which the one that acts may change."""
    authority = Authority(port, request)
    authority.demand(request.resource, action)
    authority.manage_roles()
    role = demand_role(port, request.source)
    authority.reach_roles([role])
    return role


def _source(vocabulary: Vocabulary, request: Request) -> str:
    """The data source meant: in the query, its filter or the values."""
    body = request.body if isinstance(request.body, Mapping) else {}
    for given in (request.params, request.filter, body):
        if given.get("dataSourceKey") is not None:
            return vocabulary.data_source(given["dataSourceKey"])
    return vocabulary.data_source(None)


def _find(port: Port, role: str, source: str, request: Request) -> dict[str, Any] | None:
    """The permissions meant, by their id or their resource's name.

    Raises:
        NotFoundError: the request does not say which.
    """
    key = request.key if request.is_named else request.filter.get("name")
    if key in (None, "") or not isinstance(key, str | int):
        raise NotFoundError("permissions are named by their id, or by the name of their resource")
    number = whole(key)
    found = port.fetch(_FIND, [role, source, str(key), None if number is None else str(number)])
    return found[0] if found else None


def _actions(
    port: Port, values: Mapping[str, Any], resource: str, vocabulary: Vocabulary, source: str
) -> list[dict[str, Any]] | None:
    """The actions as they are kept, None where the values say nothing of them."""
    known = vocabulary.fields(resource, source)
    if values.get("actions") is None:
        return None
    actions: list[dict[str, Any]] = []
    for action in values["actions"]:
        # as on the wire: who names no fields means an empty list
        name, fields = action["name"], action.get("fields", [])
        vocabulary.check_action(name)
        if any(other["name"] == name for other in actions):
            raise InvalidError(f'"actions": "{name}" stands there twice')
        for field in fields or ():
            if field not in known:
                raise InvalidError(f'"actions": "{field}" is no field of "{resource}"')
        reference = action.get("scope") if action.get("scope") is not None else action.get("scopeId")
        scope = scopes.find(port, reference, resource, source)
        actions.append({"name": name, "fields": fields and list(dict.fromkeys(fields)), "scope": scope})
    return actions


def _put(port: Port, key: int, actions: Sequence[Mapping[str, Any]] | None) -> None:
    if actions is None:
        return
    text = to_json(list(actions))
    port.run(_FORGET, [str(key), text])
    port.run(_PUT, [str(key), text])


def _rows(port: Port, keys: Sequence[int]) -> list[dict[str, Any]]:
    return port.fetch(_ROWS, [to_json(list(keys))])


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
