"""Statement frames: the program versions and the history of one statement on one table.

A frame is opened by the first row that a guard lets through to the engine and pins the plan until the statement ends,
so that a version published in its middle changes nothing. It is closed after the statement, when its history is written
in one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.actor import Actor, read_actor
from orchestrator.engine.encoding import to_json
from orchestrator.engine.history import Entry, History
from orchestrator.engine.session import Session

if TYPE_CHECKING:
    from orchestrator.engine.guard import Guard
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Plan
    from orchestrator.engine.program import Program

__all__ = ["Frame"]


class Frame:
    """One statement on one table.

    Attributes:
        identity: the statement's, as the backend tells it; a frame of another identity is never trusted.
        guards: event to the guards that run, bound ones first.
    """

    __slots__ = (
        "_actor",
        "_host",
        "base",
        "binds",
        "command",
        "guards",
        "history",
        "identity",
        "passed",
        "plan",
        "refused",
        "session",
    )

    def __init__(self, host: Host, plan: Plan, identity: Any, actor: Actor | None = None) -> None:
        self.identity = identity
        #: where nothing is closed after a statement: the command that tells it from the next one of its message
        self.command: int | None = None
        self.plan = plan
        self.session = Session(host, host.chain, loop_limit=host.loop_limit)
        self.history = History(host)
        #: by program, runs that plainly passed: the rows' own parts of their contexts, and their jobs
        self.passed: dict[Program, tuple[list[str], list[str]]] = {}
        self.guards: dict[str, list[Guard]] = {}
        #: whether guards that the write is bound to judge its rows: those of a request may have judged it already
        self.binds = True
        #: what every context of the statement has in common
        self.base: dict[str, Any] = {"record": None, "previous": None}
        #: executions that refused; the transaction takes them with it, unless a request writes them after its rollback
        self.refused: list[Entry] = []
        self._host = host
        self._actor = actor

    @property
    def actor(self) -> Actor:
        """Who writes; asked for when somebody wants to know."""
        if self._actor is None:
            self._actor = read_actor(self._host)
        return self._actor

    def flush(self) -> None:
        """Write the history so far."""
        for program, (contexts, jobs) in self.passed.items():
            if contexts:
                tail = self.actor.json + "}"
                self._host.record(program, 1, [context + tail for context in contexts], jobs, None)
                contexts.clear()
                jobs.clear()
        self.history.flush()

    def single(self) -> tuple[Program, str, str] | None:
        """The history where it is one run that plainly passed, and nobody asked who writes."""
        if len(self.passed) != 1 or len(self.history) or self._actor is not None:
            return None
        program, (contexts, jobs) = next(iter(self.passed.items()))
        return (program, contexts[0], jobs[0]) if len(jobs) == 1 else None

    def inserted_json(self, context: dict[str, Any]) -> str:
        """The context of an inserted row as the history keeps it: the record is what ``params.values`` says."""
        return f'{{"params":{{"values":{to_json(context["record"])}}},{self.actor.json}}}'
