"""Values in PostgreSQL's text format, read as PL/Python reads them: numbers, booleans, lists, objects, else text.

One thing text does not tell: the types in an anonymous record, ``row(1, 'a')``. It stays text here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

__all__ = ["Read", "Readers", "TypeRow"]

Read = Callable[[str], Any]

_BOUNDS = re.compile(r"(?:\[[+-]?\d+:[+-]?\d+\])+=")

_SCALARS: dict[int, Read] = {
    16: lambda text: text == "t",
    20: int,
    21: int,
    23: int,
    26: int,
    700: float,
    701: float,
    1700: Decimal,
}
#: built-in types that are text in PL/Python too; others are looked up in the catalog
# fmt: off
_TEXTS = frozenset({
    17, 18, 19, 25, 114, 142, 650, 705, 790, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 2205,
    2249, 2278, 2950, 3614, 3615, 3802, 3904, 3906, 3908, 3910, 3912, 3926, 4072,
})
# fmt: on


class TypeRow(NamedTuple):
    """What the catalog knows of a type; 0 and () where it does not apply."""

    base: int
    element: int
    delimiter: str
    attributes: Sequence[tuple[str, int]]


class Readers:
    """Readers by type, asking ``look_up`` once for each type that is not built in."""

    def __init__(self, look_up: Callable[[int], TypeRow]) -> None:
        self._look_up = look_up
        self._known: dict[int, Read | None] = {}

    def of(self, oid: int) -> Read | None:
        """The reader of a type; None where the text itself is the value."""
        if oid in _SCALARS:
            return _SCALARS[oid]
        if oid in _TEXTS:
            return None
        if oid not in self._known:
            self._known[oid] = self._made(self._look_up(oid))
        return self._known[oid]

    def _made(self, row: TypeRow) -> Read | None:
        if row.base:
            return self.of(row.base)
        if row.element:
            element, delimiter = self.of(row.element), row.delimiter
            return lambda text: _array(text, element, delimiter)
        if row.attributes:
            attributes = [(name, self.of(oid)) for name, oid in row.attributes]
            return lambda text: _composite(text, attributes)
        return None


def _array(text: str, element: Read | None, delimiter: str) -> Any:
    """Lists nested as the dimensions are; lower bounds are dropped. The old vector types have blanks and no braces."""
    if not text.endswith("}"):
        return [element(item) if element else item for item in text.split()]
    bounds = _BOUNDS.match(text)
    position = bounds.end() if bounds else 0
    stack: list[list[Any]] = [[]]
    while position < len(text):
        char = text[position]
        if char == "{":
            nested: list[Any] = []
            stack[-1].append(nested)
            stack.append(nested)
            position += 1
        elif char == "}":
            stack.pop()
            position += 1
        elif char == delimiter:
            position += 1
        elif char == '"':
            value, position = _quoted(text, position)
            stack[-1].append(element(value) if element else value)
        else:
            start = position
            while text[position] not in (delimiter, "}"):
                position += 2 if text[position] == "\\" else 1
            value = re.sub(r"\\(.)", r"\1", text[start:position])
            stack[-1].append(None if text[start:position] == "NULL" else element(value) if element else value)
    return stack[0][0]


def _composite(text: str, attributes: Sequence[tuple[str, Read | None]]) -> dict[str, Any]:
    """An object by attribute; an attribute without text is null."""
    values: list[str | None] = []
    position = 1
    while len(values) < len(attributes):
        value: str | None = None
        while text[position] not in ",)":
            if text[position] == '"':
                part, position = _quoted(text, position)
            else:
                start = position
                while text[position] not in ',)"':
                    position += 2 if text[position] == "\\" else 1
                part = re.sub(r"\\(.)", r"\1", text[start:position])
            value = (value or "") + part
        values.append(value)
        position += 1
    return {
        name: None if value is None else read(value) if read else value
        for (name, read), value in zip(attributes, values, strict=True)
    }


def _quoted(text: str, position: int) -> tuple[str, int]:
    """The content of a quoted part, and where it ends; a quote inside is doubled or escaped."""
    out: list[str] = []
    position += 1
    while True:
        char = text[position]
        if char == "\\":
            out.append(text[position + 1])
            position += 2
        elif char != '"':
            out.append(char)
            position += 1
        elif text[position + 1 : position + 2] == '"':
            out.append('"')
            position += 2
        else:
            return "".join(out), position + 1
