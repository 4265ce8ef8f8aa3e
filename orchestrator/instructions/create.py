"""create: write one record, with the records nested in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.instructions.data import collection_of, compile_params, names

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """Result: the record, read again when relations are to be appended."""
    collection = collection_of(node)
    params = compile_params(node)

    def run(proc: Processor, _prev: Job | None) -> Any:
        request = params(proc.scope)
        with proc.session.writing(proc):
            record = proc.session.records.create_record(
                collection, request.get("values") or {}, appends=names(request.get("appends"))
            )
        return 1, record

    node.run = run
