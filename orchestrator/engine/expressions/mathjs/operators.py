"""The operators of math.js: element by element over arrays, texts read as numbers, null refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.js import NUMBERS, UNDEFINED, ExpressionError, compare, is_nan, to_float, to_number, truthy

__all__ = ["MAX_ITEMS", "broadcast", "close", "each", "logical", "near_floor", "number", "sized", "truth", "type_name"]

#: The longest array that an expression may make.
MAX_ITEMS: Final = 100_000

_TOLERANCE: Final = 1e-12
_SMALLEST: Final = 1e-15


def type_name(value: Any) -> str:
    """What math.js calls the type."""
    names = {bool: "boolean", str: "string", list: "DenseMatrix", dict: "Object", type(None): "null"}
    if type(value) in NUMBERS:
        return "number"
    if value is UNDEFINED:
        return "undefined"
    return "function" if callable(value) else names.get(type(value), "Date")


def sized(count: Any) -> int:
    """A length that may be made.

    Raises:
        ExpressionError: it is negative or beyond MAX_ITEMS.
    """
    if not 0 <= count <= MAX_ITEMS:
        raise ExpressionError(f"array length {count} is not between 0 and {MAX_ITEMS}", "RangeError")
    return int(count)


def number(value: Any, function: str, index: int = 0) -> Any:
    """A scalar as a number.

    Raises:
        ExpressionError: it is neither number nor boolean nor a text that is a number.
    """
    kind = type(value)
    if kind in NUMBERS:
        return value
    if kind is bool:
        return int(value)
    if kind is str:
        converted = to_number(value)
        if is_nan(converted):
            raise ExpressionError(f'Cannot convert "{value}" to a number')
        return converted
    raise ExpressionError(
        f"Unexpected type of argument in function {function} "
        f"(expected: number or string or boolean or Matrix, actual: {type_name(value)}, index: {index})",
        "TypeError",
    )


def truth(value: Any) -> bool:
    """The condition of `? :`, where null is false and a text is true unless it is empty."""
    if isinstance(value, list | dict):
        raise ExpressionError(f'Unsupported type of condition "{type_name(value)}"', "TypeError")
    return truthy(value)


def each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one number, applied to every number of an array."""
    name = function.__name__.strip("_")

    def apply(value: Any) -> Any:
        if isinstance(value, list):
            return [apply(item) for item in value]
        return function(number(value, name))

    return apply


def depth(value: Any) -> int:
    """How many dimensions there are."""
    dimensions = 0
    while isinstance(value, list):
        dimensions += 1
        value = value[0] if value else None
    return dimensions


