"""Pictures of a workflow's graph: a tree for terminals, and Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.compiler.graph import Graph, Node
from orchestrator.compiler.node_schemas import node_type
from orchestrator.compiler.references import collection_name
from orchestrator.errors import InvalidError
from orchestrator.triggers.collection import CREATE, DELETE, UPDATE

__all__ = ["draw"]


def draw(workflow: Mapping[str, Any], graph: Graph, format: str) -> str:
    """The graph of a version in a format: ``text`` or ``mermaid``.

    Raises:
        InvalidError: the format is not known.
    """
    if format == "text":
        return "\n".join(_tree(workflow, graph))
    if format == "mermaid":
        return "\n".join(_mermaid(workflow, graph))
    raise InvalidError(f'format "{format}" is not known', hint="Formats are text and mermaid.")


def _trigger(workflow: Mapping[str, Any]) -> str:
    """What starts it, in a phrase."""
    config = workflow["config"]
    parts = [workflow["type"]]
    collection = collection_name(config)
    if collection is not None:
        parts.append(f"on {collection}")
    actions = config.get("actions")
    if isinstance(actions, list) and actions:
        parts.append(f"({', '.join(map(str, actions))})")
    mode = config.get("mode")
    if isinstance(mode, int):
        names = [name for bit, name in ((CREATE, "create"), (UPDATE, "update"), (DELETE, "delete")) if mode & bit]
        parts.append(f"({', '.join(names)})")
    if config.get("global"):
        parts.append("global")
    return " ".join(parts)


def _tree(workflow: Mapping[str, Any], graph: Graph) -> Iterator[str]:
    title = f": {workflow['title']}" if workflow["title"] else ""
    state = "enabled" if workflow["enabled"] else "disabled"
    yield f"{workflow['key']}{title}"
    yield f"{_trigger(workflow)} [{state}]"
    yield from _line(graph.head, "")


def _line(head: Node | None, indent: str) -> Iterator[str]:
    """A line of nodes, one below the other; branches hang below their node."""
    nodes = list(head.line()) if head is not None else []
    for node in nodes:
        last = node is nodes[-1]
        yield f"{indent}{'└─ ' if last else '├─ '}{_label(node)}"
        deeper = indent + ("   " if last else "│  ")
        for index, branch in node.branches.items():
            final = index == max(node.branches)
            yield f"{deeper}{'└─ ' if final else '├─ '}[{_branch_name(node, index)}]"
            yield from _line(branch, deeper + ("   " if final else "│  "))


def _label(node: Node) -> str:
    title = f": {node.title}" if node.title else ""
    return f"{node.key} ({node.type}){title}{_remark(node)}"


def _remark(node: Node) -> str:
    """What of the configuration decides the way."""
    if node.type == "end":
        return " → failed" if node.config.get("endStatus") == -1 else " → succeeded"
    collection = collection_name(node.config)
    return f" → {collection}" if collection is not None else ""


def _branch_name(node: Node, index: int) -> str:
    known = node_type(node.type)
    name = known.branch_names.get(index) if known is not None else None
    if name is None and node.type == "multi-conditions":
        condition = node.config["conditions"][index - 1]
        name = condition.get("title") if isinstance(condition, dict) else None
    return name or str(index)


def _mermaid(workflow: Mapping[str, Any], graph: Graph) -> Iterator[str]:
    yield "flowchart TD"
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes, start=1)}
    title = workflow["title"] or workflow["key"]
    yield f'    start(["{_quoted(title)}<br/>{_quoted(_trigger(workflow))}"])'
    for node in graph.nodes:
        opening, closing = _SHAPES.get(node.type, ("[", "]"))
        yield f'    {names[node.id]}{opening}"{_quoted(_label(node))}"{closing}'
    if graph.head is not None:
        yield f"    start --> {names[graph.head.id]}"
    for node in graph.nodes:
        for index, head in node.branches.items():
            yield f'    {names[node.id]} -->|"{_quoted(_branch_name(node, index))}"| {names[head.id]}'
        if node.downstream is not None:
            yield f"    {names[node.id]} --> {names[node.downstream.id]}"


_SHAPES: Mapping[str, tuple[str, str]] = {
    "condition": ("{", "}"),
    "multi-conditions": ("{", "}"),
    "end": ("([", "])"),
    "loop": ("[[", "]]"),
    "parallel": ("[[", "]]"),
}


def _quoted(text: str) -> str:
    # Mermaid's own entities: a label must not end its quotes or begin a tag
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;").replace("\n", " ")
