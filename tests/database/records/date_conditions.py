"""What operators of dates are given, and what Python then says of an instant or a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from hypothesis import strategies as st

from .conditions import Condition, Draw
from .conftest import NOW
from .things import DAYS, TIMES, Span, known, unit_span, unit_text

__all__ = ["date_condition"]


def _absolute(draw: Draw, _kind: str, zone: tzinfo) -> tuple[str, Span, tzinfo]:
    """A text with what it denotes."""
    moment = datetime.combine(draw(st.sampled_from(DAYS)), datetime.min.time())
    hour, minute, second = draw(st.sampled_from(TIMES))
    moment = moment.replace(hour=hour, minute=minute, second=second)
    units = ["year", "quarter", "month", "week", "day"]
    # no unit of the clock on days that have one twice or not at all
    units += ["hour", "minute", "second", "instant"] if moment.month not in {3, 10} else []
    unit = draw(st.sampled_from(units))
    if unit == "instant":
        span = Span(moment, moment + timedelta(milliseconds=1), instant=True)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), span, UTC
    suffix = draw(st.sampled_from(["", "+08:00", "-03:30"]))
    if suffix:
        hours = 8.0 if suffix == "+08:00" else -3.5
        zone = timezone(timedelta(hours=hours))
    return unit_text(unit, moment) + suffix, unit_span(unit, moment), zone


_STEPS = {"last": -1, "this": 0, "next": 1}


def _relative(draw: Draw, _kind: str, zone: tzinfo) -> tuple[dict[str, Any], Span, tzinfo]:
    """An object with what it denotes at NOW."""
    today = unit_span("day", NOW.astimezone(zone).replace(tzinfo=None)).lower
    word = draw(st.sampled_from(["today", "yesterday", "tomorrow", "unit", "past", "next"]))
    if word in {"today", "yesterday", "tomorrow"}:
        shift = {"today": 0, "yesterday": -1, "tomorrow": 1}[word]
        return {"type": word}, unit_span("day", today + timedelta(days=shift)), zone
    unit = draw(st.sampled_from(["week", "month", "quarter", "year"]))
    if word == "unit":
        which = draw(st.sampled_from(sorted(_STEPS)))
        spelled = draw(st.sampled_from(["", "Iso"])) if unit == "week" else ""
        return {"type": f"{which}{spelled}{unit.capitalize()}"}, _units(unit, today, _STEPS[which], 1), zone
    unit = draw(st.sampled_from(["day", "week", "month", "year"]))
    number = draw(st.integers(1, 40))
    span = _units(unit, today, -number if word == "past" else 1, number)
    return {"type": word, "unit": unit, "number": number}, span, zone


def _units(unit: str, today: datetime, first: int, count: int) -> Span:
    """Whole units, one after the other."""
    starts = [unit_span(unit, today)]
    for _ in range(abs(first) + count):
        starts.append(unit_span(unit, starts[-1].upper))
        starts.insert(0, unit_span(unit, starts[0].lower - timedelta(days=1)))
    middle = len(starts) // 2
    return Span(starts[middle + first].lower, starts[middle + first + count - 1].upper)


def date_condition(draw: Draw, kind: str, operator: str, zone: tzinfo) -> Condition:
    if operator == "dateBetween":
        operand, (lower, first_zone), (upper, last_zone) = _interval(draw, kind, zone)
    else:
        choose = draw(st.sampled_from([_absolute, _relative]))
        operand, span, first_zone = choose(draw, kind, zone)
        lower, upper, last_zone = span.lower, span.upper, first_zone

    def place(at: datetime, where: tzinfo) -> Any:
        """A bound as the column has its values: an instant, or what a clock shows."""
        return at.replace(tzinfo=where) if kind == "instant" else at

    def placed(value: Any) -> Any:
        """A day begins at midnight."""
        return datetime.combine(value, datetime.min.time()) if kind == "day" else value

    low, high = place(lower, first_zone), place(upper, last_zone)
    tests: dict[str, Callable[[Any], bool]] = {
        "dateOn": lambda value: low <= value < high,
        "dateBetween": lambda value: low <= value < high,
        "dateNotOn": lambda value: not low <= value < high,
        "dateBefore": lambda value: value < low,
        "dateNotBefore": lambda value: value >= low,
        "dateAfter": lambda value: value >= high,
        "dateNotAfter": lambda value: value < high,
    }
    return Condition(operand, known(lambda value: tests[operator](placed(value))))


def _interval(draw: Draw, kind: str, zone: tzinfo) -> tuple[Any, tuple[datetime, tzinfo], tuple[datetime, tzinfo]]:
    form = draw(st.sampled_from(["pair", "bounds", "zone", "text", "relative"]))
    if form == "relative":
        operand, span, where = _relative(draw, kind, zone)
        return operand, (span.lower, where), (span.upper, where)
    bounds = "[]" if form in {"pair", "zone"} else draw(st.sampled_from(["[]", "[)", "(]", "()"]))
    if form == "zone":
        zone = timezone(timedelta(hours=8))
    first, first_span, first_zone = _absolute(draw, kind, zone)
    last, last_span, last_zone = _absolute(draw, kind, zone)
    lower = first_span.lower if bounds[0] == "[" else first_span.upper
    upper = last_span.lower if bounds[1] == ")" or last_span.instant else last_span.upper
    operand = {
        "pair": [first, last],
        "bounds": [first, last, bounds],
        "zone": [first, last, "[]", "+08:00"],
        "text": f"{bounds[0]}{first},{last}{bounds[1]}",
    }[form]
    return operand, (lower, first_zone), (upper, last_zone)
