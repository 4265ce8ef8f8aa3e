"""Guards: before-workflows, judged once a row in SQL or once a request over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.frame import Frame
from orchestrator.engine.history import FLUSH_AT, context_writer, entry_of
from orchestrator.engine.processor import Processor
from orchestrator.engine.quick import Passing, compile_passing
from orchestrator.engine.verdict import Refusal, beyond_limit, blocked, failed, hangs
from orchestrator.errors import OrchestratorError, StackLimitError
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from orchestrator.engine.actor import Actor
    from orchestrator.engine.host import Host
    from orchestrator.engine.program import Program

__all__ = ["FULL", "Guard", "Skip", "bound_guards", "changed_since", "guards_of", "is_settled", "judge_row", "quick_of"]

_END = "end"

#: the row passes, and the history has to be flushed
FULL = 2


class Skip(Exception):
    """A guard ended as succeeded: the operation is left out, and its messages are told."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(m["message"]) for m in messages))
        self.messages = messages


class Guard:
    """A before-workflow ready to judge."""

    __slots__ = ("_passing", "asks_for_actor", "keeps", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        #: whether a run that passed stays in the history
        self.keeps = int(Status.RESOLVED) not in program.delete_on_status
        #: whether its nodes want to know who writes
        self.asks_for_actor = any(_asks_for_actor(path) for path in program.paths)
        #: by the columns of a plan, what answers quickly for its rows
        self._passing: dict[tuple[str, ...], Passing | None] = {}

    def passing(self, columns: tuple[str, ...]) -> Passing | None:
        """What answers quickly whether an inserted row passes; None where rows have to be judged in full."""
        if self.asks_for_actor:
            return None
        if columns not in self._passing:
            self._passing[columns] = compile_passing(self.program, columns, keeps=self.keeps)
        return self._passing[columns]

    def judge(
        self, frame: Frame, context: dict[str, Any], context_json: Callable[[dict[str, Any]], str]
    ) -> list[dict[str, Any]] | None:
        """Run on a context; return response messages when the operation may pass.

        ``context_json`` is called for the context's JSON when the run is kept.

        Raises:
            Skip: the workflow ended on an End node as succeeded.
            Refusal: it did not succeed, or would run inside itself.
        """
        program = self.program
        session = frame.session
        if session.chain.links and session.chain.count(program.workflow_id, hidden=True) >= program.stack_limit:
            raise Refusal(
                beyond_limit(program.key, None, f'workflow "{program.key}" guards a write that it made itself')
            )
        proc = Processor(program, context, session)
        status = proc.start()
        if status == 1:
            if self.keeps:
                context.update(frame.actor.context())
                frame.history.add(entry_of(proc, 1, context_json(context)))
            last = proc.last
            if last is not None and last.type == _END:
                raise Skip(proc.messages or [])
            return proc.messages
        final = int(Status.ABORTED) if status is None else status
        if final not in program.delete_on_status:
            context.update(frame.actor.context())
            frame.refused.append(entry_of(proc, final, context_json(context)))
        raise Refusal(_error(proc, status))


def guard_of(program: Program) -> Guard:
    """The guard that a program is; made once a session."""
    if program.guard is None:
        program.guard = Guard(program)
    guard: Guard = program.guard
    return guard


def _asks_for_actor(path: tuple[str, ...]) -> bool:
    path = path[1:] if path[:1] == ("ctx",) else path
    return not path or (path[0] == "$context" and (len(path) == 1 or path[1] in _ACTOR))


_ACTOR = frozenset({"user", "roleName", "dbUser"})


def _error(proc: Processor, status: int | None) -> OrchestratorError:
    key, last = proc.program.key, proc.last
    if status is None:
        return hangs(key, last.key if last else None)
    if last is not None and last.type == _END:
        return blocked(key, last.key, proc.messages)
    if getattr(proc.error, "sqlstate", None) == StackLimitError.sqlstate:
        return beyond_limit(key, last.key if last else None, str(proc.error))
    return failed(key, last.key if last else None, _cause(proc))


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
        guard_of(p)
        for p in programs
        if not p.config.get("global") and p.config.get("collection") in (collection, f"main:{collection}")
    ]


