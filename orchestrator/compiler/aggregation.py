"""Aggregating queries (model.aggregation) compiled to SQL.

Three selects, one in the other: what of each row is wanted, the groups of these rows, what is shown of the groups. So
``having`` and orders speak of columns, whatever these were computed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from orchestrator.compiler.associations import outer_join
from orchestrator.compiler.filters import filter_condition
from orchestrator.compiler.rendering import aggregated, value
from orchestrator.compiler.sql import (
    UNKNOWN_COLUMN,
    Scope,
    call,
    cast,
    column,
    identifier,
    instant,
    literal,
    parameter,
)
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Collection, Field

__all__ = ["compile_query"]

#: aliases of the rows that are grouped, and of the groups
ROWS, GROUPS = "rows", "groups"

_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_SUMS = {"smallint": "bigint", "integer": "bigint", "real": "real", "double precision": "double precision"}
_AVERAGES = {"real": "double precision", "double precision": "double precision"}
_UNORDERED = frozenset({"boolean", "uuid", "json", "jsonb", "bytea", "xml"})
_ZONED, _LOCAL = "timestamp with time zone", frozenset({"timestamp without time zone", "date"})

Shape = dict[str, Any]
#: a column of the answer as PostgreSQL has it, its field, and whether it is a number that was computed
Column = tuple[exp.Expr, Field, bool]


def compile_query(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    """``data``: one JSON array of flat objects."""
    rows = _Rows(scope, collection)
    columns = [_dimension(rows, shape, *item) for item in shape.get("dimensions", ())]
    groups = [expression for expression, *_ in columns]
    grouped = bool(columns)
    for path, name, function, distinct in shape.get("measures", ()):
        if function:
            columns.append(_measure(rows, path, name, function, distinct))
            grouped = True
        else:
            plain = _plain(rows, path, name)
            columns.append(plain)
            groups.append(plain[0])
    fields = {field.name: field for _, field, _ in columns}
    order = _order(rows, shape, columns, grouped)
    extra = [exp.alias_(entry, f"order {number}", quoted=True) for number, entry in enumerate(order.unseen)]

    selected = [exp.alias_(expression, field.name, quoted=True) for expression, field, _ in columns]
    query = exp.select(*selected, *extra).from_(rows.selected(shape.get("filter")).subquery(identifier(ROWS)))
    if grouped and groups:
        query = query.group_by(*(group.copy() for group in groups))
    shown = exp.select(
        *(exp.alias_(_shown(field, computed), field.name, quoted=True) for _, field, computed in columns)
    ).from_(query.subquery(identifier(GROUPS)))
    if "zone" in shape:
        # every parameter has to be in the statement, also where no column has a zone
        kind, number = shape["zone"]
        shown = shown.where(exp.Not(this=exp.Is(this=parameter(number, kind), expression=exp.null())))
    if "having" in shape:
        answer = Collection(name=collection.name, schema="", table=GROUPS, oid=0, fields=fields)
        shown = shown.where(filter_condition(scope, answer, GROUPS, _named(shape["having"])))
    if order.entries:
        shown = shown.order_by(*order.entries)
    if "limit" in shape:
        shown = shown.limit(parameter(shape["limit"], "bigint"))
    if "offset" in shape:
        shown = shown.offset(parameter(shape["offset"], "bigint"))
    return exp.select(exp.alias_(cast(aggregated(shown), "text"), "data"))


class _Rows:
    """The rows that are grouped: what is wanted of them, and the relations that this takes."""

    def __init__(self, scope: Scope, collection: Collection) -> None:
        self._scope = scope
        self._collection = collection
        self._alias = scope.alias()
        self._query = exp.select().from_(scope.rows(collection, self._alias))
        self._joined: dict[str, str] = {}
        self._wanted: dict[str, str] = {}

    def field(self, path: Sequence[str]) -> tuple[exp.Expr, Field]:
        """The column that a path of at most one relation leads to, as one of these rows."""
        collection, alias, rest = self._collection, self._alias, list(path)
        association = collection.associations.get(path[0])
        if association is not None and path[0] not in collection.fields:
            rest.pop(0)
            alias = self._joined.get(association.name, "")
            if not alias:
                alias = self._joined[association.name] = self._scope.alias()
                self._query = outer_join(self._scope, self._query, collection, self._alias, association, alias)
            collection = self._scope.collection(association.target)
        field = collection.fields.get(rest[0]) if rest else None
        if field is None and rest and rest[0] in collection.associations:
            raise InvalidError(f'"{".".join(path)}" goes over more than one relation')
        if field is None or field.hidden or (len(rest) > 1 and not field.json):
            raise InvalidError(UNKNOWN_COLUMN)
        expression: exp.Expr = column(alias, field.name)
        if len(rest) > 1:
            expression = call(f"{field.pg_type}_extract_path_text", expression, *(literal(key) for key in rest[1:]))
            field = Field(name=field.name, type="text", pg_type="text")
        elif field.counts_time:
            field, expression = instant(field, expression)
        elif field.pg_type == "json":
            # groups need equality
            expression, field = cast(expression, "jsonb"), replace(field, pg_type="jsonb")
        return column(ROWS, self._want(expression)), field

    def _want(self, expression: exp.Expr) -> str:
        text = expression.sql(dialect="postgres")
        if text not in self._wanted:
            self._wanted[text] = name = f"c{len(self._wanted)}"
            self._query = self._query.select(exp.alias_(expression, name, quoted=True))
        return self._wanted[text]

    def selected(self, filter_: list[Any] | None) -> exp.Select:
        """The query of these rows."""
        query = self._query
        if filter_ is not None:
            query = query.where(filter_condition(self._scope, self._collection, self._alias, filter_))
        query = query.where(*self._scope.permitted(self._collection, self._alias, []))
        return query if query.expressions else query.select("1")


def _plain(rows: _Rows, path: Sequence[str], name: str) -> Column:
    expression, field = rows.field(path)
    return expression, replace(field, name=name), False


def _dimension(rows: _Rows, shape: Shape, path: Sequence[str], name: str, format_: int) -> Column:
    expression, field = rows.field(path)
    if not format_:
        return expression, replace(field, name=name), False
    if field.pg_type == _ZONED:
        kind, number = shape["zone"]
        expression = exp.AtTimeZone(this=expression, zone=parameter(number, kind))
    elif field.pg_type not in _LOCAL:
        raise InvalidError(f'"{".".join(path)}" is no date')
    else:
        expression = cast(expression, "timestamp without time zone")
    return (
        call("to_char", expression, parameter(format_, "text")),
        Field(name=name, type="text", pg_type="text"),
        False,
    )


def _measure(rows: _Rows, path: Sequence[str], name: str, function: str, distinct: bool) -> Column:
    counted = Field(name=name, type="bigInt", pg_type="bigint")
    if function == "count" and list(path) == ["*"]:
        return call("count", exp.Star()), counted, True
    expression, field = rows.field(path)
    argument = exp.Distinct(expressions=[expression]) if distinct else expression
    if function == "count":
        return call("count", argument), counted, True
    if function in {"min", "max"}:
        if field.array or field.pg_type in _UNORDERED:
            raise InvalidError(f'"{".".join(path)}" has no {function}')
        return call(function, argument), replace(field, name=name), False
    if field.array or field.pg_type not in _NUMBERS:
        raise InvalidError(f'"{".".join(path)}" is no number')
    pg_type = (_SUMS if function == "sum" else _AVERAGES).get(field.pg_type, "numeric")
    return call(function, argument), Field(name=name, type="decimal", pg_type=pg_type), True


def _shown(field: Field, computed: bool) -> exp.Expr:
    """Numbers are numbers here; integers that a client cannot read as such are still texts, unless computed."""
    expression = column(GROUPS, field.name)
    if field.pg_type == "numeric":
        return call("trim_scale", expression)
    return expression if computed else value(field, expression, "wire")


class _Order:
    """Entries of an order, and the columns that they need and nobody sees."""

    def __init__(self) -> None:
        self.entries: list[exp.Expr] = []
        self.unseen: list[exp.Expr] = []


def _order(rows: _Rows, shape: Shape, columns: Sequence[Column], grouped: bool) -> _Order:
    """By columns of the answer; ungrouped rows also by others. Groups come in one order whatever was asked for."""
    order = _Order()
    paths = {tuple(item[0]): item[1] for kind in ("measures", "dimensions") for item in shape.get(kind, ())}
    names = {field.name for _, field, _ in columns}
    used = set()
    for alias, path, descending, nulls_first in shape.get("orders", ()):
        dotted = ".".join(path)
        name = alias if alias in names else dotted if dotted in names else paths.get(tuple(path))
        if name is None:
            if grouped or not path:
                raise InvalidError(UNKNOWN_COLUMN)
            name = f"order {len(order.unseen)}"
            order.unseen.append(rows.field(path)[0])
        elif name in used:
            continue
        used.add(name)
        order.entries.append(exp.Ordered(this=column(GROUPS, name), desc=descending, nulls_first=nulls_first))
    if grouped:
        left = [item[1] for item in shape.get("dimensions", ()) if item[1] not in used]
        order.entries += [exp.Ordered(this=column(GROUPS, name), nulls_first=False) for name in left]
    return order


def _named(tree: list[Any]) -> list[Any]:
    """A tree of conditions whose paths are names of columns, dots or not."""
    if tree[0] == "is":
        return ["is", [".".join(tree[1])], *tree[2:]]
    if tree[0] == "not":
        return ["not", _named(tree[1])]
    return [tree[0], [_named(child) for child in tree[1]]]
