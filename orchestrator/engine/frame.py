"""Statement frames: the program versions and the history of one statement on one table.

A frame is opened by the first row that a guard lets through to the engine and pins the plan until the statement ends,
so that a version published in its middle changes nothing. It is closed after the statement, when its history is written
in one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.actor import Actor, read_actor
from orchestrator.engine.history import Entry, History, row_encoder
from orchestrator.engine.session import Session

if TYPE_CHECKING:
    from orchestrator.engine.guard import Guard
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Plan

__all__ = ["Frame"]


class Frame:
    """One statement on one table.

    Attributes:
        identity: the statement's, as the backend tells it; a frame of another identity is never trusted.
        guards: event to the guards that run, bound ones first.
    """

    __slots__ = ("actor", "encode", "guards", "history", "identity", "plan", "refused", "session")

    def __init__(self, host: Host, plan: Plan, identity: Any, actor: Actor | None = None) -> None:
        self.identity = identity
        self.plan = plan
        self.session = Session(host, host.chain, loop_limit=host.loop_limit)
        self.actor = actor or read_actor(host)
        self.history = History(host)
        self.guards: dict[str, list[Guard]] = {}
        #: executions that refused; the transaction takes them with it, unless a request writes them after its rollback
        self.refused: list[Entry] = []
        self.encode = row_encoder(plan.columns.names)
