"""Publishing: from rows to programs, plans and generated functions, in the publisher's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orchestrator.compiler.document import check
from orchestrator.compiler.graph import Graph
from orchestrator.compiler.guards import any_of, guard_sql, matters, read_guard
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.port import Port
from orchestrator.engine.program import Program
from orchestrator.hooks.columns import plan_columns
from orchestrator.hooks.follow import after_entries, is_native, needs_after
from orchestrator.model.status import Status
from orchestrator.triggers.request_interception import TRIGGER as INTERCEPTION

__all__ = ["Workflow", "compile_workflow", "publish"]

_EVENTS = ("insert", "update", "delete")
#: conditions compiled into an inlined SQL guard; beyond, planning them costs more than a call a row
INLINED_WORKFLOWS = 4
#: how often a publisher asks for the lock of a table, for 20 ms each time
_TURNS = 5


class Publisher(Port, Protocol):
    """A port that knows how long what it locks stays locked."""

    @property
    def in_transaction_block(self) -> bool:
        """Whether the transaction goes on after the client's statement."""


class Workflow:
    """An enabled workflow of a table, compiled."""

    def __init__(self, row: Mapping[str, Any], graph: Graph, program_id: int, program: Program) -> None:
        self.id: int = row["id"]
        self.type: str = row["type"]
        self.key: str = row["key"]
        self.config: Mapping[str, Any] = row["config"]
        self.options: Mapping[str, Any] = row["options"]
        self.sync: bool = row["sync"]
        self.graph = graph
        self.program_id = program_id
        self.program = program

    @property
    def keeps(self) -> bool:
        """Whether runs that passed stay in the history."""
        return int(Status.RESOLVED) not in self.program.delete_on_status

    @property
    def is_global(self) -> bool:
        return bool(self.config.get("global"))

    def guards(self, event: str) -> bool:
        """Whether it judges every row of an event."""
        return self.type == INTERCEPTION.name and self.is_global and event in INTERCEPTION.events(self.config)


def publish(port: Publisher, collections: str) -> None:
    """Bring programs, plan and generated functions of collections (a JSON array of names) up to date.

    Raises:
        InvalidDocumentError: an enabled workflow cannot be compiled; nothing is published.
    """
    for name in sorted(from_json(collections)):
        rows = port.fetch("select orchestrator.publishing($1)::text as state", [name])
        state = from_json(rows[0]["state"]) if rows[0]["state"] else None
        if state is not None:
            _publish(port, state)


def _publish(port: Publisher, state: Mapping[str, Any]) -> None:
    gone = frozenset(state["gone"])
    generated = frozenset(field["name"] for field in state["fields"] if field.get("generated"))
    workflows = [compile_workflow(port, row, gone, generated) for row in state["workflows"]]
    columns = plan_columns([field for field in state["fields"] if field["attnum"] is not None])
    guards = {event: _guard(workflows, event, columns, state["recentGuards"]) for event in _EVENTS}
    plan = _plan(state, workflows, columns)
    judging = [w for w in workflows if w.type == "request-interception"]
    hooks = {
        "guards": guards,
        "runsSql": any(w.program.uses_database for w in judging),
        "closes": plan["closes"],
        "follows": needs_after(workflows, state),
        "after": {
            event: {"native": is_native(entries), "entries": entries} for event, entries in plan["after"].items()
        },
        "deleteGuard": next((w.key for w in workflows if w.guards("delete")), None),
    }
    port.fetch(
        "select orchestrator.put_plan($1, $2::pg_catalog.jsonb, $3::pg_catalog.jsonb, $4::pg_catalog.int4)",
        # a lock that is got is kept to the end of the transaction
        [state["collection"], to_json(plan), to_json(hooks), str(0 if port.in_transaction_block else _TURNS)],
    )


