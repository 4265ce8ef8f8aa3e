"""Texts and types of math.js."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import operators
from orchestrator.engine.js import ExpressionError, is_nan, is_number, number_text, string, to_number, truthy

__all__ = ["FUNCTIONS"]


_LOWER, _UPPER = -3, 5


def _rounded(value: Any, digits: int | None) -> Decimal:
    """A finite number with at most so many significant digits."""
    exact = Decimal(repr(value)) if type(value) is float else Decimal(value)
    return arithmetic.round_significant(exact, digits) if exact and digits else exact


def _plain(exact: Decimal) -> str:
    text = format(exact, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _exponential(exact: Decimal, digits: int | None, step: int = 1) -> str:
    """With an exponent that is a multiple of `step`, and zeros where there are fewer than `digits`."""
    exponent = exact.adjusted() // step * step if exact else 0
    mantissa = _plain(exact.scaleb(-exponent))
    missing = (digits or 0) - sum(map(str.isdigit, mantissa))
    if missing > 0:
        mantissa += ("" if "." in mantissa else ".") + "0" * missing
    return f"{mantissa}e{exponent:+d}"


def _automatic(exact: Decimal, lower: int, upper: int) -> str:
    is_plain = not exact or lower <= exact.adjusted() < upper
    return _plain(exact) if is_plain else _exponential(exact, None)


def number_shown(value: Any, options: Any = None) -> str:
    """A number as `format` and `string` write it: with an exponent below 0.001 and from 100000 on."""
    if not math.isfinite(value):
        return number_text(value)
    settings = options if isinstance(options, dict) else {"precision": options}
    precision, notation = settings.get("precision"), settings.get("notation", "auto")
    digits = None if precision is None else int(operators.number(precision, "format", 1))
    if digits is not None and not 0 <= digits <= 100:
        raise ExpressionError("precision must be between 0 and 100", "RangeError")
    if notation == "fixed":
        return _plain(_rounded(value, None)) if digits is None else arithmetic.fixed(value, digits)
    exact = _rounded(value, digits)
    if notation in ("exponential", "engineering"):
        return _exponential(exact, digits, 3 if notation == "engineering" else 1)
    if notation != "auto":
        raise ExpressionError(f'Unknown notation "{notation}". Choose "auto", "exponential", or "fixed".')
    lower, upper = (int(settings.get(name, limit)) for name, limit in (("lowerExp", _LOWER), ("upperExp", _UPPER)))
    return _automatic(exact, lower, upper)


def shown(value: Any, options: Any = None) -> str:
    """`format`: with a precision, or with options such as `{notation: "fixed", precision: n}`."""
    if isinstance(value, list):
        return "[" + ", ".join(shown(item, options) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {shown(item, options)}" for key, item in value.items()) + "}"
    return number_shown(value, options) if is_number(value) else string(value)


def as_text(value: Any = "") -> Any:
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return number_shown(value) if is_number(value) else string(value)


def as_boolean(value: Any = False) -> Any:
    if isinstance(value, list):
        return [as_boolean(item) for item in value]
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value is not None and truthy(operators.number(value, "boolean"))


def as_number(value: Any = 0) -> Any:
    if isinstance(value, list):
        return [as_number(item) for item in value]
    return 0 if value is None else operators.number(value, "number")


def is_numeric(value: Any) -> Any:
    if isinstance(value, list):
        return [is_numeric(item) for item in value]
    return is_number(value) or isinstance(value, bool)


def has_numeric_value(value: Any) -> Any:
    if isinstance(value, list):
        return [has_numeric_value(item) for item in value]
    number = to_number(value) if isinstance(value, str | bool) or is_number(value) else None
    return number is not None and value != "" and (is_number(value) or not is_nan(number))


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
