"""By hand: starting a workflow without an event, continuing what waits for somebody, running it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.engine.batch import Batch
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.manual_context import manual_context
from orchestrator.engine.processor import Processor
from orchestrator.engine.program import Program
from orchestrator.engine.session import Session
from orchestrator.errors import InvalidError

if TYPE_CHECKING:
    from orchestrator.engine.host import Host

__all__ = ["rerun", "resume", "run", "run_version", "test_node"]

#: node types that can be tried out
_TESTABLE = frozenset({"calculation", "condition", "sql"})


def run(host: Host, key: str, context: str) -> int:
    """Start the current version of a workflow here and now; returns the execution's id.

    Raises:
        NotFoundError: no workflow has this key.
    """
    return _start(
        host, host.fetch("select * from orchestrator.begin_by_hand($1, $2::pg_catalog.jsonb)", (key, context))
    )


def run_version(host: Host, workflow_id: str, type_name: str, config: str, values: str) -> int | None:
    """Start a version as its trigger would; None when the trigger declines.

    Raises:
        NotFoundError: there is no such version.
        InvalidError: the values name no user, record or collection.
    """
    context = manual_context(host, type_name, from_json(config), from_json(values))
    if context is None:
        return None
    begin = "select * from orchestrator.begin_version($1::pg_catalog.int8, $2::pg_catalog.jsonb)"
    return _start(host, host.fetch(begin, (workflow_id, to_json(context))))


def _start(host: Host, rows: Sequence[Mapping[str, Any]]) -> int:
    batch = Batch(host)
    batch.start(rows[0])
    batch.write()
    return int(rows[0]["id"])


def resume(host: Host, job: str, result: str | None, status: str) -> None:
    """Continue an execution at a waiting job.

    Raises:
        NotFoundError: there is no such job.
        InvalidError: nothing waits there any more, or the time is up.
        ConflictError: the execution is being processed.
    """
    row = host.fetch("select * from orchestrator.claim_waiting($1::pg_catalog.int8)", (job,))[0]
    batch = Batch(host)
    batch.resume(
        row,
        from_json(row["jobs"]),
        {"n": row["n"], "status": int(status), "result": from_json(result) if result is not None else None},
    )
    batch.write()


def rerun(host: Host, execution_id: str, node_id: str | None, overwrite: str) -> None:
    """Run a waiting execution again, from its head or from a node that it has reached.

    Raises:
        NotFoundError: there is no such execution.
        InvalidError: it does not wait, or has not reached the node.
        ConflictError: it is being processed.
    """
    row = host.fetch("select * from orchestrator.claim_started($1::pg_catalog.int8)", (execution_id,))[0]
    jobs = from_json(row["jobs"]) if row["jobs"] else []
    reached = {job["nodeId"]: job["n"] for job in jobs}
    program = host.program(row["program_id"])
    node = program.head if node_id is None else program.nodes_by_id.get(int(node_id))
    if node_id is not None and (node is None or node.id not in reached):
        raise InvalidError(f'the execution has not reached node "{node_id}"')
    if node is not None and node.upstream is not None and node.upstream.id not in reached:
        raise InvalidError(f'the execution has not reached node "{node.upstream.id}"')
    replaced = reached.get(node.id) if overwrite == "true" and node is not None else None
    batch = Batch(host)
    batch.rerun(row, jobs, None if node is None else node.id, replaced)
    batch.write()


def test_node(host: Host, type_name: str, config: str) -> dict[str, Any]:
    """What a node comes to without variables; nothing of it stays.

    Raises:
        InvalidError: nodes of this type cannot be tried out.
    """
    if type_name not in _TESTABLE:
        raise InvalidError(f'test method of instruction "{type_name}" not implemented')
    node = {"id": 1, "key": "test", "type": type_name, "config": from_json(config)}
    program = Program({"workflowId": 0, "key": "test", "type": "test", "nodes": [node]}, 0)
    proc = Processor(program, None, Session(host, host.chain))
    try:
        with host.savepoint(), host.budget():
            proc.start()
            raise _Undone
    except _Undone:
        pass
    job = proc.jobs[0]
    failed = job.status < 0 and isinstance(job.result, dict)
    found = {"status": int(job.status), "result": job.result["message"] if failed else job.result}
    return found if job.log is None else {**found, "log": job.log}


class _Undone(Exception):
    """nothing of a test stays"""