def guards_of(host: Host, frame: Frame, event: str) -> list[Guard]:
    """The guards of an event, bound ones first; found once a statement, global ones once a session."""
    guards = frame.guards.get(event)
    if guards is None:
        plan = frame.plan
        guards = plan.guards.get(event)
        if guards is None:
            programs = [host.program(program_id) for program_id in plan.before.get(event, ())]
            guards = plan.guards[event] = [guard_of(program) for program in programs]
        if plan.bindable and frame.binds:
            guards = [*bound_guards(host, frame.actor, plan.collection), *guards]
        frame.guards[event] = guards
        for guard in guards:
            if guard.asks_for_actor:
                frame.base.update(frame.actor.context())
                break
    return guards


def quick_of(frame: Frame, event: str) -> Passing | None:
    """What answers quickly whether an inserted row passes; None where rows have to be judged in full.

    It answers FULL where the history wants to be flushed.
    """
    guards = frame.guards.get(event)
    columns, chain = frame.plan.columns, frame.session.chain
    if event != "insert" or not guards or columns.decoded or columns.wide or chain.links or chain.ancestors:
        return None
    answers: list[Passing] = []
    kept: list[tuple[list[str], list[str]] | None] = []
    for guard in guards:
        passing = guard.passing(columns.names)
        if passing is None:
            return None
        answers.append(passing)
        kept.append(frame.passed.setdefault(guard.program, ([], [])) if guard.keeps else None)
    if not any(kept):
        return answers[0] if len(answers) == 1 else _all_pass(answers)
    if len(answers) > 1:
        return _all_pass_and_are_kept(frame, answers, kept)
    answer, write = answers[0], context_writer(columns)
    contexts, jobs = frame.passed[guards[0].program]
    at = _flush_at(frame)

    def passes_and_is_kept(values: Sequence[Any]) -> Any:
        text = answer(values)
        if text is None:
            return None
        contexts.append(write(values))
        jobs.append(text)
        return FULL if len(jobs) >= at else True

    return passes_and_is_kept


def _flush_at(frame: Frame) -> int:
    """How many executions may wait in memory: none where nothing is closed after a statement."""
    return FLUSH_AT if frame.plan.closes else 1


def _all_pass(answers: list[Passing]) -> Passing:
    return lambda values: all(answer(values) for answer in answers)


def _all_pass_and_are_kept(
    frame: Frame, answers: list[Passing], kept: list[tuple[list[str], list[str]] | None]
) -> Passing:
    write, at = context_writer(frame.plan.columns), _flush_at(frame)

    def passes(values: Sequence[Any]) -> Any:
        texts = []
        for answer in answers:
            text = answer(values)
            if text is None:
                return None
            texts.append(text)
        context = write(values)
        told: Any = True
        for lane, text in zip(kept, texts, strict=True):
            if lane is not None:
                lane[0].append(context)
                lane[1].append(text)
                told = FULL if len(lane[1]) >= at else told
        return told

    return passes


def is_settled(frame: Frame) -> bool:
    """Whether inserts are judged by the plan's programs alone: nothing of the statement matters, nothing is kept."""
    plan = frame.plan
    guards = frame.guards.get("insert", ())
    return not (plan.bindable or plan.closes or plan.after.get("insert") or any(guard.keeps for guard in guards))


def judge_row(host: Host, frame: Frame, event: str, values: list[Any]) -> None:
    """Judge one row of a statement in SQL.

    ``values`` are the plan's columns: the new row, after it the old one for an update; the old one for a delete.

    Raises:
        Skip: the row is to be left out.
        Refusal: the statement is to fail.
    """
    guards = frame.guards.get(event) or guards_of(host, frame, event)
    if not guards:
        return
    context = frame.base.copy()
    context_json: Callable[[dict[str, Any]], str] = to_json
    columns = frame.plan.columns
    if event == "insert":
        record = columns.row(values)
        context["params"] = {"values": record}
        context["record"] = record
        context_json = frame.inserted_json
    elif event == "update":
        record, previous = columns.rows(values)
        changed = {name: value for name, value in record.items() if value != previous[name]}
        context["params"] = {"filterByTk": frame.plan.key_of(previous), "values": changed}
        context["record"], context["previous"] = record, previous
    else:
        previous = columns.row(values)
        context["params"] = {"filterByTk": frame.plan.key_of(previous)}
        context["previous"] = previous
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
