"""What the engine asks of its host inside the backend: programs, plans, and a place for history."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from orchestrator.engine.chain import Chain
from orchestrator.engine.host import Special
from orchestrator.engine.plan import Plan
from orchestrator.engine.program import Program
from orchestrator.hosts.plpy_port import TEXT, PlpyPort
from orchestrator.hosts.stored import stored_plan, stored_program

__all__ = ["PlpyStore"]

#: programs and plans kept for a session
_KEPT = 2000


class PlpyStore(PlpyPort):
    """The port, and what is stored of workflows and their runs.

    Args:
        plpy: the module that PL/Python hands to its functions.
    """

    def __init__(self, plpy: Any) -> None:
        super().__init__(plpy)
        self._programs: dict[int, Program] = {}
        self._table_plans: dict[int, Plan] = {}
        self.chain = Chain()
        self.loop_limit = int(os.environ.get("WORKFLOW_LOOP_LIMIT") or 0)
        self._hinted = 0
        self._environment: Mapping[str, str] = {}

    def program(self, program_id: int) -> Program:
        """See :class:`orchestrator.engine.host.Host`."""
        program = self._programs.get(program_id)
        if program is None:
            if len(self._programs) >= _KEPT:
                self._programs.clear()
            program = self._programs[program_id] = stored_program(self, program_id)
        return program

    def plan(self, plan_id: int) -> Plan:
        """See :class:`orchestrator.engine.host.Host`."""
        plan = self._table_plans.get(plan_id)
        if plan is None:
            if len(self._table_plans) >= _KEPT:
                self._table_plans.clear()
            plan = self._table_plans[plan_id] = stored_plan(self, plan_id)
        return plan

    def record(
        self,
        program: Program,
        status: int,
        contexts: Sequence[str],
        jobs: Sequence[str],
        special: Sequence[Special] | None,
    ) -> None:
        """See :class:`orchestrator.engine.host.Host`."""
        now = self.now.isoformat()
        if special is None:
            plan = self._record_plan(
                "record_runs", ["pg_catalog.int8", TEXT, "pg_catalog.int2", TEXT, TEXT, TEXT,
                "pg_catalog.int4"],
            )  # fmt: skip
            # elements of one JSON array: an array of PostgreSQL's takes longer to build
            texts = ("[" + ",".join(column) + "]" for column in (contexts, jobs))
            plan.execute([program.workflow_id, program.key, status, now, *texts, len(jobs)])
            return
        plan = self._record_plan(
            "record_executions",
            ["pg_catalog.int8", TEXT, "pg_catalog.int2", TEXT, *["pg_catalog.text[]"] * 3, "pg_catalog.int8[]",
             "pg_catalog.text[]"],
        )  # fmt: skip
        columns = (list(column) for column in zip(*special, strict=True))
        plan.execute([program.workflow_id, program.key, status, now, list(contexts), list(jobs), *columns])

    def _record_plan(self, function: str, types: Sequence[str]) -> Any:
        plan = self._plans.get((function, 0))
        if plan is None:
            rest = ", ".join(f"${n}" for n in range(5, len(types) + 1))
            plan = self._plans[function, 0] = self._plpy.prepare(
                f"select orchestrator.{function}($1, $2, $3, $4::pg_catalog.timestamptz, {rest})", list(types)
            )
        return plan

    def write(self, sql: str, params: Sequence[str | None]) -> str | None:
        """See :class:`orchestrator.engine.host.RequestHost`."""
        result = self._execute(sql, params, False)
        text: str | None = result[0]["data"] if result.nrows() else None
        return text

    def enqueue(self, program: Program, data: Sequence[str], stack: str | None) -> None:
        """See :class:`orchestrator.engine.host.Host`."""
        plan = self._plans.get(("enqueue", 0))
        if plan is None:
            plan = self._plans["enqueue", 0] = self._plpy.prepare(
                "select orchestrator.enqueue($1, $2, $3, $4::pg_catalog.jsonb)",
                ["pg_catalog.int8", TEXT, "pg_catalog.text[]", TEXT],
            )
        plan.execute([program.workflow_id, program.key, list(data), stack])

    @contextmanager
    def hinting(self) -> Iterator[None]:
        """See :class:`orchestrator.engine.host.Host`."""
        self._hint("on" if self._hinted == 0 else None)
        self._hinted += 1
        try:
            yield
        finally:
            self._hinted -= 1
        self._hint("" if self._hinted == 0 else None)

    def _hint(self, value: str | None) -> None:
        if value is not None:
            self.run("select pg_catalog.set_config('orchestrator.chain', $1, true)", [value])

    def environment(self) -> Mapping[str, str]:
        """See :class:`orchestrator.engine.host.Host`."""
        self._plpy.execute("select orchestrator.read_environment()")
        values, self._environment = self._environment, {}
        return values

    def keep_environment(self, values: Mapping[str, str]) -> None:
        """Take what ``orchestrator.read_environment()`` brings; it is handed on at once and not kept."""
        self._environment = values

    def log(self, message: str) -> None:
        """See :class:`orchestrator.engine.host.Host`."""
        self._plpy.log(message)
