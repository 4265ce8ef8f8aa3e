"""What publishing stored: programs and plans, by the ids that the generated functions carry."""

from __future__ import annotations

from orchestrator.engine.plan import Plan
from orchestrator.engine.port import Port
from orchestrator.engine.program import Program, load_program
from orchestrator.errors import SerializationError

__all__ = ["stored_plan", "stored_program"]


def stored_program(port: Port, program_id: int) -> Program:
    """One version of a workflow, compiled.

    Raises:
        SerializationError: the transaction's snapshot is older than it.
    """
    sql = "select orchestrator.load_program($1::pg_catalog.int8)::pg_catalog.text as text"
    text = port.fetch(sql, [str(program_id)])[0]["text"]
    if text is None:
        raise SerializationError
    return load_program(program_id, text)


def stored_plan(port: Port, plan_id: int) -> Plan:
    """What runs at each event of a table.

    Raises:
        SerializationError: the transaction's snapshot is older than it.
    """
    plan = port.fetch("select orchestrator.load_plan($1::pg_catalog.int8) as plan", [str(plan_id)])[0]["plan"]
    if plan is None:
        raise SerializationError
    return Plan(plan_id, plan)
