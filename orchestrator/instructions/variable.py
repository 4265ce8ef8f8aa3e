"""variable: declare a value, or assign one to an earlier node's result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import Job
from orchestrator.engine.variables import UNDEFINED
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, program: Program) -> None:
    """An assignment adds a job for the target node beside its own."""
    evaluate = node.template(node.config.get("value")).evaluate
    target_key = node.config.get("target")

    def run(proc: Processor, prev: Job | None) -> Any:
        value = evaluate(proc.scope)
        if value is UNDEFINED:
            value = None
        if target_key:
            target = program.nodes_by_key.get(target_key)
            if target is None:
                return Status.ERROR, {"message": f'target node "{target_key}" not found'}
            proc.save(Job(target, 1, value), prev)
        return 1, value

    node.run = run
