"""What spreadsheet functions make of their arguments."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from orchestrator.engine import dates
from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import NUMBER, VALUE, ErrorValue, FormulaFailure, fail
from orchestrator.engine.js import NUMBERS, UNDEFINED, compare, is_nan, is_number, to_number, to_string

__all__ = [
    "criterion",
    "flat",
    "guarded",
    "instant",
    "integer",
    "lenient",
    "matches",
    "number",
    "numbers",
    "parsed",
    "plain_text",
    "same",
    "serial",
    "text",
]

#: Day 0 of spreadsheets; right for every day after their 29 February 1900, which never was.
_SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=dates.EPOCH.tzinfo)
_LAST_BEFORE_LEAP = 60
_DAY = timedelta(days=1)


_TAKES_ANY = 0x04


def lenient(function: Callable[..., Any], *, misses_none: bool = True) -> Callable[..., Any]:
    """A function that passes over arguments that it does not know, and that misses none, as those of JavaScript."""
    code = getattr(function, "__code__", None)
    if code is None:
        return function
    most = sys.maxsize if code.co_flags & _TAKES_ANY else code.co_argcount
    least = code.co_argcount - len(getattr(function, "__defaults__", None) or ())

    def call(*arguments: Any) -> Any:
        if misses_none and len(arguments) < least:
            arguments += (UNDEFINED,) * (least - len(arguments))
        return function(*arguments[:most]) if len(arguments) > most else function(*arguments)

    return call


def guarded(function: Callable[..., Any], *, sees_errors: bool = False) -> Callable[..., Any]:
    """A spreadsheet function as expressions call it: failures are values, error values pass through."""

    function = lenient(function, misses_none=False)

    def call(*arguments: Any) -> Any:
        if not sees_errors:
            for argument in arguments:
                if type(argument) is ErrorValue:
                    return argument
        try:
            return function(*arguments)
        except FormulaFailure as failure:
            return failure.error
        except OverflowError:
            return NUMBER
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return VALUE

    return call


def flat(values: Iterable[Any]) -> list[Any]:
    """Every scalar of the arguments; an error value among them is the result of the function."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple):
            found.extend(flat(value))
        elif type(value) is ErrorValue:
            fail(value)
        else:
            found.append(value)
    return found


def number(value: Any) -> Any:
    """An argument as a number: null and nothing are 0, dates are serial days, other texts than numerals fail."""
    if type(value) in NUMBERS:
        return value
    if value is None or value is UNDEFINED:
        return 0
    if type(value) is ErrorValue:
        fail(value)
    if isinstance(value, date):
        return serial(dates.as_utc(value))
    if isinstance(value, dict | list) or (isinstance(value, str) and not value.strip()):
        fail(VALUE)
    converted = to_number(value)
    return fail(VALUE) if is_nan(converted) else converted


def integer(value: Any) -> int:
    whole = number(value)
    return int(arithmetic.truncate(whole)) if math.isfinite(whole) else fail(NUMBER)


def numbers(values: Iterable[Any]) -> list[Any]:
    """The numbers among the arguments; texts, booleans and blanks are passed over."""
    return [value for value in flat(values) if is_number(value)]


def parsed(values: Iterable[Any]) -> list[Any]:
    """Every argument as a number; texts that are none fail."""
    return [number(value) for value in flat(values)]


def plain_text(value: Any) -> str:
    """An argument as a text, booleans as JavaScript writes them."""
    return to_string(fail(value) if type(value) is ErrorValue else value)


def text(value: Any) -> str:
    """An argument as a text, booleans in capitals."""
    if type(value) is ErrorValue:
        fail(value)
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else to_string(value)


def instant(value: Any) -> datetime:
    """An argument as a date: a date, a text that names one, or a serial day."""
    if isinstance(value, date):
        return dates.as_utc(value)
    if isinstance(value, str):
        return dates.parse(value) or fail(VALUE)
    if not is_number(value) or not math.isfinite(value) or value < 0:
        fail(VALUE)
    try:
        return _SERIAL_ZERO + timedelta(days=float(value) + (value <= _LAST_BEFORE_LEAP))
    except OverflowError:
        fail(NUMBER)


def serial(at: datetime) -> Any:
    """A date as the number of days that spreadsheets count."""
    days, rest = divmod(at - _SERIAL_ZERO, _DAY)
    return days + rest / _DAY if rest else days


def same(left: Any, right: Any) -> bool:
    """Equal as spreadsheets see it: letters' case does not matter, texts and numbers differ."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if isinstance(left, str) != isinstance(right, str):
        return False
    return compare(left, right) == 0 and (left is None) == (right is None)


_ORDERS: dict[str, Callable[[int | None], bool]] = {
    ">=": lambda order: order in (0, 1),
    "<=": lambda order: order in (-1, 0),
    "<>": lambda order: order != 0,
    ">": lambda order: order == 1,
    "<": lambda order: order == -1,
    "=": lambda order: order == 0,
}


def criterion(condition: Any) -> Callable[[Any], bool]:
    """The test that a condition such as `">5"`, `"<>x"` or `"a*"` stands for."""
    if not isinstance(condition, str):
        return lambda value: same(value, condition)
    operator = next((sign for sign in _ORDERS if condition.startswith(sign)), "")
    operand = condition[len(operator) :]
    limit = to_number(operand) if operand.strip() else math.nan
    test = _ORDERS[operator or "="]
    if not is_nan(limit):
        return lambda value: test(compare(_comparable(value), limit))
    if operator in ("", "=", "<>"):
        wanted = operator != "<>"
        return lambda value: matches(text(value), operand) is wanted
    if (at := dates.parse(operand)) is not None:
        return lambda value: test(compare(value, at))
    return lambda value: isinstance(value, str) and test(compare(value.casefold(), operand.casefold()))


def _comparable(value: Any) -> Any:
    return math.nan if value is None or value is UNDEFINED or value == "" or isinstance(value, bool) else value


def matches(value: str, pattern: str) -> bool:
    """Whether a text fits a pattern with `*` and `?`; `~` takes their meaning away. Never worse than quadratic."""
    value, parts = value.casefold(), _parts(pattern.casefold())
    place = part = 0
    star, retry = -1, 0
    while place < len(value):
        if part < len(parts) and parts[part] in (value[place], "?any"):
            place, part = place + 1, part + 1
        elif part < len(parts) and parts[part] == "*any":
            star, retry, part = part, place, part + 1
        elif star >= 0:
            retry += 1
            place, part = retry, star + 1
        else:
            return False
    return all(rest == "*any" for rest in parts[part:])


def _parts(pattern: str) -> list[str]:
    parts: list[str] = []
    literal = False
    for character in pattern:
        if character == "~" and not literal:
            literal = True
            continue
        parts.append(f"{character}any" if character in "*?" and not literal else character)
        literal = False
    return parts
