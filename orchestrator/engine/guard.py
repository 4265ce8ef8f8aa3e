"""Guards: before-workflows, judged once a row in SQL or once a request over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.frame import Frame
from orchestrator.engine.history import jobs_json

from orchestrator.engine.processor import Processor
from orchestrator.engine.verdict import Refusal, beyond_limit, blocked, failed, hangs
from orchestrator.errors import StackLimitError
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.engine.actor import Actor
    from orchestrator.engine.host import Host
    from orchestrator.engine.program import Program

__all__ = ["Guard", "Skip", "bound_guards", "changed_since", "guards_of", "judge_row"]

_END = "end"


class Skip(Exception):  # noqa: N818 - the outcome of a guard, not a fault
    """A guard ended as succeeded: the operation is left out, and its messages are told."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(m["message"]) for m in messages))
        self.messages = messages


class Guard:
    """A before-workflow ready to judge."""

    __slots__ = ("keeps", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        #: whether a run that passed stays in the history
        self.keeps = int(Status.RESOLVED) not in program.delete_on_status

    def judge(self, frame: Frame, context: dict[str, Any], context_json: Callable[[], str]) -> list[dict[str, Any]] | None:
        """Run on a context; return response messages when the operation may pass.

        ``context_json`` is called for the context's JSON when the run is kept.

        Raises:
            Skip: the workflow ended on an End node as succeeded.
            Refusal: it did not succeed, or would run inside itself.
        """
        program = self.program
        session = frame.session
        chain = session.chain
        if chain.links and chain.count(program.workflow_id, hidden=True) >= program.stack_limit:
            raise Refusal(
                beyond_limit(program.key, None, f'workflow "{program.key}" guards a write that it made itself')
            )
        proc = Processor(program, context, session)
        status = proc.start()
        if status == 1:
            last = proc.last
            if last is None or last.type != _END:
                if self.keeps:
                    frame.history.add(self._entry(proc, 1, context_json()))
                return proc.messages
            if self.keeps:
                frame.history.add(self._entry(proc, 1, context_json()))
            raise Skip(proc.messages or [])
        final = int(Status.ABORTED) if status is None else status
        if final not in program.delete_on_status:
            frame.refused.append(self._entry(proc, final, context_json()))
        raise Refusal(self._error(proc, status))

    def _error(self, proc: Processor, status: int | None) -> Any:
        key, last = self.program.key, proc.last
        if status is None:
            return hangs(key, last.key if last else None)
        if last is not None and last.type == _END:
            return blocked(key, last.key, proc.messages)
        if getattr(proc.error, "sqlstate", None) == StackLimitError.sqlstate:
            return beyond_limit(key, last.key if last else None, str(proc.error))
        return failed(key, last.key if last else None, _cause(proc))

    @staticmethod
    def _entry(proc: Processor, status: int, context_json: str) -> Any:
        output = None if proc.output is None else to_json(proc.output)
        stack = proc.session.chain.stack()
        return (
            proc.program,
            context_json,
            status,
            jobs_json(proc),
            output,
            proc.execution_id,
            to_json(list(stack)) if stack else None,
        )


def _cause(proc: Processor) -> str | None:
    job = proc.jobs[-1] if proc.jobs else None
    if job is None or job.status == 1:
        return str(proc.error) if proc.error else None
    result = job.result
    return str(result["message"]) if isinstance(result, dict) and "message" in result else to_json(result)


def bound_guards(host: Host, actor: Actor, collection: str) -> list[Guard]:
    """Local before-workflows that the write names, in the order named; unknown and foreign ones are ignored."""
    keys = [binding.key for binding in actor.bindings if not binding.path]
    if not keys:
        return []
    rows = host.fetch(
        "select key, program_id from orchestrator.bound_programs($1::pg_catalog.jsonb, $2)",
        [to_json(keys), "request-interception"],
    )
    ids = {row["key"]: int(row["program_id"]) for row in rows}
    programs = [host.program(ids[key]) for key in keys if key in ids]
    return [
        Guard(p)
        for p in programs
        if not p.config.get("global") and p.config.get("collection") in (collection, f"main:{collection}")
    ]


def guards_of(host: Host, frame: Frame, event: str) -> list[Guard]:
    """The guards of an event, bound ones first; found once a statement."""
    guards = frame.guards.get(event)
    if guards is None:
        plan = frame.plan
        guards = bound_guards(host, frame.actor, plan.collection)
        guards += [Guard(host.program(program_id)) for program_id in plan.before.get(event, ())]
        frame.guards[event] = guards
    return guards


def judge_row(host: Host, frame: Frame, event: str, values: list[Any]) -> None:
    """Judge one row of a statement in SQL.

    ``values`` are the plan's columns: the new row, after it the old one for an update; the old one for a delete.

    Raises:
        Skip: the row is to be left out.
        Refusal: the statement is to fail.
    """
    plan = frame.plan
    guards = guards_of(host, frame, event)
    if not guards:
        return
    columns = plan.columns
    params: dict[str, Any]
    previous: dict[str, Any] | None = None
    record: dict[str, Any] | None = None
    if event == "insert":
        record = columns.row(values)
        params = {"values": record}
    elif event == "update":
        width = len(columns.names)
        record, previous = columns.row(values[:width]), columns.row(values[width:])
        changed = {name: value for name, value in record.items() if value != previous[name]}
        params = {"filterByTk": plan.key_of(previous), "values": changed}
    else:
        previous = columns.row(values)
        params = {"filterByTk": plan.key_of(previous)}
    actor = frame.actor
    context = {
        "params": params,
        "record": record,
        "previous": previous,
        "user": actor.user,
        "roleName": actor.role_name,
        "dbUser": actor.db_user,
    }

    def context_json() -> str:
        if event == "insert" and not columns.decoded:
            return f'{{"params":{{"values":{frame.encode(record)}}},{actor.json}}}'
        return to_json({k: v for k, v in context.items() if k != "record" or event != "insert"})

    for guard in guards:
        guard.judge(frame, context, context_json)


def changed_since(judged: Mapping[str, Any], row: Mapping[str, Any], watched: frozenset[str] | None) -> bool:
    """Whether a row differs, in a column that guards read, from the values that a request was judged by."""
    names = row.keys() if watched is None else watched & row.keys()
    return any(not _same(judged.get(name), row[name]) for name in names)


def _same(judged: Any, value: Any) -> bool:
    if judged == value:
        return True
    if judged is None or value is None:
        return False
    if isinstance(judged, bool) or isinstance(value, bool):
        return str(judged).lower() == str(value).lower()
    return str(judged) == str(value) or _number(judged) == _number(value) is not None


def _number(value: Any) -> Any:
    try:
        return from_json(str(value))
    except ValueError:
        return None
