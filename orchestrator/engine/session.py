"""A session: what several runs of one statement, request or batch share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.engine.chain import Chain, Link
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.records import Records

__all__ = ["Session"]

#: the class of SQLSTATEs about names and types that are not there
_WRONG_STATEMENT = "42"


class Session:
    """Port, time and records for runs.

    Args:
        port: the host.
        chain: executions that are running in this backend, outermost first.
        has_audience: whether somebody waits for response messages.
        loop_limit: rounds a loop may finish, 0 for any number.
    """

    __slots__ = ("_environment", "_records", "chain", "has_audience", "loop_limit", "port")

    def __init__(self, port: Host, chain: Chain, *, has_audience: bool = True, loop_limit: int = 0) -> None:
        self.port = port
        self.chain = chain
        self.has_audience = has_audience
        self.loop_limit = loop_limit
        self._environment: Mapping[str, str] | None = None
        self._records: Records | None = None

    @property
    def now(self) -> datetime:
        """The run's time."""
        return self.port.now

    @property
    def records(self) -> Records:
        """The record repository, made when a data node first asks."""
        if self._records is None:
            from orchestrator.engine.records import open_records

            self._records = open_records(self.port)
        return self._records

    def outdated(self, error: BaseException) -> bool:
        """Whether a statement went wrong because a table had changed since the records were opened; then they are anew.

        A table is altered while a run waits for it, and the statement is one for the columns from before.
        """
        if self._records is None or not str(getattr(error, "sqlstate", None)).startswith(_WRONG_STATEMENT):
            return False
        revision = self._records.catalog.revision
        self._records = None
        return self.records.catalog.revision != revision

    def environment(self) -> Mapping[str, str]:
        """What ``$env`` shows."""
        if self._environment is None:
            self._environment = self.port.environment()
        return self._environment

    @contextmanager
    def writing(self, proc: Processor, *, silent: bool = False, propagate: bool = True) -> Iterator[None]:
        """Around what a node writes: triggers that fire inside know which executions caused the write.

        A ``silent`` write starts no after-workflow; without ``propagate`` the causal chain is hidden, so that the stack
        limit does not count it.
        """
        if propagate and proc.execution_id == 0:
            proc.execution_id = self.allocate()
        link = Link(proc.execution_id, proc.program.workflow_id, silent=silent, hidden=not propagate)
        with self.port.savepoint(), self.port.hinting(), self.chain.entered(link):
            yield

    def allocate(self) -> int:
        """An execution's id, before its row exists."""
        rows = self.port.fetch("select orchestrator.next_execution_id() as id")
        return int(rows[0]["id"])

    @staticmethod
    def error_result(error: BaseException) -> dict[str, Any]:
        """What a failing node leaves as its result: the message, and the SQLSTATE when there is one."""
        result: dict[str, Any] = {"message": str(error)}
        sqlstate = error.sqlstate if isinstance(error, OrchestratorError) else getattr(error, "sqlstate", None)
        if sqlstate:
            result["code"] = sqlstate
        return result
