"""By hand: starting a workflow without an event, and continuing what waits for somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.engine.batch import Batch
from orchestrator.engine.encoding import from_json

if TYPE_CHECKING:
    from orchestrator.engine.host import Host

__all__ = ["resume", "run"]


def run(host: Host, key: str, context: str) -> int:
    """Start the current version of a workflow here and now; returns the execution's id.

    Raises:
        NotFoundError: no workflow has this key.
    """
    row = host.fetch("select * from orchestrator.begin_by_hand($1, $2::pg_catalog.jsonb)", (key, context))[0]
    batch = Batch(host)
    batch.start(row)
    batch.write()
    return int(row["id"])


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
