"""The tables and workflows that are measured: one table a variant, all of the same shape."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from bench.server import Connection

__all__ = ["COLUMNS", "HAND_WRITTEN", "KEPT", "PASSING", "PLAIN", "UNMATCHED", "clear", "create", "define"]

PLAIN = "expenses_plain"
HAND_WRITTEN = "expenses_hand_written"
UNMATCHED = "expenses_unmatched"
PASSING = "expenses_passing"
KEPT = "expenses_kept"

COLUMNS = "title, amount, owner"

_TABLE = """
create table {} (
    id bigint generated always as identity primary key,
    title text not null,
    amount numeric not null,
    owner text not null,
    created_at timestamptz not null default now()
)
"""

#: what a database programmer would write instead of the workflow below
_TRIGGER = """
create function check_expense() returns trigger language plpgsql as $$
declare
    v_gross numeric := new.amount * 1.19;
begin
    if v_gross > 1000 then
        raise exception 'Gross amount % is above 1000', v_gross using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger check_expense before insert or update on expenses_hand_written
for each row execute function check_expense();
"""


def create(db: Connection) -> None:
    """Tables of every variant, with their guards."""
    for table in (PLAIN, HAND_WRITTEN, UNMATCHED, PASSING, KEPT):
        db.execute(sql.SQL(_TABLE).format(sql.Identifier(table)))
    db.execute(_TRIGGER.encode())
    for table in (UNMATCHED, PASSING, KEPT):
        db.execute("select orchestrator.manage(%s::regclass)", [table])
    above = _condition("{{$context.params.values.amount}}", 1000)
    define(db, _guard(UNMATCHED, [above], kept=False))
    define(db, _guard(PASSING, gross_check(), kept=False))
    define(db, _guard(KEPT, gross_check(), kept=True))


def gross_check() -> list[dict[str, Any]]:
    """What the hand-written trigger does: compute, compare, refuse."""
    return [
        {
            "key": "gross",
            "type": "calculation",
            "config": {"engine": "math.js", "expression": "{{$context.params.values.amount}} * 1.19"},
        },
        _condition("{{$jobsMapByNodeKey.gross}}", 1000),
    ]


def define(db: Connection, document: dict[str, Any]) -> None:
    db.execute("select orchestrator.define(%s)", [json.dumps(document)])


def clear(db: Connection) -> None:
    """Empty every table, forget the history, and leave nothing for a checkpoint to do during a measurement."""
    tables = sql.SQL(", ").join(map(sql.Identifier, (PLAIN, HAND_WRITTEN, UNMATCHED, PASSING, KEPT)))
    db.execute(sql.SQL("truncate {}").format(tables))
    db.execute("truncate orchestrator.executions, orchestrator.execution_counts cascade")
    db.execute("checkpoint")


def _guard(table: str, nodes: list[dict[str, Any]], *, kept: bool) -> dict[str, Any]:
    return {
        "key": f"limit-{table}",
        "title": "Refuse expenses above the limit",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": table, "global": True, "actions": ["create", "update"]},
        "options": {"deleteExecutionOnStatus": [] if kept else [1]},
        "nodes": nodes,
    }


def _condition(left: str, limit: int) -> dict[str, Any]:
    return {
        "key": "above",
        "type": "condition",
        "config": {
            "engine": "basic",
            "rejectOnFalse": False,
            "calculation": {
                "group": {"type": "and", "calculations": [{"calculator": "gt", "operands": [left, limit]}]}
            },
        },
        "branches": {
            "1": [
                {"key": "say", "type": "response-message", "config": {"message": f"{left} is above {limit}"}},
                {"key": "stop", "type": "end", "config": {"endStatus": -1}},
            ]
        },
    }
