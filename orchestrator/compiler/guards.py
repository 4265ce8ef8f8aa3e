"""Native guards: when could a before-workflow matter for this row? In SQL that cannot raise.

The answer may be too generous (the engine judges again), never too strict. NULL means "perhaps": the generated
function says whether it ``IS NOT FALSE``. Only numbers, booleans and quoted identifiers ever enter the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp, parse_one

from orchestrator.compiler.graph import Graph, Node
from orchestrator.model.status import Status

__all__ = ["ALWAYS", "NEVER", "guard_sql", "matters", "read_guard"]


def _cast(expression: exp.Expr, type_name: str) -> exp.Expr:
    kind = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=f"pg_catalog.{type_name}")
    return exp.Cast(this=expression, to=kind)


ALWAYS, NEVER, PERHAPS = exp.true(), exp.false(), _cast(exp.null(), "bool")

_PATH = re.compile(r"\{\{\s*\$context\.(params\.values|record|previous)\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_SOURCES = ("params.values", "record", "previous")
_NUMERIC = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})
#: what a column is compared as: the constant may have a fraction
_WIDER = {"int2": "numeric", "int4": "numeric", "int8": "numeric", "float4": "float8"}
#: what has a NaN, and the type it is compared as
_WITH_NAN = {"numeric": "numeric", "float4": "float8", "float8": "float8"}
_OPERATORS = {"equal": "=", "notEqual": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_ALIASES = {"==": "equal", "!=": "notEqual", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def guard_sql(expression: exp.Expr) -> str:
    """The text of a guard."""
    return expression.sql(dialect="postgres")


def read_guard(text: str | None) -> exp.Expr:
    """The guard of a text that :func:`guard_sql` wrote."""
    return parse_one(text, dialect="postgres") if text else ALWAYS


def matters(graph: Graph, options: Mapping[str, Any], event: str, columns: Mapping[str, str]) -> exp.Expr:
    """When running this workflow could do anything but pass unseen.

    Args:
        columns: kind of each column, see :func:`orchestrator.hooks.columns.column_kind`.
    """
    deleted = options.get("deleteExecutionOnStatus") or []
    if int(Status.RESOLVED) not in deleted:
        return ALWAYS
    return _node(graph.head, event, columns)


def _node(node: Node | None, event: str, columns: Mapping[str, str]) -> exp.Expr:
    if node is None:
        return NEVER
    if node.type != "condition" or (node.config.get("engine") or "basic") != "basic":
        return ALWAYS
    holds = _calculation(node.config.get("calculation"), event, columns)
    if_true = _node(node.branches.get(1), event, columns)
    if_false = ALWAYS if node.config.get("rejectOnFalse") else _node(node.branches.get(0), event, columns)
    return any_of(
        [
            _both(holds, if_true),
            _both(_negated(_calculation(node.config.get("calculation"), event, columns, exact=True)), if_false),
            _node(node.downstream, event, columns),
        ]
    )


def _calculation(tree: Any, event: str, columns: Mapping[str, str], *, exact: bool = False) -> exp.Expr:
    """When a calculation holds; unless ``exact``, perhaps more often than it does, which must not be negated."""
    if not isinstance(tree, Mapping) or not tree:
        return ALWAYS
    group = tree.get("group")
    if isinstance(group, Mapping):
        parts = [_calculation(part, event, columns, exact=exact) for part in group.get("calculations") or ()]
        return any_of(parts) if group.get("type") == "or" else _all_of(parts)
    return _leaf(tree, event, columns, exact)


def _leaf(leaf: Mapping[str, Any], event: str, columns: Mapping[str, str], exact: bool) -> exp.Expr:
    calculator, operands = leaf.get("calculator"), leaf.get("operands")
    if not calculator or not operands:
        return ALWAYS
    calculator = _ALIASES.get(str(calculator), str(calculator))
    if calculator not in _OPERATORS or len(operands) != 2:
        return PERHAPS
    match = _PATH.fullmatch(operands[0]) if isinstance(operands[0], str) else None
    constant = operands[1]
    if match is None:
        return PERHAPS
    source, name = match.groups()
    kind = columns.get(name)
    if kind is None:
        return PERHAPS
    value = _constant(constant, kind)
    known = {"insert": ("params.values", "record"), "update": _SOURCES, "delete": ("previous",)}[event]
    if value is None or source not in known:
        return PERHAPS
    side = "o" if source == "previous" else "n"
    # null is 0 to JavaScript's comparisons and equals nothing: leave it to the engine
    test = _operator(_column(side, name, kind), _OPERATORS[calculator], value)
    if exact and calculator in ("gt", "gte") and kind in _WITH_NAN:
        # to PostgreSQL NaN is greater than every number, to the engine it is not
        nan = _cast(exp.Literal.string("NaN"), _WITH_NAN[kind])
        test = _all_of([test, _operator(_column(side, name, kind), "<>", nan)])
    if source != "params.values" or event != "update":
        return test
    # params.values holds changed columns alone; what is absent compares as undefined
    unchanged = _operator(_column("n", name, kind), "=", _column("o", name, kind))
    if calculator == "notEqual":
        return any_of([exp.paren(exp.Is(this=unchanged, expression=exp.Not(this=exp.false()))), test])
    return _all_of([exp.paren(exp.Is(this=unchanged, expression=exp.Not(this=exp.true()))), test])


def _constant(value: Any, kind: str | None) -> exp.Expr | None:
    if kind == "bool" and isinstance(value, bool):
        return exp.true() if value else exp.false()
    if kind in _NUMERIC and isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = Decimal(str(value))
        if not number.is_finite():
            return None
        text = format(number, "f")
        if kind in ("float4", "float8"):
            return _cast(exp.Literal.string(text), "float8")
        # with a point it is numeric by itself: each statement reads the guard anew, and a cast costs 2 µs
        return exp.Literal.number(text if "." in text else f"{text}.0")
    return None


def _column(side: str, name: str, kind: str | None) -> exp.Expr:
    # a field of the record, not of a row value: PL/pgSQL reads it without making one
    column = exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier(side))
    wide = _WIDER.get(kind or "")
    return _cast(column, wide) if wide else column


def _operator(left: exp.Expr, operator: str, right: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Operator(this=left, expression=right, operator=f"pg_catalog.{operator}"))


def _both(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return _all_of([left, right])


def _negated(expression: exp.Expr) -> exp.Expr:
    if expression == ALWAYS:
        return NEVER
    if expression == NEVER:
        return ALWAYS
    return exp.Not(this=exp.paren(expression.copy()))


def any_of(parts: list[exp.Expr]) -> exp.Expr:
    """OR, simplified."""
    if ALWAYS in parts:
        return ALWAYS
    rest = [part for part in parts if part != NEVER]
    return exp.or_(*rest) if rest else NEVER


def _all_of(parts: list[exp.Expr]) -> exp.Expr:
    if NEVER in parts:
        return NEVER
    rest = [part for part in parts if part != ALWAYS]
    return exp.and_(*rest) if rest else ALWAYS
