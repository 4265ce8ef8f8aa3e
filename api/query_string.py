"""Query strings as clients of the wire write them: the semantics of the `qs` package with strict nulls.

`a[b]=c` nests, `a[]=1&a[]=2` and repeated keys are lists, `a[3]=x` is a list up to index 100 and an object with
numeric keys beyond, a key without `=` is None, commas mean nothing. Brackets nest five deep; what is deeper stays
one literal key, as `qs` has it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from api.errors import ApiError

__all__ = ["parse"]

_MAX_DEPTH = 5
_MAX_INDEX = 100
_MAX_PARAMETERS = 10_000
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def parse(text: str) -> dict[str, Any]:
    """The query as nested dicts, lists, strings and None."""
    if not text:
        return {}
    root: dict[str, Any] = {}
    parts = text.replace("%5B", "[").replace("%5b", "[").replace("%5D", "]").replace("%5d", "]").split("&")
    if len(parts) > _MAX_PARAMETERS:
        raise ApiError(400, "too many parameters")
    for part in parts:
        if not part:
            continue
        key, value = _pair(part)
        _insert(root, _path(key), value)
    return {key: _settle(value) for key, value in root.items()}


def _pair(part: str) -> tuple[str, str | None]:
    equals = part.find("=")
    if equals < 0:
        return _decode(part), None
    if "[" in part[:equals]:
        # a bracketed name may hold an equals sign itself
        bracket = part.find("]=")
        equals = bracket + 1 if bracket >= 0 else equals
    return _decode(part[:equals]), _decode(part[equals + 1 :])


def _decode(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        decoded = text
    else:
        try:
            decoded = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            raise ApiError(400, "the query is not valid UTF-8") from None
    if "\0" in decoded:
        raise ApiError(400, "a null character is not allowed")
    return decoded


def _path(key: str) -> list[str]:
    """`a[b][]` → a, b, ''."""
    opened = key.find("[")
    if opened < 0:
        return [key]
    path = [key[:opened]] if opened else []
    rest = key[opened:]
    while rest.startswith("[") and len(path) <= _MAX_DEPTH:
        closed = rest.find("]")
        if closed < 0:
            break
        path.append(rest[1:closed])
        rest = rest[closed + 1 :]
    if rest.startswith("["):
        path.append(rest)
    return path or [key]


def _insert(node: dict[str, Any], path: list[str], value: str | None) -> None:
    """Containers are dicts until they settle; an empty step appends."""
    for step in path[:-1]:
        key = step or _next_index(node)
        child = node.get(key)
        if not isinstance(child, dict):
            child = {} if key not in node else {"0": child}
            node[key] = child
        node = child
    key = path[-1] or _next_index(node)
    if key not in node:
        node[key] = value
        return
    present = node[key]
    if not isinstance(present, dict):
        present = node[key] = {"0": present}
    present[_next_index(present)] = value


def _next_index(node: dict[str, Any]) -> str:
    index = len(node)
    while str(index) in node:
        index += 1
    return str(index)


def _settle(value: Any) -> Any:
    """Dicts that were lists become lists."""
    if not isinstance(value, dict):
        return value
    settled = {key: _settle(item) for key, item in value.items()}
    if all(_INDEX.fullmatch(key) for key in settled):
        dense = list(settled) == [str(index) for index in range(len(settled))]
        if dense or all(int(key) <= _MAX_INDEX for key in settled):
            return [settled[key] for key in sorted(settled, key=int)]
    return settled
