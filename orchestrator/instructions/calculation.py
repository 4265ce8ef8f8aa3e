"""calculation: one expression; its value is the node's result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.expressions import ENGINES, compile_expression
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """No expression, or an engine that does not exist: null."""
    engine = node.config.get("engine") or "math.js"
    text = node.config.get("expression")
    if not text or engine not in ENGINES:
        node.run = lambda proc, prev: (1, None)
        return
    expression = compile_expression(engine, text)
    node.reads(expression.paths)
    node.formula = expression
    evaluate = node.evaluate = expression.evaluate

    def run(proc: Processor, _prev: Job | None) -> Any:
        try:
            return 1, evaluate(proc.scope)
        except Exception as error:
            return Status.ERROR, str(error)

    node.run = run
