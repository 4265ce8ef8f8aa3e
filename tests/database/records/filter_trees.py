"""Filters of any shape, each with what Python says of a row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orchestrator.model.conditions import _OPERATORS

from .conditions import (
    ORDERS,
    Condition,
    Draw,
    between,
    comparison,
    current_user,
    descent,
    elements,
    emptiness,
    equality,
    like,
    membership,
    other_column,
    part_of_text,
    presence,
    regexp,
    truth,
)
from .date_conditions import date_condition
from .things import Answer, Rows, negated

__all__ = ["MAKERS", "ZONES", "Node", "leaves", "trees"]


ZONES = {None: UTC, "+08:00": timezone(timedelta(hours=8)), "Europe/Berlin": ZoneInfo("Europe/Berlin")}


class Column(NamedTuple):
    """A column of the things, or of rows related to them."""

    kind: str
    relation: tuple[str, ...]
    names: tuple[str, ...]

    def value(self, rows: Rows) -> Any:
        value: Any = rows[self.relation]
        for name in self.names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


COLUMNS = [
    Column(kind, tuple(path.split(".")[:depth]), tuple(path.split(".")[depth:]))
    for kind, paths in {
        "text": [("t", 0), ("owner.name", 1), ("parent.t", 1), ("parts.label", 1), ("labels.name", 1)],
        "integer": [("n", 0), ("owner.level", 1), ("parts.size", 1), ("parent.owner.level", 2)],
        "number": [("d", 0), ("f", 0)],
        "boolean": [("b", 0), ("parent.b", 1)],
        "instant": [("at", 0), ("parent.at", 1)],
        "local": [("local", 0)],
        "day": [("day", 0), ("parts.made", 1)],
        "array": [("tags", 0), ("parent.tags", 1)],
        "list": [("list", 0)],
        "json": [("doc.k", 0), ("doc.deep.x", 0), ("parent.doc.k", 1)],
        "key": [("id", 0), ("owner.id", 1), ("parts.id", 1), ("labels.id", 1), ("parent.parent.id", 2)],
        "tree": [("id", 0), ("parent.id", 1)],
        "user": [("createdById", 0), ("parent.createdById", 1)],
        "pair": [("n", 0), ("m", 0)],
    }.items()
    for path, depth in paths
]


class Node(NamedTuple):
    """A filter, the relations it mentions, and what Python says of it."""

    filter: dict[str, Any]
    relations: frozenset[tuple[str, ...]]
    test: Callable[[Rows], Answer]
    zone: str | None = None

    def __repr__(self) -> str:
        return f"{json.dumps(self.filter)} in {self.zone}"


Make = Callable[[Draw, str, str], Condition]

_MADE: list[tuple[tuple[str, ...], tuple[str, ...], Make]] = [
    (("eq", "ne", "is", "not"), ("text", "integer", "number", "boolean", "json"), equality),
    (("eq", "ne"), ("array",), equality),
    (("gt", "gte", "lt", "lte"), ("integer", "number", "json"), comparison),
    (("eq", "ne", "gt", "gte", "lt", "lte"), ("pair",), other_column),
    (("in", "notIn", "any", "all"), ("text", "integer", "number", "json"), membership),
    (("between", "notBetween"), ("integer", "number", "json"), between),
    (("like", "notLike", "iLike", "notILike"), ("text", "json"), like),
    (("regexp", "notRegexp", "iRegexp", "notIRegexp"), ("text", "json"), regexp),
    (
        ("includes", "notIncludes", "startsWith", "notStartsWith", "endWith", "notEndWith"),
        ("text", "integer"),
        part_of_text,
    ),
    (("includes", "notIncludes"), ("json",), part_of_text),
    (("endsWith", "substring"), ("text",), part_of_text),
    (("empty", "notEmpty"), ("text", "integer", "boolean", "instant", "array", "list", "json"), emptiness),
    (("arrayEmpty", "arrayNotEmpty"), ("array", "list"), emptiness),
    (("isTruly", "isFalsy"), ("text", "integer", "number", "boolean"), truth),
    (("exists", "notExists"), ("key",), presence),
    (("anyOf", "noneOf", "overlap", "match", "notMatch", "contains", "contained"), ("array", "list"), elements),
    (("isCurrentUser", "isNotCurrentUser", "isVar"), ("user",), current_user),
    (("childIn", "childNotIn"), ("tree",), descent),
]

_DATES = ("dateOn", "dateNotOn", "dateBefore", "dateNotBefore", "dateAfter", "dateNotAfter", "dateBetween")

MAKERS: dict[str, list[tuple[str, Make | None]]] = {name: [] for name in _OPERATORS}

for _operators, _kinds, _make in _MADE:
    for _operator in _operators:
        MAKERS[_operator] += [(kind, _make) for kind in _kinds]

for _operator in _DATES:
    MAKERS[_operator] += [(kind, None) for kind in ("instant", "local", "day")]


def _spelled(draw: Draw, operator: str) -> str:
    snake = re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), operator)
    return "$" + str(draw(st.sampled_from([operator, operator.lower(), snake])))


def _written(draw: Draw, column: Column, value: Any) -> dict[str, Any]:
    """Something said of a column, its path as one dotted key or as nested objects."""
    path = [*column.relation, *column.names]
    cut = draw(st.integers(1, len(path)))
    for key in reversed([*path[: cut - 1], ".".join(path[cut - 1 :])]):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def _condition(draw: Draw, operator: str, kind: str, make: Make | None, zone: str | None) -> Condition:
    return make(draw, kind, operator) if make is not None else date_condition(draw, kind, operator, ZONES[zone])


def _mentioned(column: Column) -> frozenset[tuple[str, ...]]:
    return frozenset(column.relation[:end] for end in range(1, len(column.relation) + 1))


@st.composite
def leaves(draw: Draw, zone: str | None, operator: str | None = None) -> Node:
    """One operator on one column, or several joined below the column."""
    operator = operator or draw(st.sampled_from(sorted(MAKERS)))
    kind, make = draw(st.sampled_from(MAKERS[operator]))
    column = draw(st.sampled_from([column for column in COLUMNS if column.kind == kind]))
    operand, test = _condition(draw, operator, kind, make, zone)
    name = _spelled(draw, operator)
    if kind == "pair":
        other = operand["$col"].rpartition(".")[2]
        return Node({column.names[0]: {name: operand}}, frozenset(), _pair_test(operator, column.names[0], other), zone)

    def seen(rows: Rows) -> Answer:
        return test(column.value(rows))

    form = draw(st.sampled_from(["key", "object", "bare", "not", "or"]))
    if form == "bare" and operator == "eq":
        return Node(_written(draw, column, operand), _mentioned(column), seen, zone)
    if form == "key":
        dotted = ".".join([*column.relation, *column.names, name])
        return Node({dotted: operand}, _mentioned(column), seen, zone)
    if form == "not":
        inner = {"$not": {name: operand}}
        return Node(_written(draw, column, inner), _mentioned(column), negated(seen), zone)
    if form == "or":
        inner = {"$or": [{name: operand}, {"$eq": None}]}
        return Node(
            _written(draw, column, inner),
            _mentioned(column),
            lambda rows: _either([seen(rows), column.value(rows) is None]),
            zone,
        )
    return Node(_written(draw, column, {name: operand}), _mentioned(column), seen, zone)


def _pair_test(operator: str, left: str, right: str) -> Callable[[Rows], Answer]:
    def test(rows: Rows) -> Answer:
        a, b = rows[()][left], rows[()][right]
        if operator == "ne" and a is None:
            return True
        if a is None or b is None:
            return None
        return ORDERS[operator](a, b) if operator in ORDERS else (a == b) == (operator == "eq")

    return test


def _either(answers: list[Answer]) -> Answer:
    return True if True in answers else None if None in answers else False


def _both(answers: list[Answer]) -> Answer:
    return False if False in answers else None if None in answers else True


def trees(zone: str | None) -> st.SearchStrategy[Node]:
    """Filters of any shape."""

    def joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(children, min_size=1, max_size=3)
        return (
            several.map(lambda nodes: _logic("$and", nodes, _both))
            | several.map(lambda nodes: _logic("$or", nodes, _either))
            | children.map(lambda node: node._replace(filter={"$not": node.filter}, test=negated(node.test)))
            | several.map(_siblings)
        )

    return st.recursive(leaves(zone), joined, max_leaves=5)


def _logic(word: str, nodes: list[Node], combine: Callable[[list[Answer]], Answer]) -> Node:
    return Node(
        {word: [node.filter for node in nodes]},
        frozenset().union(*(node.relations for node in nodes)),
        lambda rows: combine([node.test(rows) for node in nodes]),
        nodes[0].zone,
    )


def _siblings(nodes: list[Node]) -> Node:
    """Keys side by side, where no two are the same."""
    keys = [key for node in nodes for key in node.filter]
    if len({*keys}) < len(keys):
        return _logic("$and", nodes, _both)
    return _logic("$and", nodes, _both)._replace(filter={k: v for node in nodes for k, v in node.filter.items()})
