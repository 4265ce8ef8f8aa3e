"""Positions of rows in an order of their own: moved along, numbered anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from orchestrator.compiler.sql import (
    UNKNOWN_COLUMN,
    Scope,
    call,
    column,
    equal,
    identifier,
    parameter,
    table,
)
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Collection, Field

__all__ = ["renumber", "shift"]

_NUMBERED = "numbered"
_POSITION = "position"

#: the conditions on the row under an alias
Where = Callable[[str], list[exp.Expr]]


def shift(scope: Scope, collection: Collection, shape: Mapping[str, Any], where: Where) -> exp.Expr:
    """Rows that move along by a number of positions."""
    alias = scope.alias()
    field = _field(collection, shape["field"])
    moved = exp.Add(this=column(alias, field.name), expression=parameter(shape["by"], "bigint"))
    change = exp.EQ(this=identifier(field.name), expression=moved)
    return exp.Update(this=table(collection, alias), expressions=[change]).where(*where(alias))


def renumber(scope: Scope, collection: Collection, shape: Mapping[str, Any], where: Where) -> exp.Expr:
    """Rows that get the numbers from 1 on, in the order that they are in; those without a position come last."""
    alias, inner = scope.alias(), scope.alias()
    field, keys = _field(collection, shape["field"]), [_field(collection, name) for name in collection.key_columns]
    if not keys:
        raise InvalidError(f'records of "{collection.name}" have no key')
    places = [exp.Ordered(this=column(inner, f.name), desc=False, nulls_first=False) for f in (field, *keys)]
    number = exp.Window(this=call("row_number"), order=exp.Order(expressions=places))
    numbered = exp.select(*(column(inner, f.name) for f in keys), exp.alias_(number, _POSITION, quoted=True))
    numbered = numbered.from_(table(collection, inner)).where(*where(inner))
    position = column(_NUMBERED, _POSITION)
    statement = exp.Update(
        this=table(collection, alias), expressions=[exp.EQ(this=identifier(field.name), expression=position)]
    )
    statement = statement.from_(exp.Subquery(this=numbered, alias=exp.TableAlias(this=identifier(_NUMBERED))))
    return statement.where(
        *(equal(f, column(alias, f.name), column(_NUMBERED, f.name)) for f in keys),
        exp.NullSafeNEQ(this=column(alias, field.name), expression=position.copy()),
    )


def _field(collection: Collection, name: str) -> Field:
    field = collection.fields.get(name)
    if field is None:
        raise InvalidError(UNKNOWN_COLUMN)
    return field
