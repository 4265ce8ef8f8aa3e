"""Versions of workflows: created, changed, deleted, revised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration import categories, store
from orchestrator.administration.request import Answer, Request, conform, refuse
from orchestrator.administration.revisions import revise
from orchestrator.compiler.schema import Schema, anything, array, boolean, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.triggers import trigger_problems, type_problem

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "destroy", "revision", "sync", "update"]

#: what an update may change; the rest of its values is passed over
_WRITABLE = ("title", "description", "enabled", "triggerTitle", "config", "options", "categories")
#: null stands for what is so without a word
_NUMBER = Schema(kind="integer", nullable=True)
_OPTIONS = {"timeout": _NUMBER, "stackLimit": _NUMBER, "deleteExecutionOnStatus": array(_NUMBER, nullable=True)}
_VALUES = record(
    {
        "key": string(nullable=True),
        "title": string(nullable=True),
        "description": string(nullable=True),
        "triggerTitle": string(nullable=True),
        "enabled": boolean(),
        "sync": boolean(),
        "options": record(_OPTIONS),
        "categories": array(anything(), nullable=True),
    }
)

_INSERT: LiteralString = """
    insert into orchestrator.workflows
        (key, title, description, type, trigger_title, config, enabled, sync, options, created_by_id, updated_by_id)
    select
        w ->> 'key', w ->> 'title', w ->> 'description', w ->> 'type', w ->> 'triggerTitle',
        coalesce(w -> 'config', '{}'), coalesce((w ->> 'enabled')::boolean, false),
        coalesce((w ->> 'sync')::boolean, false), coalesce(w -> 'options', '{"timeout": 0}'), $2::bigint, $2::bigint
    from (select $1::jsonb as w) given
    returning id
"""
_UPDATE: LiteralString = """
    update orchestrator.workflows
    set title = case when w ? 'title' then w ->> 'title' else title end,
        description = case when w ? 'description' then w ->> 'description' else description end,
        trigger_title = case when w ? 'triggerTitle' then w ->> 'triggerTitle' else trigger_title end,
        enabled = coalesce((w ->> 'enabled')::boolean, enabled),
        config = coalesce(w -> 'config', config),
        options = coalesce(w -> 'options', options),
        updated_by_id = $3::bigint,
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as w) given
    where id = $1::bigint
"""


def create(port: Port, request: Request) -> Answer:
    """The new version; a list of them for a list of values."""
    store.lock(port)
    keys = [_create(port, values, request.user_id) for values in request.elements()]
    created = store.rows(port, "workflows", keys)
    return Answer(created if isinstance(request.body, list) else created[0])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed versions."""
    values = {name: value for name, value in request.values.items() if name in _WRITABLE}
    conform(values, _VALUES)
    store.lock(port)
    found = store.rows(port, "workflows", request.keys or ())
    for workflow in found:
        if "config" in values:
            if store.is_executed(port, workflow["id"]):
                raise InvalidError("config of executed workflow can not be updated")
            _check_trigger(port, workflow["type"], values)
        parameters = [str(workflow["id"]), to_json(values), _user(request)]
        port.run(_UPDATE, parameters)
        if "categories" in values:
            categories.assign(port, workflow["id"], values["categories"] or ())
    return Answer(store.rows(port, "workflows", [workflow["id"] for workflow in found]))


def destroy(port: Port, request: Request) -> Answer:
    """How many versions were deleted; others of their keys go with the current ones, and are not counted."""
    count = port.run(
        "delete from orchestrator.workflows where id = any"
        " (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))",
        [store.key_list(request.keys or ())],
    )
    return Answer(count)


def revision(port: Port, request: Request) -> Answer:
    """A new version of the same key when the filter names the key, else a workflow of its own."""
    store.lock(port)
    key = request.filter.get("key")
    origin = find(port, request.one())
    if key is not None and origin["key"] != key:
        raise NotFoundError("workflow not found")
    conform(request.values, _VALUES)
    version = revise(port, origin, request.values, same_key=key is not None, user_id=request.user_id)
    created = store.rows(port, "workflows", [version])[0]
    return Answer({**created, "categories": store.categories_of(port, version)})


def sync(port: Port, request: Request) -> Answer:
    """Publish anew what the enabled ones among these are about."""
    for workflow in store.rows(port, "workflows", request.keys or ()):
        store.publish(port, workflow["id"])
    return Answer(status=204)


def find(port: Port, key: int | None) -> dict[str, Any]:
    """A version.

    Raises:
        NotFoundError: there is none of this key.
    """
    found: Sequence[dict[str, Any]] = store.rows(port, "workflows", [key]) if key is not None else ()
    if not found:
        raise NotFoundError("workflow not found")
    return found[0]


def _create(port: Port, values: Mapping[str, Any], user_id: int | None) -> int:
    problem = type_problem(values.get("type"))
    if problem is not None:
        raise InvalidError(problem)
    conform(values, _VALUES)
    if values.get("nodes"):
        raise InvalidError('"nodes" cannot be created with their workflow')
    if "config" in values:
        _check_trigger(port, values["type"], values)
    text = to_json({name: value for name, value in values.items() if value is not None})
    rows = port.fetch(_INSERT, [text, None if user_id is None else str(user_id)])
    workflow_id = int(rows[0]["id"])
    categories.assign(port, workflow_id, values.get("categories") or ())
    return workflow_id


def _check_trigger(port: Port, type_name: str, values: Mapping[str, Any]) -> None:
    conform(values, record({"config": record()}))
    refuse(trigger_problems(type_name, values["config"], store.collection_names(port)))


def _user(request: Request) -> str | None:
    return None if request.user_id is None else str(request.user_id)
