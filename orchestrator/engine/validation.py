"""Rules that a field's definition has for its values, and what is said where a value breaks one.

A definition is ``{"type": "string", "rules": [{"key": …, "name": "min", "args": {"limit": 3}}]}``. A value that is not
given is checked by ``required`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID

from orchestrator.engine.dates import parse
from orchestrator.errors import InvalidError

__all__ = ["check_definition", "problems"]

#: an argument of a rule, and a value of the rule's type: what is wrong, None if nothing is
Rule = Callable[[Any, Any], str | None]

_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def problems(label: str, definition: Mapping[str, Any], value: Any) -> Iterator[str]:
    """What is wrong with a value, a sentence a rule."""
    rules = [rule for rule in definition.get("rules") or () if isinstance(rule, Mapping)]
    if value is None or value == "":
        if any(rule.get("name") == "required" for rule in rules):
            yield f'"{label}" is required'
        return
    kind = str(definition.get("type") or "string")
    read = _READ.get(kind, _READ["string"])(value)
    if read is None:
        yield f'"{label}" must be a {kind}'
        return
    for rule in rules:
        check = _rule(kind, str(rule.get("name")))
        wrong = check(_argument(rule), read) if check is not None else None
        if wrong is not None:
            yield f'"{label}" {wrong}'


def check_definition(field: str, definition: Any) -> None:
    """
    Raises:
        InvalidError: there is a rule that could not be enforced.
    """
    if not isinstance(definition, Mapping):
        raise InvalidError(f'"validation" of field "{field}" must be an object')
    kind, rules = definition.get("type") or "string", definition.get("rules") or ()
    if kind not in _READ:
        raise InvalidError(f'the type of validation of field "{field}" is unknown: "{kind}"')
    if not isinstance(rules, list | tuple) or not all(isinstance(rule, Mapping) for rule in rules):
        raise InvalidError(f'the validation rules of field "{field}" must be a list of objects')
    for rule in rules:
        name = str(rule.get("name"))
        check = _rule(kind, name)
        if check is None and name != "required":
            raise InvalidError(f'validation rule "{name}" of field "{field}" is unknown')
        try:
            if check is not None:
                check(_argument(rule), _SAMPLES[kind])
        except (re.error, ArithmeticError, TypeError, ValueError):
            raise InvalidError(f'validation rule "{name}" of field "{field}" lacks a proper argument') from None


# -- values as rules see them ------------------------------------------------------------------------------------------


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(value: Any) -> Any:
    return parse(value) if isinstance(value, str) else None


def _string(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    return str(value)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "number": _number,
    "date": _date,
    "boolean": lambda value: value if isinstance(value, bool) or value in ("true", "false") else None,
    "array": lambda value: value if isinstance(value, list) else None,
    "object": lambda value: value if isinstance(value, dict) else None,
    "any": lambda value: value,
}
_SAMPLES: Mapping[str, Any] = {
    "string": "a",
    "number": Decimal(1),
    "date": parse("2000-01-01"),
    "boolean": True,
    "array": [],
    "object": {},
    "any": "a",
}


def _argument(rule: Mapping[str, Any]) -> Any:
    """A rule's only argument, or all of them where it has several."""
    args = rule.get("args")
    if not isinstance(args, Mapping):
        return args
    for name in ("limit", "base", "regex", "date", "values", "encoding", "precision"):
        if name in args:
            return args[name]
    return args


# -- rules -------------------------------------------------------------------------------------------------------------


def _count(argument: Any) -> int:
    if isinstance(argument, bool) or int(argument) != Decimal(str(argument)):
        raise ValueError
    return int(argument)


#: as many digits as a number that came as JSON can have
_WIDE = Context(prec=1 << 18)


def _bound(argument: Any) -> Decimal:
    number = _number(argument)
    if number is None:
        raise ValueError
    return number


def _moment(argument: Any) -> Any:
    at = parse(argument) if isinstance(argument, str) else None
    if at is None:
        raise ValueError
    return at


def _sized(compare: Callable[[int, int], bool], text: str) -> Rule:
    def rule(argument: Any, value: Any) -> str | None:
        limit = _count(argument)
        return None if compare(len(value), limit) else text.format(limit)

    return rule


