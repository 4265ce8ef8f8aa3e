"""Followers: after-workflows, started for each record that a statement or a request wrote.

Synchronous ones run first, each in a savepoint: a failure does not undo the write unless a collection event asks for
it. One that ends on an End node keeps the remaining synchronous and all asynchronous ones of the operation from
starting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.engine.actor import Actor, read_actor
from orchestrator.engine.encoding import to_json
from orchestrator.engine.history import History, entry_of
from orchestrator.engine.processor import Processor
from orchestrator.engine.session import Session
from orchestrator.engine.verdict import HANGS
from orchestrator.errors import RollbackOnFailureError, WorkflowFailedError
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.actor import Binding
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Plan
    from orchestrator.engine.program import Program

__all__ = ["Followed", "Outcome", "Written", "follow", "rows_of", "warn_text", "with_parents"]

_END = "end"
_ACTIONS = {"insert": "create", "update": "update"}


class Written:
    """A record that was written: in the engine's form, before and after."""

    __slots__ = ("event", "new", "old")

    def __init__(self, event: str, new: dict[str, Any] | None, old: dict[str, Any] | None) -> None:
        self.event = event
        self.new = new
        self.old = old

    @property
    def data(self) -> dict[str, Any]:
        """The record that workflows get: as it is now, for a delete as it was."""
        return self.new if self.new is not None else self.old or {}


class Outcome:
    """What followed, for whoever asked.

    Attributes:
        status: 200, or the status that a failing synchronous workflow answers although the data is saved.
        stopped: an End node ended the operation's workflows.
    """

    __slots__ = ("errors", "messages", "status", "stopped")

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        self.errors: list[dict[str, Any]] | None = None
        self.stopped = False


class Followed(NamedTuple):
    """One start: a workflow with the record it starts for."""

    program: Program
    data: dict[str, Any]
    rollback_on_failure: bool = False


def follow(host: Host, plan: Plan, written: Sequence[Written], *, actor: Actor | None = None) -> Outcome:
    """Start what follows.

    Raises:
        RollbackOnFailureError: a collection event takes the write back.
    """
    outcome = Outcome()
    if host.chain.silent or not written:
        return outcome
    actor = actor or read_actor(host)
    session = Session(host, host.chain, loop_limit=host.loop_limit)
    starts = [*_bound(host, session, plan, actor, written), *_listening(host, session, plan, written)]
    runs = [s for s in starts if s.program.sync]
    queued = [s for s in starts if not s.program.sync]
    history = History(host)
    for start in runs:
        _run(session, actor, start, history, outcome)
        if outcome.stopped or outcome.status != 200:
            break
    history.flush()
    if not outcome.stopped and outcome.status == 200:
        _enqueue(host, queued)
    return outcome


def _bound(host: Host, session: Session, plan: Plan, actor: Actor, written: Sequence[Written]) -> list[Followed]:
    """Local after-workflows in the order named; a path leads from the written record to the one they start with."""
    if not actor.bindings or host.chain:
        return []
    keys = to_json([binding.key for binding in actor.bindings])
    rows = host.fetch("select key, program_id from orchestrator.bound_programs($1::pg_catalog.jsonb, 'action')", [keys])
    ids = {row["key"]: int(row["program_id"]) for row in rows}
    starts = []
    for binding in actor.bindings:
        if binding.key not in ids:
            continue
        program = host.program(ids[binding.key])
        if program.config.get("global"):
            continue
        for record in written:
            if record.event not in _ACTIONS:
                continue
            data = _target(session, plan, program, binding, record)
            if data is not None:
                starts.append(Followed(program, data))
    return starts


def _target(session: Session, plan: Plan, program: Program, binding: Binding, record: Written) -> dict[str, Any] | None:
    """The record to start with; None when the path does not lead to the workflow's collection."""
    wanted = str(program.config.get("collection") or "").removeprefix("main:")
    appends = list(program.config.get("appends") or ())
    if not binding.path:
        if wanted != plan.collection:
            return None
        return _appended(session, plan.collection, plan.key_of(record.data), record.data, appends)
    return session.records.related(plan.collection, record.data, binding.path, wanted, appends=appends)


