"""Variables in filters: a text that is exactly one ``{{…}}`` stands for a value of the request.

    {{$user.id}}  {{$user.roles.name}}     the acting user, relations included; to-many ones give a list
    {{$nRole}}                             the name of the role that acts, or a list of names
    {{$nDate.today}}  {{$date.last7Days}}  a date or a span of dates in the request's time zone
    {{$system.now}}                        the time

What has no value reads as null, so that its condition asks for nulls. That would widen what a write touches: there it
is refused. Nothing is replaced in lists given to an operator, nor below ``$not``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from orchestrator.errors import InvalidError
from orchestrator.model.collection import Catalog
from orchestrator.model.dateranges import date_range

__all__ = ["Variables", "mentioned", "substitute", "user_fields"]

_VARIABLE = re.compile(r"\s*\{\{\s*([^{}]+?)\s*\}\}\s*")
_DATES = ("$nDate.", "$date.")
_USER = "$user."
_DAYS = re.compile(r"(last|next)([1-9]\d{0,3})Days")
_UNITS = re.compile(r"(this|last|next)(Iso)?(Week|Month|Quarter|Year)|today|yesterday|tomorrow")
#: names in a path that begins at the user
_HOPS = 3
#: levels that are looked through, as deep as filters may be
_DEPTH = 64

Visit = Callable[[str, str, bool], Any]


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What the variables of one request stand for.

    Attributes:
        user: the acting user with what user_fields named.
        role: the role that acts; a list where several act together.
        strict: refuse what has no value, as a write has to.
    """

    now: datetime
    zone: tzinfo
    user: Mapping[str, Any] | None = None
    role: str | Sequence[str] | None = None
    strict: bool = False

    def value(self, name: str, operator: str) -> Any:
        """The value of a variable for an operator, None where it has none."""
        if name.startswith(_USER):
            return _follow(self.user, name.removeprefix(_USER).split("."))
        if name == "$nRole":
            return self.role
        if name == "$system.now":
            return _iso(self.now)
        for prefix in _DATES:
            if name.startswith(prefix):
                return self._date(name.removeprefix(prefix), operator)
        return None

    def _date(self, name: str, operator: str) -> Any:
        """What a date operator reads as the whole span; for any other operator the instant at which it begins."""
        if name == "now":
            return _iso(self.now)
        if match := _DAYS.fullmatch(name):
            number = int(match[2])
            first, last = (1 - number, 0) if match[1] == "last" else (1, number)
            today = self.now.astimezone(self.zone).date()
            span: Any = [(today + timedelta(days=shift)).isoformat() for shift in (first, last)]
        elif _UNITS.fullmatch(name):
            span = {"type": name}
        else:
            return None
        if operator.replace("_", "").lower().startswith("$date"):
            return span
        return date_range(span, self.now, self.zone).lower.isoformat()


def substitute(filter_: Any, variables: Variables) -> Any:
    """The filter with the values of its variables.

    Raises:
        InvalidError: strict, and a variable has no value or stands where none is replaced.
    """

    def visit(text: str, operator: str, fixed: bool) -> Any:
        match = _VARIABLE.fullmatch(text)
        if match is None:
            return text
        if fixed:
            if variables.strict:
                raise InvalidError(f'"{text}" is not replaced here, and would be taken for a text')
            return text
        value = variables.value(match[1], operator)
        if variables.strict and (value is None or value == []):
            raise InvalidError(f'"{text}" has no value')
        return value

    return _walk(filter_, visit, "", False, 0)


def mentioned(filter_: Any) -> set[str]:
    """The names of all variables in a filter, wherever they stand."""
    found: set[str] = set()

    def visit(text: str, _operator: str, _fixed: bool) -> str:
        if match := _VARIABLE.fullmatch(text):
            found.add(match[1])
        return text

    _walk(filter_, visit, "", False, 0)
    return found


def user_fields(names: Iterable[str], catalog: Catalog) -> list[str]:
    """What the variables of these names want to know of the acting user: ``nickname``, ``roles.name``.

    Paths that lead nowhere are left out.
    """
    paths = (name.removeprefix(_USER) for name in names if name.startswith(_USER))
    return sorted(path for path in paths if _leads(catalog, path.split(".")))


def _leads(catalog: Catalog, path: Sequence[str]) -> bool:
    collection = catalog.get("users")
    for name in path[:-1]:
        association = collection.associations.get(name) if collection is not None else None
        if association is None:
            return False
        collection = catalog.get(association.target)
    field = collection.fields.get(path[-1]) if collection is not None else None
    return field is not None and not field.hidden and len(path) <= _HOPS


def _walk(node: Any, visit: Visit, operator: str, fixed: bool, depth: int) -> Any:
    """The node with every text visited; ``fixed`` where variables are not replaced, below ``operator``."""
    if isinstance(node, str):
        return visit(node, operator, fixed) if "{{" in node else node
    if depth > _DEPTH:
        raise InvalidError("the filter is nested too deeply")
    if isinstance(node, Mapping):
        return {key: _entry(key, value, visit, operator, fixed, depth + 1) for key, value in node.items()}
    if isinstance(node, list | tuple):
        fixed = fixed or bool(operator)
        return [_walk(item, visit, operator, fixed, depth + 1) for item in node]
    return node


def _entry(key: str, value: Any, visit: Visit, operator: str, fixed: bool, depth: int) -> Any:
    for name in _operators(key):
        if name in {"$and", "$or"}:
            operator = ""
        else:
            operator, fixed = name, fixed or name == "$not"
    return _walk(value, visit, operator, fixed, depth)


def _operators(key: str) -> Iterator[str]:
    return (name for name in key.split(".") if name.startswith("$"))


def _follow(value: Any, path: Sequence[str]) -> Any:
    """What a path leads to; through lists, to a list of what each element has."""
    for position, name in enumerate(path):
        if isinstance(value, list | tuple):
            found = [_follow(item, path[position:]) for item in value]
            flat = [part for item in found for part in (item if isinstance(item, list) else [item])]
            return [part for part in flat if part is not None]
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return None if isinstance(value, Mapping) else value


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
