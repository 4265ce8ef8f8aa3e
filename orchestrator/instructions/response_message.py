"""response-message: something to tell whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.js import to_string
from orchestrator.engine.variables import UNDEFINED

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """Nobody asked (an asynchronous run): result null."""
    evaluate = node.template(node.config.get("message")).evaluate

    def run(proc: Processor, _prev: Job | None) -> Any:
        if not proc.session.has_audience:
            return 1, None
        message = evaluate(proc.scope)
        if message is UNDEFINED or not message:
            return 1, None
        text = message if isinstance(message, str) else to_string(message)
        proc.say(text)
        return 1, text

    node.run = run
