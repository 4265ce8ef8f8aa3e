"""Rows addressed by their key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from orchestrator.compiler.sql import UNKNOWN_COLUMN, column, equal, parameter, records_of
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Collection, Field

__all__ = ["key_condition"]


def key_condition(collection: Collection, alias: str, key: Sequence[Any]) -> exp.Expr:
    """The rows that ``filterByTk`` addresses."""
    match key:
        case ["one" | "any" as word, number]:
            if len(collection.key_columns) != 1:
                raise InvalidError("filterByTk invalid")
            field = _field(collection, collection.key_columns[0])
            value = column(alias, field.name)
            if word == "one":
                return equal(field, value, parameter(number, field.pg_type))
            return equal(field, value, exp.Any(this=exp.Paren(this=parameter(number, f"{field.pg_type}[]"))))
        case ["columns", names, first]:
            fields = [_field(collection, name) for name in names]
            return exp.and_(
                *(
                    equal(f, column(alias, f.name), parameter(first + position, f.pg_type))
                    for position, f in enumerate(fields)
                )
            )
        case ["rows", names, number]:
            fields = [_field(collection, name) for name in names]
            wanted = exp.select("1").from_(records_of(number, fields, "wanted"))
            return exp.Exists(
                this=wanted.where(*(equal(f, column(alias, f.name), column("wanted", f.name)) for f in fields))
            )
    raise InvalidError("filterByTk invalid")


def _field(collection: Collection, name: str) -> Field:
    field = collection.fields.get(name)
    if field is None:
        raise InvalidError(UNKNOWN_COLUMN)
    return field
