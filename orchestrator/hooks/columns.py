"""How the generated functions pass a table's columns to Python: independent of the session's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["column_kind", "plan_columns"]

#: types that PL/Python takes as they are
_PLAIN = {
    "boolean": "bool",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "numeric": "numeric",
}
_TEXT = frozenset({"text", "character varying", "character", "bpchar", "uuid", "name"})
_FORMATTED = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "date": "date",
    "bytea": "bytea",
    "json": "json",
    "jsonb": "json",
}


def column_kind(pg_type: str) -> str:
    """The template that renders a column: a plain type's name, ``text``, or one of the formatted kinds."""
    base = pg_type.partition("(")[0].strip()
    suffix = pg_type.rpartition(")")[2]
    name = (base + suffix if "(" in pg_type else pg_type).strip()
    if name.endswith("[]"):
        return "composed"
    if name in _PLAIN:
        return _PLAIN[name]
    if name in _TEXT:
        return "text"
    return _FORMATTED.get(name, "text")


def plan_columns(fields: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The columns of a plan, from the fields of the catalog; generated ones are unknown before the write."""
    columns = []
    for field in fields:
        if field.get("generated"):
            continue
        kind = column_kind(str(field["rawType"]))
        # the type itself makes another plan: a trigger function is bound to the types that it first met
        column: dict[str, Any] = {"name": field["name"], "kind": kind, "type": field["rawType"]}
        if kind in ("json", "composed"):
            column["json"] = True
        columns.append(column)
    return columns
