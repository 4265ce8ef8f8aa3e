"""What a request may see of each collection, split into structure and values.

Requests and shapes have the same two keys; where requests have filters, shapes have trees of conditions:

    access   {collection: {"fields": [...], "relations": [...], "scope": …}}: what may be seen of the collections that
             are in it, and nothing of any other. Without ``fields`` that is every column, without ``relations`` every
             relation whose target may be seen, without ``scope`` every row; a scope that is false means none. What a
             key consists of can always be seen.
    scope    the rows that the action itself may change: a filter, true for every row, false for none

Without ``access`` everything may be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.errors import InvalidError
from orchestrator.model.conditions import Conditions

__all__ = ["parameters_of", "read_access"]


def read_access(request: Mapping[str, Any], conditions: Conditions) -> dict[str, Any]:
    """The keys ``access`` and ``scope`` of the shape of a request, as far as the request has them."""
    found: dict[str, Any] = {}
    if (access := request.get("access")) is not None:
        found["access"] = {name: _entry(access[name], conditions) for name in sorted(access)}
    if (scope := request.get("scope")) is not None:
        tree = _scope(scope, conditions)
        found["scope"] = True if tree is None else tree
    return found


def parameters_of(shape: Mapping[str, Any]) -> set[int]:
    """The parameters that permissions brought along."""
    trees = [entry.get("scope") for entry in shape.get("access", {}).values()]
    return set().union(*(_numbers(tree) for tree in (*trees, shape.get("scope"))))


def _entry(entry: Mapping[str, Any], conditions: Conditions) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: sorted(set(entry[name])) for name in ("fields", "relations") if entry.get(name) is not None
    }
    if (tree := _scope(entry.get("scope"), conditions)) is not None:
        found["scope"] = tree
    return found


def _scope(scope: Any, conditions: Conditions) -> Any:
    """The tree of a scope; None where it demands nothing, False where nothing fulfils it."""
    if isinstance(scope, bool):
        return None if scope else False
    known = len(conditions.parameters.values)
    try:
        return conditions.read(scope)
    except InvalidError:
        # what cannot be read permits nothing, and is nobody's business but the administrator's
        del conditions.parameters.values[known:]
        return False


def _numbers(tree: Any) -> Iterable[int]:
    if not isinstance(tree, list):
        return
    if tree[0] != "is":
        for child in [tree[1]] if tree[0] == "not" else tree[1]:
            yield from _numbers(child)
        return
    _, _, _, kind, first = tree
    if kind not in {"", "column"}:
        yield first
        if kind in {"range", "numbers"}:
            yield first + 1
