"""Users and roles as collections that workflows and relations lead to: without secrets, and only to be read.

The HTTP API has resources of these names that are the same, roles with more relations (api/system.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.model.collection import Catalog, Collection
from orchestrator.model.own import TIMES, joined, own_collection

__all__ = ["PEOPLE", "catalog_with_people"]

#: by name
PEOPLE: Mapping[str, Collection] = {
    collection.name: collection
    for collection in (
        own_collection(
            "users",
            "api_users",
            "id",
            {
                "id": "bigint",
                "nickname": "text",
                "username": "text",
                "email": "text",
                "phone": "text",
                "passwordChangeTz": "bigint",
                "appLang": "text",
                "systemSettings": "jsonb",
                "createdById": "bigint",
                "updatedById": "bigint",
                **TIMES,
            },
            joined("roles", "roles", ("id", "name"), ("userId", "roleName"), "rolesUsers"),
            read_only=True,
        ),
        own_collection(
            "roles",
            "api_roles",
            "name",
            {
                "name": "text",
                "title": "text",
                "description": "text",
                "strategy": "jsonb",
                "default": "boolean",
                "hidden": "boolean",
                "allowConfigure": "boolean",
                "allowNewMenu": "boolean",
                "snippets": "jsonb",
                **TIMES,
            },
            joined("users", "users", ("name", "id"), ("roleName", "userId"), "rolesUsers"),
            read_only=True,
        ),
        own_collection(
            "rolesUsers",
            "api_roles_users",
            ("userId", "roleName"),
            {"userId": "bigint", "roleName": "text", "default": "boolean", **TIMES},
            read_only=True,
        ),
    )
}


def catalog_with_people(text: str) -> Catalog:
    """The catalog of ``orchestrator.catalog()`` with users and roles; a managed table of such a name comes first."""
    keys = {name: collection.filter_target_key for name, collection in PEOPLE.items()}
    catalog = Catalog.from_json(text, keys)
    return replace(catalog, collections={**PEOPLE, **catalog.collections})
