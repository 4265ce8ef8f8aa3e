"""Workbooks: rows into a sheet, and a stranger's sheet into rows. Slow, and meant for a thread of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import DEFUSEDXML, Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

__all__ = ["Cell", "WorkbookError", "read_rows", "write_rows"]

Cell = str | bool | int | float | Decimal | datetime | date | time | timedelta | None

#: with which a spreadsheet's formulas begin, also once its user edits the cell or stores it as CSV
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: what the format has
_ROWS = 1_048_576
#: columns that are looked at
_COLUMNS = 500
_FILES = 1000

if not DEFUSEDXML:
    raise RuntimeError("openpyxl reads without defusedxml")


class WorkbookError(Exception):
    """the file is no workbook"""


def write_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook with one sheet. Texts are texts, whatever they begin with; more than 32,767 characters are cut off."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet 1")
    for row in rows:
        sheet.append([_text(sheet, cell) if isinstance(cell, str) else cell for cell in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _text(sheet: Any, text: str) -> Any:
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell = WriteOnlyCell(sheet, clean)
    # else it would be a formula, or an error
    cell.data_type = "s"
    if clean.startswith(_FORMULA):
        cell.quotePrefix = True
    return cell


def read_rows(content: bytes, *, most_rows: int, most_bytes: int) -> list[tuple[int, list[Cell]]]:
    """The rows of the first sheet that are not empty, with their numbers; what formulas last came to.

    Args:
        most_bytes: that the file may be, unpacked.

    Raises:
        WorkbookError: it is too much, or no workbook.
    """
    try:
        _check_size(content, most_bytes)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            return _rows(book, most_rows)
        finally:
            book.close()
    except WorkbookError:
        raise
    except Exception as error:
        # openpyxl raises whatever it stumbles over
        raise WorkbookError(str(WorkbookError.__doc__)) from error


def _check_size(content: bytes, most_bytes: int) -> None:
    """Before anything is unpacked: no more than this is read of a part, whatever it unpacks to."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except BadZipFile as error:
        raise WorkbookError(str(WorkbookError.__doc__)) from error
    if len(parts) > _FILES or sum(part.file_size for part in parts) > most_bytes:
        raise WorkbookError(f"the workbook is larger than {most_bytes} bytes")


def _rows(book: Any, most_rows: int) -> list[tuple[int, list[Cell]]]:
    if not book.worksheets:
        raise WorkbookError("the workbook has no sheet")
    rows: list[tuple[int, list[Cell]]] = []
    found = book.worksheets[0].iter_rows(max_row=_ROWS, max_col=_COLUMNS, values_only=True)
    empty: Any = None
    for number, values in enumerate(found, 1):
        # a million rows without anything are soon written: each gap is the same tuple over and over
        if values is empty or values.count(None) == len(values):
            empty = values
            continue
        cells = [value.strip() or None if isinstance(value, str) else value for value in values]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        if len(rows) >= most_rows:
            raise WorkbookError(f"the sheet has more than {most_rows} rows")
        rows.append((number, cells))
    return rows
