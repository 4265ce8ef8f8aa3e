"""Orders of rows: nulls last in both directions, the key as tie-breaker."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from orchestrator.compiler.associations import related
from orchestrator.compiler.sql import UNKNOWN_COLUMN, Scope, call, column, literal, scalar
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Collection

__all__ = ["order"]


def order(scope: Scope, collection: Collection, alias: str, sort: Sequence[str]) -> list[exp.Expr]:
    """``sort`` as order-by entries: a column, ``-`` before it to descend, a to-one path, a path inside JSON."""
    entries: list[exp.Expr] = []
    for item in sort:
        name = item.removeprefix("-")
        entries.append(_entry(_value(scope, collection, alias, name.split(".")), descending=item.startswith("-")))
    asked = {item.removeprefix("-") for item in sort}
    key = [name for name in collection.key_columns if name not in asked and name in collection.fields]
    return entries + [_entry(column(alias, name)) for name in key]


def _entry(value: exp.Expr, descending: bool = False) -> exp.Expr:
    return exp.Ordered(this=value, desc=descending, nulls_first=False)


def _value(scope: Scope, collection: Collection, alias: str, path: Sequence[str]) -> exp.Expr:
    name, *rest = path
    field = collection.readable(name)
    if field is not None:
        value = column(alias, name)
        if not rest:
            return value
        if field.json:
            return call(f"{field.pg_type}_extract_path_text", value, *(literal(key) for key in rest))
    association = collection.associations.get(name)
    if association is None or not rest or association.to_many:
        raise InvalidError(UNKNOWN_COLUMN)
    target, inner = scope.collection(association.target), scope.alias()
    found = exp.select(_value(scope, target, inner, rest)).from_(scope.rows(target, inner))
    return scalar(found.where(related(scope, collection, alias, association, inner)).limit(1))
