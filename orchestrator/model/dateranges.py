"""What a date operand means: the half-open span of time from ``lower`` to ``upper``.

Bounds are texts with an offset (``2026-01-02T00:00:00+08:00``). PostgreSQL reads such a text as an instant when it is
cast to ``timestamptz`` and ignores the offset when it is cast to ``timestamp`` or ``date``: so one pair of parameters
serves columns with and without a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.errors import InvalidError

__all__ = ["DateRange", "date_range", "parse_zone"]

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})$")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?)?")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_QUARTER = re.compile(r"(\d{4})[Qq]([1-4])")
_WEEK = re.compile(r"(\d{4})-?[Ww](\d{2})")
_YEAR = re.compile(r"\d{4}")
_INTERVAL = re.compile(r"([\[(])([^,]*),([^,]*)([\])])")
_RELATIVE = re.compile(r"(this|last|next)(Iso)?(Week|Month|Quarter|Year)")
_NAMED_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


class DateRange(NamedTuple):
    """``lower`` is included, ``upper`` is not; an instant lasts its millisecond."""

    lower: datetime
    upper: datetime
    instant: bool = False


def parse_zone(text: str | None) -> tzinfo:
    """The zone of ``+08:00`` or ``Asia/Shanghai``; UTC when nothing is said."""
    if not text or text in {"Z", "UTC"}:
        return UTC
    try:
        if match := _OFFSET.fullmatch(text):
            return _offset(match)
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        raise InvalidError(f'Invalid time zone "{text}"') from error


def date_range(operand: Any, now: datetime, zone: tzinfo) -> DateRange:
    """The span that any date operand denotes: a text, a relative object, or a pair of bounds."""
    try:
        if isinstance(operand, Mapping):
            return _relative(operand, now.astimezone(zone))
        if isinstance(operand, list | tuple):
            return _between(operand, now, zone)
        if isinstance(operand, datetime):
            return _instant(operand if operand.tzinfo else operand.replace(tzinfo=UTC))
        if isinstance(operand, str | int) and not isinstance(operand, bool):
            text = str(operand).strip()
            if match := _INTERVAL.fullmatch(text):
                opening, lower, upper, closing = match.groups()
                return _between([lower.strip(), upper.strip(), opening + closing], now, zone)
            return _absolute(text, zone)
    except (ValueError, OverflowError):
        pass
    raise InvalidError(f'Invalid Date "{"null" if operand is None else operand}"')


def _between(operand: Sequence[Any], now: datetime, zone: tzinfo) -> DateRange:
    if len(operand) < 2:
        raise ValueError
    for extra in operand[2:]:
        if isinstance(extra, str) and _OFFSET.fullmatch(extra):
            zone = parse_zone(extra)
    bounds = next((extra for extra in operand[2:] if extra in ("[]", "[)", "(]", "()")), "[]")
    first, last = date_range(operand[0], now, zone), date_range(operand[1], now, zone)
    return DateRange(
        first.lower if bounds[0] == "[" else first.upper,
        last.lower if bounds[1] == ")" or last.instant else last.upper,
    )


def _absolute(text: str, zone: tzinfo) -> DateRange:
    if text.endswith(("Z", "z")):
        day = _day(text[:-1], UTC)
        return _instant(day.lower)
    if match := _OFFSET.search(text):
        zone, text = _offset(match), text[: match.start()].strip()
    if match := _MONTH.fullmatch(text):
        return _months(datetime(int(match[1]), int(match[2]), 1, tzinfo=zone), 1)
    if match := _QUARTER.fullmatch(text):
        return _months(datetime(int(match[1]), int(match[2]) * 3 - 2, 1, tzinfo=zone), 3)
    if match := _WEEK.fullmatch(text):
        monday = datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=zone)
        return DateRange(monday, _shift_days(monday, 7))
    if _YEAR.fullmatch(text):
        return _months(datetime(int(text), 1, 1, tzinfo=zone), 12)
    return _day(text, zone)


def _day(text: str, zone: tzinfo) -> DateRange:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    hour, minute, second, fraction = match[4], match[5], match[6], match[7]
    start = datetime(
        year, month, day, int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "").ljust(6, "0")), zone
    )
    if hour is None:
        return DateRange(start, _shift_days(start, 1))
    if minute is None:
        unit = timedelta(hours=1)
    elif second is None:
        unit = timedelta(minutes=1)
    else:
        unit = timedelta(milliseconds=1) if fraction else timedelta(seconds=1)
    return DateRange(start, _shift(start, unit))


def _relative(operand: Mapping[str, Any], now: datetime) -> DateRange:
    kind = operand.get("type")
    if not isinstance(kind, str):
        raise ValueError
    today = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
    if kind in _NAMED_DAYS:
        return _units(today, "day", _NAMED_DAYS[kind], 1)
    if match := _RELATIVE.fullmatch(kind):
        return _units(today, match[3].lower(), {"this": 0, "last": -1, "next": 1}[match[1]], 1)
    if kind in {"past", "next"}:
        number = int(operand.get("number") or 1)
        if number < 1:
            raise ValueError
        return _units(today, str(operand.get("unit")), -number if kind == "past" else 1, number)
    raise InvalidError(f"Unsupported type: {kind}")


def _units(today: datetime, unit: str, offset: int, count: int) -> DateRange:
    """``count`` whole units, beginning ``offset`` units from the one that today lies in."""
    starts: dict[str, Callable[[], DateRange]] = {
        "day": lambda: DateRange(_shift_days(today, offset), _shift_days(today, offset + count)),
        "week": lambda: _weeks(_shift_days(today, -today.weekday()), offset, count),
        "month": lambda: _months(_add_months(today.replace(day=1), offset), count),
        "quarter": lambda: _months(_add_months(today.replace(day=1), -((today.month - 1) % 3) + offset * 3), count * 3),
        "year": lambda: _months(_add_months(today.replace(day=1, month=1), offset * 12), count * 12),
    }
    if unit not in starts:
        raise InvalidError(f"Unsupported unit: {unit}")
    return starts[unit]()


def _weeks(monday: datetime, offset: int, count: int) -> DateRange:
    return DateRange(_shift_days(monday, 7 * offset), _shift_days(monday, 7 * (offset + count)))


def _months(start: datetime, count: int) -> DateRange:
    return DateRange(start, _add_months(start, count))


def _add_months(start: datetime, count: int) -> datetime:
    index = start.year * 12 + start.month - 1 + count
    return start.replace(year=index // 12, month=index % 12 + 1)


def _shift_days(start: datetime, days: int) -> datetime:
    """Days of the calendar, as long as the zone makes them."""
    return start + timedelta(days=days)


def _shift(start: datetime, unit: timedelta) -> datetime:
    """Elapsed time, whatever the zone's clocks do meanwhile."""
    return (start.astimezone(UTC) + unit).astimezone(start.tzinfo)


def _instant(at: datetime) -> DateRange:
    return DateRange(at, at + timedelta(milliseconds=1), instant=True)


def _offset(match: re.Match[str]) -> timezone:
    delta = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-delta if match[1] == "-" else delta)
