"""Workflow documents in the database: define, read back, check.

Laws: ``define(document(k))`` changes nothing; the same document again changes nothing; ``enabled`` alone never makes a
revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.compiler import diagram as diagrams
from orchestrator.compiler import rows
from orchestrator.compiler.graph import Graph, build_graph
from orchestrator.compiler.node_schemas import node_type, type_problem
from orchestrator.compiler.references import collection_name
from orchestrator.compiler.syntax import NodeSource, WorkflowSource, identical, parse, render
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.port import StatementError
from orchestrator.errors import InvalidDocumentError, NotFoundError, Problem
from orchestrator.triggers import TRIGGER_TYPES
from orchestrator.triggers import type_problem as trigger_type_problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.engine.port import Port

__all__ = ["check", "define", "diagram", "document", "parse", "render", "verify"]


def define(port: Port, document_json: str) -> int:
    """Create the workflow, or bring its current version to what the document says.

    A version that was executed stays as it was and gets a successor; one that never was is changed in place. Publishes
    once.

    Returns:
        The id of the current version.

    Raises:
        InvalidDocumentError: nothing was written.
    """
    try:
        return _define(port, document_json)
    except RecursionError:
        raise InvalidDocumentError([Problem("", "the document is nested too deeply")]) from None


def _define(port: Port, document_json: str) -> int:
    value = from_json(document_json)
    rows.lock(port)
    key = value.get("key") if isinstance(value, dict) else None
    stored = rows.current_version(port, key) if isinstance(key, str) else None
    graph = _lenient_graph(stored) if stored is not None else None
    try:
        source = parse(value, rows.collection_names(port))
    except InvalidDocumentError:
        # rows written directly may be laxer than documents, and what they say changes nothing
        if stored is not None and graph is not None and identical(value, render(stored, graph)):
            return int(stored["id"])
        raise
    if stored is None:
        return _write(port, source, None, enabled=bool(source.enabled))
    enabled = stored["enabled"] if source.enabled is None else source.enabled
    if graph is not None:
        _adopt_keys(source.nodes, graph)
        if _same(source, stored, graph):
            if enabled != stored["enabled"]:
                rows.set_enabled(port, stored["id"], enabled)
            return int(stored["id"])
    return _write(port, source, stored, enabled=enabled)


def document(port: Port, key: str) -> str:
    """The current version of a key as a document (JSON).

    Raises:
        NotFoundError: there is no such workflow.
        InvalidDocumentError: its rows are no graph.
    """
    stored = _current(port, key)
    return to_json(render(stored, build_graph(stored["nodes"])))


def check(port: Port, workflow_id: int) -> Graph:
    """The graph of a version whose rows were checked as its publishing needs it.

    Laxer than documents where the engine is: a trigger without configuration never fires, and keys with a default at
    run time may be absent.

    Raises:
        NotFoundError: there is no such version.
        InvalidDocumentError: with every problem and its path in the document.
    """
    stored = rows.version(port, workflow_id)
    if stored is None:
        raise NotFoundError(f"workflow version {workflow_id} does not exist")
    collections = rows.collection_names(port)
    problems = _trigger_problems(stored, collections)
    try:
        graph = build_graph(stored["nodes"])
    except InvalidDocumentError as error:
        raise InvalidDocumentError([*problems, *error.problems]) from None
    for path, node in graph.paths():
        known = node_type(node.type)
        if known is None:
            problems.append(Problem(f"{path}.type", type_problem(node.type) or ""))
        else:
            problems += known.problems({**known.defaults, **node.config}, collections, f"{path}.config")
    if problems:
        raise InvalidDocumentError(problems)
    return graph


def verify(port: Port, workflow_id: str) -> None:
    """``check`` for SQL, which wants no graph.

    Raises:
        NotFoundError: there is no such version.
        InvalidDocumentError: with every problem and its path in the document.
    """
    check(port, int(workflow_id))


def diagram(port: Port, key: str, format: str = "text") -> str:
    """The current version of a key as a picture: ``text`` or ``mermaid``.

    Raises:
        NotFoundError: there is no such workflow.
        InvalidError: the format is not known.
    """
    stored = _current(port, key)
    return diagrams.draw(stored, build_graph(stored["nodes"]), format)


def _current(port: Port, key: str) -> dict[str, Any]:
    stored = rows.current_version(port, key)
    if stored is None:
        raise NotFoundError(f'workflow "{key}" does not exist')
    return stored


def _lenient_graph(stored: dict[str, Any]) -> Graph | None:
    """The graph of stored rows; None when they are broken, so that a document can mend them."""
    try:
        return build_graph(stored["nodes"])
    except InvalidDocumentError:
        return None


def _trigger_problems(stored: dict[str, Any], collections: Collection[str]) -> list[Problem]:
    message = trigger_type_problem(stored["type"])
    if message is not None:
        return [Problem("type", message)]
    if stored["config"] == {}:
        return []
    return TRIGGER_TYPES[stored["type"]].problems(stored["config"], collections, "config")


def _adopt_keys(nodes: list[NodeSource], graph: Graph) -> None:
    """Give nodes without a key the key of the stored node in their place, when it is of their type and free."""
    stored = dict(graph.paths())
    named = dict(_named("nodes", nodes))
    taken = {node.key for node in named.values()}
    for path, node in named.items():
        there = stored.get(path)
        if node.key is None and there is not None and there.type == node.type and there.key not in taken:
            node.key = there.key
            taken.add(there.key)


def _named(path: str, nodes: list[NodeSource]) -> list[tuple[str, NodeSource]]:
    found = []
    for index, node in enumerate(nodes):
        here = f"{path}[{index}]"
        found.append((here, node))
        for branch, line in node.branches.items():
            found += _named(f"{here}.branches.{branch}", line)
    return found


def _same(source: WorkflowSource, stored: dict[str, Any], graph: Graph) -> bool:
    """Whether a document says what is stored, but for ``enabled``."""
    theirs = render(stored, graph) | {"enabled": None}
    ours = {
        "key": source.key,
        "title": source.title,
        "description": source.description,
        "type": source.type,
        "triggerTitle": source.trigger_title,
        "sync": source.sync,
        "enabled": None,
        "config": source.config,
        "options": source.options,
        "nodes": [_spell(node) for node in source.nodes],
    }
    complete = {"title": None, "description": None, "triggerTitle": None, "config": {}} | theirs
    return identical(ours, complete)


def _spell(node: NodeSource) -> dict[str, Any]:
    spelled: dict[str, Any] = {"key": node.key, "type": node.type, "config": node.config}
    if node.title is not None:
        spelled["title"] = node.title
    if node.branches:
        spelled["branches"] = {str(index): [_spell(n) for n in line] for index, line in node.branches.items()}
    return spelled


def _write(port: Port, source: WorkflowSource, stored: dict[str, Any] | None, *, enabled: bool) -> int:
    """Write a version and its nodes, then publish what it and its predecessor are about."""
    if stored is not None and not stored["executed"]:
        workflow_id = int(stored["id"])
        try:
            with port.savepoint():
                _fill(port, source, stored, workflow_id, enabled=enabled)
        except StatementError:
            # a writer may have executed it since it was read: then it is history, and this a revision
            now = rows.version(port, workflow_id)
            if now is None or not now["executed"]:
                raise
        else:
            return workflow_id
    return _fill(port, source, stored, None, enabled=enabled)


def _fill(
    port: Port, source: WorkflowSource, stored: dict[str, Any] | None, workflow_id: int | None, *, enabled: bool
) -> int:
    """Write into a version that exists, or into a new one."""
    rows.hold_publishing(port)
    if workflow_id is None:
        workflow_id = rows.insert_version(port, source, enabled=enabled)
    else:
        rows.update_version(port, workflow_id, source, enabled=enabled)
    rows.replace_nodes(port, workflow_id, source.nodes)
    rows.release_publishing(port)
    affected = set()
    if enabled:
        affected.add(collection_name(source.config))
    if stored is not None and stored["enabled"]:
        affected.add(collection_name(stored["config"]))
    rows.publish(port, {name for name in affected if name is not None})
    return workflow_id
