"""Logical and information functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from orchestrator.engine.expressions.error_value import NOT_AVAILABLE, VALUE, ErrorValue, fail
from orchestrator.engine.expressions.formulajs.coerce import flat, guarded, integer, number, same
from orchestrator.engine.js import UNDEFINED, is_number, truthy

__all__ = ["FUNCTIONS"]


def choose_if(test: Any, then: Any = True, otherwise: Any = False) -> Any:
    if type(test) is ErrorValue:
        return test
    chosen = then if truthy(test) else otherwise
    return 0 if chosen is None or chosen is UNDEFINED else chosen


def first_true(*pairs: Any) -> Any:
    """IFS: condition and value in turn."""
    for test, value in zip(pairs[::2], pairs[1::2], strict=False):
        if type(test) is ErrorValue:
            return test
        if truthy(test):
            return value
    return NOT_AVAILABLE


def switch(subject: Any, *cases: Any) -> Any:
    """Value and result in turn, a lone last one being the default."""
    if type(subject) is ErrorValue:
        return subject
    for value, result in zip(cases[::2], cases[1::2], strict=False):
        if same(subject, value) or subject is value:
            return result
    return cases[-1] if len(cases) % 2 else NOT_AVAILABLE


def choose(position: Any, *values: Any) -> Any:
    if type(position) is ErrorValue:
        return position
    index = integer(position)
    return values[index - 1] if 1 <= index <= len(values) else VALUE


def _truths(values: tuple[Any, ...]) -> list[bool]:
    """Of AND, OR and XOR: nulls and texts are passed over."""
    items = [value for value in flat(values) if not (value is None or value is UNDEFINED or isinstance(value, str))]
    return [truthy(value) for value in items] or fail(VALUE)


def is_error(value: Any) -> bool:
    return type(value) is ErrorValue or (is_number(value) and not math.isfinite(value))


def is_blank(value: Any = None) -> bool:
    return value is None or value is UNDEFINED


def error_number(value: Any) -> int:
    codes = {"#NULL!": 1, "#DIV/0!": 2, "#VALUE!": 3, "#REF!": 4, "#NAME?": 5, "#NUM!": 6, "#N/A": 7}
    return codes[value.code] if type(value) is ErrorValue else fail(NOT_AVAILABLE)


def type_number(value: Any) -> int:
    kinds: tuple[tuple[Any, int], ...] = ((bool, 4), (str, 2), (ErrorValue, 16), (list, 64))
    return next((code for kind, code in kinds if isinstance(value, kind)), 1)


def as_number(value: Any = None) -> Any:
    """N: numbers, booleans and dates as numbers, anything else 0."""
    return number(value) if is_number(value) or isinstance(value, bool | date) else 0


_SEES_ERRORS: Final[dict[str, Callable[..., Any]]] = {
    "IF": choose_if,
    "IFS": first_true,
    "SWITCH": switch,
    "CHOOSE": choose,
    "IFERROR": lambda value, otherwise=UNDEFINED: otherwise if is_error(value) else value,
    "IFNA": lambda value, otherwise=UNDEFINED: otherwise if value is NOT_AVAILABLE else value,
    "ISBLANK": is_blank,
    "ISERR": lambda value: is_error(value) and value is not NOT_AVAILABLE,
    "ISERROR": is_error,
    "ISNA": lambda value: value is NOT_AVAILABLE,
    "ISTEXT": lambda value: isinstance(value, str),
    "ISNONTEXT": lambda value: not isinstance(value, str),
    "ISNUMBER": lambda value: is_number(value) and math.isfinite(value),
    "ISLOGICAL": lambda value: isinstance(value, bool),
    "ERROR.TYPE": error_number,
    "TYPE": type_number,
}

_PLAIN: Final[dict[str, Callable[..., Any]]] = {
    "AND": lambda *values: all(_truths(values)),
    "OR": lambda *values: any(_truths(values)),
    "NOT": lambda value: not truthy(value),
    "XOR": lambda *values: sum(_truths(values)) % 2 == 1,
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "NA": lambda: NOT_AVAILABLE,
    "N": as_number,
    "ISEVEN": lambda value: integer(value) % 2 == 0,
    "ISODD": lambda value: integer(value) % 2 == 1,
}

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: guarded(function, sees_errors=True) for name, function in _SEES_ERRORS.items()},
    **{name: guarded(function) for name, function in _PLAIN.items()},
}
