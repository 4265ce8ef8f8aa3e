"""Requests: a whole HTTP action in one statement: guards, write, associations, followers, outcome.

Everything up to the outcome happens in one savepoint. A refusal rolls it back, and the executions that refused are
written after that, in the same transaction: their trace stays, nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.engine.actor import Actor
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.exemption import Exemption
from orchestrator.engine.follow import Outcome, Written, follow
from orchestrator.engine.frame import Frame
from orchestrator.engine.guard import Guard, Skip, guards_of
from orchestrator.engine.history import Entry, History
from orchestrator.engine.port import StatementError
from orchestrator.engine.quick_create import prepare as quick_create
from orchestrator.engine.records import open_records
from orchestrator.engine.verdict import Refusal
from orchestrator.errors import (
    BlockedError,
    InvalidError,
    NotFoundError,
    OrchestratorError,
    RollbackOnFailureError,
    by_sqlstate,
)

if TYPE_CHECKING:
    from orchestrator.engine.host import RequestHost
    from orchestrator.engine.records import Records

__all__ = ["Done", "Standing", "act"]

_EVENTS = {"create": "insert", "update": "update", "destroy": "delete"}
_OK = 200
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


@dataclass(slots=True)
class _Request:
    """An action as the API hands it over."""

    collection: str
    action: str
    values: Any
    filter: Any
    filter_by_tk: Any
    options: dict[str, Any]

    @property
    def event(self) -> str:
        return _EVENTS[self.action]

    def elements(self) -> list[dict[str, Any]]:
        """The values to judge one after the other: an array body is judged element by element."""
        values = self.values if isinstance(self.values, list) else [self.values]
        if not all(isinstance(value, dict) for value in values):
            raise InvalidError("values must be an object")
        return values

    def params(self, values: dict[str, Any]) -> dict[str, Any]:
        """``$context.params``."""
        params: dict[str, Any] = {}
        if self.action != "create":
            if self.filter_by_tk is not None:
                params["filterByTk"] = self.filter_by_tk
            if self.filter is not None:
                params["filter"] = self.filter
        if self.action != "destroy":
            params["values"] = values
        return params


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
    try:
        quick = quick_create(host, data, standing)
        if quick is not None:
            record = quick.write(host)
            body = _body(None, host.skipped) if record is None and host.skipped else _body(record or "null", [])
            return Done(_OK, body, _last(host, quick.entries))
        frame = Frame(host, host.plan(standing.plan), None, standing.actor)
        entries = frame.refused
        request = _read(data, standing.collection)
        with host.savepoint():
            status, body = _carry_out(host, frame, request)
        return Done(status, body, _last(host, frame.history.take()))
    except (Refusal, RollbackOnFailureError) as error:
        return _refused(host, entries, error.error if isinstance(error, Refusal) else error)
    except StatementError as error:
        ours = _revive(error)
        if ours is None:
            raise
        return _refused(host, entries, ours)
    finally:
        host.requesting = False


def _last(host: RequestHost, entries: list[Entry]) -> Entry | None:
    """The only execution, as most requests have it, is left to the caller; several are written here."""
    if len(entries) == 1 and entries[0][4:] == _PLAIN:
        return entries[0]
    history = History(host)
    for entry in entries:
        history.add(entry)
    history.flush()
    return None


def _read(data: dict[str, Any], collection: str) -> _Request:
    action = str(data.get("action"))
    if action not in _EVENTS:
        raise InvalidError(f'action "{action}" cannot be carried out here')
    values = data.get("values")
    return _Request(
        collection, action, {} if values is None else values, data.get("filter"), data.get("filterByTk"), data
    )


def _carry_out(host: RequestHost, frame: Frame, request: _Request) -> Answer:
    messages: list[dict[str, Any]] = []
    elements = request.elements()
    try:
        for values in elements:
            messages += _judge(host, frame, request, values)
    except Skip as skip:
        messages += skip.messages
        return _OK, _body(None, messages)
    records = open_records(host)
    written: list[Written] = []
    if request.action == "create":
        below = _link(records, request)
        texts: list[str] = []
        for values in elements:
            texts += _create(host, frame, records, request, values, below, written)
        if len(texts) < len(elements) and host.skipped:
            return _OK, _body(None, messages + host.skipped)
        # no text: a trigger of the user's left the row out
        data = f"[{','.join(texts)}]" if isinstance(request.values, list) else "".join(texts) or "null"
    else:
        data = _change(host, frame, records, request, written)
        messages += host.skipped
    outcome = follow(host, frame.plan, written, actor=frame.actor)
    return _answer(outcome, data, messages)


def _judge(host: RequestHost, frame: Frame, request: _Request, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The guards of the action on the request's own parameters."""
    guards: Sequence[Guard] = guards_of(host, frame, request.event)
    if not guards:
        return []
    context = {"params": request.params(values), **frame.actor.context()}
    messages: list[dict[str, Any]] = []
    for guard in guards:
        messages += guard.judge(frame, context, to_json) or []
    return messages


