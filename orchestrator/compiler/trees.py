"""Rows of a tree: a page of its roots with all that is below them, one row each, to be put together by model.tree.

Where conditions narrow the rows, a tree is what is left of it: rows that match, and those above them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from orchestrator.compiler.rendering import row_json
from orchestrator.compiler.sorting import order
from orchestrator.compiler.sql import Scope, call, cast, column, equal, identifier, parameter, scalar
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection, Field

__all__ = ["select_tree"]

#: names of the parts of the statement
MATCHING, PAGE, BELOW, ROWS = "matching", "page", "below", "rows"

Columns = Callable[[str], Sequence[exp.Expr]]


def select_tree(
    scope: Scope, collection: Collection, shape: dict[str, Any], *, where: Columns, entries: Columns
) -> exp.Expr:
    """``count`` of the roots, and of each row its ``data``, its ``key`` and its ``parent``.

    There is always a row, so that there is a count. ``where`` makes the conditions on the rows under an alias, none
    where all are wanted, and ``entries`` what is shown of them.
    """
    parent = scope.parent(collection)
    if parent is None:
        raise InvalidError(f'collection "{collection.name}" is not a tree')
    tree = _Tree(scope, collection, parent)
    alias, root = scope.alias(), scope.alias()
    conditions = where(alias)

    page = tree.rows(root, column(root, tree.key.name)).where(tree.is_root(root))
    if conditions:
        page = page.where(tree.among(root, MATCHING))
    number = exp.select(call("count", exp.Star())).from_(page.subquery(scope.alias()))
    if ordering := order(scope, collection, root, shape.get("sort", ())):
        page = page.order_by(*ordering)
    if "limit" in shape:
        page = page.limit(parameter(shape["limit"], "bigint"))
    if "offset" in shape:
        page = page.offset(parameter(shape["offset"], "bigint"))

    shown = scope.alias()
    position = exp.Window(
        this=exp.Anonymous(this="pg_catalog.row_number"),
        order=exp.Order(expressions=order(scope, collection, shown, shape.get("sort", ()))),
    )
    rows = tree.rows(
        shown,
        exp.alias_(cast(row_json(list(entries(shown))), "text"), "data", quoted=True),
        exp.alias_(cast(column(shown, tree.key.name), "text"), "key", quoted=True),
        exp.alias_(cast(column(shown, tree.above.name), "text"), "parent", quoted=True),
        exp.alias_(position, "position", quoted=True),
    ).where(tree.among(shown, BELOW))

    answer = exp.select(
        exp.alias_(cast(scalar(number), "text"), "count", quoted=True),
        *(column(ROWS, name) for name in ("data", "key", "parent")),
    )
    answer = answer.from_(exp.select(exp.Literal.number(1)).subquery(scope.alias()))
    answer = answer.join(rows.subquery(identifier(ROWS)), on=exp.true(), join_type="left")
    answer = answer.order_by(column(ROWS, "position"))
    if conditions:
        answer = answer.with_(identifier(MATCHING), as_=tree.upwards(alias, conditions), recursive=True)
    answer = answer.with_(identifier(PAGE), as_=page, recursive=True)
    return answer.with_(identifier(BELOW), as_=tree.downwards(bool(conditions)), recursive=True)


class _Tree:
    """A collection by its relation to itself."""

    def __init__(self, scope: Scope, collection: Collection, parent: Association) -> None:
        self._scope = scope
        self._collection = collection
        columns = scope.structure(collection.name).fields
        self.key: Field = columns[parent.target_key]
        self.above: Field = columns[parent.foreign_key]

    def rows(self, alias: str, *columns: exp.Expr) -> exp.Select:
        return exp.select(*columns).from_(self._scope.rows(self._collection, alias))

    def is_root(self, alias: str) -> exp.Expr:
        return exp.Is(this=column(alias, self.above.name), expression=exp.null())

    def among(self, alias: str, name: str) -> exp.Expr:
        """The row's key is in a part of the statement."""
        keys = exp.select(column(name, self.key.name)).from_(exp.Table(this=identifier(name)))
        return equal(self.key, column(alias, self.key.name), exp.Any(this=scalar(keys)))

    def upwards(self, alias: str, conditions: Sequence[exp.Expr]) -> exp.Expr:
        """Rows that match, and those above them."""
        names = (self.key.name, self.above.name)
        start = self.rows(alias, *(column(alias, name) for name in names)).where(*conditions)
        higher = self._scope.alias()
        step = self.rows(higher, *(column(higher, name) for name in names)).join(
            exp.Table(this=identifier(MATCHING)),
            on=equal(self.key, column(higher, self.key.name), column(MATCHING, self.above.name)),
        )
        return exp.union(start, step, distinct=True)

    def downwards(self, narrowed: bool) -> exp.Expr:
        """The roots of the page, and what is below them."""
        start = exp.select(column(PAGE, self.key.name)).from_(exp.Table(this=identifier(PAGE)))
        lower = self._scope.alias()
        step = self.rows(lower, column(lower, self.key.name)).join(
            exp.Table(this=identifier(BELOW)),
            on=equal(self.key, column(lower, self.above.name), column(BELOW, self.key.name)),
        )
        if narrowed:
            step = step.where(self.among(lower, MATCHING))
        return exp.union(start, step, distinct=True)
