"""What a role is told when the database refuses a write: nothing of columns and tables that are not in view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.engine.port import StatementError

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits
    from orchestrator.model.collection import Collection

__all__ = ["veiled"]

#: `Key (a, b)=(1, 2) …` in the detail of a constraint violation, in whatever language the rest is
_KEY = re.compile(r"\((.+?)\)=\(")
_NOT_NULL, _FOREIGN_KEY, _UNIQUE, _VIEW_CHECK = "23502", "23503", "23505", "44000"
_TEXTS = {
    _NOT_NULL: "a value cannot be null",
    _FOREIGN_KEY: "the record refers to one that does not exist, or is itself referred to",
    _UNIQUE: "a value already exists",
}
_OTHERWISE = "a value is not allowed"


def veiled(error: StatementError, limits: Limits) -> StatementError:
    """The error as the role may see it; one that says nothing of constraints stays as it is."""
    state = error.sqlstate
    if not state.startswith("23") and state != _VIEW_CHECK:
        return error
    table = next((c for c in limits.catalog if (c.schema, c.table) == (error.schema, error.table)), None)
    if table is not None and state != _FOREIGN_KEY and _is_in_view(error, limits, table):
        return error
    # which row of a sheet it was is our own hint
    hint = error.hint if error.hint is not None and error.hint.startswith("row ") else None
    return StatementError(state, _TEXTS.get(state, _OTHERWISE), hint=hint)


def _is_in_view(error: StatementError, limits: Limits, table: Collection) -> bool:
    """Whether everything that the error speaks of may be spoken of."""
    if error.sqlstate == _UNIQUE:
        key = _KEY.search(error.detail or "")
        names = [name.strip().strip('"') for name in key[1].split(",")] if key is not None else list(table.fields)
    elif error.sqlstate == _NOT_NULL:
        return error.column is not None and limits.may_name(table.name, error.column)
    else:
        names = list(table.fields)
    return limits.shows(table.name, *names)
