"""Scopes: filters kept with a permission, whose variables are those of who asks.

Variables count wherever they stand, in lists and below ``$not`` as well, and one without a value makes the whole scope
ask for nothing that exists: read as null it would show the rows that belong to nobody, negated even all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.model.variables import Variables

__all__ = ["resolve", "to_variable_names"]

_VARIABLE = re.compile(r"\s*\{\{\s*([^{}]+?)\s*\}\}\s*")
_STATE = re.compile(r"(?:ctx\.)?state\.")
#: levels that are looked through, as deep as filters may be
_DEPTH = 64


class _MissingError(Exception):
    """A variable without a value."""


def resolve(scope: Any, variables: Variables) -> Any:
    """The filter with the values of its variables; False when one has none, or when it is no filter."""
    if not isinstance(scope, Mapping):
        return False
    try:
        return _replaced(scope, variables, "", 0)
    except _MissingError:
        return False


def to_variable_names(scope: Any) -> set[str]:
    """The variables of a scope by the names that client filters use."""
    return {name for text in _texts(scope, 0) if (name := _name(text)) is not None}


def _name(text: str) -> str | None:
    """What a text that is exactly one variable names."""
    match = _VARIABLE.fullmatch(text)
    if match is None:
        return None
    name = _STATE.sub("", match[1], count=1) if _STATE.match(match[1]) else match[1]
    if name.startswith("currentUser."):
        return "$user." + name.removeprefix("currentUser.")
    return "$nRole" if name in {"currentRole", "currentRoles"} else name


def _replaced(node: Any, variables: Variables, operator: str, depth: int) -> Any:
    if isinstance(node, str):
        return _value(node, variables, operator) if "{{" in node else node
    if depth > _DEPTH:
        raise _MissingError
    if isinstance(node, Mapping):
        return {key: _replaced(value, variables, _operator(key) or operator, depth + 1) for key, value in node.items()}
    if isinstance(node, list | tuple):
        out: list[Any] = []
        for item in node:
            value = _replaced(item, variables, operator, depth + 1)
            out.extend(value if isinstance(item, str) and isinstance(value, list | tuple) else [value])
        return out
    return node


def _value(text: str, variables: Variables, operator: str) -> Any:
    name = _name(text)
    value = variables.value(name, operator) if name is not None else None
    if value is None or value == []:
        raise _MissingError
    return value


def _operator(key: str) -> str:
    names = [name for name in key.split(".") if name.startswith("$")]
    return names[-1] if names else ""


def _texts(node: Any, depth: int) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif depth <= _DEPTH and isinstance(node, Mapping | list | tuple):
        for item in node.values() if isinstance(node, Mapping) else node:
            yield from _texts(item, depth + 1)
