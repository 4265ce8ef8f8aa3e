"""Instants as JavaScript knows them: milliseconds since 1970 in UTC, printed with three decimals and a Z.

A text without an offset is read as UTC, so that a rule gives the same answer on every server.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

__all__ = ["as_utc", "epoch_ms", "from_epoch_ms", "iso", "parse"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
_ZONE = r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_ISO = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?" + _TIME + _ZONE, re.ASCII | re.IGNORECASE)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})" + _TIME + _ZONE, re.ASCII | re.IGNORECASE)
_WEEKDAY = r"(?:[A-Za-z]{3,9},?\s+)?"
_DAY_FIRST = re.compile(_WEEKDAY + r"(\d{1,2}) ([A-Za-z]{3,9}),? (\d{4})" + _TIME + _ZONE, re.ASCII | re.IGNORECASE)
_MONTH_FIRST = re.compile(_WEEKDAY + r"([A-Za-z]{3,9}) (\d{1,2}),? (\d{4})" + _TIME + _ZONE, re.ASCII | re.IGNORECASE)


def as_utc(value: date) -> datetime:
    """The instant in UTC; a plain day is its midnight, a datetime without a zone is taken as UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def iso(value: date) -> str:
    """`2026-11-21T01:55:49.270Z`."""
    at = as_utc(value)
    return f"{at.year:04d}-{at:%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def epoch_ms(value: date) -> int:
    return (as_utc(value) - EPOCH) // timedelta(milliseconds=1)


def from_epoch_ms(value: float) -> datetime | None:
    """None where a calendar from year 1 to 9999 cannot hold the instant."""
    try:
        return EPOCH + timedelta(milliseconds=int(value))
    except (OverflowError, ValueError):
        return None


def parse(text: str) -> datetime | None:
    """The instant that a text names, None when it names none."""
    text = text.strip()
    if len(text) > 64:
        return None
    if match := _ISO.fullmatch(text):
        year, month, day, *rest = match.groups()
        return _build(int(year), int(month or 1), int(day or 1), rest)
    if match := _SLASHED.fullmatch(text):
        month, day, year, *rest = match.groups()
        return _build(int(year), int(month), int(day), rest)
    if match := _DAY_FIRST.fullmatch(text):
        day, name, year, *rest = match.groups()
    elif match := _MONTH_FIRST.fullmatch(text):
        name, day, year, *rest = match.groups()
    else:
        return None
    if name[:3].lower() not in MONTHS:
        return None
    return _build(int(year), MONTHS.index(name[:3].lower()) + 1, int(day), rest)


def _build(year: int, month: int, day: int, rest: list[str | None]) -> datetime | None:
    hour, minute, second, fraction, zone = rest
    try:
        at = datetime(
            year,
            month,
            day,
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(zone),
        )
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
