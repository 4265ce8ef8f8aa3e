"""One by one: finding the execution that took a backend down, or that deadlocks, without harming the others."""

from __future__ import annotations

import random

import psycopg
import structlog

from orchestrator.worker.connections import Connection, connect, is_lost, scalar
from orchestrator.worker.stop import Stop

__all__ = ["MAX_ATTEMPTS", "is_suspicious", "run_suspects"]

#: attempts after which an execution is parked as a dead letter
MAX_ATTEMPTS = 3
#: tries of one attempt when an execution deadlocks, with pauses that grow up to this many seconds
TRIES, LONGEST_PAUSE = 10, 0.5
#: executions that are run alone before the worker goes back to batches
ALONE = 50

_log = structlog.get_logger("orchestrator.worker")


def is_suspicious(error: psycopg.Error) -> bool:
    """Whether one of a batch's executions may be to blame: conflicts, a cancelled statement, no memory, a limit."""
    code = error.sqlstate or ""
    return code.startswith("40") or code in ("57014", "53200", "53400")


def run_suspects(dsn: str, runner: Connection, stop: Stop) -> bool:
    """Run the oldest executions alone, counting each attempt before it begins.

    Returns:
        Whether the worker may go back to batches; False when a colleague is at it.

    Raises:
        psycopg.Error: the backend died again.
    """
    # a transaction that stays open: the lock works through a pooler too and dies with the connection
    with connect(dsn, name="orchestrator suspects") as guard, guard.transaction():
        if not scalar(guard, "orchestrator.lock_suspects()"):
            stop.wait(0.2)
            return False
        for _ in range(ALONE):
            if stop.requested:
                break
            # a statement_timeout that one of them has set for the session would count against all others
            runner.execute("reset all")
            execution = scalar(runner, "orchestrator.suspect_execution(%s)", MAX_ATTEMPTS)
            if execution is None:
                break
            _run_alone(runner, execution, stop)
    return True


def _run_alone(runner: Connection, execution: int, stop: Stop) -> None:
    for attempt in range(TRIES):
        try:
            scalar(runner, "orchestrator.run_execution(%s)", execution)
            return
        except psycopg.Error as error:
            if is_lost(runner) or not is_suspicious(error):
                raise
            _log.warning("execution_failed_alone", execution=execution, error=str(error).strip())
            if stop.requested or not (error.sqlstate or "").startswith("40"):
                return
            stop.wait(min(0.02 * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.0))
