"""What roles may do, as clients are told it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.access.access import Access
from orchestrator.access.grant import OWN_FILTER, Grant
from orchestrator.model.collection import Catalog, Collection

__all__ = ["ACTION_ALIASES", "AVAILABLE_ACTIONS", "report"]

#: permissions that can be given
AVAILABLE_ACTIONS = ("create", "view", "update", "destroy", "importXlsx", "export")
#: what clients know of the permissions that actions need
ACTION_ALIASES: Mapping[str, str] = {
    "create": "create",
    "get": "view",
    "list": "view",
    "query": "view",
    "update": "update",
    "move": "update",
    "destroy": "destroy",
    "export": "export",
    "exportAttachments": "export",
}


def report(access: Access | None, catalog: Catalog) -> dict[str, Any]:
    """Strategy, snippets and the permissions of resources that have their own; of root nothing but that it may all."""
    if access is None:
        return {"strategy": {}, "actions": {}, "resources": [], "allowAll": True, "allowConfigure": False}
    actions = {}
    for resource, permissions in access.configured().items():
        collection = catalog.get(resource)
        for permission in sorted(permissions, key=_rank):
            grant = access.grant(resource, permission)
            if grant is not None:
                actions[f"{resource}:{permission}"] = _params(grant, permission, collection)
    return {
        "strategy": access.strategy(),
        "actions": actions,
        "resources": list(access.configured()),
        "allowAll": False,
        "allowConfigure": access.allow_configure,
    }


def _rank(permission: str) -> tuple[int, str]:
    known = permission in AVAILABLE_ACTIONS
    return AVAILABLE_ACTIONS.index(permission) if known else len(AVAILABLE_ACTIONS), permission


def _params(grant: Grant, permission: str, collection: Collection | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if grant.scopes is not None:
        out["own"] = grant.scopes == (OWN_FILTER,)
        out["filter"] = grant.scope
    columns = list(collection.fields) if collection is not None else []
    relations = list(collection.associations) if collection is not None else []
    if grant.fields is None:
        return out
    if permission in {"view", "export"}:
        out["fields"] = _in_order(grant.fields, columns)
        out["appends"] = _in_order(grant.relations or frozenset(), relations)
    else:
        out["whitelist"] = _in_order(grant.fields, columns + relations)
    return out


def _in_order(names: frozenset[str], order: list[str]) -> list[str]:
    """The names in an order, those that it does not know at the end."""
    return [name for name in order if name in names] + sorted(names.difference(order))