def _link(records: Records, request: _Request) -> dict[str, Any]:
    """The columns that link records created below a source to it; nobody has judged them yet."""
    name = request.options.get("association")
    if not name:
        return {}
    source = records.table(str(request.options["source"]))
    association = source.associations[name]
    if association.type not in ("hasMany", "hasOne"):
        raise InvalidError(f'records of "{name}" cannot be created below their source')
    found = records.find_one(source.name, filter_by_tk=request.options.get("sourceId"))
    if found is None:
        raise NotFoundError(f'{source.name} "{request.options.get("sourceId")}" not found')
    return {association.foreign_key: found[association.source_key]}


def _create(
    host: RequestHost,
    frame: Frame,
    records: Records,
    request: _Request,
    values: dict[str, Any],
    below: dict[str, Any],
    written: list[Written],
) -> list[str]:
    options = request.options
    exemption = Exemption(frame.plan.collection, request.event, values)
    result = records.create(
        request.collection,
        values,
        whitelist=options.get("whitelist"),
        blacklist=options.get("blacklist"),
        update_association_values=options.get("updateAssociationValues") or (),
        user_id=_user_id(frame),
        around=lambda: _exempt(host, frame, exemption),
        below=below,
    )
    nested = [n for n in values if n in records.table(request.collection).associations]
    for record, text in zip(exemption.written, result.texts, strict=False):
        if nested:
            reply = from_json(text)
            record.new = {**(record.new or {}), **{n: reply[n] for n in nested if n in reply}}
        written.append(record)
    return list(result.texts)


def _change(host: RequestHost, frame: Frame, records: Records, request: _Request, written: list[Written]) -> str:
    """update and destroy: one statement over every record that matches."""
    options = request.options
    exemption = Exemption(frame.plan.collection, request.event, request.values)
    selection: dict[str, Any] = {"filter": request.filter, "filter_by_tk": request.filter_by_tk}
    if request.filter:
        # what its conditions may refer to
        selection |= {"userId": _user_id(frame), "timezone": options.get("timezone")}
    if options.get("association"):
        selection["association"] = {
            "collection": options["source"],
            "name": options["association"],
            "key": options.get("sourceId"),
        }
    if request.action == "destroy":
        result = records.destroy(request.collection, around=lambda: _exempt(host, frame, exemption), **selection)
        written += exemption.written
        return str(result.count)
    if isinstance(request.values, list):
        raise InvalidError("a list of values cannot be used to update")
    result = records.update(
        request.collection,
        request.values,
        whitelist=options.get("whitelist"),
        blacklist=options.get("blacklist"),
        update_association_values=options.get("updateAssociationValues") or (),
        user_id=_user_id(frame),
        around=lambda: _exempt(host, frame, exemption),
        **selection,
    )
    written += exemption.written
    return result.text


@contextmanager
def _exempt(host: RequestHost, frame: Frame, exemption: Exemption) -> Iterator[None]:
    """Around the one statement that writes the action's own rows, and nothing else."""
    followed = bool(any(frame.plan.after.values()) or frame.actor.bindings)
    outer = host.exemption
    host.exemption = exemption
    try:
        with host.hinting() if followed else _nothing():
            yield
    finally:
        host.exemption = outer


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _user_id(frame: Frame) -> int | None:
    user = frame.actor.user
    return int(user["id"]) if user else None


def _answer(outcome: Outcome, data: str, messages: list[dict[str, Any]]) -> Answer:
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