def broadcast(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """A function of two scalars over arrays; of two shapes the shorter is repeated along the outer dimensions."""
    if isinstance(left, list):
        if not isinstance(right, list) or depth(left) > depth(right):
            return [broadcast(function, item, right) for item in left]
        if depth(left) < depth(right):
            return [broadcast(function, left, item) for item in right]
        if len(left) != len(right) and 1 in (len(left), len(right)):
            left, right = left * max(1, len(right)), right * max(1, len(left))
        if len(left) != len(right):
            raise ExpressionError(f"Dimension mismatch ({len(left)} != {len(right)})", "RangeError")
        return [broadcast(function, *pair) for pair in zip(left, right, strict=True)]
    if isinstance(right, list):
        return [broadcast(function, left, item) for item in right]
    return function(left, right)


def _operator(name: str, scalar: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def on_scalars(left: Any, right: Any) -> Any:
        return scalar(number(left, name, 0), number(right, name, 1))

    def operate(left: Any, right: Any) -> Any:
        if type(left) in NUMBERS and type(right) in NUMBERS:
            return scalar(left, right)
        return broadcast(on_scalars, left, right)

    return operate


add = _operator("add", arithmetic.add)
subtract = _operator("subtract", arithmetic.subtract)
dot_multiply = _operator("dotMultiply", arithmetic.multiply)
dot_divide = _operator("dotDivide", arithmetic.divide)
dot_power = _operator("dotPow", arithmetic.power)


def multiply(left: Any, right: Any) -> Any:
    """`*`: the product of matrices where both sides are arrays."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return arithmetic.multiply(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return _product(left, right)
    return dot_multiply(left, right)


def _product(left: list[Any], right: list[Any]) -> Any:
    rows = left if left and isinstance(left[0], list) else [left]
    columns = list(zip(*right, strict=False)) if right and isinstance(right[0], list) else [tuple(right)]
    if len(rows[0]) != len(right):
        raise ExpressionError(f"Dimension mismatch in multiplication ({len(rows[0])} != {len(right)})", "RangeError")
    table: Any = [[total(map(dot_multiply, row, column)) for column in columns] for row in rows]
    if right and not isinstance(right[0], list):
        table = [row[0] for row in table]
    return table if rows is left else table[0]


def total(items: Any) -> Any:
    """The sum of scalars, exact where they are."""
    result: Any = 0
    for item in items:
        result = add(result, item)
    return result


def divide(left: Any, right: Any) -> Any:
    if isinstance(right, list):
        from orchestrator.engine.expressions.mathjs.matrices import inverse

        return multiply(left, inverse(right))
    return dot_divide(left, right)


def power(base: Any, exponent: Any) -> Any:
    """`^`: repeated products for a square matrix."""
    if isinstance(exponent, list):
        raise ExpressionError("a power has one exponent, use .^", "TypeError")
    if not isinstance(base, list):
        return dot_power(base, exponent)
    times = number(exponent, "pow", 1)
    if times == -1:
        return divide(1, base)
    if times != int(times) or not 0 <= times <= 64:
        raise ExpressionError(f"a matrix cannot be raised to the power {exponent}", "TypeError")
    if any(not isinstance(row, list) or len(row) != len(base) for row in base):
        raise ExpressionError("For A^b, A must be a square matrix")
    result = [[int(row == column) for column in range(len(base))] for row in range(len(base))]
    for _ in range(int(times)):
        result = multiply(result, base)
    return result


def minus(value: Any) -> Any:
    return subtract(0, value)


def plus(value: Any) -> Any:
    return add(0, value)


def near_floor(value: Any) -> Any:
    """The floor, where a float that misses the next integer by an error of arithmetic is that integer."""
    below = arithmetic.floor(value)
    if type(value) is float and math.isfinite(value):
        return below + 1 if close(value, below + 1) and not close(value, below) else below
    return below


def _modulo(left: Any, right: Any) -> Any:
    if type(left) is not float and type(right) is not float:
        return arithmetic.modulo(left, right)
    quotient = arithmetic.divide(left, right)
    return arithmetic.subtract(left, arithmetic.multiply(right, near_floor(quotient))) if right else left


modulo = _operator("mod", _modulo)


def percent(value: Any) -> Any:
    return divide(value, 100)


def close(left: Any, right: Any) -> bool:
    """Equal but for the error of floating-point arithmetic."""
    if type(left) is float or type(right) is float:
        left, right = to_float(left), to_float(right)
        if left == right:
            return True
        gap = abs(left - right)
        return gap <= max(_TOLERANCE * max(abs(left), abs(right)), _SMALLEST) and math.isfinite(gap)
    return bool(left == right)


def _equal(left: Any, right: Any) -> bool:
    """Null equals null alone; texts that are no numbers are compared as texts."""
    if left is None or right is None or left is UNDEFINED or right is UNDEFINED:
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        numbers = to_number(left), to_number(right)
        return left == right if any(map(is_nan, numbers)) else numbers[0] == numbers[1]
    if isinstance(left, str | bool | int | float) or type(left) in NUMBERS:
        if isinstance(right, Mapping):
            return False
        one, other = to_number(left), to_number(right)
        return close(one, other)
    return bool(left == right)


def equal(left: Any, right: Any) -> Any:
    return broadcast(_equal, left, right)


def unequal(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: not _equal(one, other), left, right)


def _order(left: Any, right: Any) -> int | None:
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        left, right = number(left, "compare", 0), number(right, "compare", 1)
    return 0 if close(left, right) else compare(left, right)


def smaller(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: _order(one, other) == -1, left, right)


def larger(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: _order(one, other) == 1, left, right)


def smaller_or_equal(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: _order(one, other) in (-1, 0), left, right)


def larger_or_equal(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: _order(one, other) in (0, 1), left, right)


def order(left: Any, right: Any) -> Any:
    """The function `compare`: -1, 0 or 1."""
    return broadcast(_order, left, right)


def logical(value: Any, function: str) -> bool:
    """An operand of `and`, `or`, `xor` and `not`: texts count as numbers, null is refused."""
    return truthy(number(value, function))


def negation(value: Any) -> Any:
    if isinstance(value, list):
        return [negation(item) for item in value]
    return value is None or value is UNDEFINED or not logical(value, "not")


def xor(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: logical(one, "xor") != logical(other, "xor"), left, right)


def conjunction(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: logical(one, "and") and logical(other, "and"), left, right)


def disjunction(left: Any, right: Any) -> Any:
    return broadcast(lambda one, other: logical(one, "or") or logical(other, "or"), left, right)


def decides(value: Any, function: str) -> bool:
    """Whether the left side of `and` or `or` is the answer, so that the right one is not computed."""
    return not isinstance(value, list) and logical(value, function) is (function == "or")


def _integer(value: Any, name: str, index: int = 0) -> int:
    whole = number(value, name, index)
    if not math.isfinite(whole) or whole != int(whole):
        raise ExpressionError(f"Integers expected in function {name}")
    return int(whole)


def _bits(name: str, function: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    """Bit operators work on 32 bits, as JavaScript's do."""

    def scalar(left: Any, right: Any) -> int:
        return int32(function(int32(_integer(left, name, 0)), int32(_integer(right, name, 1))))

    return lambda left, right: broadcast(scalar, left, right)


def int32(value: int) -> int:
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


bit_and = _bits("bitAnd", lambda left, right: left & right)
bit_or = _bits("bitOr", lambda left, right: left | right)
bit_xor = _bits("bitXor", lambda left, right: left ^ right)
left_shift = _bits("leftShift", lambda left, right: left << (right & 31))
right_shift = _bits("rightArithShift", lambda left, right: left >> (right & 31))


def _unsigned_shift(left: Any, right: Any) -> int:
    places = _integer(right, "rightLogShift", 1) & 31
    return (_integer(left, "rightLogShift") & 0xFFFFFFFF) >> places


def unsigned_shift(left: Any, right: Any) -> Any:
    return broadcast(_unsigned_shift, left, right)


def bit_not(value: Any) -> Any:
    return bit_xor(value, -1)
