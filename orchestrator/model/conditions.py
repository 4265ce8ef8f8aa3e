"""Filters split into structure and values, without knowing any table.

The structure is a tree of lists, fit for JSON:

    ["and", [node, …]]   ["or", [node, …]]   ["not", node]
    ["is", path, operator, operand, first]

``path`` is a list of names that the compiler resolves: relations, a column, keys inside a JSON column. ``operand`` says
what the parameters from number ``first`` on are:

    ""   none            "string" "number" "boolean"   one scalar        "array"   one array literal of texts
    "json"   one JSON text         "range"   two scalars                 "column"  none, ``first`` is a column's name
    "numbers"   two numbers

Operators arrive here in every spelling and leave in one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple

from orchestrator.errors import InvalidError
from orchestrator.model.dateranges import date_range

__all__ = ["Conditions", "Parameters", "array_literal", "json_text", "scalar_text"]

Tree = list[Any]

#: levels that a filter may be nested
_DEPTH = 60


class Parameters:
    """Values by number, each as text."""

    def __init__(self) -> None:
        self.values: list[str | None] = []

    def add(self, value: str | None) -> int:
        """The number of the new parameter."""
        self.values.append(value)
        return len(self.values)


class Conditions(NamedTuple):
    """Reads filters; values go to ``parameters``, and the structure is returned."""

    parameters: Parameters
    now: datetime
    zone: tzinfo
    user_id: int | None = None

    def read(self, filter_: Any) -> Tree | None:
        """The tree of a filter, None when it demands nothing."""
        if filter_ is None or filter_ == "":
            return None
        if not isinstance(filter_, Mapping):
            raise _invalid_value(filter_)
        return self._all(filter_, [], 0)

    def _all(self, node: Mapping[str, Any], path: list[str], depth: int) -> Tree | None:
        if depth > _DEPTH:
            raise InvalidError("the filter is nested too deeply")
        return _join("and", [self._entry(key, node[key], path, depth + 1) for key in sorted(node)])

    def _entry(self, key: str, value: Any, path: list[str], depth: int) -> Tree | None:
        names = key.split(".")
        for position, name in enumerate(names):
            if name.startswith("$"):
                if position + 1 < len(names):
                    value = {".".join(names[position + 1 :]): value}
                return self._operator(name, value, path + names[:position], depth)
        path = path + names
        if isinstance(value, Mapping):
            return self._all(value, path, depth)
        return self._compare("eq", value, path)

    def _operator(self, key: str, value: Any, path: list[str], depth: int) -> Tree | None:
        name = _spelling(key)
        if name in {"and", "or"}:
            items = [value] if isinstance(value, Mapping) else value
            if items is None:
                return None
            if not isinstance(items, list | tuple) or not all(isinstance(item, Mapping) for item in items):
                raise _invalid_value({key: value})
            return _join(name, [self._all(item, path, depth) for item in items])
        if name == "not" and isinstance(value, Mapping):
            inner = self._all(value, path, depth)
            return inner and ["not", inner]
        if not path:
            raise _invalid_value({key: value})
        return self._compare(name, value, path, key)

    def _compare(self, name: str, value: Any, path: list[str], key: str = "$eq") -> Tree | None:
        read = _OPERATORS.get(name)
        if read is None:
            raise _invalid_value({key: value})
        if isinstance(value, Mapping) and not name.startswith(("date", "contain", "overlap")):
            return ["is", path, *_other_column(name, key, value)]
        found = read(self, name, value)
        if found is None:
            raise _invalid_value({key: value})
        return ["is", path, *found]

    # what an operator makes of its value: operator, operand, first parameter; None where the value does not fit

    def _nothing(self, name: str, value: Any) -> Tree | None:
        return [name, "", 0]

    def _scalar(self, name: str, value: Any) -> Tree | None:
        if isinstance(value, list | tuple):
            return None
        if not _known(value):
            return ["never", "", 0]
        return [name, _kind(value), self.parameters.add(scalar_text(value))]

    def _like(self, name: str, value: Any) -> Tree | None:
        # an escape of nothing: PostgreSQL would only find out with a row that matches so far
        ends = isinstance(value, str) and (len(value) - len(value.rstrip("\\"))) % 2
        return None if ends else self._scalar(name, value)

    def _list(self, name: str, value: Any) -> Tree | None:
        items = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(item, list | tuple | Mapping) for item in items):
            return None
        if name in _OF_NOTHING and not any(_known(item) for item in items):
            return [_OF_NOTHING[name], "", 0]
        return [name, "array", self.parameters.add(array_literal(items))]

    def _equal(self, name: str, value: Any) -> Tree | None:
        positive = name in {"eq", "is"}
        if isinstance(value, list | tuple):
            return self._list("in" if positive else "notIn", value)
        if not _known(value):
            return ["null" if positive else "notNull", "", 0]
        if isinstance(value, bool) and name in {"is", "not"}:
            return [f"{name}{str(value).capitalize()}", "", 0]
        return self._scalar({"is": "eq", "not": "differ"}.get(name, name), value)

    def _range(self, name: str, value: Any) -> Tree | None:
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(_known(item) for item in value):
            return None
        first = self.parameters.add(scalar_text(value[0]))
        self.parameters.add(scalar_text(value[1]))
        return [name, "numbers" if all(_kind(item) == "number" for item in value) else "range", first]

    def _json(self, name: str, value: Any) -> Tree | None:
        return [name, "json", self.parameters.add(json_text(value))]

    def _pattern(self, name: str, value: Any) -> Tree | None:
        affix, positive, case = _PATTERNS[name]
        if isinstance(value, list | tuple):
            patterns = [affix.format(_escape(scalar_text(item))) for item in value if _known(item)]
            if not patterns:
                return ["never" if positive else "always", "", 0]
            operator = f"{case}Any" if positive else f"{case}None"
            return [operator, "array", self.parameters.add(array_literal(patterns))]
        if not _known(value):
            return ["null" if positive else "notNull", "", 0]
        pattern = affix.format(_escape(scalar_text(value)))
        return [case if positive else f"not{case[0].upper()}{case[1:]}", "string", self.parameters.add(pattern)]

    def _truth(self, name: str, value: Any) -> Tree | None:
        named = value is True or value == "true"
        return ["isTruly" if (name == "isTruly") == named else "isFalsy", "", 0]

    def _current_user(self, name: str, value: Any) -> Tree | None:
        if self.user_id is None:
            # nobody is asking: who is not he cannot be told either
            return ["never", "", 0]
        return self._equal("ne" if name == "isNotCurrentUser" else "eq", self.user_id)

    def _date(self, name: str, value: Any) -> Tree | None:
        span = date_range(value, self.now, self.zone)
        lower, upper = span.lower.isoformat(), span.upper.isoformat()
        if name in _DATE_BOUNDS:
            operator, bound = _DATE_BOUNDS[name]
            return [operator, "string", self.parameters.add(lower if bound == "lower" else upper)]
        first = self.parameters.add(lower)
        self.parameters.add(upper)
        return ["dateOutside" if name == "dateNotOn" else "dateWithin", "range", first]


_Reader = Callable[[Conditions, str, Any], Tree | None]

#: what operators say that are given an empty list
_OF_NOTHING = {"in": "never", "any": "never", "notIn": "always", "all": "always"}

#: text around the value, whether it must match, and with which operator
_PATTERNS = {
    "includes": ("%{}%", True, "iLike"),
    "notIncludes": ("%{}%", False, "iLike"),
    "startsWith": ("{}%", True, "iLike"),
    "notStartsWith": ("{}%", False, "iLike"),
    "endWith": ("%{}", True, "iLike"),
    "notEndWith": ("%{}", False, "iLike"),
    "endsWith": ("%{}", True, "like"),
    "substring": ("%{}%", True, "like"),
}

_DATE_BOUNDS = {
    "dateBefore": ("dateBefore", "lower"),
    "dateNotBefore": ("dateFrom", "lower"),
    "dateAfter": ("dateFrom", "upper"),
    "dateNotAfter": ("dateBefore", "upper"),
}

_OPERATORS: dict[str, _Reader] = {
    **dict.fromkeys(("eq", "ne", "is", "not"), Conditions._equal),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), Conditions._scalar),
    **dict.fromkeys(("like", "notLike", "iLike", "notILike"), Conditions._like),
    **dict.fromkeys(("regexp", "notRegexp", "iRegexp", "notIRegexp"), Conditions._scalar),
    **dict.fromkeys(("in", "notIn", "any", "all"), Conditions._list),
    **dict.fromkeys(("anyOf", "noneOf", "match", "notMatch", "childIn", "childNotIn"), Conditions._list),
    **dict.fromkeys(("between", "notBetween"), Conditions._range),
    **dict.fromkeys(("overlap", "contains", "contained"), Conditions._json),
    **dict.fromkeys(("empty", "notEmpty", "arrayEmpty", "arrayNotEmpty", "exists", "notExists"), Conditions._nothing),
    **dict.fromkeys(("isTruly", "isFalsy"), Conditions._truth),
    **dict.fromkeys(("isCurrentUser", "isNotCurrentUser", "isVar"), Conditions._current_user),
    **dict.fromkeys(_PATTERNS, Conditions._pattern),
    **dict.fromkeys(("dateOn", "dateNotOn", "dateBetween", *_DATE_BOUNDS), Conditions._date),
}

_CANONICAL = {name.lower(): name for name in (*_OPERATORS, "and", "or")}

_NOT_BARE = re.compile(r"\W")


def _spelling(key: str) -> str:
    """``$notIn``, ``$notin`` and ``$not_in`` are one operator."""
    plain = key[1:].replace("_", "").lower()
    return _CANONICAL.get(plain, key[1:])


def _join(word: str, nodes: list[Tree | None]) -> Tree | None:
    present: list[Tree] = []
    for node in nodes:
        if node:
            present.extend(node[1] if node[0] == word else [node])
    return [word, present] if len(present) > 1 else present[0] if present else None


def _other_column(name: str, key: str, value: Mapping[str, Any]) -> Tree:
    column = value.get("$col")
    if name not in {"eq", "ne", "gt", "gte", "lt", "lte"} or len(value) != 1 or not isinstance(column, str):
        raise _invalid_value({key: value})
    return [name, "column", column.rpartition(".")[2]]


def _known(value: Any) -> bool:
    """False for null, and for what JSON cannot say."""
    return isinstance(value, str | int | float | Decimal | date | time)


#: digits that a number is written out with; 1e999999999 would be a gigabyte of zeros
_WRITTEN_OUT = 1000


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float | Decimal) else "string"


def scalar_text(value: Any) -> str:
    """A scalar as PostgreSQL's input functions read it; whole numbers without a fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _WRITTEN_OUT:
            return str(value)
        return format(value, ".0f" if value == value.to_integral_value() else "f")
    if isinstance(value, float):
        return format(value, ".0f") if value == value // 1 else format(value)
    if isinstance(value, date | time):
        return value.isoformat()
    text = str(value)
    if "\x00" in text:
        raise InvalidError("texts cannot contain the character with code zero")
    return text


def array_literal(items: Any) -> str:
    """PostgreSQL's text form of an array of the known items."""
    quoted = (scalar_text(item).replace("\\", "\\\\").replace('"', '\\"') for item in items if _known(item))
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def json_text(value: Any) -> str:
    """JSON text; what JSON cannot say becomes null."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value // 1 else float(value)
    return scalar_text(value) if _known(value) else None


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _invalid_value(value: Any) -> InvalidError:
    return InvalidError(f"Invalid value {_inspect(value)}")


def _inspect(value: Any) -> str:
    """A value as JavaScript's console shows it: what clients of this language know from its errors."""
    if isinstance(value, Mapping):
        entries = (f"{repr(k) if _NOT_BARE.search(k) else k}: {_inspect(v)}" for k, v in value.items())
        return f"{{ {', '.join(entries)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[ {', '.join(map(_inspect, value))} ]" if value else "[]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return repr(value) if isinstance(value, str) else str(value)
