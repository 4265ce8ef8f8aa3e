"""Text functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import flat, guarded, integer, number, plain_text, text
from orchestrator.engine.expressions.formulajs.formats import formatted
from orchestrator.engine.expressions.formulajs.maths import rounded
from orchestrator.engine.expressions.formulajs.operators import LONGEST_TEXT, joined
from orchestrator.engine.js import UNDEFINED, is_nan, is_number, to_number, truthy

__all__ = ["FUNCTIONS"]


def concatenate(*values: Any) -> str:
    return joined("".join(map(text, flat(values))))


def text_join(delimiter: Any, skip_blank: Any, *values: Any) -> str:
    texts = [plain_text(value) for value in flat(values)]
    return joined(text(delimiter).join(item for item in texts if item or not truthy(skip_blank)))


def _count(value: Any) -> int:
    length = integer(value)
    return length if length >= 0 else fail(VALUE)


def right(value: Any, length: Any = 1) -> str:
    whole = plain_text(value)
    return whole[max(0, len(whole) - max(0, integer(length))) :]


def middle(value: Any, start: Any, length: Any) -> str:
    first = integer(start) - 1
    return text(value)[first : first + _count(length)] if first >= 0 else fail(VALUE)


def find(part: Any, whole: Any, start: Any = 1) -> int:
    """FIND: the case of letters matters."""
    first = integer(start) - 1
    place = text(whole).find(text(part), first) if first >= 0 else -1
    return place + 1 if place >= 0 else fail(VALUE)


def search(part: Any, whole: Any, start: Any = 1) -> int:
    """SEARCH: the case of letters does not matter."""
    return find(text(part).lower(), text(whole).lower(), start)


def substitute(value: Any, old: Any, new: Any, occurrence: Any = UNDEFINED) -> str:
    whole, found, by = plain_text(value), plain_text(old), plain_text(new)
    if not found:
        return whole
    pieces = whole.split(found)
    if len(by) * len(pieces) > LONGEST_TEXT:
        fail(VALUE)
    if occurrence is UNDEFINED or occurrence is None:
        return by.join(pieces)
    which = integer(occurrence)
    if which < 1:
        fail(VALUE)
    if which >= len(pieces):
        return whole
    return found.join(pieces[:which]) + by + found.join(pieces[which:])


def replace(value: Any, start: Any, length: Any, new: Any) -> str:
    whole, first = text(value), integer(start) - 1
    return whole[:first] + text(new) + whole[first + _count(length) :] if first >= 0 else fail(VALUE)


def repeat(value: Any, times: Any) -> str:
    whole = plain_text(value)
    return whole * _count(times) if len(whole) * _count(times) <= LONGEST_TEXT else fail(VALUE)


def proper(value: Any) -> str:
    """The first letter of each word in capitals; words are parted by blanks."""
    return re.sub(r"\w\S*", lambda word: word[0][0].upper() + word[0][1:].lower(), plain_text(value), flags=re.ASCII)


def value_of(value: Any) -> Any:
    """VALUE: thousands separators, currency signs and percents are understood."""
    if not isinstance(value, str):
        return number(value)
    plain = value.strip().lstrip("$€£¥").replace(",", "")
    found = to_number(plain.removesuffix("%")) if plain else 0
    if is_nan(found):
        fail(VALUE)
    return arithmetic.divide(found, 100) if plain.endswith("%") else found


def number_value(value: Any, decimal: Any = ".", group: Any = ",") -> Any:
    """NUMBERVALUE: a text with these signs for decimals and thousands."""
    return (
        value if is_number(value) else value_of(plain_text(value).replace(text(group), "").replace(text(decimal), "."))
    )


def split(value: Any, delimiter: Any) -> list[str]:
    return text(value).split(text(delimiter)) if text(delimiter) else list(text(value))


def before(value: Any, delimiter: Any) -> str:
    head, found, _ = text(value).partition(text(delimiter))
    return head if found else fail(VALUE)


def after(value: Any, delimiter: Any) -> str:
    _, found, tail = text(value).partition(text(delimiter))
    return tail if found else fail(VALUE)


def grouped(value: Any, decimals: Any = 2, plain: Any = False) -> str:
    """FIXED: a number with thousands separators and so many decimals."""
    places = integer(decimals)
    exact = arithmetic.round_half_up(number(value), places) if places < 0 else number(value)
    whole, dot, fraction = arithmetic.fixed(exact, max(0, min(100, places))).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return (whole if truthy(plain) else f"{sign}{int(whole.removeprefix('-')):,}") + dot + fraction


def dollar(value: Any, decimals: Any = 2) -> str:
    exact = rounded(value, decimals)
    shown = grouped(abs(exact), decimals)
    return f"$({shown})" if exact < 0 else f"${shown}"


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "CONCATENATE": concatenate,
    "CONCAT": concatenate,
    "TEXTJOIN": text_join,
    "LEFT": lambda value, length=1: plain_text(value)[: max(0, integer(length))],
    "RIGHT": right,
    "MID": middle,
    "LEN": lambda value="": len(value) if isinstance(value, list) else len(text(value)),
    "LOWER": lambda value: text(value).lower(),
    "UPPER": lambda value: text(value).upper(),
    "PROPER": proper,
    "TRIM": lambda value: " ".join(plain_text(value).split()),
    "CLEAN": lambda value: "".join(item for item in text(value) if item >= " "),
    "SUBSTITUTE": substitute,
    "REPLACE": replace,
    "FIND": find,
    "SEARCH": search,
    "EXACT": lambda left, other: plain_text(left) == plain_text(other),
    "REPT": repeat,
    "TEXT": lambda value, pattern="": formatted(value, text(pattern)),
    "VALUE": value_of,
    "NUMBERVALUE": number_value,
    "CHAR": lambda code: chr(integer(code)) if integer(code) > 0 else fail(VALUE),
    "UNICHAR": lambda code: chr(integer(code)) if integer(code) > 0 else fail(VALUE),
    "CODE": lambda value: ord(text(value)[0]),
    "UNICODE": lambda value: ord(text(value)[0]),
    "T": lambda value="": value if isinstance(value, str) else "",
    "SPLIT": split,
    "TEXTSPLIT": split,
    "TEXTBEFORE": before,
    "TEXTAFTER": after,
    "FIXED": grouped,
    "DOLLAR": dollar,
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}
