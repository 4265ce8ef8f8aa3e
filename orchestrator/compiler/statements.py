"""Shapes of requests (model.shape) compiled to SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from orchestrator.compiler.access import acts, open_scope, with_parameters
from orchestrator.compiler.aggregation import compile_query
from orchestrator.compiler.associations import pivot_condition, related_to_source, source_value
from orchestrator.compiler.filters import filter_condition
from orchestrator.compiler.keys import key_condition
from orchestrator.compiler.positions import renumber, shift
from orchestrator.compiler.rendering import aggregated, gathered, pivot_columns, row_columns, row_json, value
from orchestrator.compiler.selection import Selection, select
from orchestrator.compiler.sorting import order
from orchestrator.compiler.sql import (
    UNKNOWN_COLUMN,
    Scope,
    call,
    cast,
    column,
    identifier,
    input_parameter,
    input_value,
    parameter,
    record_of,
    scalar,
    table,
    to_sql,
)
from orchestrator.compiler.trees import select_tree
from orchestrator.engine.port import Port
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Catalog, Collection, Field
from orchestrator.model.people import catalog_with_people

__all__ = ["compile_for", "compile_shape"]

Shape = dict[str, Any]

#: alias of the rows that a write changed
CHANGED = "changed"
#: alias of the values to write
VALUES = "p"

#: estimated rows beyond which a page does not count them
_MANY = 300_000

#: kinds of statements that write their collection
_CHANGES = frozenset({"insert", "update", "delete"})
_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max"})


def compile_shape(catalog: Catalog, shape: str) -> str:
    """The statement of a shape; its result columns are texts:

    ``data`` is one JSON array in a single row, or with ``single`` or ``keys`` one JSON object a row; ``keys`` are the
    columns asked for; ``count`` and ``value`` come of counts and aggregates. Where rows are not to be counted, because
    the collection says so or there are too many, the ``count`` of a page is ``true`` if more follow it, else ``false``.
    """
    request: Shape = json.loads(shape)
    scope = open_scope(catalog, request)
    compile_kind = _KINDS.get(request["kind"])
    if compile_kind is None:
        raise InvalidError(f"unknown kind of statement {request['kind']!r}")
    found = scope.addressed if acts(request) or request["kind"] == "link" else scope.collection
    collection = found(request["collection"])
    if collection.read_only and request["kind"] in _CHANGES:
        raise InvalidError(f'"{collection.name}" can only be read and linked')
    return to_sql(with_parameters(compile_kind(scope, collection, request), request))


def compile_for(port: Port, shape: str) -> str:
    """The statement of a shape over the catalog as the transaction sees it; called by ``orchestrator.statement()``."""
    text = port.fetch("select orchestrator.catalog()::text as catalog")[0]["catalog"]
    return compile_shape(catalog_with_people(text), shape)


def _select(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    alias = scope.alias()
    query = exp.select().from_(_source(scope, collection, alias, shape))
    query = query.where(*_conditions(scope, collection, alias, shape))
    if ordering := order(scope, collection, alias, shape.get("sort", ())):
        query = query.order_by(*ordering)
    if "offset" in shape:
        query = query.offset(parameter(shape["offset"], "bigint"))
    if "limit" in shape:
        # a subquery, so that only the rows of the page are written out, and not all that are sorted
        page = query.select(exp.Column(this=exp.Star(), table=identifier(alias)))
        page = page.limit(parameter(shape["limit"], "bigint"))
        query = exp.select().from_(exp.Subquery(this=page, alias=exp.TableAlias(this=identifier(alias))))
    elif shape.get("single"):
        query = query.limit(1)
    entries = _entries(scope, collection, alias, shape)
    if shape.get("locked"):
        # for no key update: rows that refer to it may be written meanwhile
        query.set("locks", [exp.Lock(update=True, key=True)])
    if shape.get("single") or "keys" in shape:
        return query.select(*_row(scope, collection, alias, shape, entries))
    rows = _listed(scope, collection, alias, shape, query, entries)
    listed = exp.select(exp.alias_(cast(rows, "text"), "data"))
    if shape.get("count"):
        listed = listed.select(exp.alias_(_total(scope, collection, shape), "count"))
    return listed


def _tree(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    narrowed = any(name in shape for name in ("association", "key", "filter", "scope"))
    return select_tree(
        scope,
        collection,
        shape,
        where=lambda alias: _conditions(scope, collection, alias, shape) if narrowed else [],
        entries=lambda alias: _entries(scope, collection, alias, shape),
    )


def _count(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    return _counted(scope, collection, shape)


def _total(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    """How many rows there are; or whether any follow the page, where that is all that is wanted."""
    number = scalar(_counted(scope, collection, shape))
    if "limit" not in shape:
        return number
    alias = scope.alias()
    rest = exp.select("1").from_(_source(scope, collection, alias, shape))
    rest = rest.where(*_conditions(scope, collection, alias, shape))
    beyond: exp.Expr = parameter(shape["limit"], "bigint")
    if "offset" in shape:
        beyond = exp.Paren(this=exp.Add(this=beyond, expression=parameter(shape["offset"], "bigint")))
    following = cast(exp.Exists(this=rest.limit(1).offset(beyond)), "text")
    if collection.options.get("simplePaginate"):
        return following
    if not collection.oid or scope.narrows(collection.name):
        return number
    estimate = exp.select(column("c", "reltuples")).from_(
        exp.Table(this=identifier("pg_class"), db=identifier("pg_catalog"), alias=exp.TableAlias(this=identifier("c")))
    )
    estimate = estimate.where(exp.EQ(this=column("c", "oid"), expression=exp.Literal.number(collection.oid)))
    many = exp.GT(this=scalar(estimate), expression=exp.Literal.number(_MANY))
    return exp.Case(ifs=[exp.If(this=many, true=following)], default=number)


def _counted(scope: Scope, collection: Collection, shape: Shape) -> exp.Select:
    alias = scope.alias()
    number = exp.alias_(cast(call("count", exp.Star()), "text"), "count")
    query = exp.select(number).from_(_source(scope, collection, alias, shape))
    return query.where(*_conditions(scope, collection, alias, shape))


def _aggregate(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    alias, function = scope.alias(), shape["function"]
    field = collection.readable(shape["field"])
    if field is None or function not in _AGGREGATES:
        raise InvalidError(UNKNOWN_COLUMN)
    argument: exp.Expr = column(alias, field.name)
    if shape.get("distinct"):
        argument = exp.Distinct(expressions=[argument])
    query = exp.select(exp.alias_(cast(call(function, argument), "text"), "value"))
    query = query.from_(_source(scope, collection, alias, shape))
    return query.where(*_conditions(scope, collection, alias, shape))


def _insert(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    alias = scope.alias()
    fields = _written(scope, collection, shape)
    target = table(collection, alias)
    if fields:
        values = exp.select(*_inputs(fields, shape))
        statement = exp.Insert(
            this=exp.Schema(this=target, expressions=[identifier(f.name) for f in fields]),
            expression=values if shape.get("apart") else values.from_(record_of(1, fields, VALUES)),
        )
    else:
        statement = exp.Insert(this=target, default=True)
    if _returns(shape):
        entries = _entries(scope, collection, alias, shape)
        statement.set("returning", exp.Returning(expressions=_row(scope, collection, alias, shape, entries)))
    return statement


def _update(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    alias = scope.alias()
    fields = _written(scope, collection, shape)
    inputs = zip(fields, _inputs(fields, shape), strict=True)
    statement = exp.Update(
        this=table(collection, alias),
        expressions=[exp.EQ(this=identifier(f.name), expression=value) for f, value in inputs],
    )
    if not shape.get("apart"):
        statement = statement.from_(record_of(1, fields, VALUES))
    return _changed(scope, collection, shape, alias, statement.where(*_conditions(scope, collection, alias, shape)))


def _delete(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    alias = scope.alias()
    statement = exp.Delete(this=table(collection, alias))
    return _changed(scope, collection, shape, alias, statement.where(*_conditions(scope, collection, alias, shape)))


def _shift(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    return shift(scope, collection, shape, lambda alias: _conditions(scope, collection, alias, shape))


def _renumber(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    return renumber(scope, collection, shape, lambda alias: _conditions(scope, collection, alias, shape))


def _link(scope: Scope, collection: Collection, shape: Shape) -> exp.Expr:
    """Rows of the through-collection for those targets that are not linked yet."""
    source, association = _association(scope, collection, shape)
    through = scope.structure(association.through or "")
    if through.read_only:
        raise InvalidError(f'"{through.name}" can only be read')
    fields = _written(scope, through, shape)
    alias, pivot = scope.alias(), scope.alias()
    near = source_value(scope, source, association, shape["source"])
    linked = exp.select("1").from_(table(through, pivot))
    linked = linked.where(pivot_condition(scope, association, near, alias, pivot))
    query = exp.select(near.copy(), column(alias, association.target_key), *(input_value(f, VALUES) for f in fields))
    query = query.from_(_source(scope, collection, alias, shape))
    if fields:
        query = query.join(record_of(1, fields, VALUES), join_type="cross")
    query = query.where(*_conditions(scope, collection, alias, {**shape, "association": None}))
    columns = [association.foreign_key, association.other_key or "", *(f.name for f in fields)]
    return exp.Insert(
        this=exp.Schema(this=table(through, scope.alias()), expressions=[identifier(name) for name in columns]),
        expression=query.where(exp.Not(this=exp.Exists(this=linked))),
    )


def _changed(
    scope: Scope, collection: Collection, shape: Shape, alias: str, statement: exp.Update | exp.Delete
) -> exp.Expr:
    """The rows that a write changed, in the order of their keys; the bare statement when nobody wants them."""
    if not _returns(shape):
        return statement
    star = exp.Column(this=exp.Star(), table=identifier(alias))
    statement.set("returning", exp.Returning(expressions=[star]))
    entries = _entries(scope, collection, CHANGED, shape)
    query = exp.select().from_(exp.Table(this=identifier(CHANGED)))
    if ordering := order(scope, collection, CHANGED, ()):
        query = query.order_by(*ordering)
    if "keys" in shape:
        answer = query.select(*_row(scope, collection, CHANGED, shape, entries))
    else:
        number = exp.select(cast(call("count", exp.Star()), "text")).from_(exp.Table(this=identifier(CHANGED)))
        answer = exp.select(
            exp.alias_(cast(_listed(scope, collection, CHANGED, shape, query, entries), "text"), "data"),
            exp.alias_(scalar(number), "count"),
        )
    return answer.with_(identifier(CHANGED), as_=statement)


def _returns(shape: Shape) -> bool:
    return "rendering" in shape or "keys" in shape


def _entries(scope: Scope, collection: Collection, alias: str, shape: Shape) -> list[exp.Expr]:
    """What is shown of a row; a row reached through a join table shows the link as well."""
    if "rendering" not in shape:
        return []
    selection: Selection = select(scope, collection, shape)
    entries = row_columns(scope, alias, selection, shape["rendering"])
    if shape.get("association"):
        source, association = _association(scope, collection, shape)
        if association.type == "belongsToMany":
            pivot = scope.alias()
            if selection.whole and scope.sees(association.through or ""):
                through = scope.collection(association.through or "")
                near = source_value(scope, source, association, shape["source"])
                link = exp.select(row_json(pivot_columns(scope, through, pivot, shape["rendering"])))
                link = link.from_(scope.rows(through, pivot))
                link = link.where(pivot_condition(scope, association, near, alias, pivot)).limit(1)
                entries.append(exp.alias_(scalar(link), through.name, quoted=True))
            entries.append(exp.alias_(cast(exp.null(), "text"), "_pivot_", quoted=True))
    return entries


def _row(scope: Scope, collection: Collection, alias: str, shape: Shape, entries: Sequence[exp.Expr]) -> list[exp.Expr]:
    """``data`` and ``keys`` of one row."""
    columns = []
    if "rendering" in shape:
        columns.append(exp.alias_(cast(_shown(scope, collection, alias, shape, entries), "text"), "data"))
    if "keys" in shape:
        whole = scope.structure(collection.name)
        raw = [column(alias, _field(whole, name).name) for name in shape["keys"]]
        named = [exp.alias_(key, name, quoted=True) for key, name in zip(raw, shape["keys"], strict=True)]
        columns.append(exp.alias_(cast(row_json(named), "text"), "keys"))
    return columns


def _shown(scope: Scope, collection: Collection, alias: str, shape: Shape, entries: Sequence[exp.Expr]) -> exp.Expr:
    """One row as a JSON object; one that was changed and may not be seen, by its key alone."""
    whole = row_json(entries)
    if not acts(shape) or not (conditions := scope.visible(collection.name, alias)):
        return whole
    key = [f for f in collection.fields.values() if f.name in collection.key_columns]
    bare = row_json([exp.alias_(value(f, column(alias, f.name), shape["rendering"]), f.name, quoted=True) for f in key])
    return exp.Case(ifs=[exp.If(this=exp.and_(*conditions, copy=False), true=whole)], default=bare)


def _listed(
    scope: Scope, collection: Collection, alias: str, shape: Shape, query: exp.Select, entries: Sequence[exp.Expr]
) -> exp.Expr:
    """The rows of a query as one JSON array."""
    if acts(shape) and "rendering" in shape and scope.narrows(collection.name):
        return gathered(query, _shown(scope, collection, alias, shape, entries))
    return aggregated(query.select(*entries))


def _source(scope: Scope, collection: Collection, alias: str, shape: Shape) -> exp.Expr:
    """Where a statement's rows come from."""
    return table(collection, alias) if acts(shape) else scope.rows(collection, alias)


