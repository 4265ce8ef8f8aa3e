"""Executions: started by hand, cancelled, run again, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.administration import store
from orchestrator.administration.request import Answer, Request, whole
from orchestrator.administration.revisions import revise
from orchestrator.administration.workflows import find
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["cancel", "destroy", "execute", "rerun"]


def execute(port: Port, request: Request) -> Answer:
    """Run a version here and now, and make it a revision where that is asked for."""
    if request.key is None or request.key == "":
        raise InvalidError("filterByTk is required")
    key = request.one()
    if key is None:
        raise InvalidError("filterByTk is invalid")
    if request.body is not None and not isinstance(request.body, dict):
        raise InvalidError("values is required")
    workflow = find(port, key)
    started = port.fetch(
        "select orchestrator.run_version($1::bigint, $2, $3::jsonb, $4::jsonb) as id",
        [str(key), workflow["type"], to_json(workflow["config"]), to_json(request.values)],
    )[0]["id"]
    if started is None:
        return Answer({"execution": None})
    found = store.rows(port, "executions", [started])
    data: dict[str, Any] = {"execution": {"id": started, "status": found[0]["status"] if found else None}}
    if request.flag("autoRevision") and workflow["executed"] == 0:
        data["newVersionId"] = _succeed(port, key, request.user_id)
    return Answer(data)


def cancel(port: Port, request: Request) -> Answer:
    """The execution as it is then."""
    key = _key(request)
    port.fetch("select orchestrator.cancel($1::bigint)::text as done", [str(key)])
    return Answer(store.rows(port, "executions", [key])[0])


def rerun(port: Port, request: Request) -> Answer:
    """The execution as it is then; it has run here and now."""
    key = _key(request)
    given = request.values.get("nodeId")
    node = whole(given)
    if node is None and given is not None:
        raise InvalidError(f'the execution has not reached node "{given}"')
    port.fetch(
        "select orchestrator.rerun($1::bigint, $2::bigint, $3::boolean)::text as done",
        [str(key), None if node is None else str(node), "true" if request.values.get("overwrite") else "false"],
    )
    found = store.rows(port, "executions", [key])
    return Answer(found[0] if found else None, 202)


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted; what waits, or is queued, stays."""
    count = port.run(
        "delete from orchestrator.executions where status <> 0 and id = any"
        " (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))",
        [store.key_list(request.keys or ())],
    )
    return Answer(count)


def _succeed(port: Port, key: int, user_id: int | None) -> int:
    """A revision that takes the place of a version: current and enabled as that is."""
    store.lock(port)
    origin = find(port, key)
    standing = {"current": origin["current"], "enabled": origin["enabled"]}
    return revise(port, origin, standing, same_key=True, user_id=user_id)


def _key(request: Request) -> int:
    key = request.one()
    if key is None:
        raise NotFoundError(f'execution "{request.key}" does not exist')
    return key
