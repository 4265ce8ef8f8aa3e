"""Arrays of math.js: making, measuring, cutting, sorting, and a little linear algebra."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import cmp_to_key
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import operators
from orchestrator.engine.expressions.mathjs.indexing import span
from orchestrator.engine.expressions.mathjs.operators import sized
from orchestrator.engine.js import ExpressionError, compare, is_number, string, to_float, to_number

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
        shape = [sized(length) for length in flat(lengths)] or [0]
        sized(math.prod(shape))
        return _shaped(shape, item)

    return make


def _shaped(shape: list[int], item: Any) -> Any:
    return [_shaped(shape[1:], item) for _ in range(shape[0])] if shape else item


def identity(rows: Any, columns: Any = None) -> list[list[int]]:
    height, width = sized(rows), sized(rows if columns is None else columns)
    sized(height * width)
    return [[int(row == column) for column in range(width)] for row in range(height)]


def diagonal(value: list[Any], offset: Any = 0) -> list[Any]:
    """Of a matrix its diagonal, of a list the matrix that has it there; `offset` places above the main one."""
    right, down = max(0, offset), max(0, -offset)
    if value and isinstance(value[0], list):
        return [row[index + right] for index, row in enumerate(value[down:]) if index + right < len(row)]
    height, width = sized(len(value) + down), sized(len(value) + right)
    sized(height * width)
    matrix: list[list[Any]] = [[0] * width for _ in range(height)]
    for index, item in enumerate(value):
        matrix[index + down][index + right] = item
    return matrix


def transpose(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [list(column) for column in zip(*value, strict=True)]
    return value


def determinant(value: Any) -> Any:
    if not isinstance(value, list):
        return operators.number(value, "det")
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


def trace(value: Any) -> Any:
    if not isinstance(value, list):
        return operators.number(value, "trace")
    return operators.total(diagonal(value))


def norm(value: Any, kind: Any = 2) -> Any:
    """Of a vector or a matrix, by a power, `inf`, `-inf` or `fro`."""
    items = [abs(to_float(operators.number(item, "norm"))) for item in flat(value)]
    is_matrix = operators.depth(value) == 2
    if kind == "fro" or (kind == 2 and not is_matrix):
        return math.hypot(*items)
    if not isinstance(value, list):
        return items[0]
    power: Any = {"inf": math.inf, "-inf": -math.inf}.get(kind, 0) if isinstance(kind, str) else kind
    if not is_matrix and is_number(power) and power:
        if math.isinf(power):
            return max(items, default=0) if power > 0 else min(items, default=0)
        return arithmetic.power(sum(item**power for item in items), 1 / power)
    if is_matrix and power in (1, math.inf):
        lines = zip(*value, strict=True) if power == 1 else value
        return max(sum(abs(to_float(item)) for item in line) for line in lines)
    if is_matrix and power == 2:
        return _largest_singular_value(value)
    raise ExpressionError(f"Unsupported parameter value {string(kind)} in function norm")


def _largest_singular_value(value: list[list[Any]]) -> float:
    """By powers of the product with the transpose, squared so that neighbours part quickly."""
    product = operators.multiply(transpose(value), value)
    _square(product, "norm")
    size = math.hypot(*map(to_float, flat(product)))
    result = 1.0
    for step in range(40):
        if not size:
            return 0.0
        result *= size ** (0.5**step)
        product = operators.dot_divide(product, size)
        product = operators.multiply(product, product)
        size = math.hypot(*map(to_float, flat(product)))
    return math.sqrt(result)


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
    """An order of everything: arrays by their elements, values of one type by value, types by their names."""
    if isinstance(left, list) or isinstance(right, list):
        ours, theirs = ([side] if not isinstance(side, list) else side for side in (left, right))
        orders = (natural(*pair) for pair in zip(ours, theirs, strict=False))
        return next((order for order in orders if order), _sign(len(ours) - len(theirs)))
    types = operators.type_name(left), operators.type_name(right)
    if types[0] != types[1]:
        return -1 if types[0].lower() < types[1].lower() else 1
    if isinstance(left, str):
        return _texts_in_order(left, right)
    order = compare(left, right)
    return order if order is not None else _sign((string(left) > string(right)) - (string(left) < string(right)))


def _texts_in_order(left: str, right: str) -> int:
    """Texts by their parts, where runs of digits count as numbers and case does not."""
    pairs = zip(_parts(left), _parts(right), strict=False)
    for ours, theirs in pairs:
        if ours != theirs:
            if type(ours) is type(theirs):
                return -1 if ours < theirs else 1
            return -1 if isinstance(ours, int) else 1
    return _sign(len(_parts(left)) - len(_parts(right))) or _sign((left > right) - (left < right))


def _parts(text: str) -> list[Any]:
    return [int(part) if part.isdigit() else part.lower() for part in re.findall(r"[0-9]+|[^0-9]+", text)]


def _ascending(left: Any, right: Any) -> int:
    """The order of `sort`: texts that are numbers by value."""
    order = compare(to_number(left), to_number(right)) if not isinstance(left, list) else None
    return natural(left, right) if order is None else order


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def sort(items: list[Any], order: Any = "asc") -> list[Any]:
    if callable(order):
        return sorted(items, key=cmp_to_key(lambda left, right: int(order(left, right))))
    if order not in ("asc", "desc", "natural"):
        raise ExpressionError('String "asc", "desc", or "natural" expected')
    return sorted(items, key=cmp_to_key(natural if order == "natural" else _ascending), reverse=order == "desc")


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


def union(left: Any, right: Any) -> list[Any]:
    """What only the first has, what only the second has, what both have."""
    only = _set(lambda ours, theirs: ours and not theirs)
    both = _set(lambda ours, theirs: ours and theirs)
    return only(left, right) + only(right, left) + both(left, right)


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


def _range(start: Any, end: Any, step: Any = 1, with_end: Any = True) -> list[Any]:
    items = span(start, end, step)
    return items[:-1] if items and items[-1] == end and not with_end else items


def concat(*values: Any) -> Any:
    """Texts joined, arrays along their last dimension, or along the one whose number comes last."""
    if is_number(values[-1]) and any(isinstance(value, list) for value in values[:-1]):
        *arrays, dimension = values
        return _joined(arrays, int(dimension))
    if not any(isinstance(value, list) for value in values):
        return texts_joined(values)
    depth = len(size(next(value for value in values if isinstance(value, list))))
    if depth == 1:
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [concat(*rows) for rows in zip(*values, strict=True)]


def _joined(arrays: list[Any], dimension: int) -> list[Any]:
    if not all(isinstance(array, list) for array in arrays) or dimension < 1:
        raise ExpressionError(f"Index out of range ({dimension} of {len(size(arrays[0]))})", "RangeError")
    if dimension == 1:
        return [item for array in arrays for item in array]
    return [_joined(list(rows), dimension - 1) for rows in zip(*arrays, strict=True)]


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
    "setUnion": union,
    "setIntersect": _set(lambda ours, theirs: ours and theirs),
    "setDifference": _set(lambda ours, theirs: ours and not theirs),
    "setSize": lambda items, unique=False: len(distinct(items) if unique else flat(items)),
    "count": lambda items: len(items) if isinstance(items, str) else len(flat(items)),
}
