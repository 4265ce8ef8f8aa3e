"""JSON as PostgreSQL stores it, from the values that the engine computes with.

Numbers stay exact: a Decimal is written with its own digits. What JSON cannot say becomes null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestrator.engine.variables import UNDEFINED

__all__ = ["exact", "from_json", "iso", "quoted", "to_json"]

#: digits before or behind the point that a numeric can have, at most
_DIGITS = 1 << 17


def exact(text: str) -> Decimal | float:
    """A number with a fraction or an exponent; what no column could hold is infinite or 0, as to JavaScript.

    Written out it might be as long as its exponent is high, which takes a few characters to say.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return float(text)
    return number if -_DIGITS <= number.adjusted() <= _DIGITS else float(text)


#: JSON text of a string
quoted = json.encoder.encode_basestring
_decoder: Any = json.JSONDecoder(parse_float=exact)
_decode, _scan = _decoder.decode, _decoder.scan_once


def iso(value: datetime) -> str:
    """ISO-8601 in UTC with milliseconds and Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _plain(value: Any) -> Any:
    """What an unusual value is written as."""
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return None if callable(value) else str(value)


def to_json(value: Any) -> str:
    """JSON text of a value of the engine."""
    cls = value.__class__
    if cls is Decimal and value.is_finite():
        return format(value, "f")
    if cls is int:
        return str(value)
    if cls is str and "\x00" not in value:
        return quoted(value)
    out: list[str] = []
    try:
        _append(value, out.append)
    except RecursionError:
        # nested too deeply
        return "null"
    return "".join(out)


def _append(value: Any, put: Callable[[str], Any]) -> None:
    cls = value.__class__
    if cls is str:
        put(quoted(value.replace("\x00", "")) if "\x00" in value else quoted(value))
    elif value is None or value is UNDEFINED:
        put("null")
    elif cls is bool:
        put("true" if value else "false")
    elif cls is int:
        put(str(value))
    elif cls is Decimal:
        put(format(value, "f") if value.is_finite() else "null")
    elif cls is dict:
        separator = "{"
        for key, item in value.items():
            if item is UNDEFINED:
                continue
            put(separator)
            put(quoted(key if key.__class__ is str else str(key)))
            put(":")
            _append(item, put)
            separator = ","
        put("{}" if separator == "{" else "}")
    elif cls is list or cls is tuple:
        separator = "["
        for item in value:
            put(separator)
            _append(item, put)
            separator = ","
        put("[]" if separator == "[" else "]")
    elif cls is float:
        put(repr(value) if math.isfinite(value) else "null")
    else:
        _append(_plain(value), put)


def from_json(text: str) -> Any:
    """The value of JSON text; numbers with a fraction become Decimal."""
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except StopIteration:
        pass
    # blanks around it, or an error to be told
    return _decode(text)