def _conditions(scope: Scope, collection: Collection, alias: str, shape: Shape) -> list[exp.Expr]:
    conditions = []
    if shape.get("association"):
        source, association = _association(scope, collection, shape)
        conditions.append(related_to_source(scope, association, source, shape["source"], alias))
    if "key" in shape:
        conditions.append(key_condition(collection, alias, shape["key"]))
    if "filter" in shape:
        conditions.append(filter_condition(scope, collection, alias, shape["filter"]))
    return scope.permitted(collection, alias, conditions)


def _association(scope: Scope, target: Collection, shape: Shape) -> tuple[Collection, Association]:
    name, relation = shape["association"]
    source = scope.structure(name)
    association = source.associations.get(relation)
    if association is None or association.target != target.name:
        raise InvalidError(f'"{name}" has no relation "{relation}" to "{target.name}"')
    return source, association


def _written(scope: Scope, collection: Collection, shape: Shape) -> list[Field]:
    whole = scope.structure(collection.name)
    return [_field(whole, name) for name in shape["columns"]]


def _inputs(fields: Sequence[Field], shape: Shape) -> list[exp.Expr]:
    """The values to write: columns of the record of parameter 1, or parameters."""
    if shape.get("apart"):
        return [input_parameter(f, number) for number, f in enumerate(fields, 1)]
    return [input_value(f, VALUES) for f in fields]


def _field(collection: Collection, name: str) -> Field:
    field = collection.fields.get(name)
    if field is None:
        raise InvalidError(UNKNOWN_COLUMN)
    return field


_KINDS: dict[str, Callable[[Scope, Collection, Shape], exp.Expr]] = {
    "select": _select,
    "tree": _tree,
    "count": _count,
    "aggregate": _aggregate,
    "query": compile_query,
    "insert": _insert,
    "update": _update,
    "delete": _delete,
    "link": _link,
    "shift": _shift,
    "renumber": _renumber,
}
