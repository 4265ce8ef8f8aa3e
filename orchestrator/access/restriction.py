"""Requests restricted to what a role may see and touch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.access.access import Access, permission_of
from orchestrator.access.selection import permitted_fields
from orchestrator.errors import ForbiddenError
from orchestrator.model.collection import Catalog
from orchestrator.model.shape import names as names_of
from orchestrator.model.variables import Variables

__all__ = ["restrict", "scope_variables"]

#: keys of a request in which relations are named
_NAMING = (
    "filter",
    "fields",
    "appends",
    "except",
    "sort",
    "measures",
    "dimensions",
    "orders",
    "having",
    "field",
    "columns",
    "keys",
)
_BETWEEN = re.compile(r"[.(),=\s]+")


def restrict(
    access: Access | None, catalog: Catalog, request: Mapping[str, Any], values: Variables, action: str | None = None
) -> dict[str, Any]:
    """The request with what may be read for it, and which rows the action may touch.

    Args:
        request: what model.shape.split takes.
        values: what variables of scopes stand for.
        action: what is done to the collection's rows, when that is more than to view them.

    Raises:
        ForbiddenError: the action is not granted.
    """
    restricted = dict(request)
    if access is None:
        return restricted
    if fields := request.get("fields"):
        restricted["fields"] = permitted_fields(access, catalog, request["collection"], names_of(fields))
    restricted["access"] = {
        name: _view(access, name, values)
        for name in sorted(_reached(catalog, request))
        if access.grant(name, "view") is not None
    }
    if action is not None and permission_of(action) != "view":
        grant = access.grant(request["collection"], action)
        if grant is None:
            raise ForbiddenError("No permissions")
        rows = grant.rows(values)
        if rows is not None:
            restricted["scope"] = rows
    if restricted.get("userId") is None and values.user is not None:
        restricted["userId"] = values.user.get("id")
    return restricted


def scope_variables(
    access: Access, catalog: Catalog, request: Mapping[str, Any], action: str | None = None
) -> frozenset[str]:
    """The variables whose values it takes to restrict a request."""
    if not access.variables():
        return frozenset()
    grants = [access.grant(name, "view") for name in _reached(catalog, request)]
    if action is not None:
        grants.append(access.grant(request["collection"], action))
    return frozenset(name for grant in grants if grant is not None for name in grant.names())


def _view(access: Access, collection: str, values: Variables) -> dict[str, Any]:
    grant = access.grant(collection, "view")
    out: dict[str, Any] = {}
    if grant is None:
        return {"fields": [], "relations": [], "scope": False}
    if grant.fields is not None:
        out["fields"] = sorted(grant.fields)
    if grant.relations is not None:
        out["relations"] = sorted(grant.relations)
    rows = grant.rows(values)
    if rows is not None:
        out["scope"] = rows
    return out


def _reached(catalog: Catalog, request: Mapping[str, Any]) -> set[str]:
    """The collections that a request can lead to: its own, its source, and what its names of relations lead to."""
    reached: set[str] = set()
    ahead = [request["collection"]]
    names = {name for key in _NAMING if request.get(key) for name in _names(request[key], 0)}
    if association := request.get("association"):
        ahead.append(association["collection"])
        names.add(association["name"])
    while ahead:
        name = ahead.pop()
        collection = catalog.get(name)
        if name in reached or collection is None:
            continue
        reached.add(name)
        for relation in names & collection.associations.keys():
            found = collection.associations[relation]
            ahead.append(found.target)
            if found.through is not None:
                ahead.append(found.through)
    return reached


def _names(node: Any, depth: int) -> Iterator[str]:
    """Whatever could be a relation's name: parts of keys and texts."""
    if isinstance(node, str):
        yield from (part.lstrip("-+") for part in _BETWEEN.split(node))
        yield from _BETWEEN.split(node)
    elif depth <= _DEPTH and isinstance(node, Mapping):
        for key, value in node.items():
            yield from _names(str(key), depth)
            yield from _names(value, depth + 1)
    elif depth <= _DEPTH and isinstance(node, list | tuple | set | frozenset):
        for item in node:
            yield from _names(item, depth + 1)


#: levels that are looked through, more than filters may have
_DEPTH = 64
