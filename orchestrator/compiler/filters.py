"""Trees of conditions (model.conditions) compiled to SQL over one table.

A path through a relation becomes ``EXISTS (select … from target …)``, so that no row ever appears twice. Conditions of
one group that begin with the same relation speak of the same related row, and are tested together. What would hold for
a row of nulls, such as ``$ne``, holds for a row without related rows as well: just as if the target were outer-joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlglot import exp

from orchestrator.compiler.associations import related
from orchestrator.compiler.operators import Operand, apply, of_nulls
from orchestrator.compiler.sql import (
    UNKNOWN_COLUMN,
    Scope,
    call,
    cast,
    column,
    equal,
    identifier,
    literal,
    parameter,
    scalar,
    table,
)
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection, Field

__all__ = ["filter_condition"]

Tree = list[Any]


def filter_condition(scope: Scope, collection: Collection, alias: str, tree: Tree, via: str | None = None) -> exp.Expr:
    """The condition of a tree on the row under ``alias``; ``via`` is the relation that led to its collection.

    A whole subtree behind one relation is tested on the related row.
    """
    relation = _first_relation(collection, tree)
    if relation is not None:
        return _exists(scope, collection, alias, collection.associations[relation], _behind(tree))
    match tree:
        case ["and" | "or" as word, nodes]:
            parts = [
                filter_condition(scope, collection, alias, node, via) for node in _grouped(collection, word, nodes)
            ]
            combine = exp.and_ if word == "and" else exp.or_
            return exp.Paren(this=combine(*parts, copy=False))
        case ["not", node]:
            return exp.Not(this=exp.Paren(this=filter_condition(scope, collection, alias, node, via)))
        case ["is", path, operator, operand, first]:
            return _leaf(scope, collection, alias, path, Operand(operator, operand, first), via)
    raise InvalidError(f"unknown condition {tree!r}")


def _grouped(collection: Collection, word: str, nodes: Sequence[Tree]) -> Iterable[Tree]:
    """Children with those of one relation put together."""
    groups: dict[str, list[Tree]] = {}
    for position, node in enumerate(nodes):
        name = _first_relation(collection, node)
        groups.setdefault(f"relation {name}" if name else f"node {position}", []).append(node)
    return [group[0] if len(group) == 1 else [word, group] for group in groups.values()]


def _first_relation(collection: Collection, tree: Tree) -> str | None:
    """The relation that every path of a subtree begins with and goes on behind, None when there is not one."""
    if tree[0] == "is":
        path = tree[1]
        return path[0] if len(path) > 1 and path[0] in collection.associations else None
    children = [tree[1]] if tree[0] == "not" else tree[1]
    found = {_first_relation(collection, child) for child in children}
    return found.pop() if len(found) == 1 else None


def _behind(tree: Tree) -> Tree:
    """The subtree as the related row sees it."""
    if tree[0] == "is":
        return ["is", tree[1][1:], *tree[2:]]
    if tree[0] == "not":
        return ["not", _behind(tree[1])]
    return [tree[0], [_behind(child) for child in tree[1]]]


def _exists(scope: Scope, collection: Collection, alias: str, association: Association, tree: Tree) -> exp.Expr:
    target, inner = scope.collection(association.target), scope.alias()
    link = related(scope, collection, alias, association, inner)
    condition = filter_condition(scope, target, inner, tree, association.name)
    found: exp.Expr = exp.Exists(this=exp.select("1").from_(table(target, inner)).where(link, condition, copy=False))
    if of_nulls(tree):
        other = scope.alias()
        any_related = exp.select("1").from_(table(target, other))
        any_related = any_related.where(related(scope, collection, alias, association, other), copy=False)
        found = exp.Paren(this=exp.or_(found, exp.Not(this=exp.Exists(this=any_related)), copy=False))
    return found


def _leaf(
    scope: Scope, collection: Collection, alias: str, path: Sequence[str], operand: Operand, via: str | None
) -> exp.Expr:
    name, *rest = path
    field = collection.fields.get(name)
    if field is None:
        if name in collection.associations:
            raise InvalidError(f"undefined neither {name}'s association nor {name}'s attribute")
        raise InvalidError(f"{name} neither {via}'s association nor {via}'s attribute" if via else UNKNOWN_COLUMN)
    value: exp.Expr = column(alias, name)
    if rest:
        field, value = _json_path(field, value, rest, operand)
    elif operand.operator in {"childIn", "childNotIn"}:
        return _descendant(scope, collection, field, value, operand)
    elif operand.kind == "column":
        other = collection.fields.get(str(operand.first))
        if other is None:
            raise InvalidError(UNKNOWN_COLUMN)
        return apply(field, value, operand, column(alias, other.name))
    return apply(field, value, operand)


def _json_path(field: Field, value: exp.Expr, path: Sequence[str], operand: Operand) -> tuple[Field, exp.Expr]:
    """What lies in a JSON document, as text; as a number where it is compared with one, and null where it is none."""
    if not field.json:
        raise InvalidError(f"Invalid value {{ {path[0]}: … }}")
    keys = [literal(key) for key in path]
    text = call(f"{field.pg_type}_extract_path_text", value, *keys)
    if operand.kind == "number" and operand.ordering:
        kind = call(f"{field.pg_type}_typeof", call(f"{field.pg_type}_extract_path", value.copy(), *keys))
        number = exp.Case(
            ifs=[exp.If(this=exp.EQ(this=kind, expression=literal("number")), true=cast(text, "numeric"))]
        )
        return Field(name=field.name, type="decimal", pg_type="numeric"), number
    return Field(name=field.name, type="text", pg_type="text"), text


def _descendant(scope: Scope, collection: Collection, field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    """Rows below the given ones, by the collection's relation to itself."""
    own = [a for a in collection.associations.values() if a.type == "belongsTo" and a.target == collection.name]
    if not own:
        raise InvalidError(f'collection "{collection.name}" is not a tree')
    parent = next((a for a in own if a.name == "parent"), own[0])
    key_field = collection.fields[parent.target_key]
    first, next_, below = scope.alias(), scope.alias(), scope.alias()
    start = exp.select(exp.alias_(column(first, parent.target_key), "key", quoted=True)).from_(table(collection, first))
    start = start.where(
        equal(
            key_field,
            column(first, parent.foreign_key),
            exp.Any(this=exp.Paren(this=parameter(int(operand.first), f"{key_field.pg_type}[]"))),
        )
    )
    step = exp.select(column(next_, parent.target_key)).from_(table(collection, next_))
    step = step.join(
        exp.Table(this=identifier(below)),
        on=equal(key_field, column(next_, parent.foreign_key), column(below, "key")),
    )
    found = exp.select(column(below, "key")).from_(exp.Table(this=identifier(below)))
    found = found.with_(below, as_=exp.union(start, step, distinct=True), recursive=True)
    member = equal(field, value, exp.Any(this=scalar(found)))
    return member if operand.operator == "childIn" else exp.Not(this=exp.Paren(this=member))
