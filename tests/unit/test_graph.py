"""Graphs from rows: one tree with legal branches, in document order, or a problem that says why not."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.compiler.graph import build_graph
from orchestrator.errors import InvalidDocumentError


def row(
    id: int,
    upstream: int | None = None,
    downstream: int | None = None,
    branch: int | None = None,
    type: str = "parallel",
    key: str | None = None,
) -> dict[str, Any]:
    return {
        "id": id,
        "key": key or f"n{id}",
        "title": None,
        "type": type,
        "config": {},
        "upstreamId": upstream,
        "downstreamId": downstream,
        "branchIndex": branch,
    }


def test_nodes_come_in_document_order() -> None:
    graph = build_graph([row(1, 9, branch=5), row(2, 9), row(9, None, 2), row(4, 9, branch=0), row(3, 1)])
    assert [(path, node.id) for path, node in graph.paths()] == [
        ("nodes[0]", 9),
        ("nodes[0].branches.0[0]", 4),
        ("nodes[0].branches.5[0]", 1),
        ("nodes[0].branches.5[1]", 3),
        ("nodes[1]", 2),
    ]
    assert [node.id for node in graph.nodes] == [9, 4, 1, 3, 2]
    assert graph.nodes[0].downstream is graph.nodes[4]


def test_no_nodes_is_a_graph() -> None:
    graph = build_graph([])
    assert graph.head is None
    assert list(graph.paths()) == []


def test_a_node_tells_its_row() -> None:
    rows = [row(1, None, 2), row(2, 1), row(3, 1, branch=0)]
    assert sorted((node.row() for node in build_graph(rows).nodes), key=lambda r: r["id"]) == rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(1), row(2)], 'there must be one head, not 2: "n1", "n2"'),
        ([row(1, 2), row(2, 1)], 'nodes in a cycle: "n1", "n2"'),
        ([row(1), row(2, 3), row(3, 2)], 'nodes in a cycle: "n2", "n3"'),
        ([row(1), row(2, 1), row(3, 1)], 'nodes "n2" and "n3" stand in the same place after "n1"'),
        ([row(1), row(2, 1, branch=0), row(3, 1, branch=0)], 'nodes "n2" and "n3" stand in the same place after "n1"'),
        ([row(1), row(2, 7)], 'the upstream of node "n2" is not in this workflow'),
        ([row(1, None, 7)], 'the downstream of node "n1" is not in this workflow'),
        ([row(1, None, 2), row(2, 1, branch=0)], 'the downstream of node "n1" does not name it as its upstream'),
        ([row(1, branch=0)], 'node "n1" has a branch index but no upstream'),
        ([row(1), row(2, 1, key="n1")], 'node key "n1" is used twice'),
        ([row(1, type="end"), row(2, 1, branch=0)], 'node type "end" has no branches'),
        ([row(1, type="condition"), row(2, 1, branch=2)], 'node type "condition" has no branch 2'),
        ([row(1), row(2, 1, branch=-1)], 'node type "parallel" has no branch -1'),
    ],
)
def test_refuses_what_is_no_tree(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        build_graph(rows)
    assert message in [problem.message for problem in caught.value.problems]
