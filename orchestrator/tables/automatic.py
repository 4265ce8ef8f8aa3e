"""Columns and relations that a collection's options ask for: times, authors, positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.column_types import random_letters
from orchestrator.compiler.ddl import Column
from orchestrator.errors import InvalidError
from orchestrator.tables.definition import FieldDefinition
from orchestrator.tables.state import State

__all__ = ["INSTANTS", "TIMES", "automatic_columns", "filler", "key_field", "signatures", "sort_name", "tree_relations"]

TIMES = ("createdAt", "updatedAt")
_INSTANT = "timestamp with time zone"
INSTANTS = frozenset({_INSTANT, "timestamp without time zone", "date"})
#: by the type of field
_FILLERS = {"sort": "sort", "password": "hash", "radio": "radio"}
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


def filler(field: FieldDefinition, state: State) -> tuple[str, str | None] | None:
    """The kind of trigger that a field's column has, and what it is told besides; see attach_filler()."""
    letters = random_letters(field.name, field.type, field.options)
    if letters is not None:
        return "random", letters
    if field.name == "updatedAt" and state.columns[field.name] in INSTANTS:
        return "touch", None
    kind = _FILLERS.get(field.type) or ("touch" if field.options.get("onUpdateToCurrentTime") else None)
    scope = field.options.get("scopeKey") if kind == "sort" else None
    if scope is not None and scope not in state.columns:
        raise InvalidError(f'"{scope}" of "{state.name}" does not exist')
    if kind == "radio" and state.key is None:
        raise InvalidError(f'field "{field.name}" needs a primary key of "{state.name}"')
    return None if kind is None else (kind, scope)


def tree_relations(collection: str, parent: Mapping[str, Any] | None) -> list[FieldDefinition]:
    """What leads from a node to the one above and to those below; over the same column as a declared parent."""
    column = parent["options"].get("foreignKey") if parent is not None else "parentId"
    keys = {"target": collection, "foreignKey": column}
    return [
        FieldDefinition(name="parent", type="belongsTo", interface="m2o", options={**keys, "treeParent": True}),
        FieldDefinition(name="children", type="hasMany", interface="o2m", options={**keys, "treeChildren": True}),
    ]


def key_field(column: str, pg_type: str, *, visible: bool) -> FieldDefinition:
    """The column of a relation as a field of its own."""
    listed = pg_type.endswith("[]")
    pg_type = pg_type.removesuffix("[]")
    types = {"bigint": "bigInt", "integer": "integer", "smallint": "integer", "uuid": "uuid", "numeric": "decimal"}
    type_ = types.get(pg_type, "string")
    if listed:
        options = {"isForeignKey": True, "dataType": "array", "elementType": pg_type}
        return FieldDefinition(name=column, type="set", interface="json" if visible else None, options=options)
    number = type_ in {"bigInt", "integer"}
    shown: dict[str, Any] = {"type": "number" if number else "string", "title": column, "x-read-pretty": True}
    return FieldDefinition(
        name=column,
        type=type_,
        interface=("integer" if number else "input") if visible else None,
        options={
            "isForeignKey": True,
            "uiSchema": {**shown, "x-component": "InputNumber" if number else "Input"},
        },
    )
