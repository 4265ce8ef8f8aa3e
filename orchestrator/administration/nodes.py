"""Nodes of versions that were never executed: created, changed, moved, removed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration import placement, store
from orchestrator.administration.placement import Changes, Place
from orchestrator.administration.request import Answer, Request, conform, refuse, whole
from orchestrator.administration.workflows import find
from orchestrator.compiler.node_schemas import node_problems, type_problem
from orchestrator.compiler.rows import hold_publishing, release_publishing
from orchestrator.compiler.schema import record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "destroy", "destroy_branch", "duplicate", "move", "test", "update"]

_CREATED = "Node could not be created in executed workflow"
_CHANGED = "Nodes in executed workflow could not be reconfigured"
_DELETED = "Nodes in executed workflow could not be deleted"
_BRANCHES_DELETED = "Branches in executed workflow could not be deleted"
_MOVED = "Nodes in executed workflow could not be moved"

_VALUES = record({"key": string(nullable=True), "title": string(nullable=True)})

_INSERT: LiteralString = """
    insert into orchestrator.flow_nodes
        (id, key, title, workflow_id, type, config, upstream_id, downstream_id, branch_index)
    select
        n.id, n.key, n.title, n."workflowId", n.type, n.config, n."upstreamId", n."downstreamId", n."branchIndex"
    from jsonb_to_record($1::jsonb) as n (
        id bigint, key text, title text, "workflowId" bigint, type text, config jsonb,
        "upstreamId" bigint, "downstreamId" bigint, "branchIndex" integer
    )
"""
_PLACE: LiteralString = """
    update orchestrator.flow_nodes f
    set upstream_id = n."upstreamId", downstream_id = n."downstreamId", branch_index = n."branchIndex"
    from jsonb_to_recordset($1::jsonb) as n (
        id bigint, "upstreamId" bigint, "downstreamId" bigint, "branchIndex" integer
    )
    where f.id = n.id
"""
_CONFIGURE: LiteralString = """
    update orchestrator.flow_nodes
    set title = case when n ? 'title' then n ->> 'title' else title end, config = coalesce(n -> 'config', config)
    from (select $2::jsonb as n) given
    where id = $1::bigint
"""
_TOUCH: LiteralString = """
    update orchestrator.workflows
    set updated_at = orchestrator.current_time(), updated_by_id = coalesce($2::bigint, updated_by_id)
    where id = $1::bigint
"""


def create(port: Port, request: Request) -> Answer:
    """A new node behind another one, at the head of a branch, or at the head of all."""
    values = request.values
    store.lock(port)
    workflow = find(port, whole(request.source))
    with _edited(port, workflow["id"], request, _CREATED):
        problem = type_problem(values.get("type"))
        if problem is not None:
            raise InvalidError(problem)
        conform(values, _VALUES)
        _check_config(port, values["type"], values)
        return Answer(_insert(port, workflow["id"], values, request.values))


def update(port: Port, request: Request) -> Answer:
    """A list of the changed node."""
    values = {name: value for name, value in request.values.items() if name in ("title", "config")}
    node = _find(port, request)
    with _edited(port, node["workflowId"], request, _CHANGED):
        conform(values, _VALUES)
        _check_config(port, node["type"], values)
        port.run(_CONFIGURE, [str(node["id"]), to_json(values)])
    return Answer(store.rows(port, "flow_nodes", [node["id"]]))


def duplicate(port: Port, request: Request) -> Answer:
    """A copy of a node, without its branches, in another place."""
    origin = _find(port, request)
    values = request.values
    with _edited(port, origin["workflowId"], request, _CREATED):
        _check_config(port, origin["type"], values)
        copy = {"type": origin["type"], "title": origin["title"], "config": values.get("config", origin["config"])}
        return Answer(_insert(port, origin["workflowId"], copy, values))


def destroy(port: Port, request: Request) -> Answer:
    """The node as it was; its branches are gone with it, but the one to be kept."""
    node = _find(port, request)
    kept = request.params.get("keepBranch")
    keep = whole(kept)
    with _edited(port, node["workflowId"], request, _DELETED):
        if keep is None and kept not in (None, ""):
            raise InvalidError(f"Branch {kept} not found")
        _apply(port, placement.remove(_places(port, node["workflowId"]), node["id"], keep))
    return Answer(node)


def destroy_branch(port: Port, request: Request) -> Answer:
    """The first node of the branch as it was, null when the branch was empty."""
    node = _find(port, request)
    given = request.params.get("branchIndex")
    if given is None or given == "":
        raise InvalidError("branchIndex is required")
    branch = _index(given)
    store.lock(port)
    _refuse_executed(port, node["workflowId"], _BRANCHES_DELETED)
    places = _places(port, node["workflowId"])
    head = placement.branch_head(places, node["id"], branch)
    changes = placement.remove_branch(places, node["id"], branch, shift=request.flag("shift"))
    removed = store.rows(port, "flow_nodes", [head] if head is not None else ())
    if changes.places or changes.removed:
        with _edited(port, node["workflowId"], request, _BRANCHES_DELETED):
            _apply(port, changes)
    return Answer(removed[0] if removed else None)


def move(port: Port, request: Request) -> Answer:
    """The node in its new place."""
    node = _find(port, request)
    values = request.values
    with _edited(port, node["workflowId"], request, _MOVED):
        upstream, branch = _target(values)
        places = _places(port, node["workflowId"])
        if upstream is not None and upstream not in places:
            if store.rows(port, "flow_nodes", [upstream]):
                raise InvalidError("Upstream node is not in the same workflow")
            raise NotFoundError("Upstream node not found")
        _apply(port, placement.move(places, node["id"], upstream, branch))
    return Answer(store.rows(port, "flow_nodes", [node["id"]])[0])


def test(port: Port, request: Request) -> Answer:
    """What a node of this type and configuration comes to without variables."""
    values = request.values
    problem = type_problem(values.get("type"))
    if problem is not None:
        raise InvalidError(problem)
    _check_config(port, values["type"], values)
    found = port.fetch(
        "select orchestrator.test_node($1, $2::jsonb) as found", [values["type"], to_json(values.get("config", {}))]
    )
    return Answer(found[0]["found"])


def _find(port: Port, request: Request) -> dict[str, Any]:
    """The node meant, read behind the publishers' lock."""
    store.lock(port)
    key = request.one()
    found: Sequence[dict[str, Any]] = store.rows(port, "flow_nodes", [key]) if key is not None else ()
    if not found:
        raise NotFoundError("Node not found")
    return found[0]


