"""Trees of conditions (model.conditions) compiled to SQL over one table.

What holds is what would hold if every relation that a filter mentions were outer-joined once, and rows then counted
once: conditions on one relation speak of the same related row, and a row without related rows is seen with nulls.
But nothing is joined where it need not be. Conditions that are all behind one relation become
``EXISTS (select … from target …)``, which PostgreSQL plans as a semi-join; only where own columns and relations are
mixed under one ``$or`` or ``$not`` the joins are spelled out, inside an EXISTS of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from orchestrator.compiler.associations import outer_join, related_rows
from orchestrator.compiler.operators import Operand, apply, of_nulls
from orchestrator.compiler.sql import (
    UNKNOWN_COLUMN,
    Scope,
    call,
    cast,
    column,
    equal,
    identifier,
    instant,
    literal,
    parameter,
    scalar,
)
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection, Field

__all__ = ["filter_condition"]

Tree = list[Any]


class Row(NamedTuple):
    """A row under an alias; ``via`` is the relation that led to it."""

    collection: Collection
    alias: str
    via: str | None = None


#: the row that a path ends in, and what is left of the path there
Resolve = Callable[[Sequence[str]], tuple[Row, Sequence[str]]]


def filter_condition(scope: Scope, collection: Collection, alias: str, tree: Tree, via: str | None = None) -> exp.Expr:
    """The condition of a tree on the row under ``alias``."""
    row = Row(collection, alias, via)
    own: list[Tree] = []
    behind: dict[str, list[Tree]] = {}
    mixed: list[Tree] = []
    for node in tree[1] if tree[0] == "and" else [tree]:
        relations = _relations(collection, node)
        if relations == {None}:
            own.append(node)
        elif len(relations) == 1:
            behind.setdefault(str(*relations), []).append(node)
        else:
            mixed.append(node)
    # what else is said of a relation that a mixed node mentions is said of the same related row
    for name in set().union(*(_relations(collection, node) for node in mixed)):
        mixed += behind.pop(str(name), [])

    parts = [_tree(scope, lambda path: (row, path), node) for node in own]
    parts += [_exists(scope, row, collection.associations[name], nodes) for name, nodes in behind.items()]
    if len(mixed) == 1 and mixed[0][0] == "or":
        either = [filter_condition(scope, collection, alias, node, via) for node in mixed[0][1]]
        parts.append(exp.Paren(this=exp.or_(*either, copy=False)))
    elif mixed:
        parts.append(_joined(scope, row, ["and", mixed]))
    return parts[0] if len(parts) == 1 else exp.Paren(this=exp.and_(*parts, copy=False))


def _relations(collection: Collection, tree: Tree) -> set[str | None]:
    """The relations that the paths of a subtree begin with; None stands for own columns."""
    if tree[0] == "is":
        path = tree[1]
        return {path[0] if len(path) > 1 and path[0] in collection.associations else None}
    children = [tree[1]] if tree[0] == "not" else tree[1]
    return set().union(*(_relations(collection, child) for child in children))


def _behind(tree: Tree) -> Tree:
    """The subtree as the related row sees it."""
    if tree[0] == "is":
        return ["is", tree[1][1:], *tree[2:]]
    if tree[0] == "not":
        return ["not", _behind(tree[1])]
    return [tree[0], [_behind(child) for child in tree[1]]]


def _tree(scope: Scope, resolve: Resolve, tree: Tree) -> exp.Expr:
    match tree:
        case ["and" | "or" as word, nodes]:
            combine = exp.and_ if word == "and" else exp.or_
            return exp.Paren(this=combine(*(_tree(scope, resolve, node) for node in nodes), copy=False))
        case ["not", node]:
            return exp.Not(this=exp.Paren(this=_tree(scope, resolve, node)))
        case ["is", path, operator, operand, first]:
            row, rest = resolve(path)
            return _leaf(scope, row, rest, Operand(operator, operand, first))
    raise InvalidError(f"unknown condition {tree!r}")


def _exists(scope: Scope, row: Row, association: Association, nodes: Sequence[Tree]) -> exp.Expr:
    """There is a related row of which all of this is true, or there is none and it is true of nulls."""
    tree = _behind(nodes[0] if len(nodes) == 1 else ["and", list(nodes)])
    target, inner = scope.collection(association.target), scope.alias()
    condition = filter_condition(scope, target, inner, tree, association.name)
    found = exp.Exists(this=_related(scope, row, association, inner).where(condition, copy=False))
    if not of_nulls(tree):
        return found
    any_related = exp.Exists(this=_related(scope, row, association, scope.alias()))
    return exp.Paren(this=exp.or_(found, exp.Not(this=any_related), copy=False))


def _related(scope: Scope, row: Row, association: Association, alias: str) -> exp.Select:
    return related_rows(scope, row.collection, row.alias, association, alias, scope.alias()).select("1")


def _joined(scope: Scope, row: Row, tree: Tree) -> exp.Expr:
    """The tree over the row and everything it mentions, outer-joined."""
    one = exp.select("1").subquery(scope.alias())
    query = exp.select("1").from_(one)
    rows: dict[tuple[str, ...], Row] = {(): row}

    def resolve(path: Sequence[str]) -> tuple[Row, Sequence[str]]:
        nonlocal query
        here = row
        for depth, name in enumerate(path):
            association = here.collection.associations.get(name)
            if association is None or depth == len(path) - 1:
                return here, path[depth:]
            reached = tuple(path[: depth + 1])
            if reached not in rows:
                rows[reached] = Row(scope.collection(association.target), scope.alias(), name)
                query = outer_join(scope, query, here.collection, here.alias, association, rows[reached].alias)
            here = rows[reached]
        return here, ()

    condition = _tree(scope, resolve, tree)
    return exp.Exists(this=query.where(condition, copy=False))


def _leaf(scope: Scope, row: Row, path: Sequence[str], operand: Operand) -> exp.Expr:
    collection, alias, via = row
    name, *rest = path
    field = collection.readable(name)
    if field is None:
        if name in collection.associations:
            raise InvalidError(f"undefined neither {name}'s association nor {name}'s attribute")
        raise InvalidError(f"{name} neither {via}'s association nor {via}'s attribute" if via else UNKNOWN_COLUMN)
    value: exp.Expr = column(alias, name)
    if rest:
        field, value = _json_path(field, value, rest, operand)
    elif operand.operator in {"childIn", "childNotIn"}:
        return _descendant(scope, collection, field, value, operand)
    if operand.kind == "column":
        other = collection.readable(str(operand.first))
        if other is None:
            raise InvalidError(UNKNOWN_COLUMN)
        _, beside = instant(other, column(alias, other.name))
        # what lies in a document is a text
        return apply(*instant(field, value), operand, cast(beside, "text") if rest else beside)
    return apply(*instant(field, value), operand)


def _json_path(field: Field, value: exp.Expr, path: Sequence[str], operand: Operand) -> tuple[Field, exp.Expr]:
    """What lies in a JSON document, as text; as a number where it is compared with one, and null where it is none."""
    if not field.json:
        raise InvalidError(f"Invalid value {{ {path[0]}: … }}")
    keys = [literal(key) for key in path]
    text = call(f"{field.pg_type}_extract_path_text", value, *keys)
    if operand.kind in {"number", "numbers"} and operand.ordering:
        kind = call(f"{field.pg_type}_typeof", call(f"{field.pg_type}_extract_path", value.copy(), *keys))
        number = exp.Case(
            ifs=[exp.If(this=exp.EQ(this=kind, expression=literal("number")), true=cast(text, "numeric"))]
        )
        return Field(name=field.name, type="decimal", pg_type="numeric"), number
    return Field(name=field.name, type="text", pg_type="text"), text


def _descendant(scope: Scope, collection: Collection, field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    """Rows below the given ones, by the collection's relation to itself."""
    parent = scope.parent(collection)
    if parent is None:
        raise InvalidError(f'collection "{collection.name}" is not a tree')
    key_field = scope.structure(collection.name).fields[parent.target_key]
    first, next_, below = scope.alias(), scope.alias(), scope.alias()
    start = exp.select(exp.alias_(column(first, parent.target_key), "key", quoted=True))
    start = start.from_(scope.rows(collection, first)).where(
        equal(
            key_field,
            column(first, parent.foreign_key),
            exp.Any(this=exp.Paren(this=parameter(int(operand.first), f"{key_field.pg_type}[]"))),
        )
    )
    step = exp.select(column(next_, parent.target_key)).from_(scope.rows(collection, next_))
    step = step.join(
        exp.Table(this=identifier(below)),
        on=equal(key_field, column(next_, parent.foreign_key), column(below, "key")),
    )
    found = exp.select(column(below, "key")).from_(exp.Table(this=identifier(below)))
    found = found.with_(below, as_=exp.union(start, step, distinct=True), recursive=True)
    member = equal(field, value, exp.Any(this=scalar(found)))
    return member if operand.operator == "childIn" else exp.Not(this=exp.Paren(this=member))
