"""JavaScript's operators. A spreadsheet's error value as an operand is the result."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import ErrorValue
from orchestrator.engine.js import (
    NUMBERS,
    UNDEFINED,
    ExpressionError,
    compare,
    loose_equal,
    strict_equal,
    string,
    to_number,
    truthy,
)

__all__ = ["LONGEST_TEXT", "add", "capped", "int32", "joined", "spread", "type_of"]

#: The longest text and array that an expression may make.
LONGEST_TEXT: Final = 1_000_000
LONGEST_ARRAY: Final = 100_000


def joined(text: str) -> str:
    """A text that was made, if it is not too long."""
    if len(text) > LONGEST_TEXT:
        raise ExpressionError("Invalid string length", "RangeError")
    return text


def capped(items: list[Any]) -> list[Any]:
    """An array that was made, if it is not too long."""
    if len(items) > LONGEST_ARRAY:
        raise ExpressionError("Invalid array length", "RangeError")
    return items


def add(left: Any, right: Any) -> Any:
    """`+`: joins texts, and whatever is neither number, boolean nor null."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return arithmetic.add(left, right)
    for side in (left, right):
        if type(side) is ErrorValue:
            return side
    if any(isinstance(side, str | list | dict | date) for side in (left, right)):
        return joined(string(left) + string(right))
    return arithmetic.add(to_number(left), to_number(right))


def _numeric(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operate(left: Any, right: Any) -> Any:
        if type(left) in NUMBERS and type(right) in NUMBERS:
            return function(left, right)
        for side in (left, right):
            if type(side) is ErrorValue:
                return side
        return function(to_number(left), to_number(right))

    return operate


subtract = _numeric(arithmetic.subtract)
divide = _numeric(arithmetic.divide)
remainder = _numeric(arithmetic.remainder)
power = _numeric(arithmetic.power)
multiply = _numeric(arithmetic.multiply)


def minus(value: Any) -> Any:
    return value if type(value) is ErrorValue else arithmetic.multiply(to_number(value), -1)


def plus(value: Any) -> Any:
    return value if type(value) is ErrorValue else to_number(value)


def negation(value: Any) -> bool:
    return not truthy(value)


def _order(left: Any, right: Any) -> int | None:
    """As `compare`, where null and booleans are numbers beside a date as well."""
    if isinstance(left, date) or isinstance(right, date):
        left, right = (to_number(side) if side is None or type(side) is bool else side for side in (left, right))
    return compare(left, right)


def less(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left < right
    return _order(left, right) == -1


def greater(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left > right
    return _order(left, right) == 1


def at_most(left: Any, right: Any) -> bool:
    return _order(left, right) in (-1, 0)


def at_least(left: Any, right: Any) -> bool:
    return _order(left, right) in (0, 1)


def unequal(left: Any, right: Any) -> bool:
    return not loose_equal(left, right)


def strictly_unequal(left: Any, right: Any) -> bool:
    return not strict_equal(left, right)


def int32(value: Any) -> int:
    """A number cut to 32 bits, NaN and infinity being 0."""
    number = to_number(value)
    if not math.isfinite(number):
        return 0
    return ((int(number) + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def _bits(function: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    return lambda left, right: int32(function(int32(left), int32(right)))


bit_and = _bits(lambda left, right: left & right)
bit_or = _bits(lambda left, right: left | right)
bit_xor = _bits(lambda left, right: left ^ right)
left_shift = _bits(lambda left, right: left << (right & 31))
right_shift = _bits(lambda left, right: left >> (right & 31))


def unsigned_shift(left: Any, right: Any) -> int:
    return (int32(left) & 0xFFFFFFFF) >> (int32(right) & 31)


def bit_not(value: Any) -> int:
    return ~int32(value)


def type_of(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    if type(value) is bool:
        return "boolean"
    if type(value) in NUMBERS:
        return "number"
    if isinstance(value, str):
        return "string"
    return "function" if callable(value) else "object"


def nothing(_value: Any) -> Any:
    """`void x`."""
    return UNDEFINED


def contains(key: Any, value: Any) -> bool:
    """`key in value`: own properties only."""
    if isinstance(value, dict):
        return string(key) in value
    if isinstance(value, list):
        return string(key) == "length" or (string(key).isdecimal() and int(string(key)) < len(value))
    raise ExpressionError(f"Cannot use 'in' operator to search for '{string(key)}' in {string(value)}", "TypeError")


def spread(value: Any) -> list[Any]:
    """What `...value` gives in an array or a call."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return list(value)
    raise ExpressionError(f"{string(value)} is not iterable", "TypeError")


def spread_object(value: Any) -> dict[str, Any]:
    """What `...value` gives in an object."""
    return value if isinstance(value, dict) else {}
