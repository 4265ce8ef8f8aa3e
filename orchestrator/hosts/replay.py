"""Replay: a stored execution once more, outside the database, where a debugger can follow; nothing of it stays.

    with psycopg.connect(dsn) as connection:
        outcome = replay(connection, 4711)
    print(outcome.status, outcome.jobs, outcome.error)

The program of the execution's version runs on the stored context, at the time when the execution started. Set a
breakpoint in a node type's ``run``, or look at ``outcome.error`` with its traceback. What other transactions have
written since is seen as it is now, and workflows that follow the nodes' writes run in the server (see psycopg_host).
As a superuser replay only what you trust: SQL of a node may take on the rights of the connection's login.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from orchestrator.engine.encoding import from_json
from orchestrator.engine.job import Job
from orchestrator.engine.processor import Processor
from orchestrator.engine.session import Session
from orchestrator.errors import NotFoundError
from orchestrator.hosts.extensions import load_extensions
from orchestrator.hosts.psycopg_host import PsycopgHost

__all__ = ["Outcome", "replay"]

_EXECUTION = """
select
    e.context::pg_catalog.text as context,
    coalesce(e.started_at, e.created_at) as started_at,
    (select pg_catalog.max(p.id) from orchestrator.programs p where p.workflow_id = e.workflow_id) as program_id,
    (
        select pg_catalog.jsonb_object_agg(a.id, a.workflow_id)::pg_catalog.text
        from pg_catalog.jsonb_array_elements_text(e.stack) s (id)
        join orchestrator.executions a on a.id = s.id::pg_catalog.int8
    ) as ancestors,
    (
        select pg_catalog.jsonb_object_agg(
            j.id %% 1048576,
            pg_catalog.jsonb_build_object('nodeKey', j.node_key, 'status', j.status, 'result', j.result)
        )::pg_catalog.text
        from orchestrator.jobs j
        where j.execution_id = e.id
    ) as jobs
from orchestrator.executions e
where e.id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a replay came to.

    Attributes:
        status: as ``executions.status``; 0 when it waits where the stored execution waits too.
        jobs: in order of creation, see :meth:`orchestrator.engine.job.Job.to_json`.
        output: what the last output node wrote.
        messages: what response-message nodes said.
        error: the last exception of a node, with its traceback.
    """

    status: int
    jobs: list[dict[str, Any]]
    output: Any
    messages: list[dict[str, Any]]
    error: BaseException | None


def replay(connection: Connection[Any], execution_id: int) -> Outcome:
    """Run a stored execution again in a transaction that is rolled back.

    Where the stored execution was resumed, the replay is resumed with the same status and result, oldest job first.

    Args:
        connection: of a login that may read history and is a member of orchestrator_runner, as superusers are.
        execution_id: from ``orchestrator.executions``.

    Raises:
        NotFoundError: there is no such execution, or its workflow was deleted.
    """
    load_extensions()
    with connection.transaction(force_rollback=True):
        found = connection.execute(_EXECUTION, [execution_id]).fetchone()
        if found is None:
            raise NotFoundError(f"execution {execution_id} does not exist")
        context, started_at, program_id, ancestors, jobs = found
        if program_id is None:
            raise NotFoundError(f"the workflow of execution {execution_id} does not exist")
        host = PsycopgHost(connection, now=started_at)
        host.chain.ancestors = {int(key): value for key, value in from_json(ancestors or "{}").items()}
        proc = Processor(
            host.program(program_id),
            from_json(context) if context else None,
            Session(host, host.chain, loop_limit=host.loop_limit),
            execution_id,
            tuple(host.chain.ancestors),
        )
        proc.start()
        while (job := _answered(proc, from_json(jobs or "{}"))) is not None:
            proc.resume(job)
    return Outcome(
        status=proc.status or 0,
        jobs=[job.to_json() for job in proc.jobs],
        output=proc.output,
        messages=proc.messages or [],
        error=proc.error,
    )


def _answered(proc: Processor, stored: Mapping[str, Mapping[str, Any]]) -> Job | None:
    """The first job that waits here and was answered there, with that answer; branching nodes wait for others."""
    if proc.status is not None:
        return None
    for job in proc.jobs:
        there = stored.get(str(job.n))
        if job.status == 0 and not job.node.branches and there and there["nodeKey"] == job.node.key and there["status"]:
            job.status, job.result = there["status"], there["result"]
            proc.results[job.node.key] = job.result
            return job
    return None
