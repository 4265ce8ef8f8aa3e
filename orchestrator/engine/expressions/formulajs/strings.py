"""Methods of texts and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.formulajs.operators import LONGEST_TEXT, joined
from orchestrator.engine.js import UNDEFINED, ExpressionError, compare, is_nan, number_text, string, to_number

__all__ = ["METHODS", "NUMBER_METHODS", "at", "index"]


def index(value: Any, length: int, default: int) -> int:
    """An argument as a position from 0 to length; negative ones count from the end."""
    if value is UNDEFINED:
        return default
    number = to_number(value)
    if is_nan(number):
        return 0
    whole = arithmetic.truncate(max(-length, min(length, number)))
    return max(0, whole + length) if whole < 0 else int(whole)


def _clamped(value: Any, length: int, default: int) -> int:
    number = default if value is UNDEFINED else to_number(value)
    return 0 if is_nan(number) else int(max(0, min(length, number)))


def substring(text: str, start: Any = 0, end: Any = UNDEFINED) -> str:
    first, last = _clamped(start, len(text), 0), _clamped(end, len(text), len(text))
    return text[min(first, last) : max(first, last)]


def substr(text: str, start: Any = 0, length: Any = UNDEFINED) -> str:
    first = index(start, len(text), 0)
    return text[first : first + _clamped(length, len(text), len(text))]


def cut(text: str, start: Any = 0, end: Any = UNDEFINED) -> str:
    return text[index(start, len(text), 0) : index(end, len(text), len(text))]


def split(text: str, separator: Any = UNDEFINED, limit: Any = UNDEFINED) -> list[str]:
    if separator is UNDEFINED:
        return [text]
    parts = text.split(string(separator)) if string(separator) else list(text)
    return parts if limit is UNDEFINED else parts[: _clamped(limit, len(parts), 0)]


def _replacement(found: str, replacement: Any) -> str:
    return string(replacement(found)) if callable(replacement) else string(replacement)


def replace(text: str, found: Any, replacement: Any = UNDEFINED) -> str:
    word = string(found)
    return joined(text.replace(word, _replacement(word, replacement), 1)) if word in text else text


def replace_all(text: str, found: Any, replacement: Any = UNDEFINED) -> str:
    word = string(found)
    if not word or word not in text:
        return text
    by = _replacement(word, replacement)
    if len(by) * text.count(word) > LONGEST_TEXT:
        raise ExpressionError("Invalid string length", "RangeError")
    return text.replace(word, by)


def repeat(text: str, count: Any = 0) -> str:
    times = _position(count)
    if not 0 <= times * max(1, len(text)) <= LONGEST_TEXT:
        raise ExpressionError(f"Invalid count value: {string(count)}", "RangeError")
    return text * int(times)


def _pad(text: str, length: Any, filler: Any) -> str:
    missing = _clamped(length, LONGEST_TEXT, 0) - len(text)
    unit = string(filler)
    return (unit * (missing // len(unit) + 1))[:missing] if unit and missing > 0 else ""


def _position(value: Any) -> int | float:
    """A whole number; what is none is 0."""
    number = to_number(value)
    return 0 if value is UNDEFINED or is_nan(number) else arithmetic.truncate(number)


def char_at(text: str, position: Any = 0) -> str:
    at = _position(position)
    return text[int(at)] if 0 <= at < len(text) else ""


def char_code(text: str, position: Any = 0) -> Any:
    at = _position(position)
    return ord(text[int(at)]) if 0 <= at < len(text) else float("nan")


def code_point(text: str, position: Any = 0) -> Any:
    at = _position(position)
    return ord(text[int(at)]) if 0 <= at < len(text) else UNDEFINED


def at(items: Any, position: Any = 0) -> Any:
    place = _position(position)
    return items[int(place)] if -len(items) <= place < len(items) else UNDEFINED


def ends_with(text: str, end: Any, length: Any = UNDEFINED) -> bool:
    return text[: _clamped(length, len(text), len(text))].endswith(string(end))


def last_index(text: str, part: Any, start: Any = UNDEFINED) -> int:
    limit = len(text) if start is UNDEFINED or is_nan(to_number(start)) else _clamped(start, len(text), 0)
    return text.rfind(string(part), 0, limit + len(string(part)))


def locale_compare(text: str, other: Any = UNDEFINED) -> int:
    return compare(text.casefold(), string(other).casefold()) or compare(text, string(other)) or 0


def to_fixed(number: Any, digits: Any = 0) -> str:
    """`toFixed`, which rounds the binary number: 1.005 gives 1.00."""
    places = _position(digits)
    if not 0 <= places <= 100:
        raise ExpressionError("toFixed() digits argument must be between 0 and 100", "RangeError")
    if is_nan(number) or abs(number) >= 1e21:
        return number_text(number)
    return arithmetic.fixed(Decimal(number), int(places))


def to_precision(number: Any, digits: Any = UNDEFINED) -> str:
    if digits is UNDEFINED or is_nan(number):
        return number_text(number)
    places = int(max(0, min(101, _position(digits))))
    if not 1 <= places <= 100:
        raise ExpressionError("toPrecision() argument must be between 1 and 100", "RangeError")
    if not math.isfinite(number):
        return number_text(number)
    exact = Decimal(number)
    if exact:
        exact = arithmetic.round_significant(exact, places)
    shift = places - 1 - exact.adjusted()
    if shift < 0 or exact.adjusted() < -6:
        mantissa, _, exponent = f"{exact:.{places - 1}e}".partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    return to_fixed(exact, shift)


def grouped(number: Any) -> str:
    """`1,234.568`: thousands, and at most three decimals."""
    rounded = arithmetic.round_half_up(number, 3)
    whole, dot, fraction = number_text(rounded).partition(".")
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-")
    return f"{sign}{int(digits):,}{dot}{fraction}" if digits.isdigit() else number_text(number)


def to_radix(number: Any, radix: Any = 10) -> str:
    base = 10 if radix is UNDEFINED else _position(radix)
    if not 2 <= base <= 36:
        raise ExpressionError("toString() radix must be between 2 and 36", "RangeError")
    if base == 10 or not math.isfinite(number) or number != int(number):
        return number_text(number)
    digits, rest = "", abs(int(number))
    while rest:
        rest, digit = divmod(rest, int(base))
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return ("-" if number < 0 else "") + (digits or "0")


METHODS: Final[dict[str, Callable[..., Any]]] = {
    "at": at,
    "charAt": char_at,
    "charCodeAt": char_code,
    "codePointAt": code_point,
    "concat": lambda text, *others: joined(text + "".join(map(string, others))),
    "endsWith": lambda text, end, length=UNDEFINED: text[: _clamped(length, len(text), len(text))].endswith(
        string(end)
    ),
    "includes": lambda text, part, start=0: string(part) in text[index(start, len(text), 0) :],
    "indexOf": lambda text, part, start=0: text.find(string(part), _clamped(start, len(text), 0)),
    "lastIndexOf": last_index,
    "localeCompare": locale_compare,
    "padEnd": lambda text, length=0, filler=" ": text + _pad(text, length, filler),
    "padStart": lambda text, length=0, filler=" ": _pad(text, length, filler) + text,
    "repeat": repeat,
    "replace": replace,
    "replaceAll": replace_all,
    "slice": cut,
    "split": split,
    "startsWith": lambda text, part, start=0: text[_clamped(start, len(text), 0) :].startswith(string(part)),
    "substr": substr,
    "substring": substring,
    "toLowerCase": lambda text: text.lower(),
    "toString": lambda text: text,
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "trimEnd": lambda text: text.rstrip(),
    "trimStart": lambda text: text.lstrip(),
    "valueOf": lambda text: text,
}

NUMBER_METHODS: Final[dict[str, Callable[..., Any]]] = {
    "toFixed": to_fixed,
    "toLocaleString": lambda number, *_locale: grouped(number),
    "toPrecision": to_precision,
    "toString": to_radix,
    "valueOf": lambda number: number,
}
