"""Requests: a whole HTTP action in one statement: guards, write, associations, followers, outcome.

Everything up to the outcome happens in one savepoint. A refusal rolls it back, and the executions that refused are
written after that, in the same transaction: their trace stays, nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.engine.actions.action import Action, Request
from orchestrator.engine.actions.create import Create
from orchestrator.engine.actions.destroy import Destroy
from orchestrator.engine.actions.import_rows import ImportRows
from orchestrator.engine.actions.items import Items
from orchestrator.engine.actions.move import Move
from orchestrator.engine.actions.relate import Relate
from orchestrator.engine.actions.update import Update
from orchestrator.engine.actions.upsert import UPSERTS, upsert
from orchestrator.engine.actor import Actor
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.follow import Outcome, follow
from orchestrator.engine.frame import Frame
from orchestrator.engine.guard import Guard, Skip, bound_guards, guards_of
from orchestrator.engine.history import Entry, History
from orchestrator.engine.port import StatementError
from orchestrator.engine.quick_create import prepare as quick_create
from orchestrator.engine.veil import veiled
from orchestrator.engine.verdict import Refusal
from orchestrator.errors import (
    BlockedError,
    InvalidError,
    OrchestratorError,
    RollbackOnFailureError,
    by_sqlstate,
)

if TYPE_CHECKING:
    from orchestrator.engine.host import RequestHost
    from orchestrator.engine.limits import Limits

__all__ = ["Done", "Standing", "act"]

_Begin = Callable[["RequestHost", Frame, Request, "Limits | None"], Action]
_ACTIONS: Mapping[str, _Begin] = {
    "create": Create,
    "update": Update,
    "destroy": Destroy,
    **dict.fromkeys(("add", "set", "remove", "toggle"), Relate),
    **dict.fromkeys(UPSERTS, upsert),
    "move": Move,
    "importXlsx": ImportRows,
}
#: on a path to a column that holds a list
_LIST_ACTIONS: Mapping[str, _Begin] = dict.fromkeys(("add", "set", "remove", "toggle"), Items)
_OK = 200
#: somebody else has created the record meanwhile
_TAKEN = "23505"
#: no output, no id, no ancestors
_PLAIN = (None, 0, None)
Answer = tuple[int, str]


class Standing(NamedTuple):
    """What the database says of a request before it begins.

    Attributes:
        collection: what is written; below a source its association's target.
        plan: its plan's id.
        revision: of its fields.
    """

    collection: str
    plan: int
    revision: int
    actor: Actor


class Done(NamedTuple):
    """HTTP status, body, and an execution that is yet to be written."""

    status: int
    body: str
    execution: Entry | None


def act(host: RequestHost, text: str, standing: Standing) -> Done:
    """Carry out an action.

    Raises:
        StatementError: the database refused for a reason of its own (a constraint, a type).
        OrchestratorError: the request itself is wrong.
    """
    data = from_json(text)
    host.refused.clear()
    host.skipped.clear()
    host.requesting = True
    entries: list[Entry] = []
    limits = None
    try:
        actor = standing.actor
        if actor.roles is not None and actor.role_name != "root":
            from orchestrator.engine.limits import limits_of

            limits = limits_of(host, actor, data)
        quick = quick_create(host, data, standing) if limits is None else None
        if quick is not None:
            record = quick.write(host)
            body = _body(None, host.skipped) if record is None and host.skipped else _body(record or "null", [])
            return Done(_OK, body, _last(host, quick.entries))
        try:
            return _attempt(host, data, standing, entries, limits)
        except StatementError as error:
            if error.sqlstate != _TAKEN or data.get("action") not in UPSERTS:
                raise
        return _attempt(host, data, standing, entries, limits)
    except (Refusal, RollbackOnFailureError) as error:
        return _refused(host, entries, error.error if isinstance(error, Refusal) else error)
    except StatementError as error:
        ours = _revive(error)
        if ours is not None:
            return _refused(host, entries, ours)
        if limits is None:
            raise
        raise veiled(error, limits) from None
    finally:
        host.requesting = False


def _attempt(
    host: RequestHost, data: Mapping[str, Any], standing: Standing, entries: list[Entry], limits: Limits | None
) -> Done:
    """The action with its guards and followers; ``entries`` gets the executions of guards that refuse."""
    frame = Frame(host, host.plan(standing.plan), None, standing.actor)
    frame.refused = entries
    action = _begin(host, frame, data, standing.collection, limits)
    with host.savepoint():
        status, body = _carry_out(host, frame, action)
    return Done(status, body, _last(host, frame.history.take()))


def _last(host: RequestHost, entries: list[Entry]) -> Entry | None:
    """The only execution, as most requests have it, is left to the caller; several are written here."""
    if len(entries) == 1 and entries[0][4:] == _PLAIN:
        return entries[0]
    history = History(host)
    for entry in entries:
        history.add(entry)
    history.flush()
    return None


def _begin(host: RequestHost, frame: Frame, data: Mapping[str, Any], collection: str, limits: Limits | None) -> Action:
    name = str(data.get("action"))
    kind = (_LIST_ACTIONS if "field" in data else _ACTIONS).get(name)
    if kind is None:
        raise InvalidError(f'action "{name}" cannot be carried out here')
    values = data.get("values")
    values = {} if values is None else values
    request = Request(collection, name, values, data.get("filter"), data.get("filterByTk"), data)
    return kind(host, frame, request, limits)


def _carry_out(host: RequestHost, frame: Frame, action: Action) -> Answer:
    messages: list[dict[str, Any]] = []
    if action.limits is not None:
        action.permit(action.limits)
    action.settle()
    try:
        for params in action.parameters():
            with host.budget():
                messages += _judge(host, frame, action.event, action.shown(params))
    except Skip as skip:
        return _OK, _body(None, messages + skip.messages)
    data = action.perform()
    messages += host.skipped
    return _answer(follow(host, frame.plan, action.written, actor=frame.actor), data, messages)


def _judge(host: RequestHost, frame: Frame, event: str | None, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The guards of the action on the request's own parameters; without an event those that it is bound to."""
    plan = frame.plan
    guards: Sequence[Guard] = ()
    if event is not None:
        guards = guards_of(host, frame, event)
    elif plan.bindable:
        guards = bound_guards(host, frame.actor, plan.collection)
    if not guards:
        return []
    context = {"params": params, **frame.actor.context()}
    messages: list[dict[str, Any]] = []
    for guard in guards:
        messages += guard.judge(frame, context, to_json) or []
    return messages