def _compared(compare: Callable[[Any, Any], bool], text: str, read: Callable[[Any], Any]) -> Rule:
    def rule(argument: Any, value: Any) -> str | None:
        return None if compare(value, read(argument)) else text.format(argument)

    return rule


def _is(holds: Callable[[Any], Any], text: str) -> Rule:
    return lambda _, value: None if holds(value) else text


def _pattern(argument: Any, value: str) -> str | None:
    if not isinstance(argument, str):
        raise ValueError
    return None if _compiled(argument).search(value) else "fails to match the required pattern"


@lru_cache(maxsize=200)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression in slashes, with flags behind them, or by itself."""
    flags = 0
    if (found := re.fullmatch(r"/(.*)/([a-z]*)", pattern, re.DOTALL)) is not None:
        pattern = found[1]
        for flag in found[2]:
            flags |= _FLAGS.get(flag, 0)
    return re.compile(pattern.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!"), flags)


def _guid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _places(argument: Any, value: Decimal) -> str | None:
    most = _count(argument)
    exponent = value.normalize().as_tuple().exponent
    return (
        None if not isinstance(exponent, int) or -exponent <= most else f"must have no more than {most} decimal places"
    )


def _multiple(argument: Any, value: Decimal) -> str | None:
    return None if _WIDE.remainder(_bound(value), _bound(argument)) == 0 else f"must be a multiple of {argument}"


def _one_of(argument: Any, value: Any) -> str | None:
    if not isinstance(argument, list):
        raise ValueError
    return None if value in argument else f"must be one of [{', '.join(map(str, argument))}]"


_DATES: Mapping[str, Rule] = {
    "min": _compared(lambda a, b: a >= b, 'must be greater than or equal to "{}"', _moment),
    "max": _compared(lambda a, b: a <= b, 'must be less than or equal to "{}"', _moment),
    "greater": _compared(lambda a, b: a > b, 'must be greater than "{}"', _moment),
    "less": _compared(lambda a, b: a < b, 'must be less than "{}"', _moment),
}
_RULES: Mapping[str, Mapping[str, Rule]] = {
    "string": {
        "min": _sized(lambda a, b: a >= b, "length must be at least {} characters long"),
        "max": _sized(lambda a, b: a <= b, "length must be less than or equal to {} characters long"),
        "length": _sized(lambda a, b: a == b, "length must be {} characters long"),
        "pattern": _pattern,
        "email": _is(_EMAIL.fullmatch, "must be a valid email"),
        "uri": _is(_URI.fullmatch, "must be a valid uri"),
        "url": _is(_URI.fullmatch, "must be a valid uri"),
        "uuid": _is(_guid, "must be a valid GUID"),
        "guid": _is(_guid, "must be a valid GUID"),
        "alphanum": _is(re.compile(r"[A-Za-z0-9]+").fullmatch, "must only contain alpha-numeric characters"),
        "hex": _is(re.compile(r"[0-9A-Fa-f]+").fullmatch, "must only contain hexadecimal characters"),
        "lowercase": _is(lambda text: text == text.lower(), "must only contain lowercase characters"),
        "uppercase": _is(lambda text: text == text.upper(), "must only contain uppercase characters"),
    },
    "number": {
        "min": _compared(lambda a, b: a >= b, "must be greater than or equal to {}", _bound),
        "max": _compared(lambda a, b: a <= b, "must be less than or equal to {}", _bound),
        "greater": _compared(lambda a, b: a > b, "must be greater than {}", _bound),
        "less": _compared(lambda a, b: a < b, "must be less than {}", _bound),
        "integer": _is(lambda number: number == number.to_integral_value(), "must be an integer"),
        "positive": _is(lambda number: number > 0, "must be a positive number"),
        "negative": _is(lambda number: number < 0, "must be a negative number"),
        "multiple": _multiple,
        "precision": _places,
    },
    "date": _DATES,
    "array": {
        "min": _sized(lambda a, b: a >= b, "must contain at least {} items"),
        "max": _sized(lambda a, b: a <= b, "must contain less than or equal to {} items"),
        "length": _sized(lambda a, b: a == b, "must contain {} items"),
    },
}
_ANY: Mapping[str, Rule] = {"valid": _one_of}


def _rule(kind: str, name: str) -> Rule | None:
    return _RULES.get(kind, {}).get(name) or _ANY.get(name)
