"""destroy: delete every record that a filter finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.instructions.data import collection_of, compile_params

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """Result: how many."""
    collection = collection_of(node)
    params = compile_params(node)

    def run(proc: Processor, _prev: Job | None) -> Any:
        request = params(proc.scope)
        with proc.session.writing(proc):
            count = proc.session.records.destroy_records(collection, filter=request.get("filter"))
        return 1, count

    node.run = run
