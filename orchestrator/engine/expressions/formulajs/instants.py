"""Dates of JavaScript, read in UTC."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from orchestrator.engine import dates
from orchestrator.engine.expressions.error_value import NUMBER, fail
from orchestrator.engine.js import UNDEFINED, ExpressionError, to_number

__all__ = ["METHODS", "build", "construct", "moment"]


def build(year: Any, month: Any, day: Any = 1, *clock: Any) -> datetime | None:
    """A date from parts that may lie outside their ranges: month 13 is January of the next year."""
    years, months = divmod(int(year) * 12 + int(month) - 1, 12)
    hours, minutes, seconds, milliseconds = [*map(float, clock), *[0.0] * (4 - len(clock))]
    try:
        first = dates.EPOCH.replace(year=years, month=months + 1)
        return first + timedelta(
            days=int(day) - 1, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds
        )
    except (ValueError, OverflowError):
        return None


def moment(value: datetime | None) -> datetime:
    """A date that exists, else the spreadsheet's error for numbers."""
    return fail(NUMBER) if value is None else value


def construct(now: datetime, *parts: Any) -> datetime:
    """`new Date(…)`."""
    if not parts:
        return now
    if len(parts) > 1:
        numbers = [to_number(part) for part in parts[:7]]
        made = build(numbers[0], numbers[1] + 1, *numbers[2:]) if all(map(math.isfinite, numbers)) else None
    elif isinstance(parts[0], datetime):
        made = parts[0]
    elif isinstance(parts[0], str):
        made = dates.parse(parts[0])
    else:
        number = to_number(parts[0])
        made = dates.from_epoch_ms(number) if math.isfinite(number) and parts[0] is not UNDEFINED else None
    if made is None:
        raise ExpressionError("Invalid time value", "RangeError")
    return made


_PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "FullYear": lambda at: at.year,
    "Month": lambda at: at.month - 1,
    "Date": lambda at: at.day,
    "Day": lambda at: at.isoweekday() % 7,
    "Hours": lambda at: at.hour,
    "Minutes": lambda at: at.minute,
    "Seconds": lambda at: at.second,
    "Milliseconds": lambda at: at.microsecond // 1000,
}

METHODS: Final[dict[str, Callable[..., Any]]] = {
    **{f"get{name}": read for name, read in _PARTS.items()},
    **{f"getUTC{name}": read for name, read in _PARTS.items()},
    "getTime": dates.epoch_ms,
    "getTimezoneOffset": lambda at: 0,
    "toISOString": dates.iso,
    "toJSON": dates.iso,
    "toString": dates.iso,
    "valueOf": dates.epoch_ms,
}
