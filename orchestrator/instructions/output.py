"""output: what the execution hands out; the last one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.variables import UNDEFINED

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """The value is the node's result as well."""
    evaluate = node.template(node.config.get("value")).evaluate

    def run(proc: Processor, _prev: Job | None) -> Any:
        value = evaluate(proc.scope)
        proc.output = None if value is UNDEFINED else value
        return 1, proc.output

    node.run = run
