"""Versions that are not published but run by hand: disabled ones, and those that no table starts."""

from __future__ import annotations

from orchestrator.engine.encoding import from_json
from orchestrator.engine.port import Port
from orchestrator.hooks.publish import compile_workflow

__all__ = ["compile_version"]


def compile_version(port: Port, workflow_id: str) -> int:
    """The id of a version's program as its rows are now.

    Raises:
        InvalidDocumentError: it cannot be compiled.
    """
    rows = port.fetch(
        "select to_jsonb(w)::text as workflow from orchestrator.workflows w where w.id = $1::pg_catalog.int8",
        [workflow_id],
    )
    return compile_workflow(port, from_json(rows[0]["workflow"])).program_id
