"""Programs: a workflow version made ready to run.

A program is stored as JSON (its nodes, linked, with their configurations) and turned into closures once a session.
Running it walks those closures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.variables import Template, compile_template

if TYPE_CHECKING:
    from orchestrator.engine.expressions import Calculation, Expression
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor

__all__ = ["Node", "Program", "UnknownNodeTypeError", "load_program"]

Path = tuple[str, ...]
Runner = Callable[["Processor", "Job | None"], Any]


class UnknownNodeTypeError(LookupError):
    """node type is not registered"""


class Node:
    """A node of a program, linked to its neighbours, with the closures that run it."""

    __slots__ = (
        "branch_index",
        "branch_parent",
        "branches",
        "config",
        "downstream",
        "evaluate",
        "formula",
        "id",
        "key",
        "paths",
        "resume",
        "run",
        "scope",
        "title",
        "type",
        "upstream",
        "writes",
    )

    run: Runner
    resume: Runner | None
    #: local scope of a branching node, made anew from its job when a run is resumed
    scope: Callable[[Processor, Job], Mapping[str, Any]] | None
    evaluate: Callable[[dict[str, Any]], Any] | None

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.id: int = row["id"]
        self.key: str = row["key"]
        self.title: str | None = row.get("title")
        self.type: str = row["type"]
        self.config: dict[str, Any] = row.get("config") or {}
        self.branch_index: int | None = row.get("branchIndex")
        self.upstream: Node | None = None
        self.downstream: Node | None = None
        #: the branching node that gets control when the branch this node is in ends
        self.branch_parent: Node | None = None
        #: heads of this node's branches, by branchIndex, ascending
        self.branches: dict[int, Node] = {}
        self.paths: set[Path] = set()
        #: whether running it needs the database
        self.writes = False
        self.resume = None
        self.scope = None
        #: for nodes that only compute: the computation, and what it was compiled from
        self.evaluate = None
        self.formula: Calculation | Expression | None = None

    def template(self, value: Any) -> Template:
        """Compile a configured value and note what it reads."""
        template = compile_template(value)
        self.paths |= template.paths
        return template

    def reads(self, paths: Iterable[Path]) -> None:
        """Note paths that an expression reads."""
        self.paths |= set(paths)


class Program:
    """A compiled workflow version. Immutable, so every session may keep it for good."""

    __slots__ = (
        "broken",
        "config",
        "delete_on_status",
        "guard",
        "head",
        "id",
        "key",
        "nodes",
        "nodes_by_id",
        "nodes_by_key",
        "options",
        "passing",
        "paths",
        "plain",
        "reads_values_alone",
        "roots",
        "stack_limit",
        "sync",
        "timeout_ms",
        "title",
        "type",
        "uses_database",
        "workflow_id",
    )

    def __init__(self, data: Mapping[str, Any], program_id: int) -> None:
        self.id = program_id
        self.workflow_id: int = data["workflowId"]
        self.key: str = data["key"]
        self.title: str | None = data.get("title")
        self.type: str = data["type"]
        #: the guard that it is, made when it first judges
        self.guard: Any = None
        #: how it runs in a batch without a processor, made when it first does
        self.passing: Any = None
        #: why it cannot run any more: a column that it reads is gone
        self.broken: str | None = data.get("broken")
        self.sync: bool = bool(data.get("sync"))
        self.config: dict[str, Any] = data.get("config") or {}
        self.options: dict[str, Any] = data.get("options") or {}
        self.stack_limit = int(self.options.get("stackLimit") or 1)
        self.timeout_ms = int(self.options.get("timeout") or 0)
        self.delete_on_status = frozenset(self.options.get("deleteExecutionOnStatus") or ()) - {0, None}
        self.nodes = [Node(row) for row in data["nodes"]]
        self.nodes_by_id = {node.id: node for node in self.nodes}
        self.nodes_by_key = {node.key: node for node in self.nodes}
        self.head: Node | None = None
        self._link(data["nodes"])
        self._compile()
        self.paths: frozenset[Path] = frozenset(p for node in self.nodes for p in node.paths)
        #: the scope roots that templates read, behind the alias ctx as well
        self.roots = frozenset(p[1] if p[0] == "ctx" and len(p) > 1 else p[0] for p in self.paths if p)
        #: whether a scope of context and results is enough
        self.plain = self.roots <= {"$context", "$jobsMapByNodeKey"} and not any(n.scope for n in self.nodes)
        #: whether nothing of the context is read but ``params.values``
        self.reads_values_alone = all(p[:3] == _VALUES for p in self.paths if p[:1] == ("$context",))
        self.uses_database = any(node.writes for node in self.nodes)

    def _link(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            node = self.nodes_by_id[row["id"]]
            upstream = row.get("upstreamId")
            if upstream is None:
                self.head = self.head or node
                continue
            node.upstream = self.nodes_by_id[upstream]
            if node.branch_index is None:
                node.upstream.downstream = node
            else:
                node.upstream.branches.setdefault(node.branch_index, node)
        for node in self.nodes:
            node.branches = dict(sorted(node.branches.items()))
            node.branch_parent = _branch_parent(node)

    def _compile(self) -> None:
        from orchestrator.instructions import instruction

        for node in self.nodes:
            instruction(node.type)(node, self)
            if any(path[0] == "$system" for path in node.paths if path):
                node.run = _asking(node, node.run)
                node.resume = node.resume and _asking(node, node.resume)

    def ancestors(self, node: Node) -> Iterator[Node]:
        """The branching nodes around a node, inner to outer."""
        parent = node.branch_parent
        while parent is not None:
            yield parent
            parent = parent.branch_parent


def _asking(node: Node, run: Runner) -> Runner:
    """A closure that tells functions of ``$system`` which node asks, also after nodes of its branches did."""

    def told(proc: Processor, prev: Job | None) -> Any:
        call = proc.scope["$system"].call
        before, call.node = call.node, node
        try:
            return run(proc, prev)
        finally:
            call.node = before

    return told


_VALUES = ("$context", "params", "values")


def _branch_parent(node: Node) -> Node | None:
    current: Node | None = node
    while current is not None:
        if current.branch_index is not None:
            return current.upstream
        current = current.upstream
    return None


def load_program(program_id: int, text: str) -> Program:
    """Make a stored program ready to run.

    Raises:
        UnknownNodeTypeError: a node's type is not registered.
    """
    return Program(json.loads(text, parse_float=Decimal), program_id)
