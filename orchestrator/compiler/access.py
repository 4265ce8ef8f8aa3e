"""What may be seen and changed by whom a statement is for (model.access), enforced wherever it reads.

What may not be seen is not there: a column or relation that is named is as unknown as one that does not exist, and rows
are read through their scope, be it for themselves, for a relation, for a condition or an order. PostgreSQL makes one
query of that. Scopes are compiled over everything: what they ask for need not be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlglot import exp

from orchestrator.compiler.filters import filter_condition
from orchestrator.compiler.keys import key_condition
from orchestrator.compiler.sql import UNKNOWN_COLUMN, Scope, identifier, parameter, table
from orchestrator.errors import InvalidError
from orchestrator.model.access import parameters_of
from orchestrator.model.collection import Association, Catalog, Collection

__all__ = ["acts", "open_scope", "with_parameters"]

Shape = Mapping[str, Any]
Tree = list[Any]

_WRITES = frozenset({"insert", "update", "delete"})
#: fail for some patterns, as soon as they meet a row
_FAILING = frozenset({"regexp", "notRegexp", "iRegexp", "notIRegexp"})


def open_scope(catalog: Catalog, shape: Shape) -> Scope:
    """The scope of a shape's statement."""
    return Restricted(catalog, shape) if "access" in shape or "scope" in shape else Scope(catalog)


def acts(shape: Shape) -> bool:
    """Whether a statement's rows are those that an action is done to: it need not be allowed to see them."""
    return shape["kind"] in _WRITES or "scope" in shape


def with_parameters(statement: exp.Expr, shape: Shape) -> exp.Expr:
    """The statement with every parameter of permissions in it: PostgreSQL wants to know them all."""
    used = {int(found.this.this) for found in statement.find_all(exp.Parameter)}
    unused = sorted(parameters_of(shape) - used)
    if unused:
        nothing = exp.select(*(parameter(number, "text") for number in unused))
        part = exp.CTE(this=nothing, alias=exp.TableAlias(this=identifier("unused")))
        with_ = statement.args.get("with_") or exp.With(expressions=[])
        with_.append("expressions", part)
        statement.set("with_", with_)
    return statement


class Restricted(Scope):
    """A scope for whom not everything may be seen."""

    def __init__(self, catalog: Catalog, shape: Shape) -> None:
        super().__init__(catalog)
        self._shape = shape
        self._access: Mapping[str, Mapping[str, Any]] | None = shape.get("access")
        self._everything = Scope(catalog, self._aliases)
        self._named = cache(self._restricted)
        #: conditions that fail would tell of rows that they should never meet
        self._fails = _mentions(shape.get("filter"), _FAILING)

    def collection(self, name: str) -> Collection:
        if not self.sees(name):
            raise InvalidError(UNKNOWN_COLUMN)
        return self._named(name)

    def addressed(self, name: str) -> Collection:
        return self._named(name)

    def parent(self, collection: Collection) -> Association | None:
        if collection is not self._named(collection.name):
            # made by the statement itself
            return collection.parent
        found = self.structure(collection.name).parent
        if found is None or found.foreign_key in collection.fields:
            return found
        # the other way round it tells the same
        own = (a.foreign_key for a in collection.associations.values() if a.target == collection.name)
        return found if found.foreign_key in own else None

    def sees(self, name: str) -> bool:
        return self._access is None or name in self._access

    def narrows(self, name: str) -> bool:
        return not self.sees(name) or "scope" in self._entry(name)

    def visible(self, name: str, alias: str) -> list[exp.Expr]:
        if not self.sees(name):
            return [exp.false()]
        return self._scope(name, alias, self._entry(name).get("scope", True))

    def rows(self, collection: Collection, alias: str) -> exp.Expr:
        conditions = self.visible(collection.name, alias)
        if not conditions:
            return table(collection, alias)
        query = exp.select(exp.Column(this=exp.Star(), table=identifier(alias))).from_(table(collection, alias))
        query = query.where(*conditions)
        if self._fails:
            # then nothing else is asked of a row before its scope
            query = query.offset(0)
        return query.subquery(identifier(alias))

    def permitted(self, collection: Collection, alias: str, conditions: list[exp.Expr]) -> list[exp.Expr]:
        if not acts(self._shape):
            return conditions
        demands = self._scope(collection.name, alias, self._shape.get("scope", True))
        if "filter" in self._shape or "sort" in self._shape:
            demands += self.visible(collection.name, alias)
        if demands and self._fails:
            demand = exp.and_(*demands, copy=False)
            return [exp.Case(ifs=[exp.If(this=demand, true=exp.and_(*conditions, copy=False))])]
        return [*conditions, *demands]

    def reached(self, source: Collection, association: Association, key: Sequence[Any]) -> list[exp.Expr]:
        if key[0] == "value":
            # not a client's, and whoever has the value has seen the row
            return []
        direct = key[0] == "one" and source.key_columns == (association.source_key,)
        if direct and association.type in {"hasOne", "hasMany"} and self.sees(association.target):
            target = self._named(association.target)
            if association.foreign_key in target.fields:
                # a filter on that column would find the same
                return []
        relations = self._entry(source.name).get("relations") if self.sees(source.name) else ()
        if relations is not None and association.name not in relations:
            return [exp.false()]
        if not self.narrows(source.name):
            return []
        alias = self.alias()
        found = exp.select("1").from_(self.rows(source, alias))
        return [exp.Exists(this=found.where(key_condition(self.addressed(source.name), alias, key)))]

    def _entry(self, name: str) -> Mapping[str, Any]:
        return {} if self._access is None else self._access[name]

    def _scope(self, name: str, alias: str, tree: Tree | bool) -> list[exp.Expr]:
        if isinstance(tree, bool):
            return [] if tree else [exp.false()]
        try:
            return [filter_condition(self._everything, self.structure(name), alias, tree)]
        except InvalidError:
            # the scope is older than the columns that there are
            raise InvalidError(UNKNOWN_COLUMN) from None

    def _restricted(self, name: str) -> Collection:
        """The collection as far as it may be named."""
        found = self.structure(name)
        if self._access is None:
            return found
        entry = self._access.get(name, {"fields": (), "relations": ()})
        fields, relations = entry.get("fields"), entry.get("relations")
        return replace(
            found,
            fields={
                field: value
                for field, value in found.fields.items()
                if fields is None or field in fields or field in found.key_columns
            },
            associations={
                relation: value
                for relation, value in found.associations.items()
                if (relations is None or relation in relations) and self.sees(value.target)
            },
        )


def _mentions(tree: Any, operators: frozenset[str]) -> bool:
    if not isinstance(tree, list):
        return False
    if tree[0] == "is":
        return tree[2] in operators
    return any(_mentions(child, operators) for child in ([tree[1]] if tree[0] == "not" else tree[1]))
