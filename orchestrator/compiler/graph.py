"""The graph of a workflow version: built from rows of flow_nodes, checked, and in document order.

``upstream_id`` and ``branch_index`` alone say where a node stands; ``downstream_id`` repeats it and may lag behind
while rows are being written by hand, but must not contradict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.compiler.node_schemas import node_type
from orchestrator.errors import InvalidDocumentError, Problem

__all__ = ["Graph", "Node", "branch_problem", "build_graph", "duplicate_message"]

Row = Mapping[str, Any]


@dataclass(eq=False)
class Node:
    """One node with its neighbours. ``upstream`` of a branch head is the branching node."""

    id: int
    key: str
    title: str | None
    type: str
    config: dict[str, Any]
    branch_index: int | None = None
    upstream: Node | None = field(default=None, repr=False)
    downstream: Node | None = field(default=None, repr=False)
    #: heads of the branches by branch index, ascending
    branches: dict[int, Node] = field(default_factory=dict, repr=False)

    def line(self) -> Iterator[Node]:
        """This node and those after it on the same line."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.downstream

    def row(self) -> dict[str, Any]:
        """The node as programs store it."""
        return {
            "id": self.id,
            "key": self.key,
            "title": self.title,
            "type": self.type,
            "config": self.config,
            "upstreamId": self.upstream.id if self.upstream else None,
            "downstreamId": self.downstream.id if self.downstream else None,
            "branchIndex": self.branch_index,
        }


@dataclass(eq=False)
class Graph:
    """A whole workflow: the head of its main line, and all nodes in document order."""

    head: Node | None
    nodes: list[Node]

    def line(self) -> Iterator[Node]:
        """The main line."""
        return self.head.line() if self.head is not None else iter(())

    def paths(self) -> Iterator[tuple[str, Node]]:
        """Every node with its place in the document (``nodes[0].branches.1[2]``), in document order."""
        pending = list(_paths("nodes", self.head))[::-1]
        while pending:
            path, node = pending.pop()
            yield path, node
            inner = [p for i, head in node.branches.items() for p in _paths(f"{path}.branches.{i}", head)]
            pending.extend(reversed(inner))


def build_graph(rows: Sequence[Row]) -> Graph:
    """Link rows of flow_nodes (camelCase keys) to a graph.

    Raises:
        InvalidDocumentError: the links are not those of one tree with legal branches.
    """
    nodes = {row["id"]: _node(row) for row in rows}
    problems = [*_link(rows, nodes), *_contradictions(rows, nodes)]
    heads = [node for node in nodes.values() if node.upstream is None]
    if len(heads) > 1 and not problems:
        names = ", ".join(f'"{node.key}"' for node in heads)
        problems.append(Problem("nodes", f"there must be one head, not {len(heads)}: {names}"))
    for node in nodes.values():
        node.branches = dict(sorted(node.branches.items()))
    if problems:
        raise InvalidDocumentError(problems)
    graph = Graph(heads[0] if heads else None, [])
    graph.nodes = [node for _, node in graph.paths()]
    if len(graph.nodes) < len(nodes):
        reached = {node.id for node in graph.nodes}
        lost = ", ".join(f'"{node.key}"' for node in nodes.values() if node.id not in reached)
        raise InvalidDocumentError([Problem("nodes", f"nodes in a cycle: {lost}")])
    problems = [
        Problem(f"{path}.branches.{index}", message)
        for path, node in graph.paths()
        for index in node.branches
        if (message := branch_problem(node.type, node.config, index)) is not None
    ]
    if problems:
        raise InvalidDocumentError(problems)
    return graph


def branch_problem(type_name: str, config: Mapping[str, Any], index: int) -> str | None:
    """What is wrong with a branch of this index, None when a node so configured may have it."""
    known = node_type(type_name)
    if known is None or known.allows_branch(config, index):
        return None
    if known.branch_limit(config) == -1:
        return f'node type "{type_name}" has no branches'
    return f'node type "{type_name}" has no branch {index}'


def duplicate_message(key: str) -> str:
    """How a node key that is used twice is refused."""
    return f'node key "{key}" is used twice'


def _node(row: Row) -> Node:
    return Node(
        id=row["id"],
        key=row["key"],
        title=row.get("title"),
        type=row["type"],
        config=row.get("config") or {},
        branch_index=row.get("branchIndex"),
    )


def _link(rows: Sequence[Row], nodes: Mapping[int, Node]) -> Iterator[Problem]:
    keys: set[str] = set()
    for row in rows:
        node = nodes[row["id"]]
        if node.key in keys:
            yield Problem("nodes", duplicate_message(node.key))
        keys.add(node.key)
        upstream_id = row.get("upstreamId")
        if upstream_id is None:
            if node.branch_index is not None:
                yield Problem("nodes", f'node "{node.key}" has a branch index but no upstream')
            continue
        upstream = nodes.get(upstream_id)
        if upstream is None:
            yield Problem("nodes", f'the upstream of node "{node.key}" is not in this workflow')
            continue
        node.upstream = upstream
        taken = upstream.downstream if node.branch_index is None else upstream.branches.get(node.branch_index)
        if taken is not None:
            both = f'"{taken.key}" and "{node.key}"'
            yield Problem("nodes", f'nodes {both} stand in the same place after "{upstream.key}"')
        elif node.branch_index is None:
            upstream.downstream = node
        else:
            upstream.branches[node.branch_index] = node


def _contradictions(rows: Sequence[Row], nodes: Mapping[int, Node]) -> Iterator[Problem]:
    for row in rows:
        node = nodes[row["id"]]
        downstream_id = row.get("downstreamId")
        if downstream_id is None:
            continue
        if downstream_id not in nodes:
            yield Problem("nodes", f'the downstream of node "{node.key}" is not in this workflow')
        elif node.downstream is None or node.downstream.id != downstream_id:
            yield Problem("nodes", f'the downstream of node "{node.key}" does not name it as its upstream')


def _paths(prefix: str, head: Node | None) -> Iterator[tuple[str, Node]]:
    if head is not None:
        for index, node in enumerate(head.line()):
            yield f"{prefix}[{index}]", node
