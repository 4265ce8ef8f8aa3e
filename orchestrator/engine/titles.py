"""A value that is taken already, told by what people call the field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import Port, StatementError
from orchestrator.engine.statements import open_statements
from orchestrator.errors import InvalidError

if TYPE_CHECKING:
    from orchestrator.model.collection import Collection

__all__ = ["titled"]

#: `Key (a, b)=(1, 2) …` in the detail of a constraint violation, in whatever language the rest is
_KEY = re.compile(r"\((.+?)\)=\(")
_TAKEN = "23505"


def titled(error: StatementError, port: Port) -> StatementError:
    """The error with titles for names; one that is of something else, or of fields without titles, as it is."""
    found = _KEY.search(error.detail or "") if error.sqlstate == _TAKEN and error.table is not None else None
    if found is None:
        return error
    catalog = open_statements(port).catalog
    table = next((c for c in catalog if (c.schema, c.table) == (error.schema, error.table)), None)
    names = [name.strip().strip('"') for name in found[1].split(",")]
    if table is None or not any(_title(table, name) for name in names):
        return error
    entries = [{"message": f"{_title(table, name) or name} already exists"} for name in names]
    return StatementError(InvalidError.sqlstate, entries[0]["message"], to_json({"errors": entries}), error.hint)


def _title(table: Collection, column: str) -> str | None:
    field = table.fields.get(column)
    return None if field is None else field.title
