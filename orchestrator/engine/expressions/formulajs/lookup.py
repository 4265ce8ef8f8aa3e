"""Functions that look up, and functions on whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, Final

from orchestrator.engine.expressions.error_value import NOT_AVAILABLE, REFERENCE, VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import flat, guarded, integer, matches, number, same
from orchestrator.engine.js import UNDEFINED, compare, truthy

__all__ = ["FUNCTIONS"]


def _rows(table: Any) -> list[list[Any]]:
    if not isinstance(table, list):
        fail(VALUE)
    return [row if isinstance(row, list) else [row] for row in table]


def index(table: Any, row: Any = 1, column: Any = UNDEFINED) -> Any:
    """INDEX: positions from 1; 0 takes the whole row or column."""
    if not any(isinstance(line, list) for line in table) and column is UNDEFINED:
        return _at(table, integer(row))
    rows, down, across = _rows(table), integer(row), 1 if column is UNDEFINED else integer(column)
    if down == 0:
        return [_at(line, across) for line in rows]
    line = _at(rows, down)
    return line if across == 0 else _at(line, across)


def _at(items: list[Any], position: int) -> Any:
    return items[position - 1] if 1 <= position <= len(items) else fail(REFERENCE)


def _place(wanted: Any, items: list[Any], exact: bool) -> int:
    """Where a value stands: itself, or the last one of an ascending list that is not larger."""
    if exact:
        for place, item in enumerate(items):
            if same(item, wanted) or _fits(item, wanted):
                return place
        fail(NOT_AVAILABLE)
    found = -1
    for place, item in enumerate(items):
        if compare(item, wanted) in (-1, 0):
            found = place
        else:
            break
    return found if found >= 0 else fail(NOT_AVAILABLE)


def _fits(item: Any, pattern: Any) -> bool:
    is_pattern = isinstance(pattern, str) and ("*" in pattern or "?" in pattern)
    return is_pattern and isinstance(item, str) and matches(item, pattern)


def match(wanted: Any, items: Any, kind: Any = 1) -> int:
    values = flat([items])
    if integer(kind) < 0:
        descending = [place for place, item in enumerate(values) if compare(item, wanted) in (0, 1)]
        return descending[-1] + 1 if descending else fail(NOT_AVAILABLE)
    return _place(wanted, values, exact=integer(kind) == 0) + 1


def vertical(wanted: Any, table: Any, column: Any, approximate: Any = False) -> Any:
    rows = _rows(table)
    return _at(rows[_place(wanted, [row[0] for row in rows], exact=not truthy(approximate))], integer(column))


def horizontal(wanted: Any, table: Any, row: Any, approximate: Any = False) -> Any:
    rows = _rows(table)
    return _at(rows, integer(row))[_place(wanted, rows[0], exact=not truthy(approximate))]


def look_up(wanted: Any, items: Any, results: Any = UNDEFINED) -> Any:
    values = flat([items])
    return (values if results is UNDEFINED else flat([results]))[_place(wanted, values, exact=False)]


def exact_look_up(wanted: Any, items: Any, results: Any, missing: Any = UNDEFINED) -> Any:
    """XLOOKUP: the result beside the value, or what stands for a missing one."""
    for item, result in zip(flat([items]), results, strict=False):
        if same(item, wanted):
            return result
    return NOT_AVAILABLE if missing is UNDEFINED else missing


def unique(*values: Any) -> list[Any]:
    found: list[Any] = []
    seen: set[str] = set()
    for item in flat(values):
        if (mark := repr(item)) not in seen:
            seen.add(mark)
            found.append(item)
    return found


def sort(items: Any, _column: Any = 1, order: Any = 1) -> list[Any]:
    key = cmp_to_key(lambda left, right: compare(left, right) or 0)
    return sorted(flat([items]), key=key, reverse=number(order) < 0)


def transpose(table: Any) -> list[list[Any]]:
    """Of a list, which is one row, a column."""
    if not any(isinstance(row, list) for row in table):
        return [[item] for item in table]
    return [list(column) for column in zip(*_rows(table), strict=True)]


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "INDEX": index,
    "MATCH": match,
    "VLOOKUP": vertical,
    "HLOOKUP": horizontal,
    "LOOKUP": look_up,
    "XLOOKUP": exact_look_up,
    "UNIQUE": unique,
    "SORT": sort,
    "TRANSPOSE": transpose,
    "ROWS": lambda table: len(_rows(table)),
    "COLUMNS": lambda table: len(_rows(table)[0]),
    "FLATTEN": lambda *values: flat(values),
    "JOIN": lambda items, separator=",": separator.join("" if item is None else str(item) for item in flat([items])),
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}
