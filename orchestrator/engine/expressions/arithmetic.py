"""Arithmetic on int, float and Decimal together.

Integers and decimals stay exact; where a float takes part the result is a float. Nothing raises: division by zero and
overflow give infinity or NaN as in JavaScript, and integers beyond LARGEST become floats so that no product can grow
without bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from orchestrator.engine.js import is_nan, to_float

__all__ = [
    "LARGEST",
    "add",
    "ceiling",
    "divide",
    "fixed",
    "floor",
    "modulo",
    "multiply",
    "power",
    "remainder",
    "round_half_up",
    "round_significant",
    "subtract",
    "truncate",
    "unary",
]

LARGEST: Final = 1 << 128
_LARGEST_EXPONENT: Final = 1024
_NAN: Final = math.nan


def _bounded(value: Any) -> Any:
    if type(value) is int and not -LARGEST < value < LARGEST:
        return to_float(value)
    return value


def add(left: Any, right: Any) -> Any:
    kind, other = type(left), type(right)
    if kind is float or other is float:
        return (left if kind is float else to_float(left)) + (right if other is float else to_float(right))
    try:
        value = left + right
    except (TypeError, ArithmeticError):
        return to_float(left) + to_float(right)
    return value if type(value) is not int or -LARGEST < value < LARGEST else to_float(value)


def subtract(left: Any, right: Any) -> Any:
    kind, other = type(left), type(right)
    if kind is float or other is float:
        return (left if kind is float else to_float(left)) - (right if other is float else to_float(right))
    try:
        value = left - right
    except (TypeError, ArithmeticError):
        return to_float(left) - to_float(right)
    return value if type(value) is not int or -LARGEST < value < LARGEST else to_float(value)


def multiply(left: Any, right: Any) -> Any:
    kind, other = type(left), type(right)
    if kind is float or other is float:
        return (left if kind is float else to_float(left)) * (right if other is float else to_float(right))
    try:
        value = left * right
    except (TypeError, ArithmeticError):
        return to_float(left) * to_float(right)
    return value if type(value) is not int or -LARGEST < value < LARGEST else to_float(value)


def divide(left: Any, right: Any) -> Any:
    """An int where integers divide without remainder."""
    if not right:
        if not left or math.isnan(left):
            return _NAN
        return math.copysign(math.inf, left) * math.copysign(1.0, right)
    if type(left) is int and type(right) is int:
        quotient, rest = divmod(left, right)
        return quotient if rest == 0 else to_float(left) / to_float(right)
    if type(left) is float or type(right) is float:
        return _float_divide(to_float(left), to_float(right))
    try:
        return left / right
    except (TypeError, ArithmeticError):
        return _float_divide(to_float(left), to_float(right))


def _float_divide(left: float, right: float) -> float:
    return left / right if right else _NAN


def remainder(left: Any, right: Any) -> Any:
    """JavaScript's `%`: the sign is the dividend's."""
    if not right:
        return _NAN
    try:
        if type(left) is int and type(right) is int:
            rest = abs(left) % abs(right)
            return -rest if left < 0 else rest
        if type(left) is float or type(right) is float:
            return math.fmod(left, right)
        return Decimal(left) % Decimal(right)
    except (ValueError, ArithmeticError):
        return _NAN


def modulo(left: Any, right: Any) -> Any:
    """The mathematician's mod: the sign is the divisor's, and mod 0 leaves the number as it is."""
    if not right:
        return left
    rest = remainder(left, right)
    if is_nan(rest) or is_nan(right):
        return _NAN
    return add(rest, right) if rest and (rest < 0) != (right < 0) else rest


def power(base: Any, exponent: Any) -> Any:
    try:
        if type(base) is int and type(exponent) is int:
            if 0 <= exponent <= _LARGEST_EXPONENT and base.bit_length() * exponent <= _LARGEST_EXPONENT:
                return _bounded(base**exponent)
        elif type(base) is Decimal and type(exponent) is int and 0 <= exponent <= _LARGEST_EXPONENT:
            return base**exponent
        power = to_float(exponent)
        if math.isnan(power) or (math.isinf(power) and abs(base) == 1):
            return _NAN
        return math.pow(base, power)
    except OverflowError:
        odd = to_float(exponent) % 2 == 1
        return -math.inf if base < 0 and odd else math.inf
    except (ValueError, ArithmeticError):
        return math.inf if base == 0 and exponent < 0 else _NAN


def unary(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of `math` that gives NaN outside its domain and infinity beyond its range."""

    def apply(value: Any) -> Any:
        try:
            return function(to_float(value))
        except ValueError:
            return _NAN
        except OverflowError:
            return math.inf

    return apply


def _integral(function: Callable[[Any], int]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if type(value) is int:
            return value
        return function(value) if math.isfinite(value) else to_float(value)

    return apply


floor = _integral(math.floor)
ceiling = _integral(math.ceil)
truncate = _integral(math.trunc)


def round_half_up(value: Any, digits: int = 0, rounding: str = ROUND_HALF_UP) -> Any:
    """Rounded to decimals, halves away from zero unless told otherwise; a float is the number it is printed as."""
    if type(value) is int and digits >= 0:
        return value
    if not math.isfinite(value) or digits > 15:
        return value
    exact = value if type(value) is Decimal else Decimal(repr(value))
    try:
        rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding)
    except ArithmeticError:
        return value
    if digits <= 0:
        return int(rounded)
    return rounded if type(value) is Decimal else float(rounded)


def round_significant(exact: Decimal, digits: int) -> Decimal:
    """A finite number with at most so many significant digits, halves away from zero."""
    return Context(prec=digits, rounding=ROUND_HALF_UP).plus(exact)


def fixed(value: Any, digits: int) -> str:
    """A finite number with exactly so many decimals."""
    rounded = round_half_up(value, digits)
    return format(Decimal(repr(rounded)) if type(rounded) is float else Decimal(rounded), f".{digits}f")
