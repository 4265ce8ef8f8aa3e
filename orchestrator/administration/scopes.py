"""Scopes: filters by name, which permissions refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.access import MAIN
from orchestrator.administration.authority import Authority
from orchestrator.administration.request import Answer, Request, conform, whole
from orchestrator.administration.vocabulary import Vocabulary
from orchestrator.compiler.schema import record, string
from orchestrator.compiler.statements import compile_shape
from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import StatementError
from orchestrator.errors import ForbiddenError, InvalidError
from orchestrator.model.conditions import Conditions, Parameters
from orchestrator.model.people import catalog_with_people
from orchestrator.model.shape import split
from orchestrator.model.variables import Variables, substitute

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "destroy", "find", "rows", "update"]

_RESOURCE = "dataSourcesRolesResourcesScopes"
_BUILT_IN = frozenset({"all", "own"})
_VALUES = record(
    {
        "key": string(nullable=True),
        "dataSourceKey": string(nullable=True),
        "name": string(nullable=True),
        "resourceName": string(nullable=True),
        "scope": record(nullable=True),
    }
)
_KEYS: LiteralString = " = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))"
_ROWS: LiteralString = "select * from orchestrator.api_data_sources_roles_resources_scopes where id" + _KEYS
_INSERT: LiteralString = """
    insert into orchestrator.data_sources_roles_resources_scopes (key, data_source_key, name, resource_name, scope)
    select
        coalesce(s ->> 'key', 's_' || replace(gen_random_uuid()::text, '-', '')),
        coalesce(s ->> 'dataSourceKey', 'main'), s ->> 'name', s ->> 'resourceName',
        coalesce(nullif(s -> 'scope', 'null'), '{}')
    from (select $1::jsonb as s) given
    on conflict (key) do nothing
    returning id
"""
_UPDATE: LiteralString = (
    """
    update orchestrator.data_sources_roles_resources_scopes
    set name = case when s ? 'name' then s ->> 'name' else name end,
        resource_name = case when s ? 'resourceName' then s ->> 'resourceName' else resource_name end,
        scope = case when s ? 'scope' then coalesce(nullif(s -> 'scope', 'null'), '{}') else scope end,
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as s) given
    where id"""
    + _KEYS
)


def create(port: Port, request: Request) -> Answer:
    """The new scope; a list of them for a list of values."""
    _authority(port, request, "create")
    keys = [_create(port, values, Vocabulary(port, request)) for values in request.elements()]
    created = {row["id"]: row for row in rows(port, keys)}
    return Answer([created[key] for key in keys] if isinstance(request.body, list) else created[keys[0]])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed scopes. A key stays what it is, and so do the scopes that are built in."""
    _authority(port, request, "update")
    keys = _changeable(port, request)
    values = request.values
    conform(values, _VALUES)
    vocabulary = Vocabulary(port, request)
    for row in rows(port, keys):
        if values.get("dataSourceKey") not in (None, row["dataSourceKey"]):
            raise InvalidError(f'scope "{row["key"]}" is for data source "{row["dataSourceKey"]}"')
        _check(port, {**row, **values, "dataSourceKey": row["dataSourceKey"]}, vocabulary)
        if "resourceName" in values and _used_elsewhere(port, row["id"], values["resourceName"]):
            raise InvalidError(f'scope "{row["key"]}" is in use for another resource')
    port.run(_UPDATE, [to_json(keys), to_json(values)])
    return Answer(rows(port, keys))


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted; one that permissions refer to stays, since without it they would allow more."""
    _authority(port, request, "destroy")
    keys = _changeable(port, request)
    try:
        count = port.run(
            "delete from orchestrator.data_sources_roles_resources_scopes where id" + _KEYS, [to_json(keys)]
        )
    except StatementError as error:
        if error.sqlstate != "23503":
            raise
        raise InvalidError("the scope is in use") from None
    return Answer(count)


def rows(port: Port, keys: Sequence[int]) -> list[dict[str, Any]]:
    """Scopes as they go out."""
    return port.fetch(_ROWS + " order by id", [to_json(list(keys))])


def find(port: Port, reference: Any, resource: str, source: str) -> int | None:
    """The id of the scope that a permission for a resource refers to, by id, key or record; None where it has none.

    Raises:
        InvalidError: there is no such scope, or it is another resource's or data source's.
    """
    if isinstance(reference, Mapping):
        reference = reference.get("id", reference.get("key"))
        if reference is None:
            raise InvalidError('"scope" must name a scope by its id or key')
    if reference is None:
        return None
    if isinstance(reference, bool) or not isinstance(reference, str | int):
        raise InvalidError('"scope" must be the id or the key of a scope')
    number = whole(reference)
    found = port.fetch(
        'select id, key, resource_name as "resourceName", data_source_key as "dataSourceKey"'
        " from orchestrator.data_sources_roles_resources_scopes"
        " where key = $1 or id = $2::bigint order by id = $2::bigint desc nulls last limit 1 for key share",
        [str(reference), None if number is None else str(number)],
    )
    if not found:
        raise InvalidError(f'scope "{reference}" does not exist')
    if found[0]["resourceName"] not in (None, "", resource):
        raise InvalidError(f'scope "{reference}" is for "{found[0]["resourceName"]}"')
    if found[0]["key"] not in _BUILT_IN and found[0]["dataSourceKey"] != source:
        raise InvalidError(f'scope "{reference}" is for data source "{found[0]["dataSourceKey"]}"')
    return int(found[0]["id"])


def _authority(port: Port, request: Request, action: str) -> None:
    authority = Authority(port, request)
    authority.demand(_RESOURCE, action)
    authority.manage_roles()


def _changeable(port: Port, request: Request) -> list[int]:
    """The keys meant, without the scopes that are built in.

    Raises:
        ForbiddenError: such a scope was meant by its key.
    """
    found = rows(port, request.keys or ())
    if request.is_named and any(row["key"] in _BUILT_IN for row in found):
        raise ForbiddenError
    return [row["id"] for row in found if row["key"] not in _BUILT_IN]


def _create(port: Port, values: Mapping[str, Any], vocabulary: Vocabulary) -> int:
    conform(values, _VALUES)
    _check(port, values, vocabulary)
    created = port.fetch(_INSERT, [to_json(values)])
    if not created:
        raise InvalidError("key already exists")
    return int(created[0]["id"])


def _check(port: Port, values: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """Refuse a filter that could not be asked."""
    resource, source = values.get("resourceName"), vocabulary.data_source(values.get("dataSourceKey"))
    if resource:
        vocabulary.fields(resource, source)
    filter_ = substitute(values.get("scope") or {}, Variables(now=port.now, zone=UTC))
    catalog = catalog_with_people(port.fetch("select orchestrator.catalog()::text as catalog")[0]["catalog"])
    if source != MAIN or catalog.get(resource or "") is None:
        # what columns it names comes out when it is asked: a request is refused then
        Conditions(Parameters(), now=port.now, zone=UTC).read(filter_)
        return
    compile_shape(catalog, split({"kind": "count", "collection": resource, "filter": filter_, "now": port.now})[0])


def _used_elsewhere(port: Port, key: int, resource: str | None) -> bool:
    found = port.fetch(
        "select exists (select from orchestrator.data_sources_roles_resources_actions a"
        " join orchestrator.data_sources_roles_resources r on r.id = a.roles_resource_id"
        " where a.scope_id = $1::bigint and $2 is not null and r.name <> $2) as used",
        [str(key), resource or None],
    )
    return bool(found[0]["used"])
