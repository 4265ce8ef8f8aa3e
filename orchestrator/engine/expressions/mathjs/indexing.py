"""Ranges, indices from 1, and the properties of objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs.operators import number, sized, type_name
from orchestrator.engine.js import UNDEFINED, ExpressionError, to_float

__all__ = ["member", "span", "subscript"]


def span(start: Any, end: Any, step: Any = 1) -> list[Any]:
    """`start:step:end`, the end included."""
    first, last, by = number(start, "range"), number(end, "range", 1), number(step, "range", 2)
    if not by:
        raise ExpressionError("Step must be non-zero", "TypeError")
    count = sized(
        max(0, arithmetic.floor(to_float(arithmetic.divide(arithmetic.subtract(last, first), by)) + 1e-9) + 1)
    )
    return [arithmetic.add(first, arithmetic.multiply(index, by)) for index in range(count)]


def member(value: Any, name: Any) -> Any:
    """`object.name`: own properties only."""
    if isinstance(value, dict):
        return value.get(name, UNDEFINED)
    raise ExpressionError(f"Cannot apply index: unsupported type of object, actual: {type_name(value)}", "TypeError")


def subscript(value: Any, *indices: Callable[[int], Any]) -> Any:
    """`value[i, j]`; every index is told the size of its dimension, for the word `end`."""
    if isinstance(value, dict):
        return member(value, indices[0](len(value)))
    if isinstance(value, str):
        found = _select(list(value), indices[0](len(value)))
        return "".join(found) if isinstance(found, list) else found
    if not isinstance(value, list):
        return member(value, "")
    index = indices[0](len(value))
    if len(indices) == 1:
        return _select(value, index)
    chosen = _select(value, index)
    if isinstance(index, list):
        return [subscript(row, *indices[1:]) for row in chosen]
    return subscript(chosen, *indices[1:])


def _select(items: list[Any], index: Any) -> Any:
    if isinstance(index, list):
        if index and all(type(part) is bool for part in index):
            return [item for item, kept in zip(items, index, strict=False) if kept]
        return [_select(items, part) for part in index]
    position = number(index, "subset")
    if position != arithmetic.floor(position):
        raise ExpressionError(f"Index must be an integer (value: {position})", "TypeError")
    if not 1 <= position <= len(items):
        limit = f"{position} < 1" if position < 1 else f"{position} > {len(items)}"
        raise ExpressionError(f"Index out of range ({limit})")
    return items[int(position) - 1]
