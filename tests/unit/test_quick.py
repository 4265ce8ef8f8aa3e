"""The quick way through a guard says what running it says, and writes what running it writes."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from orchestrator.engine.actor import Actor
from orchestrator.engine.chain import Chain
from orchestrator.engine.encoding import to_json
from orchestrator.engine.history import context_writer, jobs_json
from orchestrator.engine.plan import Columns
from orchestrator.engine.processor import Processor
from orchestrator.engine.program import Program
from orchestrator.engine.quick import compile_passing
from orchestrator.engine.session import Session

NAMES = ("id", "amount", "title", "done", "ratio", "when")
AMOUNTS = (None, 0, 5, 12.5, Decimal("12.5"), Decimal("840.34"), Decimal("1E+3"), Decimal("NaN"), 10**40, float("nan"))
TITLES = (None, "", "a", "12.5", 'q"{}%s\\')
ROWS = [
    [7, amount, title, done, ratio, "2026-01-01"]
    for amount, title, done, ratio in product(AMOUNTS, TITLES, (None, True), (0.1, 3.0, None))
]
AMOUNT, TITLE = "{{$context.params.values.amount}}", "{{$context.record.title}}"
INNER = "{{$jobsMapByNodeKey.in}}"


def program(*nodes: dict[str, Any]) -> Program:
    """A program of nodes in one line; a branch is a list under its index."""
    rows: list[dict[str, Any]] = []

    def add(line: Any, upstream: int | None, branch: int | None) -> None:
        for given in line:
            node = dict(given)
            branches = node.pop("branches", {})
            row = {**node, "id": len(rows) + 1, "upstreamId": upstream, "branchIndex": branch}
            rows.append(row)
            for index, inner in branches.items():
                add(inner, row["id"], index)
            upstream, branch = row["id"], None

    add(nodes, None, None)
    return Program({"workflowId": 1, "key": "w", "type": "request-interception", "nodes": rows}, 1)


def calculation(key: str, expression: str, engine: str = "math.js") -> dict[str, Any]:
    return {"key": key, "type": "calculation", "config": {"engine": engine, "expression": expression}}


def condition(key: str, *leaves: Any, rejects: bool = False, any_of: bool = False, **branches: Any) -> dict[str, Any]:
    group = {
        "type": "or" if any_of else "and",
        "calculations": [
            leaf if isinstance(leaf, dict) else {"calculator": leaf[1], "operands": [leaf[0], leaf[2]]}
            for leaf in leaves
        ],
    }
    config = {"engine": "basic", "rejectOnFalse": rejects, "calculation": {"group": group}}
    named = {1 if name == "yes" else 0: nodes for name, nodes in branches.items()}
    return {"key": key, "type": "condition", "config": config, "branches": named}


END = {"key": "end", "type": "end", "config": {"endStatus": -1}}

PROGRAMS = {
    "gross": [calculation("g", f"{AMOUNT} * 1.19"), condition("c", ("{{$jobsMapByNodeKey.g}}", "gt", 1000), yes=[END])],
    "formula": [
        calculation("g", f"{AMOUNT} * 2 + {TITLE}", "formula.js"),
        condition("c", ("{{$jobsMapByNodeKey.g}}", "lte", 40), rejects=True),
    ],
    "text": [calculation("t", f"x {TITLE} y", "string"), condition("c", (TITLE, "equal", "a"), yes=[END])],
    "missing": [condition("c", ("{{$context.params.values.nowhere}}", "equal", 1), yes=[END])],
    "previous": [condition("c", ("{{$context.previous.amount}}", "notEqual", AMOUNT), rejects=True)],
    "template": [condition("c", (f"<{TITLE}>", "includes", "a"), yes=[END])],
    "columns": [condition("c", (AMOUNT, "lt", "{{$context.record.ratio}}"), yes=[END])],
    "empty": [condition("c"), calculation("after", "1 / 3")],
    "list": [calculation("l", f"[{AMOUNT}, 1, 2.5]"), calculation("s", "sum({{$jobsMapByNodeKey.l}})")],
    "deep": [
        condition(
            "c",
            {
                "group": {
                    "type": "or",
                    "calculations": [
                        {"calculator": "gte", "operands": [AMOUNT, 12.5]},
                        {"calculator": "==", "operands": [TITLE, "a"]},
                    ],
                }
            },
            (TITLE, "!=", ""),
            yes=[calculation("in", f"{AMOUNT} + 0.1"), condition("d", (INNER, "<", 800), no=[END])],
            no=[calculation("other", "true")],
        ),
        calculation("last", f"{INNER} ? 1 : 2"),
    ],
    "both": [condition("c", (AMOUNT, "gt", 0), (TITLE, "notEqual", "a"), any_of=True), calculation("x", "1.5 + 1")],
    'keys "{}%s': [calculation('a"{0}%s\\', AMOUNT), condition("b'", (AMOUNT, ">=", 1000))],
    "by expression": [
        {
            "key": "c",
            "type": "condition",
            "config": {"engine": "math.js", "expression": f"{AMOUNT} > 10"},
            "branches": {1: [END]},
        }
    ],
}  # fmt: skip


def run(it: Program, values: list[Any]) -> Processor:
    record = dict(zip(NAMES, values, strict=True))
    context = {"params": {"values": record}, "record": record, "previous": None}
    proc = Processor(it, context, Session(None, Chain()))  # type: ignore[arg-type]  # nothing here asks the host
    proc.start()
    return proc


def asked(passing: Any, values: list[Any]) -> Any:
    try:
        return passing(values)
    except Exception:
        return None


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_row_that_passes_quickly_passes_when_it_is_run_and_leaves_the_same_jobs(name: str) -> None:
    it = program(*PROGRAMS[name])
    kept, unkept = (compile_passing(it, NAMES, keeps=keeps) for keeps in (True, False))
    assert kept is not None
    passed = 0
    for values in ROWS:
        told = asked(kept, values)
        assert asked(unkept, values) is (None if told is None else True)
        proc = run(it, values)
        if told is not None:
            passed += 1
            assert proc.status == 1, values
            assert told == jobs_json(proc), values
        else:
            assert proc.status != 1 or proc.last.type == "end" or _is_odd(values), values  # type: ignore[union-attr]  # it ran
    assert passed or name == "missing" or not any(run(it, values).status == 1 for values in ROWS)


def _is_odd(values: list[Any]) -> bool:
    """Rows that may be left to the full run although they pass: what is no number has no order."""
    return isinstance(values[1], Decimal) and values[1].is_nan()


def test_nothing_is_quick_about_a_program_that_does_more() -> None:
    assert compile_passing(program(END), NAMES, keeps=True) is None
    assert compile_passing(program(calculation("c", "{{$system.now}}")), NAMES, keeps=True) is None


def test_a_program_with_too_many_ways_through_it_is_run_in_full() -> None:
    fork = [condition(f"c{n}", (AMOUNT, "gt", n), yes=[calculation(f"x{n}", "1")]) for n in range(12)]
    assert compile_passing(program(*fork), NAMES, keeps=True) is None


def test_a_context_is_written_as_the_general_way_writes_it() -> None:
    kinds = ("int8", "numeric", "text", "bool", "float8", "timestamptz")
    columns = Columns([{"name": f'{name} "{{}}%', "kind": kind} for name, kind in zip(NAMES, kinds, strict=True)])
    write, tail = context_writer(columns), Actor(None, None, "ann", ()).json + "}"
    numbers = (None, *(Decimal(text) for text in ("0.000000001", "-1E+30", "12.50", "NaN", "Infinity", "0")))
    for number, title, done in product(numbers, TITLES, (None, True, False)):
        values = [None if done else 1, number, title, done, 0.5, "2026-01-01T00:00:00.000Z"]
        record = dict(zip(columns.names, values, strict=True))
        text = write(values) + tail
        assert text == f'{{"params":{{"values":{to_json(record)}}},"user":null,"roleName":null,"dbUser":"ann"}}'
        assert json.loads(text)["dbUser"] == "ann"
