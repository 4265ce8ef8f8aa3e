"""Texts and types of math.js."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import operators
from orchestrator.engine.js import ExpressionError, is_nan, is_number, number_text, string, to_number

__all__ = ["FUNCTIONS", "significant"]


def significant(value: Any, digits: int) -> str:
    """A number with at most so many significant digits."""
    exact = Decimal(repr(value)) if type(value) is float else Decimal(value)
    if not exact.is_finite() or not exact:
        return number_text(value)
    return number_text(float(arithmetic.round_half_up(exact, digits - 1 - exact.adjusted())))


def shown(value: Any, options: Any = None) -> str:
    """`format`: with a precision, or `{notation: "fixed", precision: n}`."""
    if isinstance(value, list):
        return "[" + ", ".join(shown(item, options) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {shown(item, options)}" for key, item in value.items()) + "}"
    if not is_number(value) or options is None:
        return string(value)
    precision = options.get("precision") if isinstance(options, dict) else options
    is_fixed = isinstance(options, dict) and options.get("notation") == "fixed"
    if precision is None:
        return arithmetic.fixed(value, 0) if is_fixed else string(value)
    digits = int(precision)
    if not 0 <= digits <= 15:
        raise ExpressionError("precision must be between 0 and 15", "RangeError")
    return arithmetic.fixed(value, digits) if is_fixed else significant(value, max(digits, 1))


def as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return string(value)


def as_boolean(value: Any) -> Any:
    if isinstance(value, list):
        return [as_boolean(item) for item in value]
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return bool(operators.number(value, "boolean"))


def as_number(value: Any = 0) -> Any:
    if isinstance(value, list):
        return [as_number(item) for item in value]
    return 0 if value is None else operators.number(value, "number")


def is_numeric(value: Any) -> Any:
    if isinstance(value, list):
        return [is_numeric(item) for item in value]
    return is_number(value) or isinstance(value, bool)


def has_numeric_value(value: Any) -> bool:
    number = to_number(value) if isinstance(value, str | bool) or is_number(value) else None
    return number is not None and not is_nan(number) and value != ""


def equal_text(left: Any, right: Any) -> Any:
    return operators.broadcast(lambda one, other: string(one) == string(other), left, right)


def compare_text(left: Any, right: Any) -> Any:
    return operators.broadcast(
        lambda one, other: (string(one) > string(other)) - (string(one) < string(other)), left, right
    )


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "format": shown,
    "string": as_text,
    "number": as_number,
    "boolean": as_boolean,
    "typeOf": operators.type_name,
    "isNumeric": is_numeric,
    "hasNumericValue": has_numeric_value,
    "equalText": equal_text,
    "compareText": compare_text,
    "deepEqual": lambda left, right: bool(left == right),
    "clone": lambda value: value,
}