def compile_workflow(
    port: Port, row: Mapping[str, Any], gone: frozenset[str] = frozenset(), generated: frozenset[str] = frozenset()
) -> Workflow:
    """Check a version and store its program, unless that is the newest one already.

    Args:
        gone: columns that the table had once; a workflow that reads one fails with a clear error.
        generated: columns that PostgreSQL computes after the guards were asked; a guard that reads one fails likewise.
    """
    graph = check(port, row["id"])
    data = {
        "workflowId": row["id"],
        "key": row["key"],
        "title": row["title"],
        "type": row["type"],
        "sync": row["sync"],
        "config": row["config"],
        "options": row["options"],
        "nodes": [node.row() for node in graph.nodes],
    }
    read = sorted(_columns_read(Program(from_json(to_json(data)), 0)))
    if missing := [name for name in read if name in gone]:
        data["broken"] = f'column "{missing[0]}", which the workflow reads, is gone'
    elif row["type"] == "request-interception" and (unknown := [name for name in read if name in generated]):
        data["broken"] = f'column "{unknown[0]}", which the workflow reads, is generated: it has no value yet'
    text = to_json(data)
    rows = port.fetch(
        "select orchestrator.put_program($1::pg_catalog.int8, $2::pg_catalog.jsonb) as id", [str(row["id"]), text]
    )
    return Workflow(row, graph, int(rows[0]["id"]), Program(from_json(text), int(rows[0]["id"])))


def _plan(state: Mapping[str, Any], workflows: Sequence[Workflow], columns: list[dict[str, Any]]) -> dict[str, Any]:
    watched: set[str] | None = set()
    judging = [w for w in workflows if w.type == "request-interception"]
    for workflow in judging:
        if watched is not None:
            watched = _watched(workflow.program, watched)
    if watched is not None and not any(w.keeps for w in judging):
        # nobody will look at the rest of the row: what is not passed on costs nothing
        key = state["key"] if isinstance(state["key"], list) else [state["key"]]
        passed = {*watched, *key, *state["recentlyPassed"]}
        columns = [column for column in columns if column["name"] in passed]
    return {
        "collection": state["collection"],
        "columns": columns,
        "key": state["key"],
        "before": {e: [w.program_id for w in workflows if w.guards(e)] for e in _EVENTS},
        "bindable": any(w.type == "request-interception" and not w.is_global for w in workflows),
        "after": after_entries(workflows, state["fields"]),
        "cascades": state["cascades"],
        # what writes moves the command on, so its statements are told apart by their ends, where these can be had
        "closes": state["recentlyClosed"] or any(w.keeps or w.program.uses_database for w in judging),
        "watched": None if watched is None else sorted(watched),
    }


#: where a context holds the record: in full, or its columns
_RECORDS = (("$context", "params", "values"), ("$context", "record"), ("$context", "previous"), ("$context", "data"))


def _read_of(path: tuple[str, ...]) -> tuple[str, ...] | None:
    """What a path reads below a record; None when it leads elsewhere, empty for the whole record."""
    path = path[1:] if path[:1] == ("ctx",) else path
    for record in _RECORDS:
        if path[: len(record)] == record:
            return path[len(record) :]
        if record[: len(path)] == path:
            return ()
    return None


def _columns_read(program: Program) -> set[str]:
    """Columns of the record that a program reads by name."""
    reads = (_read_of(path) for path in program.paths)
    return {read[0] for read in reads if read}


def _watched(program: Program, watched: set[str]) -> set[str] | None:
    """Columns that a guard's verdict may hang on, None for all of them."""
    if any(_read_of(path) == () for path in program.paths):
        return None
    return watched | _columns_read(program)


def _guard(
    workflows: Sequence[Workflow], event: str, columns: list[dict[str, Any]], recent: Sequence[Sequence[str | None]]
) -> dict[str, Any]:
    """The native guard of an event: what published workflows want to see, and those that running statements are on."""
    kinds = {column["name"]: column["kind"] for column in columns}
    judging = [w for w in workflows if w.guards(event)]
    expression = any_of([matters(w.graph, w.options, event, kinds) for w in judging])
    local = any(w.type == "request-interception" and not w.is_global for w in workflows)
    own = guard_sql(expression)
    combined = any_of(
        [expression, *(read_guard(text) for of, text in recent if of == event and text not in (None, own))]
    )
    return {
        "condition": guard_sql(combined),
        "own": own,
        "local": local,
        "inlined": len(judging) <= INLINED_WORKFLOWS,
    }
