"""Aggregating queries split into a shape and values.

The shape's keys are, besides ``kind`` (``query``), ``collection`` and ``filter``:

    dimensions   [path, name, n] each: what rows are grouped by; n is the parameter of the format, 0 without one
    measures     [path, name, function, distinct] each; without a function a column like a dimension
    having       tree of conditions on the names
    orders       [name or "", path, descending, nulls first] each
    zone         ["interval" | "text", n]: where instants are formatted
    limit, offset    numbers of parameters
    access, scope    as everywhere (see access)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from orchestrator.errors import InvalidError
from orchestrator.model.access import read_access
from orchestrator.model.conditions import Conditions, Parameters
from orchestrator.model.dateranges import parse_zone

__all__ = ["FUNCTIONS", "split_query"]

FUNCTIONS = frozenset({"count", "sum", "avg", "min", "max"})
#: rows of a grouped query that has no limit of its own
_DEFAULT_LIMIT = 2_000
#: measures, dimensions, orders
_MOST = 50
#: bytes of a column's name
_LONGEST = 63
_GREATEST = 2**31 - 1

_TOKEN = re.compile(r"\[([^\]]*)\]|([A-Za-z]+)|([^A-Za-z\[]+)")
#: runs of letters as clients write them, and as PostgreSQL's to_char does
_TOKENS = {
    "YYYY": "YYYY",
    "YY": "YY",
    "GGGG": "IYYY",
    "Q": "Q",
    "MMMM": "FMMonth",
    "MMM": "Mon",
    "MM": "MM",
    "M": "FMMM",
    "WW": "IW",
    "W": "FMIW",
    "DD": "DD",
    "D": "FMDD",
    "HH": "HH24",
    "H": "FMHH24",
    "hh": "HH24",
    "mm": "MI",
    "ss": "SS",
    "SSS": "MS",
    "T": '"T"',
}


def split_query(request: Mapping[str, Any], most: int | None = None) -> tuple[str, list[str | None]]:
    """The shape of a query and its values.

    Args:
        request: ``collection``, the query's own keys as clients write them, and what conditions may refer to:
            ``now``, ``timezone``, ``userId``; ``access`` and ``scope``.
        most: rows that are given out at the most.

    Raises:
        InvalidError: the query is none, or asks for nothing.
    """
    parameters = Parameters()
    zone = parse_zone(request.get("timezone"))
    conditions = Conditions(
        parameters, now=request.get("now") or datetime.now(UTC), zone=zone, user_id=request.get("userId")
    )
    measures = [_measure(item) for item in _items(request, "measures")]
    dimensions = [_dimension(item, parameters) for item in _items(request, "dimensions")]
    if not measures and not dimensions:
        raise InvalidError("Query action requires at least one measure or dimension")
    _check_names([item[1] for item in (*dimensions, *measures)])
    shape: dict[str, Any] = {
        "kind": "query",
        "collection": request["collection"],
        "dimensions": dimensions,
        "measures": measures,
        "orders": [_order(item) for item in _items(request, "orders")],
        "filter": conditions.read(request.get("filter")),
        "having": conditions.read(request.get("having")),
    }
    if any(item[2] for item in dimensions):
        shape["zone"] = _zone(zone, request.get("timezone"), parameters)
    limit = _number(request, "limit", least=1)
    if limit is None and (dimensions or any(item[2] for item in measures)):
        limit = _DEFAULT_LIMIT
    if most is not None:
        limit = min(most, limit or most)
    for name, number in (("limit", limit), ("offset", _number(request, "offset", least=0))):
        if number:
            shape[name] = parameters.add(str(number))
    shape = {k: v for k, v in shape.items() if v} | read_access(request, conditions)
    text = json.dumps(shape, separators=(",", ":"), sort_keys=True)
    return text, parameters.values


def _items(request: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = request.get(name) or []
    if isinstance(items, Mapping):
        items = [items]
    if not isinstance(items, list | tuple) or not all(isinstance(item, Mapping) for item in items):
        raise InvalidError(f'"{name}" must be a list of objects')
    if len(items) > _MOST:
        raise InvalidError(f'"{name}" must not be more than {_MOST}')
    return list(items)


def _path(item: Mapping[str, Any]) -> list[str]:
    """A field's path from a dotted text or a list."""
    field = item.get("field")
    path = field.split(".") if isinstance(field, str) else field
    if not isinstance(path, list | tuple) or not path or not all(isinstance(name, str) and name for name in path):
        raise InvalidError('"field" must be the name of a field')
    return list(path)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidError(f'"{name}" must be a text')
    return value or ""


def _measure(item: Mapping[str, Any]) -> list[Any]:
    path, function = _path(item), _text(item, "aggregation").lower()
    if function and function not in FUNCTIONS:
        raise InvalidError(f'aggregation "{function}" does not exist')
    distinct = bool(function) and item.get("distinct") in (True, "true")
    return [path, _text(item, "alias") or ".".join(path), function, distinct]


def _dimension(item: Mapping[str, Any], parameters: Parameters) -> list[Any]:
    path, format_ = _path(item), _text(item, "format")
    return [
        path,
        _text(item, "alias") or ".".join(path),
        parameters.add(_pattern(format_)) if format_ else 0,
    ]


def _order(item: Mapping[str, Any]) -> list[Any]:
    alias = _text(item, "alias")
    direction, nulls = _text(item, "order").lower() or "asc", _text(item, "nulls").lower() or "default"
    if direction not in {"asc", "desc"}:
        raise InvalidError(f'"order" must be asc or desc, not "{direction}"')
    if nulls not in {"default", "first", "last"}:
        raise InvalidError(f'"nulls" must be first or last, not "{nulls}"')
    return [alias, [] if alias and not item.get("field") else _path(item), direction == "desc", nulls == "first"]


def _check_names(names: Sequence[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise InvalidError(f'"{name}" is asked for twice')
        if len(name.encode()) > _LONGEST or "\x00" in name:
            raise InvalidError(f'"{name}" is no name for a column')
        seen.add(name)


def _pattern(format_: str) -> str:
    """A format as to_char reads it; what is no token is put in quotes."""
    parts, end = [], 0
    for match in _TOKEN.finditer(format_):
        if match.start() != end:
            break
        end = match.end()
        quoted, letters, other = match.groups()
        if letters is None:
            text = quoted if other is None else other
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'"{escaped}"' if text else "")
        else:
            parts += _runs(letters, format_)
    if end != len(format_) or "\x00" in format_:
        raise InvalidError(f'Invalid format "{format_}"')
    return "".join(parts)


def _runs(letters: str, format_: str) -> Iterable[str]:
    """Tokens that follow each other without anything between them, such as ``YYYYMMDD``."""
    for run in re.finditer(r"(.)\1*", letters):
        if run[0] not in _TOKENS:
            raise InvalidError(f'Invalid format "{format_}"')
        yield _TOKENS[run[0]]


def _zone(zone: tzinfo, name: str | None, parameters: Parameters) -> list[Any]:
    """A name as PostgreSQL knows it; an offset as an interval, for as a name it would count the other way."""
    offset = zone.utcoffset(None)
    if offset is None:
        return ["text", parameters.add(str(name))]
    return ["interval", parameters.add(f"{int(offset / timedelta(minutes=1))} minutes")]


def _number(request: Mapping[str, Any], name: str, *, least: int) -> int | None:
    value = request.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    if isinstance(value, Decimal | float) and -_GREATEST <= value <= _GREATEST and value == value // 1:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _GREATEST:
        raise InvalidError(f'"{name}" must be a number from {least}')
    return value
