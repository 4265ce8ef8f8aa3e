"""Date functions, in UTC. What the clock says is told by the engine."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from orchestrator.engine import dates
from orchestrator.engine.expressions.error_value import NUMBER, VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import flat, guarded, instant, integer, number
from orchestrator.engine.expressions.formulajs.instants import build, construct, moment
from orchestrator.engine.js import to_float

__all__ = ["CLOCKED", "FUNCTIONS"]

_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 100_000


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def whole_days(end: Any, start: Any) -> int:
    return (midnight(instant(end)) - midnight(instant(start))).days


def shifted_months(at: datetime, months: int) -> datetime:
    """So many months later, on the same day or the last one of the month."""
    years, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        fail(NUMBER)
    return at.replace(year=years, month=month + 1, day=min(at.day, monthrange(years, month + 1)[1]))


def end_of_month(value: Any, months: Any) -> datetime:
    at = shifted_months(midnight(instant(value)).replace(day=1), integer(months))
    return at.replace(day=monthrange(at.year, at.month)[1])


def difference(start: Any, end: Any, unit: Any = "D") -> int:
    """DATEDIF: complete years, months or days; YM, MD and YD leave the larger units out."""
    first, last = midnight(instant(start)), midnight(instant(end))
    if last < first:
        fail(NUMBER)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    anniversary = shifted_months(first, months)
    results = {
        "Y": months // 12,
        "M": months,
        "D": (last - first).days,
        "YM": months % 12,
        "MD": (last - anniversary).days,
        "YD": (last - shifted_months(first, months // 12 * 12)).days,
    }
    return results[str(unit).upper()]


def weekday(value: Any, kind: Any = 1) -> int:
    """1 for Sunday, unless the kind says where weeks start."""
    starts = {1: 7, 2: 1, 3: 1, **{kind_: kind_ - 10 for kind_ in range(11, 18)}}
    first = starts.get(integer(kind)) or fail(NUMBER)
    return (instant(value).isoweekday() - first) % 7 + (integer(kind) != 3)


def week_number(value: Any, kind: Any = 1) -> int:
    """The week that holds 1 January is the first; kind 21 is ISO's."""
    at = instant(value)
    if integer(kind) == 21:
        return at.isocalendar().week
    first = weekday(at.replace(month=1, day=1), 2 if integer(kind) == 2 else 1) - 1
    return (at.timetuple().tm_yday - 1 + first) // 7 + 1


def _free_days(holidays: Any) -> set[datetime]:
    return {midnight(instant(day)) for day in flat([holidays]) if day is not None}


def work_days(start: Any, end: Any, holidays: Any = None) -> int:
    """NETWORKDAYS: Monday to Friday, both ends included."""
    first, last = midnight(instant(start)), midnight(instant(end))
    sign = 1 if first <= last else -1
    first, last = min(first, last), max(first, last)
    if (last - first).days > _MOST_DAYS:
        fail(NUMBER)
    free = _free_days(holidays)
    days = (first + index * _DAY for index in range((last - first).days + 1))
    return sign * sum(day.weekday() < 5 and day not in free for day in days)


def work_day(start: Any, days: Any, holidays: Any = None) -> datetime:
    """WORKDAY: so many working days later."""
    at, left, free = midnight(instant(start)), integer(days), _free_days(holidays)
    if abs(left) > _MOST_DAYS:
        fail(NUMBER)
    step = _DAY if left > 0 else -_DAY
    while left:
        at += step
        if at.weekday() < 5 and at not in free:
            left += -1 if left > 0 else 1
    return at


def year_fraction(start: Any, end: Any, basis: Any = 0) -> float:
    first, last = midnight(instant(start)), midnight(instant(end))
    days = (last - first).days
    if integer(basis) == 1:
        if first.year == last.year or (first.year + 1, first.month, first.day) >= (last.year, last.month, last.day):
            return days / _year_length(first, last)
        years = range(first.year, last.year + 1)
        return days / (sum(365 + (monthrange(year, 2)[1] == 29) for year in years) / len(years))
    if integer(basis) in (2, 3):
        return days / (360 if integer(basis) == 2 else 365)
    is_american = integer(basis) == 0
    day, to_day = first.day, last.day
    if is_american and to_day == 31 and day >= 30:
        to_day = 30
    if is_american and day == 31:
        day = 30
    return ((last.year - first.year) * 360 + (last.month - first.month) * 30 + to_day - day) / 360


def _year_length(first: datetime, last: datetime) -> int:
    """366 where the time between holds a 29 February, or lies in one leap year."""
    is_leap = {year: monthrange(year, 2)[1] == 29 for year in (first.year, last.year)}
    if first.year == last.year and is_leap[first.year]:
        return 366
    march = [at.replace(month=3, day=1) for at in (first, last)]
    crosses = any(is_leap[day.year] and first < day <= last for day in march)
    return 366 if crosses or (last.month, last.day) == (1, 29) else 365


def days_360(start: Any, end: Any, _european: Any = False) -> int:
    first, last = instant(start), instant(end)
    day = min(first.day, 30)
    return (last.year - first.year) * 360 + (last.month - first.month) * 30 + (min(last.day, 30) - day)


def clock(hour: Any, minute: Any, second: Any = 0) -> float:
    """TIME: a share of a day."""
    seconds = to_float(number(hour)) * 3600 + to_float(number(minute)) * 60 + to_float(number(second))
    return seconds / 86400 if seconds >= 0 else fail(NUMBER)


def _time_of(value: Any) -> float:
    at = instant(value) if not isinstance(value, str) else _clock_text(value)
    return (at - midnight(at)) / _DAY


def _clock_text(value: str) -> datetime:
    return dates.parse(value) or dates.parse(f"1970-01-01 {value.strip()}") or fail(VALUE)


def _read(part: Callable[[datetime], int]) -> Callable[[Any], int]:
    return lambda value: part(instant(value))


def date_of(year: Any, month: Any, day: Any) -> datetime:
    """DATE: years below 100 count from 1900."""
    years = integer(year)
    if not all(map(math.isfinite, (years, number(month), number(day)))):
        fail(NUMBER)
    return moment(build(years + 1900 if 0 <= years < 100 else years, integer(month), integer(day)))


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "DATE": date_of,
    "DATEVALUE": lambda value: instant(value) if isinstance(value, str) else fail(VALUE),
    "DATEDIF": difference,
    "DAY": _read(lambda at: at.day),
    "DAYS": whole_days,
    "DAYS360": days_360,
    "EDATE": lambda value, months: shifted_months(instant(value), integer(months)),
    "EOMONTH": end_of_month,
    "HOUR": _read(lambda at: at.hour),
    "ISOWEEKNUM": _read(lambda at: at.isocalendar().week),
    "MINUTE": _read(lambda at: at.minute),
    "MONTH": _read(lambda at: at.month),
    "NETWORKDAYS": work_days,
    "SECOND": _read(lambda at: at.second),
    "TIME": clock,
    "TIMEVALUE": _time_of,
    "WEEKDAY": weekday,
    "WEEKNUM": week_number,
    "WORKDAY": work_day,
    "YEAR": _read(lambda at: at.year),
    "YEARFRAC": year_fraction,
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}

#: Functions that are told the time before their own arguments.
CLOCKED: Final[dict[str, Callable[..., Any]]] = {
    "NOW": lambda now: now,
    "TODAY": midnight,
    "new Date": construct,
    "Date.now": dates.epoch_ms,
}