def _listening(host: Host, session: Session, plan: Plan, written: Sequence[Written]) -> list[Followed]:
    starts = []
    for record in written:
        for entry in plan.after.get(record.event, ()):
            if entry["type"] == "action" and host.chain:
                continue
            if entry.get("changed") and not _changed(record, entry["changed"]):
                continue
            key = plan.key_of(record.data)
            if entry.get("condition") and not session.records.matches(plan.collection, key, entry["condition"]):
                continue
            program = host.program(entry["program"])
            if host.chain.count(program.workflow_id) >= program.stack_limit:
                continue
            data = _appended(session, plan.collection, key, record.data, entry.get("appends") or [])
            starts.append(Followed(program, data, bool(entry.get("rollbackOnFailure"))))
    return starts


def _changed(record: Written, columns: Sequence[str]) -> bool:
    new, old = record.new or {}, record.old or {}
    return any(new.get(column) != old.get(column) for column in columns)


def _appended(
    session: Session, collection: str, key: Any, data: dict[str, Any], appends: Sequence[str]
) -> dict[str, Any]:
    if not appends or key is None:
        return data
    return session.records.find_one(collection, filter_by_tk=key, appends=with_parents(appends)) or data


def with_parents(appends: Sequence[str]) -> list[str]:
    """Dotted paths bring their parents along."""
    out: dict[str, None] = {}
    for path in appends:
        parts = path.split(".")
        for end in range(1, len(parts) + 1):
            out[".".join(parts[:end])] = None
    return list(out)


def _context(actor: Actor, start: Followed) -> dict[str, Any]:
    return {"data": start.data, **actor.context()}


def _run(session: Session, actor: Actor, start: Followed, history: History, outcome: Outcome) -> None:
    """One synchronous run, in a savepoint that a failure rolls back."""
    program = start.program
    context = _context(actor, start)
    proc = Processor(program, context, session)
    port = session.port
    status: int | None = None
    try:
        with port.savepoint():
            status = proc.start()
            if status is not None and status < 0:
                raise _Undone
    except _Undone:
        pass
    final = int(Status.STARTED) if status is None else status
    if final not in program.delete_on_status:
        entry = entry_of(proc, final, to_json(context))
        if start.rollback_on_failure and final < 0:
            session.port.refused.append(entry)
        else:
            history.add(entry)
    if start.rollback_on_failure and status is not None and status < 0:
        raise RollbackOnFailureError(detail={"workflow": program.key, "code": "WORKFLOW_ROLLBACK_ON_FAILURE"})
    if program.type == "action":
        _answer(proc, status, outcome)


class _Undone(Exception):
    """the run failed"""


def _answer(proc: Processor, status: int | None, outcome: Outcome) -> None:
    ended = proc.last is not None and proc.last.type == _END
    if status == 1:
        outcome.messages += proc.messages or []
        outcome.stopped = ended
    elif status is None:
        outcome.status, outcome.errors = 500, [{"message": HANGS}]
    elif ended:
        outcome.status, outcome.errors = 400, proc.messages
    else:
        outcome.status, outcome.errors = 500, [{"message": str(WorkflowFailedError.__doc__)}]


def _enqueue(host: Host, starts: Sequence[Followed]) -> None:
    """Outbox rows, grouped by workflow in the order of their starts."""
    groups: dict[int, list[Followed]] = {}
    for start in starts:
        groups.setdefault(start.program.workflow_id, []).append(start)
    stack = host.chain.stack()
    for group in groups.values():
        program = group[0].program
        host.enqueue(program, [to_json(start.data) for start in group], to_json(list(stack)) if stack else None)


def warn_text(outcome: Outcome) -> str | None:
    """What a failed synchronous workflow leaves in plain SQL: a warning."""
    if outcome.status == 200:
        return None
    return "; ".join(str(e["message"]) for e in outcome.errors or ()) or "a workflow after the write failed"


def rows_of(event: str, rows: Sequence[Mapping[str, Any]]) -> list[Written]:
    """Records from what the after-trigger passes on."""
    return [Written(event, row.get("new"), row.get("old")) for row in rows]
