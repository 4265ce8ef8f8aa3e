"""Cells of a sheet as values of records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any

from api.errors import ApiError
from api.params import load_json
from api.sheet_columns import Column
from api.workbook import Cell
from orchestrator.model.collection import Field

__all__ = ["columns_of", "texts_of", "value_of"]


def columns_of(columns: Sequence[Column], rows: Sequence[tuple[int, list[Cell]]]) -> tuple[int, list[int]]:
    """Where a sheet's header is, in its first two rows, and where each of the columns is in it.

    Raises:
        ApiError: one is missing.
    """
    missing = columns[0].title
    for position, (_, header) in enumerate(rows[:2]):
        titles = [str(cell) for cell in header if cell is not None]
        lacking = [column.title for column in columns if column.title.strip() not in titles]
        if not lacking:
            shown = [None if cell is None else str(cell) for cell in header]
            return position, [shown.index(column.title.strip()) for column in columns]
        if len(lacking) < len(columns):
            missing = lacking[0]
    raise ApiError(400, f'column "{missing}" is not in the sheet')


def texts_of(cell: Cell, *, several: bool) -> list[str]:
    """What a cell says of related records: one text, or several with commas."""
    text = str(_plain(cell))
    return [part.strip() for part in text.split(",") if part.strip()] if several else [text]


def value_of(field: Field, cell: Cell, zone: tzinfo) -> Any:
    """A cell as the value of a field, in JSON."""
    if field.json or field.listed:
        return _structure(field, cell)
    match field.pg_type:
        case "timestamp with time zone":
            return _instant(cell, zone)
        case "timestamp without time zone" if isinstance(cell, datetime):
            return cell.isoformat(" ")
        case "date" if isinstance(cell, datetime):
            return cell.date().isoformat()
        case "boolean" if isinstance(cell, int | float):
            return bool(cell)
    plain = _plain(cell)
    return str(plain) if field.textual and not isinstance(plain, str) else plain


def _plain(cell: Cell) -> Any:
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, str | bool | int | float) else str(cell)


def _instant(cell: Cell, zone: tzinfo) -> Any:
    """A time on the clock of the zone, unless it says otherwise."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        cell = datetime.combine(cell, time())
    if isinstance(cell, str):
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            # PostgreSQL knows more
            return cell
    if not isinstance(cell, datetime):
        return _plain(cell)
    return (cell if cell.tzinfo is not None else cell.replace(tzinfo=zone)).isoformat()


def _structure(field: Field, cell: Cell) -> Any:
    """JSON where it is that; else a text, or the items between commas."""
    if not isinstance(cell, str):
        return [_plain(cell)] if field.listed else _plain(cell)
    if cell[:1] in "[{":
        try:
            return json.loads(json.dumps(load_json(cell), default=float))
        except ValueError:
            pass
    return texts_of(cell, several=True) if field.listed else cell
