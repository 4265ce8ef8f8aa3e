"""The patterns of TEXT: `#,##0.00`, `0%`, `yyyy-mm-dd hh:mm:ss` and the words around them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any, Final

from orchestrator.engine import dates
from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import instant, number, text
from orchestrator.engine.js import is_nan, number_text, to_number

__all__ = ["formatted"]

_NUMBER: Final = re.compile(r"[#0][#0,]*(?:\.[#0]*)?|\.[#0]+")
_DATE: Final = re.compile(r'"[^"]*"|AM/PM|am/pm|[yY]+|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?')
_MONTHS: Final = "January February March April May June July August September October November December"
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_LONGEST: Final = 200


def formatted(value: Any, pattern: str) -> str:
    """A number or a date as a pattern shows it; a text that is neither comes back as it is."""
    if len(pattern) > _LONGEST:
        fail(VALUE)
    if pattern in ("", "@", "General"):
        return text(value)
    if not _NUMBER.search(pattern) or isinstance(value, date):
        if isinstance(value, str) and is_nan(to_number(value)):
            found = dates.parse(value)
            return text(value) if found is None else _shown_date(found, pattern)
        return _shown_date(instant(number(value) if isinstance(value, str) else value), pattern)
    if isinstance(value, str) and is_nan(to_number(value)):
        return value
    return _shown_number(number(value), pattern)


def _shown_number(value: Any, pattern: str) -> str:
    """Sections for positive, negative and zero are divided by semicolons."""
    sections = pattern.split(";")
    signed = True
    if value < 0 and len(sections) > 1:
        pattern, value, signed = sections[1], abs(value), False
    else:
        pattern = sections[2] if value == 0 and len(sections) > 2 else sections[0]
    match = _NUMBER.search(pattern)
    if match is None:
        return pattern.replace('"', "")
    if "%" in pattern:
        value = arithmetic.multiply(value, 100)
    shown = _digits(abs(value), match[0])
    sign = "-" if signed and value < 0 and shown.strip("0.,") else ""
    return sign + (pattern[: match.start()] + shown + pattern[match.end() :]).replace('"', "")


def _digits(value: Any, mask: str) -> str:
    whole_mask, _, fraction_mask = mask.partition(".")
    if not math.isfinite(value):
        return number_text(value)
    whole, _, fraction = arithmetic.fixed(value, len(fraction_mask)).partition(".")
    kept = len(fraction_mask.rstrip("#"))
    while len(fraction) > kept and fraction.endswith("0"):
        fraction = fraction[:-1]
    least = whole_mask.count("0")
    whole = "" if whole == "0" and not least else whole.rjust(least, "0")
    if "," in whole_mask and whole:
        whole = f"{int(whole):,}".rjust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _shown_date(at: datetime, pattern: str) -> str:
    """Letters of a pattern stand for parts; `m` after hours or before seconds is minutes."""
    pieces = list(_DATE.finditer(pattern))
    letters = [piece[0][0].lower() for piece in pieces]
    twelve = any(piece[0].lower() == "am/pm" for piece in pieces)
    out: list[str] = []
    end = 0
    for index, piece in enumerate(pieces):
        out.append(pattern[end : piece.start()])
        minutes = "h" in letters[max(0, index - 1) : index] or "s" in letters[index + 1 : index + 2]
        out.append(_part(at, piece[0], minutes, twelve))
        end = piece.end()
    return "".join(out) + pattern[end:]


def _part(at: datetime, word: str, minutes: bool, twelve: bool) -> str:
    letter, length = word[0].lower(), len(word)
    if letter == '"':
        return word[1:-1]
    if letter == "a":
        return "AM" if at.hour < 12 else "PM"
    if letter == "y":
        return f"{at.year:04d}" if length > 2 else f"{at.year % 100:02d}"
    if letter == "m" and not minutes:
        return _named(at.month, length, _MONTHS.split()[at.month - 1])
    if letter == "d":
        return _named(at.day, length, _DAYS.split()[at.weekday()])
    if letter == "s" and "." in word:
        return f"{at.second:02d}.{at.microsecond:06d}"[: 3 + len(word.partition(".")[2])]
    hour = (at.hour % 12 or 12) if twelve else at.hour
    value = {"h": hour, "m": at.minute, "s": at.second}[letter]
    return f"{value:02d}" if length > 1 else str(value)


def _named(value: int, length: int, name: str) -> str:
    """One or two letters for digits, three for a short name, more for the whole name."""
    return (str(value), f"{value:02d}", name[:3])[length - 1] if length <= 3 else name
