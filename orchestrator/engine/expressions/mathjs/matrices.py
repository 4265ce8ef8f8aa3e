"""Arrays of math.js: making, measuring, cutting, sorting, and a little linear algebra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cmp_to_key
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import operators
from orchestrator.engine.expressions.mathjs.indexing import span
from orchestrator.engine.expressions.mathjs.operators import sized
from orchestrator.engine.js import ExpressionError, compare, string

__all__ = ["FUNCTIONS", "flat", "folded"]


def flat(values: Any) -> list[Any]:
    """Every scalar inside, in order."""
    found: list[Any] = []
    for value in values if isinstance(values, list | tuple) else [values]:
        if isinstance(value, list):
            found.extend(flat(value))
        else:
            found.append(value)
    return found


def folded(function: Callable[[Any, Any], Any], values: Iterable[Any]) -> Any:
    first, *others = values
    for other in others:
        first = function(first, other)
    return first


def size(value: Any) -> list[int]:
    if isinstance(value, str):
        return [len(value)]
    lengths: list[int] = []
    while isinstance(value, list):
        lengths.append(len(value))
        value = value[0] if value else None
    return lengths


def filled(item: Any) -> Callable[..., Any]:
    """`zeros` and `ones`: an array of the given lengths."""

    def make(*lengths: Any) -> Any:
        shape = [sized(length) for length in flat(lengths)]
        sized(math.prod(shape))
        return _shaped(shape, item)

    return make


def _shaped(shape: list[int], item: Any) -> Any:
    return [_shaped(shape[1:], item) for _ in range(shape[0])] if shape else item


def identity(rows: Any, columns: Any = None) -> list[list[int]]:
    height, width = sized(rows), sized(rows if columns is None else columns)
    sized(height * width)
    return [[int(row == column) for column in range(width)] for row in range(height)]


def diagonal(value: list[Any]) -> list[Any]:
    if value and isinstance(value[0], list):
        return [row[index] for index, row in enumerate(value) if index < len(row)]
    sized(len(value) ** 2)
    return [[item if row == column else 0 for column in range(len(value))] for row, item in enumerate(value)]


def transpose(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [list(column) for column in zip(*value, strict=True)]
    return value


def determinant(value: Any) -> Any:
    rows = _square(value, "det")
    sign: Any = 1
    result: Any = 1
    for index in range(len(rows)):
        pivot = next((row for row in range(index, len(rows)) if rows[row][index]), None)
        if pivot is None:
            return 0
        if pivot != index:
            rows[index], rows[pivot] = rows[pivot], rows[index]
            sign = -sign
        result = arithmetic.multiply(result, rows[index][index])
        for row in rows[index + 1 :]:
            _reduce(row, rows[index], index)
    return arithmetic.multiply(sign, result)


def inverse(value: Any) -> Any:
    if not isinstance(value, list):
        return arithmetic.divide(1, operators.number(value, "inv"))
    rows = _square(value, "inv")
    count = len(rows)
    rows = [row + [int(index == column) for column in range(count)] for index, row in enumerate(rows)]
    for index in range(count):
        pivot = max(range(index, count), key=lambda row: abs(rows[row][index]))
        if not rows[pivot][index]:
            raise ExpressionError("Cannot calculate inverse, determinant is zero")
        rows[index], rows[pivot] = rows[pivot], rows[index]
        divisor = rows[index][index]
        rows[index] = [arithmetic.divide(item, divisor) for item in rows[index]]
        for other, row in enumerate(rows):
            if other != index:
                _reduce(row, rows[index], index)
    return [row[count:] for row in rows]


def _reduce(row: list[Any], pivot: list[Any], index: int) -> None:
    """Take away as much of the pivot row as makes the element at `index` zero."""
    factor = arithmetic.divide(row[index], pivot[index])
    if factor:
        row[:] = [arithmetic.subtract(a, arithmetic.multiply(factor, b)) for a, b in zip(row, pivot, strict=True)]


def _square(value: Any, name: str) -> list[list[Any]]:
    if not isinstance(value, list) or any(not isinstance(row, list) or len(row) != len(value) for row in value):
        raise ExpressionError(f"Matrix must be square (size: {size(value)})", "RangeError")
    if len(value) > 50:
        raise ExpressionError(f"the matrix is too large for {name}", "RangeError")
    return [[operators.number(item, name) for item in row] for row in value]


def dot(left: list[Any], right: list[Any]) -> Any:
    return operators.total(operators.broadcast(operators.dot_multiply, left, right))


def cross(left: list[Any], right: list[Any]) -> list[Any]:
    (a, b, c), (x, y, z) = left, right
    pairs = ((b, z, c, y), (c, x, a, z), (a, y, b, x))
    return [operators.subtract(operators.multiply(p, q), operators.multiply(r, s)) for p, q, r, s in pairs]


def trace(value: list[Any]) -> Any:
    return operators.total(diagonal(value))


def norm(value: Any) -> float:
    return math.hypot(*(float(operators.number(item, "norm")) for item in flat(value)))


def reshape(value: Any, shape: list[Any]) -> Any:
    items, lengths = flat(value), [sized(length) for length in shape]
    if math.prod(lengths) != len(items):
        raise ExpressionError(f"Dimension mismatch ({len(items)} != {math.prod(lengths)})", "RangeError")
    for length in reversed(lengths[1:]):
        items = [items[start : start + length] for start in range(0, len(items), length)]
    return items


def squeeze(value: Any) -> Any:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def natural(left: Any, right: Any) -> int:
    """An order of everything: numbers and numerals by value, the rest as texts."""
    order = compare(left, right)
    return order if order is not None else (string(left) > string(right)) - (string(left) < string(right))


def sort(items: list[Any], order: Any = "asc") -> list[Any]:
    if callable(order):
        return sorted(items, key=cmp_to_key(lambda left, right: int(order(left, right))))
    return sorted(items, key=cmp_to_key(natural), reverse=order == "desc")


def apply_map(items: Any, function: Callable[..., Any]) -> Any:
    if isinstance(items, list):
        return [apply_map(item, function) for item in items]
    return function(items)


def keep(items: list[Any], test: Any) -> list[Any]:
    """`filter`: the elements for which a function is true."""
    return [item for item in items if operators.truth(test(item))]


def distinct(items: Any) -> list[Any]:
    """Every value once, sorted."""
    found: list[Any] = []
    for item in sort(flat(items)):
        if not found or not operators.equal(item, found[-1]):
            found.append(item)
    return found


def _set(kept: Callable[[bool, bool], bool]) -> Callable[[Any, Any], list[Any]]:
    def combine(left: Any, right: Any) -> list[Any]:
        ours, theirs = flat(left), flat(right)
        sized(len(ours) * len(theirs) // 100)
        return distinct([item for item in ours + theirs if kept(_among(item, ours), _among(item, theirs))])

    return combine


def _among(item: Any, items: list[Any]) -> bool:
    return any(operators.equal(item, other) for other in items)


def row(value: list[Any], index: Any) -> list[Any]:
    return [value[_position(index, len(value))]]


def column(value: list[Any], index: Any) -> list[Any]:
    return [[line[_position(index, len(line))]] for line in value]


def _position(index: Any, length: int) -> int:
    if type(index) is not int or not 1 <= index <= length:
        raise ExpressionError(f"Index out of range ({string(index)} not in 1..{length})")
    return index - 1


def _range(start: Any, end: Any, step: Any = 1, with_end: Any = False) -> list[Any]:
    """`range(start, end)` leaves the end out, unlike `start:end`."""
    items = span(start, end, step)
    return items[:-1] if items and items[-1] == end and not with_end else items


def concat(*values: Any) -> Any:
    """Texts joined, arrays along their last dimension."""
    if not any(isinstance(value, list) for value in values):
        return texts_joined(values)
    depth = len(size(next(value for value in values if isinstance(value, list))))
    if depth == 1:
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [concat(*rows) for rows in zip(*values, strict=True)]


def texts_joined(values: Iterable[Any]) -> str:
    return "".join(map(string, values))


def _as_matrix(value: Any = None, *_format: Any) -> Any:
    return [] if value is None else value


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "size": size,
    "matrix": _as_matrix,
    "zeros": filled(0),
    "ones": filled(1),
    "identity": identity,
    "diag": diagonal,
    "transpose": transpose,
    "det": determinant,
    "inv": inverse,
    "dot": dot,
    "cross": cross,
    "trace": trace,
    "norm": norm,
    "flatten": flat,
    "reshape": reshape,
    "squeeze": squeeze,
    "concat": concat,
    "sort": sort,
    "map": apply_map,
    "filter": keep,
    "range": _range,
    "row": row,
    "column": column,
    "compareNatural": natural,
    "setDistinct": distinct,
    "setUnion": _set(lambda ours, theirs: ours or theirs),
    "setIntersect": _set(lambda ours, theirs: ours and theirs),
    "setDifference": _set(lambda ours, theirs: ours and not theirs),
    "setSize": lambda items: len(flat(items)),
    "count": lambda items: len(items) if isinstance(items, str) else len(flat(items)),
}
