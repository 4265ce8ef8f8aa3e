"""Columns and relations that a collection's options ask for: times, authors, positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.ddl import Column
from orchestrator.tables.definition import FieldDefinition

__all__ = ["TIMES", "automatic_columns", "signatures", "sort_name"]

TIMES = ("createdAt", "updatedAt")
_INSTANT = "timestamp with time zone"
_SIGNATURES = {"createdBy": "createdById", "updatedBy": "updatedById"}


def sort_name(options: Mapping[str, Any]) -> str | None:
    sortable = options.get("sortable")
    if isinstance(sortable, Mapping):
        sortable = sortable.get("name") or True
    return sortable if isinstance(sortable, str) else "sort" if sortable else None


def automatic_columns(options: Mapping[str, Any]) -> list[Column]:
    """The columns that a collection's options ask for."""
    columns = [Column(name=name, type=_INSTANT, not_null=True, fill="now") for name in TIMES if options.get(name)]
    columns += [Column(name=column, type="bigint") for name, column in _SIGNATURES.items() if options.get(name)]
    sort = sort_name(options)
    return [*columns, *([Column(name=sort, type="bigint")] if sort else [])]


def signatures(options: Mapping[str, Any]) -> list[FieldDefinition]:
    return [
        FieldDefinition(
            name=name,
            type="belongsTo",
            interface=name,
            options={"target": "users", "foreignKey": column, "targetKey": "id"},
        )
        for name, column in _SIGNATURES.items()
        if options.get(name)
    ]
