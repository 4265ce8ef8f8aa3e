"""Properties and methods of values: own properties, and the methods listed here. Nothing of Python shows through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from orchestrator.engine.expressions.error_value import ErrorValue
from orchestrator.engine.expressions.formulajs import arrays, instants, strings
from orchestrator.engine.expressions.formulajs.coerce import lenient
from orchestrator.engine.expressions.formulajs.operators import type_of
from orchestrator.engine.js import NUMBERS, UNDEFINED, ExpressionError, is_number, string

__all__ = ["invoke", "invoke_optional", "member", "member_optional", "method", "method_optional"]

_TABLES: Final[dict[type, dict[str, Callable[..., Any]]]] = {
    str: strings.METHODS,
    list: arrays.METHODS,
    datetime: instants.METHODS,
    bool: {"toString": string, "valueOf": lambda value: value},
    dict: {
        "hasOwnProperty": lambda value, key: string(key) in value,
        "toString": string,
    },
    **dict.fromkeys(NUMBERS, strings.NUMBER_METHODS),
}
_METHODS: Final = {
    kind: {name: lenient(function) for name, function in table.items()} for kind, table in _TABLES.items()
}


def member(value: Any, key: Any) -> Any:
    """`value.key` or `value[key]`."""
    if isinstance(value, dict):
        return value.get(key if type(key) is str else string(key), UNDEFINED)
    if isinstance(value, list | str):
        return _element(value, key)
    if value is None or value is UNDEFINED:
        raise ExpressionError(f"Cannot read properties of {string(value)} (reading '{string(key)}')", "TypeError")
    return UNDEFINED


def _element(value: list[Any] | str, key: Any) -> Any:
    if key == "length":
        return len(value)
    if not is_number(key):
        text = string(key)
        if not (text.isdecimal() and text.isascii()) or len(text) > 9:
            return UNDEFINED
        key = int(text)
    return value[int(key)] if 0 <= key < len(value) and key == int(key) else UNDEFINED


def member_optional(value: Any, key: Any) -> Any:
    """`value?.key`."""
    return UNDEFINED if value is None or value is UNDEFINED else member(value, key)


def method(value: Any, name: Any, *arguments: Any) -> Any:
    """`value.name(…)`.

    Raises:
        ExpressionError: there is no such method.
    """
    if type(value) is ErrorValue:
        return value
    own = value.get(name) if isinstance(value, dict) else None
    if callable(own):
        return own(*arguments)
    if value is None or value is UNDEFINED:
        return member(value, name)
    function = _METHODS.get(type(value), {}).get(name) if isinstance(name, str) else None
    if function is None:
        raise ExpressionError(f"{type_of(value)}.{string(name)} is not a function", "TypeError")
    return function(value, *arguments)


def method_optional(value: Any, name: Any, *arguments: Any) -> Any:
    """`value?.name(…)`."""
    return UNDEFINED if value is None or value is UNDEFINED else method(value, name, *arguments)


def invoke(function: Any, *arguments: Any) -> Any:
    """A call of something computed."""
    if not callable(function):
        raise ExpressionError(f"{string(function)} is not a function", "TypeError")
    return function(*arguments)


def invoke_optional(function: Any, *arguments: Any) -> Any:
    """`function?.(…)`."""
    return UNDEFINED if function is None or function is UNDEFINED else invoke(function, *arguments)
