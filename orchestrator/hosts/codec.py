"""Values of a column, equal on every host: what JSON would show, except that numbers stay exact.

Timestamps become ISO-8601 in UTC with milliseconds, whatever the session's settings; JSON is parsed; everything that
has no better form is text.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from orchestrator.engine.encoding import exact

__all__ = ["Decoder", "decoder_of_oid", "decoder_of_type"]

Decoder = Callable[[Any], Any]

_TIMESTAMPTZ = re.compile(
    r"(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?( BC)?"
)
_TIMESTAMP = re.compile(r"(\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?")
_DATE = re.compile(r"\d{4,}-\d\d-\d\d")
_MAX_YEAR = 9999
_SINGLE = struct.Struct("f")


def _text(value: Any) -> Any:
    return value if value.__class__ is str else str(value)


def _json(value: Any) -> Any:
    return json.loads(value, parse_float=exact)


def _bytes(value: Any) -> str:
    raw = bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)
    return base64.b64encode(raw).decode("ascii")


def _timestamptz(value: str) -> str:
    match = _TIMESTAMPTZ.fullmatch(value)
    if match is None:
        if value in ("infinity", "-infinity"):
            return value
        raise ValueError(f'timestamp "{value}" is not in ISO format: DateStyle was changed within the statement')
    year, month, day, hour, minute, second, fraction, sign, off_h, off_m, off_s, era = match.groups()
    millis = (fraction or "").ljust(3, "0")[:3]
    if off_h == "00" and off_m is None and off_s is None and era is None:
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}.{millis}Z"
    if int(year) > _MAX_YEAR or era is not None:
        return value
    offset = timedelta(hours=int(off_h), minutes=int(off_m or 0), seconds=int(off_s or 0))
    zone = timezone(-offset if sign == "-" else offset)
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{millis}Z"


def _timestamp(value: str) -> str:
    match = _TIMESTAMP.match(value)
    if match is None:
        if value in ("infinity", "-infinity"):
            return value
        raise ValueError(f'timestamp "{value}" is not in ISO format: DateStyle was changed within the statement')
    return match.group(1) + (" BC" if value.endswith(" BC") else "")


def _date(value: str) -> str:
    if _DATE.match(value) is None and value not in ("infinity", "-infinity"):
        raise ValueError(f'date "{value}" is not in ISO format: DateStyle was changed within the statement')
    return value


def _real(value: float) -> float:
    """The shortest number that is the same single-precision one: 0.1, where a wider float shows 0.10000000149011612."""
    if not math.isfinite(value):
        return value
    return next(
        short
        for digits in range(6, 10)
        if _SINGLE.pack(short := float(f"{value:.{digits}g}")) == _SINGLE.pack(value) or digits == 9
    )


def _list_of(element: Decoder | None) -> Decoder:
    def decode(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return [
            None if v is None else decode(v) if isinstance(v, list) else element(v) if element else v for v in value
        ]

    return decode


_BY_TYPE: dict[str, Decoder] = {
    "json": _json,
    "jsonb": _json,
    "bytea": _bytes,
    "real": _real,
    "timestamp with time zone": _timestamptz,
    "timestamp without time zone": _timestamp,
    "date": _date,
}
_PLAIN = frozenset(
    {
        "boolean",
        "smallint",
        "integer",
        "bigint",
        "oid",
        "double precision",
        "numeric",
        "text",
        "character varying",
        "character",
        "uuid",
        "name",
        "time without time zone",
        "time with time zone",
    }
)
_MODIFIER = re.compile(r"\(.*?\)")


def decoder_of_type(pg_type: str) -> Decoder | None:
    """The decoder for a type as ``format_type`` names it, None when the host's value is right as it is."""
    name = _MODIFIER.sub("", pg_type).replace("  ", " ").strip()
    if name.endswith("[]"):
        return _list_of(decoder_of_type(name[:-2]))
    if name in _PLAIN:
        return None
    found: Decoder = _BY_TYPE.get(name, _text)
    return found


_BY_OID: dict[int, str] = {
    17: "bytea",
    114: "json",
    3802: "jsonb",
    1082: "date",
    1114: "timestamp without time zone",
    1184: "timestamp with time zone",
    700: "real",
    1021: "real[]",
    1001: "bytea[]",
    199: "json[]",
    3807: "jsonb[]",
    1182: "date[]",
    1115: "timestamp without time zone[]",
    1185: "timestamp with time zone[]",
}


def decoder_of_oid(oid: int) -> Decoder | None:
    """The decoder for a column of a result."""
    name = _BY_OID.get(oid)
    return decoder_of_type(name) if name else None