def _answer(outcome: Outcome, data: str | None, messages: list[dict[str, Any]]) -> Answer:
    if outcome.status != _OK:
        return outcome.status, "{}" if outcome.errors is None else to_json({"errors": outcome.errors})
    return _OK, _body(data, messages + outcome.messages)


def _body(data: str | None, messages: list[dict[str, Any]]) -> str:
    parts = [f'"data":{data}'] if data is not None else []
    if messages:
        parts.append(f'"messages":{to_json(messages)}')
    return "{" + ",".join(parts) + "}"


def _revive(error: StatementError) -> OrchestratorError | None:
    """Our own error, raised by a trigger while the write went on; None for PostgreSQL's."""
    cls = by_sqlstate(error.sqlstate) if error.sqlstate.startswith("WF") else None
    if cls is None or (cls.http_status == InvalidError.http_status and cls is not BlockedError):
        return None
    detail = from_json(error.detail) if error.detail and error.detail.startswith("{") else None
    return cls(str(error), detail=detail)


def _refused(host: RequestHost, entries: list[Entry], error: OrchestratorError) -> Done:
    """The answer of a refusal, with the executions that refused: their trace stays, all else is rolled back."""
    execution = _last(host, [*entries, *host.refused])
    host.refused.clear()
    detail = error.detail if isinstance(error.detail, Mapping) else {}
    if isinstance(error, BlockedError):
        errors = detail.get("errors")
        return Done(error.http_status, to_json({"errors": errors}) if errors else "{}", execution)
    problem: dict[str, Any] = {"message": error.message}
    if detail.get("code"):
        problem["code"] = detail["code"]
    return Done(error.http_status, to_json({"errors": [problem]}), execution)
