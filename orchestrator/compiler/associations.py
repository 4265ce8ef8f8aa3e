"""How the rows of two collections belong together."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from orchestrator.compiler.keys import key_condition
from orchestrator.compiler.sql import Scope, call, cast, column, equal, identifier, literal, parameter, scalar, table
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection, Field

__all__ = [
    "outer_join",
    "pivot_condition",
    "related",
    "related_rows",
    "related_to_source",
    "source_column",
    "source_value",
]


def related(scope: Scope, source: Collection, alias: str, association: Association, target_alias: str) -> exp.Expr:
    """The row under ``target_alias`` is related to the row under ``alias``."""
    return _linked(scope, source, association, column(alias, source_column(association)), target_alias)


def related_rows(
    scope: Scope, source: Collection, alias: str, association: Association, target_alias: str, pivot_alias: str
) -> exp.Select:
    """A query of the rows related to the row under ``alias``, with nothing selected yet.

    The linking row, if the relation goes by a join table, is under ``pivot_alias``.
    """
    target = scope.rows(scope.collection(association.target), target_alias)
    if association.type != "belongsToMany":
        link = related(scope, source, alias, association, target_alias)
        return exp.select().from_(target).where(link, copy=False)
    through = scope.structure(association.through or "")
    near = column(alias, source_column(association))
    link = pivot_condition(scope, association, near, target_alias, pivot_alias)
    return exp.select().from_(table(through, pivot_alias)).join(target, join_type="cross").where(link, copy=False)


def outer_join(
    scope: Scope, query: exp.Select, source: Collection, alias: str, association: Association, target_alias: str
) -> exp.Select:
    """The query with each row beside every related one, under ``target_alias``; beside nulls where there is none."""
    found = related_rows(scope, source, alias, association, target_alias, scope.alias())
    found = found.select(exp.Column(this=exp.Star(), table=identifier(target_alias)))
    joined = exp.Lateral(this=found.subquery(), alias=exp.TableAlias(this=identifier(target_alias)))
    return query.join(joined, on=exp.true(), join_type="left")


def related_to_source(
    scope: Scope, association: Association, source: Collection, key: list[Any], target_alias: str
) -> exp.Expr:
    """The row under ``target_alias`` is related to the source row that a shape's ``source`` names."""
    linked = _linked(scope, source, association, source_value(scope, source, association, key), target_alias)
    return exp.and_(*scope.reached(source, association, key), linked, copy=False)


def source_column(association: Association) -> str:
    """The column of the source that the relation goes by."""
    own = association.type in {"belongsTo", "belongsToArray"}
    return association.foreign_key if own else association.source_key


def source_value(scope: Scope, source: Collection, association: Association, key: list[Any]) -> exp.Expr:
    """That column's value, from a parameter where it is known and else from the addressed row."""
    name = source_column(association)
    field = source.fields.get(name)
    if field is None:
        raise InvalidError(f"{association.name} refers to a column that is gone")
    if key[0] == "value" or (key[0] == "one" and source.key_columns == (name,)):
        return parameter(key[1], field.pg_type)
    alias = scope.alias()
    found = exp.select(column(alias, name)).from_(scope.rows(source, alias))
    return scalar(found.where(key_condition(scope.addressed(source.name), alias, key)).limit(1))


def pivot_condition(
    scope: Scope, association: Association, source_key: exp.Expr, target_alias: str, pivot_alias: str
) -> exp.Expr:
    """The row under ``pivot_alias`` links the source row to the row under ``target_alias``."""
    through = scope.structure(association.through or "")
    near, far = through.fields.get(association.foreign_key), through.fields.get(association.other_key or "")
    if near is None or far is None:
        raise InvalidError(f"{association.name} refers to a column that is gone")
    return exp.and_(
        equal(near, column(pivot_alias, near.name), source_key),
        equal(far, column(pivot_alias, far.name), column(target_alias, association.target_key)),
    )


def _linked(
    scope: Scope, source: Collection, association: Association, source_key: exp.Expr, target_alias: str
) -> exp.Expr:
    target = scope.structure(association.target)
    if association.type == "belongsToMany":
        through, pivot = scope.structure(association.through or ""), scope.alias()
        condition = pivot_condition(scope, association, source_key, target_alias, pivot)
        return exp.Exists(this=exp.select("1").from_(table(through, pivot)).where(condition))
    keyed = association.type in {"belongsTo", "belongsToArray"}
    name = association.target_key if keyed else association.foreign_key
    field = target.fields.get(name)
    if field is None:
        raise InvalidError(f"{association.name} refers to a column that is gone")
    if association.type == "belongsToArray":
        return _listed(scope.structure(source.name), association, field, column(target_alias, name), source_key)
    return equal(field, column(target_alias, name), source_key)


def _listed(source: Collection, association: Association, field: Field, key: exp.Expr, listed: exp.Expr) -> exp.Expr:
    """The key is in a column that lists keys: an array, or a JSON document that is one."""
    holder = source.fields.get(association.foreign_key)
    if holder is None or not (holder.array or holder.json):
        raise InvalidError(f"{association.name} refers to a column that is gone")
    if not holder.array:
        return exp.EQ(this=cast(key, "text"), expression=exp.Any(this=exp.Paren(this=_json_texts(listed))))
    return equal(field, key, exp.Any(this=exp.Paren(this=cast(listed, f"{field.pg_type}[]"))))


def _json_texts(value: exp.Expr) -> exp.Expr:
    """The elements of a JSON array as an array of texts; an empty one where the document is no array."""
    document = cast(value, "jsonb")
    is_array = exp.EQ(this=call("jsonb_typeof", document), expression=literal("array"))
    array = exp.Case(ifs=[exp.If(this=is_array, true=document.copy())])
    source = exp.Table(
        this=call("jsonb_array_elements_text", array),
        alias=exp.TableAlias(this=identifier("e"), columns=[identifier("v")]),
    )
    return exp.Anonymous(this="ARRAY", expressions=[exp.select(column("e", "v")).from_(source)])