@contextmanager
def _edited(port: Port, workflow_id: int, request: Request, message: str) -> Iterator[None]:
    """A block that changes nodes; afterwards the version is published once, and is known to be changed.

    Raises:
        InvalidError: the version was executed, with the message given.
    """
    _refuse_executed(port, workflow_id, message)
    hold_publishing(port)
    yield
    release_publishing(port)
    port.run(_TOUCH, [str(workflow_id), None if request.user_id is None else str(request.user_id)])
    store.publish(port, workflow_id)


def _refuse_executed(port: Port, workflow_id: int, message: str) -> None:
    if store.is_executed(port, workflow_id):
        raise InvalidError(message)


def _check_config(port: Port, type_name: str, values: Mapping[str, Any]) -> None:
    if "config" in values:
        conform(values, record({"config": record()}))
        refuse(node_problems(type_name, values["config"], store.collection_names(port)))


def _insert(port: Port, workflow_id: int, node: Mapping[str, Any], where: Mapping[str, Any]) -> dict[str, Any]:
    """Write a node and the places of its neighbours."""
    places = _places(port, workflow_id)
    limit = int(os.environ.get("WORKFLOW_NODES_LIMIT") or 0)
    if limit and len(places) >= limit:
        raise InvalidError(f"The number of nodes in a workflow cannot exceed {limit}")
    upstream, branch = _target(where)
    if upstream is not None and upstream not in places:
        raise NotFoundError("Upstream node not found")
    node_id = int(port.fetch("select nextval('orchestrator.flow_node_id_seq') as id")[0]["id"])
    changes = placement.insert(places, node_id, upstream, branch)
    row = {
        "key": node.get("key"),
        "title": node.get("title"),
        "workflowId": workflow_id,
        "type": node["type"],
        "config": node.get("config", {}),
        **_columns(node_id, changes.places.pop(node_id)),
    }
    port.run(_INSERT, [to_json(row)])
    _apply(port, changes)
    return store.rows(port, "flow_nodes", [node_id])[0]


def _target(values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Where a node shall stand, from ``upstreamId`` and ``branchIndex``."""
    given = values.get("upstreamId")
    upstream = whole(given)
    if upstream is None and given is not None:
        raise NotFoundError("Upstream node not found")
    branch = values.get("branchIndex")
    return upstream, None if branch is None else _index(branch)


def _index(given: Any) -> int:
    index = whole(given)
    if index is None or abs(index) >= 2**31:
        raise InvalidError("branchIndex must be a number")
    return index


def _places(port: Port, workflow_id: int) -> dict[int, Place]:
    return {
        row["id"]: Place(row["upstreamId"], row["downstreamId"], row["branchIndex"])
        for row in store.nodes_of(port, workflow_id)
    }


def _apply(port: Port, changes: Changes) -> None:
    port.run(_PLACE, [to_json([_columns(node, place) for node, place in changes.places.items()])])
    port.run(
        "delete from orchestrator.flow_nodes where id = any"
        " (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))",
        [store.key_list(sorted(changes.removed))],
    )


def _columns(node: int, place: Place) -> dict[str, Any]:
    return {
        "id": node,
        "upstreamId": place.upstream,
        "downstreamId": place.downstream,
        "branchIndex": place.branch,
    }
