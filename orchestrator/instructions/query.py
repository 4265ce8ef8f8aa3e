"""query: read one record or a page of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.instructions.data import collection_of, compile_params, names
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]

_DEFAULT_PAGE_SIZE = 20


def compile_node(node: Node, _program: Program) -> None:
    """A single query honours the page as well: it is the offset of the record."""
    collection = collection_of(node)
    params = compile_params(node)
    multiple = bool(node.config.get("multiple"))
    fail_on_empty = bool(node.config.get("failOnEmpty"))

    def run(proc: Processor, _prev: Job | None) -> Any:
        request = params(proc.scope)
        size = int(request.get("pageSize") or _DEFAULT_PAGE_SIZE)
        rows = proc.session.records.find(
            collection,
            filter=request.get("filter"),
            appends=names(request.get("appends")),
            sort=_sort(request.get("sort")),
            limit=size if multiple else 1,
            offset=(int(request.get("page") or 1) - 1) * size,
        )
        result: Any = rows if multiple else rows[0] if rows else None
        return (Status.FAILED if fail_on_empty and not rows else 1), result

    node.run = run


def _sort(configured: Any) -> list[str]:
    keys = configured if isinstance(configured, list) else []
    out = []
    for key in keys:
        if isinstance(key, str):
            out.append(key)
        elif isinstance(key, dict) and key.get("field"):
            out.append(("-" if str(key.get("direction")).lower() == "desc" else "") + str(key["field"]))
    return out
