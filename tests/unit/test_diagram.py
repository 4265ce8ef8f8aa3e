"""Diagrams: branches carry the names that people know them by, and text can not break out of a picture."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.compiler.diagram import draw
from orchestrator.compiler.graph import build_graph
from orchestrator.errors import InvalidError

WORKFLOW: dict[str, Any] = {
    "key": "k",
    "title": None,
    "type": "collection",
    "config": {"collection": "main:posts", "mode": 3},
    "enabled": False,
}


def row(
    id: int,
    type: str,
    upstream: int | None = None,
    branch: int | None = None,
    title: str | None = None,
    config: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": id,
        "key": f"n{id}",
        "title": title,
        "type": type,
        "config": config or {},
        "upstreamId": upstream,
        "branchIndex": branch,
    }


def test_branches_are_named() -> None:
    conditions = {"conditions": [{"title": "Big"}, {}]}
    graph = build_graph(
        [
            row(1, "multi-conditions", config=conditions),
            row(2, "end", 1, 0),
            row(3, "end", 1, 1, config={"endStatus": -1}),
            row(4, "parallel", 1, 2),
            row(5, "create", 4, 3, config={"collection": "main:items"}),
            row(6, "loop", 1),
            row(7, "output", 6, 0, title="Last"),
        ]
    )
    assert draw(WORKFLOW, graph, "text").splitlines() == [
        "k",
        "collection on posts (create, update) [disabled]",
        "├─ n1 (multi-conditions)",
        "│  ├─ [otherwise]",
        "│  │  └─ n2 (end) → succeeded",
        "│  ├─ [Big]",
        "│  │  └─ n3 (end) → failed",
        "│  └─ [2]",
        "│     └─ n4 (parallel)",
        "│        └─ [3]",
        "│           └─ n5 (create) → items",
        "└─ n6 (loop)",
        "   └─ [each]",
        "      └─ n7 (output): Last",
    ]


def test_labels_cannot_end_their_quotes() -> None:
    graph = build_graph([row(1, "output", title='"] --> x\n<script>#')])
    assert '"n1 (output): #quot;] --#gt; x #lt;script#gt;#35;"' in draw(WORKFLOW, graph, "mermaid")


def test_a_workflow_without_nodes_is_drawn() -> None:
    assert draw(WORKFLOW, build_graph([]), "mermaid").count("\n") == 1


def test_another_format_is_refused() -> None:
    with pytest.raises(InvalidError, match='format "svg" is not known'):
        draw(WORKFLOW, build_graph([]), "svg")
