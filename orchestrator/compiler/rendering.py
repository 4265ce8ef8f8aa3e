"""Rows as JSON text, made by PostgreSQL.

Two renderings: ``wire``, as HTTP shows it (decimals and big integers are strings there), and ``context``, where
numbers are exact numbers. Whatever a session's time zone, date style or client, the text is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from orchestrator.compiler.associations import related_rows
from orchestrator.compiler.selection import Selection
from orchestrator.compiler.sorting import order
from orchestrator.compiler.sql import Scope, call, cast, coalesce, column, identifier, instant, literal, scalar
from orchestrator.model.collection import Association, Collection, Field

__all__ = ["aggregated", "gathered", "pivot_columns", "row_columns", "row_json", "value"]

#: alias of the rows that become JSON objects; a name that no column has
ROW = "row:"

_INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
_LOCAL = "YYYY-MM-DD HH24:MI:SS"
_SAFE = 9007199254740991

#: types that row_to_json already writes as the wire wants them
_NATIVE = frozenset(
    {"smallint", "integer", "bigint", "real", "double precision", "numeric", "boolean", "json", "jsonb", "date", "text"}
    | {"character varying", "uuid", "time without time zone"}
)


def value(field: Field, expression: exp.Expr, rendering: str) -> exp.Expr:
    """A column's value as the rendering shows it."""
    if rendering == "wire":
        field, expression = instant(field, expression)
    if field.array:
        return _array(field, expression, rendering)
    return _scalar(field.pg_type, expression, rendering)


def _scalar(pg_type: str, expression: exp.Expr, rendering: str) -> exp.Expr:
    wire = rendering == "wire"
    match pg_type:
        case "timestamp with time zone":
            return call("to_char", exp.AtTimeZone(this=expression, zone=literal("UTC")), literal(_INSTANT))
        case "timestamp without time zone":
            return call("to_char", expression, literal(_LOCAL))
        case "bytea":
            lines = call("encode", expression, literal("base64"))
            return call("translate", lines, call("chr", exp.Literal.number(10)), literal(""))
        case "numeric" if wire:
            return cast(expression, "text")
        case "bigint" if wire:
            safe = exp.Between(this=expression.copy(), low=exp.Literal.number(-_SAFE), high=exp.Literal.number(_SAFE))
            return exp.Case(
                ifs=[exp.If(this=safe, true=call("to_json", expression))],
                default=call("to_json", cast(expression.copy(), "text")),
            )
        case _ if pg_type in _NATIVE:
            return expression
    return cast(expression, "text")


def _array(field: Field, expression: exp.Expr, rendering: str) -> exp.Expr:
    element = field.element_type
    if element in _NATIVE and (rendering != "wire" or element not in {"bigint", "numeric"}):
        return expression
    if element in {"bigint", "numeric"} or element not in {
        "timestamp with time zone",
        "timestamp without time zone",
        "bytea",
    }:
        return cast(expression, "text[]")
    items = exp.Table(
        this=call("unnest", expression),
        alias=exp.TableAlias(this=identifier("items"), columns=[identifier("item")]),
    )
    shown = exp.select(_scalar(element, column("items", "item"), rendering)).from_(items)
    present = exp.Not(this=exp.Is(this=expression.copy(), expression=exp.null()))
    return exp.Case(ifs=[exp.If(this=present, true=exp.Anonymous(this="ARRAY", expressions=[shown]))])


def row_columns(scope: Scope, alias: str, selection: Selection, rendering: str) -> list[exp.Expr]:
    """The columns and relations of a selection as select-list entries, named as on the wire."""
    entries: list[exp.Expr] = [
        exp.alias_(value(f, column(alias, f.name), rendering), f.name, quoted=True) for f in selection.fields
    ]
    for name, child in selection.relations.items():
        shown = _relation(scope, selection.collection, alias, selection.association(name), child, rendering)
        entries.append(exp.alias_(shown, name, quoted=True))
    return entries


def row_json(columns: Sequence[exp.Expr]) -> exp.Expr:
    """One JSON object of columns that refer to tables outside."""
    if not columns:
        return cast(literal("{}"), "json")
    return scalar(exp.select(call("row_to_json", _row())).from_(_rows(exp.select(*columns))))


def aggregated(query: exp.Select) -> exp.Expr:
    """A query's rows as one JSON array, in the query's order."""
    if not query.expressions:
        query = query.select(cast(exp.null(), "text").as_(" ", quoted=True))
        shown: exp.Expr = call("json_agg", cast(literal("{}"), "json"))
    else:
        shown = call("json_agg", _row())
    return coalesce(scalar(exp.select(shown).from_(_rows(query))), cast(literal("[]"), "json"))


def gathered(query: exp.Select, document: exp.Expr) -> exp.Expr:
    """The JSON documents of a query's rows as one JSON array, in the query's order."""
    rows = _rows(query.select(exp.alias_(document, "document")))
    shown = call("json_agg", column(ROW, "document"))
    return coalesce(scalar(exp.select(shown).from_(rows)), cast(literal("[]"), "json"))


def pivot_columns(scope: Scope, through: Collection, alias: str, rendering: str) -> list[exp.Expr]:
    """The columns of the row that links two others."""
    return row_columns(scope, alias, Selection(through), rendering)


def _row() -> exp.Expr:
    return exp.Column(this=identifier(ROW))


def _rows(query: exp.Select) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(ROW)))


def _relation(
    scope: Scope, source: Collection, alias: str, association: Association, selection: Selection, rendering: str
) -> exp.Expr:
    target, inner, pivot = selection.collection, scope.alias(), scope.alias()
    query = related_rows(scope, source, alias, association, inner, pivot)
    if selection.levels and association.name in target.associations:
        deeper = Selection(target, selection.whole, selection.columns, selection.hidden)
        deeper.sort, deeper.levels = selection.sort, selection.levels - 1
        selection.relations[association.name] = deeper
    columns = row_columns(scope, inner, selection, rendering)
    if association.type == "belongsToMany" and selection.whole and selection.pivot:
        through = association.through or ""
        if scope.sees(through):
            linked = row_json(pivot_columns(scope, scope.collection(through), pivot, rendering))
            if conditions := scope.visible(through, pivot):
                linked = exp.Case(ifs=[exp.If(this=exp.and_(*conditions, copy=False), true=linked)])
            columns.append(exp.alias_(linked, through, quoted=True))
    query = query.select(*columns)
    ordering = order(scope, target, inner, selection.sort)
    holder = scope.structure(source.name).fields.get(association.foreign_key)
    if association.type == "belongsToArray" and holder is not None and holder.array and not selection.sort:
        # in the order of the list
        key = cast(column(inner, association.target_key), holder.element_type)
        ordering.insert(0, call("array_position", column(alias, holder.name), key))
    if ordering:
        query = query.order_by(*ordering)
    if association.to_many:
        return aggregated(query)
    if not columns:
        query = query.select(cast(exp.null(), "text").as_(" ", quoted=True))
    return scalar(exp.select(call("row_to_json", _row())).from_(_rows(query.limit(1))))
