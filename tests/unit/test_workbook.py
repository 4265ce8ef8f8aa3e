"""Workbooks: what is written is what is read, and strangers' files do no harm."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import load_workbook

from api.workbook import WorkbookError, read_rows, write_rows


def _read(content: bytes, most_rows: int = 100, most_bytes: int = 1_000_000) -> list[list[object]]:
    return [cells for _, cells in read_rows(content, most_rows=most_rows, most_bytes=most_bytes)]


def test_values_come_back() -> None:
    rows = [["a", 1, 1.5, True, None, datetime(2024, 1, 2, 3, 4, 5)], [None, "007", "ünï, \n"]]
    assert _read(write_rows(rows)) == [["a", 1, 1.5, True, None, datetime(2024, 1, 2, 3, 4, 5)], [None, "007", "ünï,"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "#REF!"])
def test_texts_are_no_formulas(text: str) -> None:
    cell = load_workbook(BytesIO(write_rows([[text]]))).worksheets[0]["A1"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix == (text != "#REF!")


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    assert _read(write_rows([["a\x00\x07b"]])) == [["ab"]]


def test_empty_rows_are_passed_over_and_numbers_stay() -> None:
    content = write_rows([["a"], [], [None], ["b"]])
    assert read_rows(content, most_rows=5, most_bytes=1_000_000) == [(1, ["a"]), (4, ["b"])]


def test_more_rows_than_allowed_are_refused() -> None:
    content = write_rows([["a"]] * 4)
    assert len(_read(content, most_rows=4)) == 4
    with pytest.raises(WorkbookError, match="the sheet has more than 3 rows"):
        _read(content, most_rows=3)


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * 30_000_000)
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(WorkbookError, match="larger than 1000000 bytes"):
        _read(bomb.getvalue())


def _with_sheet(xml: str) -> bytes:
    out = BytesIO()
    with ZipFile(BytesIO(write_rows([["a"]]))) as original, ZipFile(out, "w") as archive:
        for part in original.infolist():
            sheet = part.filename == "xl/worksheets/sheet1.xml"
            archive.writestr(part, xml.encode() if sheet else original.read(part))
    return out.getvalue()


def test_entities_are_not_expanded() -> None:
    entities = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'
    xml = f'<!DOCTYPE x [{entities}]><worksheet xmlns="{namespace}"><sheetData>{row}</sheetData></worksheet>'
    with pytest.raises(WorkbookError, match="no workbook"):
        _read(_with_sheet(xml))


def test_rows_and_columns_far_out_cost_nothing() -> None:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="ZZZ1"><v>2</v></c></row><row r="999999999"/>'
    xml = f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'
    assert _read(_with_sheet(xml)) == [[1]]


@pytest.mark.parametrize("content", [b"", b"title,read\na,1\n", b"PK\x05\x06" + b"\0" * 18, write_rows([["a"]])[:-30]])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(WorkbookError, match="the file is no workbook"):
        _read(content)
