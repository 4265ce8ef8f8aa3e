"""Columns of a sheet: which values of a collection's records they hold, and how these become cells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from api.errors import ApiError
from api.workbook import Cell
from orchestrator.model.collection import Association, Catalog, Collection, Field

__all__ = ["Column", "read_columns"]

_MOST = 500
#: digits that a spreadsheet's numbers hold
_DIGITS = 15
#: the first year of its dates
_EPOCH = 1900


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        path: from a record to the value, through relations and into JSON.
        field: where the path ends, or the JSON that it leads into.
        relation: the first step, where that is one.
    """

    title: str
    path: tuple[str, ...]
    field: Field
    relation: Association | None = None

    @property
    def name(self) -> str:
        """What `fields` asks for."""
        return ".".join(self.path) if self.relation is not None else self.path[0]

    def cell(self, record: Mapping[str, Any], zone: tzinfo) -> Cell:
        """The record's value as a cell; several of them with commas."""
        found = _follow(record, self.path)
        if isinstance(found, list) and (self.relation is not None or self.field.listed):
            return ", ".join("" if (cell := self._cell(item, zone)) is None else str(cell) for item in found)
        return self._cell(found, zone)

    def _cell(self, value: Any, zone: tzinfo) -> Cell:
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False)
        if not isinstance(value, str):
            return value if value is None or isinstance(value, bool | int | float) else str(value)
        match self.field.pg_type:
            case "timestamp with time zone":
                return _instant(value, zone)
            case "timestamp without time zone":
                return _instant(value, None)
            case "date":
                return _date(value)
            case "numeric":
                return _number(value)
        return value


def read_columns(given: Any, catalog: Catalog, collection: Collection, *, lenient: bool = False) -> list[Column]:
    """The columns that a client describes; without any, each field of the collection.

    ``lenient``: those that do not exist are left out, as long as one of them does.

    Raises:
        ApiError: one of them does not exist.
    """
    if given in (None, [], ""):
        return [Column(field.name, (field.name,), field) for field in collection.visible_fields]
    if not isinstance(given, list) or len(given) > _MOST:
        raise ApiError(400, f'"columns" must be a list of at most {_MOST} columns')
    columns: list[Column] = []
    unknown: _Unknown | None = None
    for each in given:
        try:
            columns.append(_column(each, catalog, collection))
        except _Unknown as error:
            unknown = unknown or error
    if unknown is not None and not (lenient and columns):
        raise unknown
    return columns


class _Unknown(ApiError):
    """A column that does not exist, or that the role does not see."""

    def __init__(self, path: Sequence[str], collection: Collection) -> None:
        super().__init__(400, f'"{".".join(path)}" is not a column of "{collection.name}"')


def _column(given: Any, catalog: Catalog, collection: Collection) -> Column:
    index = given.get("dataIndex") if isinstance(given, Mapping) else None
    if isinstance(index, str):
        index = index.split(".")
    if not isinstance(index, list) or not index or not all(isinstance(name, str) and name for name in index):
        raise ApiError(400, 'each of the columns must have a "dataIndex"')
    path, field, relation = _resolve(index, catalog, collection)
    titles = (given.get("title"), given.get("defaultTitle"), ".".join(index))
    return Column(next(title for title in titles if isinstance(title, str) and title.strip()), path, field, relation)


def _resolve(
    index: Sequence[str], catalog: Catalog, collection: Collection
) -> tuple[tuple[str, ...], Field, Association | None]:
    unknown = _Unknown(index, collection)
    first, path, here = None, list(index), collection
    for position, name in enumerate(index):
        field = here.fields.get(name)
        if field is not None and not field.hidden and (position == len(index) - 1 or field.json):
            return tuple(path), field, first
        association = here.associations.get(name)
        target = catalog.get(association.target) if association is not None else None
        if association is None or target is None:
            raise unknown
        first, here = first or association, target
        if position == len(index) - 1:
            field = target.fields.get(association.target_key)
            if field is None or field.hidden:
                raise unknown
            return (*path, field.name), field, first
    raise unknown


def _follow(value: Any, path: Sequence[str]) -> Any:
    """What a path leads to; the list of what it leads to from each element of a list."""
    for position, name in enumerate(path):
        if isinstance(value, list):
            found = [_follow(item, path[position:]) for item in value]
            return [each for item in found for each in (item if isinstance(item, list) else [item])]
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _instant(text: str, zone: tzinfo | None) -> Cell:
    """A time on the clock of the zone; spreadsheets know no other."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if zone is not None:
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(zone)
    return found.replace(tzinfo=None) if found.year >= _EPOCH else text


def _date(text: str) -> Cell:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return found if found.year >= _EPOCH else text


def _number(text: str) -> Cell:
    """A number, unless it would lose digits."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    return number if number.is_finite() and len(number.as_tuple().digits) <= _DIGITS else text
