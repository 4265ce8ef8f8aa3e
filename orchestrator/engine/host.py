"""A port with what guards and queues need besides: compiled programs, plans, and a place for history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator.engine.chain import Chain
from orchestrator.engine.plan import Plan
from orchestrator.engine.port import Port
from orchestrator.engine.program import Program

if TYPE_CHECKING:
    from orchestrator.engine.exemption import Exemption
    from orchestrator.engine.history import Entry
    from orchestrator.engine.quick_create import Route

__all__ = ["Host", "RequestHost", "Special"]

#: (output JSON, execution id or 0, stack JSON) of an execution that has any of them
Special = tuple[str | None, int, str | None]


class Host(Port, Protocol):
    """The host as the engine's entry points see it."""

    chain: Chain
    loop_limit: int
    #: executions that took their write back, to be written once it is rolled back
    refused: list[Entry]

    def program(self, program_id: int) -> Program:
        """A compiled program, kept for the session.

        Raises:
            SerializationError: it is younger than the transaction's snapshot.
        """

    def plan(self, plan_id: int) -> Plan:
        """A plan, kept for the session. Raises as :meth:`program`."""

    def record(
        self,
        program: Program,
        status: int,
        contexts: Sequence[str],
        jobs: Sequence[str],
        special: Sequence[Special] | None,
    ) -> None:
        """Write finished executions of one program and one status, all at once."""

    def enqueue(self, program: Program, data: Sequence[str], stack: str | None) -> None:
        """Queue executions of an asynchronous workflow, one for each record (JSON texts)."""

    def budget(self) -> AbstractContextManager[None]:
        """A block that is one run, with processor time of its own."""

    def unhurried(self) -> AbstractContextManager[None]:
        """A block that belongs to no run's processor time: what is written of a run that is over."""

    def environment(self) -> Mapping[str, str]:
        """What ``$env`` shows."""

    def log(self, message: str) -> None:
        """A line for the server's log."""

    def hinting(self) -> AbstractContextManager[None]:
        """A block whose writes tell the native after-triggers to ask the engine."""

    def statement_id(self) -> Any:
        """What distinguishes the running statement from every other one of this session."""


class RequestHost(Host, Protocol):
    """A host that carries out requests: it remembers what its triggers did while a request's write went on."""

    #: the statement that a request-level run has judged already
    exemption: Exemption | None
    #: whether a request is being carried out
    requesting: bool
    #: messages of guards that left a row out
    skipped: list[dict[str, Any]]
    #: what creates with the same names have in common, by plan, revision of the fields, and names; see quick_create
    routes: dict[tuple[Any, ...], Route | None]

    def write(self, sql: str, params: Sequence[str | None]) -> str | None:
        """Execute a statement that returns one text of one row; None where it returns no row.

        Raises:
            StatementError: as :meth:`fetch`.
        """
