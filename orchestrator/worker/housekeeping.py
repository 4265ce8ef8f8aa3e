"""Housekeeping: what some worker has to do now and then."""

from __future__ import annotations

import time

import psycopg
import structlog

from orchestrator.worker.connections import Connection, is_lost, scalar
from orchestrator.worker.rhythm import Rhythm

__all__ = ["Housekeeping"]

_log = structlog.get_logger("orchestrator.worker")


class Housekeeping:
    """Chores with their intervals. Each is safe to be done by many workers at once."""

    def __init__(self, rhythm: Rhythm) -> None:
        self._intervals = {
            "orchestrator.abort_expired()": 1.0,
            "orchestrator.fold_counts()": rhythm.fold,
            "orchestrator.attach_waiting()": rhythm.sweep,
            "orchestrator.unpark_executions()": rhythm.sweep,
            "orchestrator.sweep_workers()": rhythm.sweep,
            "orchestrator.forget_statements()": rhythm.sweep,
        }
        self._due = dict.fromkeys(self._intervals, 0.0)

    def tick(self, connection: Connection) -> None:
        """Do what is due."""
        now = time.monotonic()
        for chore, due in self._due.items():
            if now < due:
                continue
            self._due[chore] = now + self._intervals[chore]
            self._do(connection, chore)

    @staticmethod
    def _do(connection: Connection, chore: str) -> None:
        try:
            done = scalar(connection, chore)
        except psycopg.Error as error:
            if is_lost(connection):
                raise
            _log.warning("chore_failed", chore=chore, error=str(error).strip())
            return
        if done:
            _log.debug("chore_done", chore=chore, rows=done)
