"""end: the execution is over, wherever in the graph this stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import WAIT, Job
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """No branching node around is told."""
    configured = node.config.get("endStatus")
    status = int(Status.RESOLVED if configured is None else configured)

    def run(proc: Processor, prev: Job | None) -> Any:
        proc.save(Job(node, status), prev)
        proc.end(status)
        return WAIT

    node.run = run
