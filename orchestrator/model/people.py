"""Users and roles as collections that workflows and relations lead to: without secrets, and only to be read.

The HTTP API has resources of these names that are the same, roles with more relations (api/system.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.model.collection import Association, Catalog, Collection, Field

__all__ = ["PEOPLE", "catalog_with_people"]

_INSTANT = "timestamp with time zone"
_TYPES = {
    "bigint": "bigInt",
    "text": "string",
    "boolean": "boolean",
    "jsonb": "jsonb",
    _INSTANT: "datetimeTz",
}
_TIMES = {"createdAt": _INSTANT, "updatedAt": _INSTANT}


def _collection(
    name: str, view: str, key: str | tuple[str, ...], columns: Mapping[str, str], *associations: Association
) -> Collection:
    keys = (key,) if isinstance(key, str) else key
    return Collection(
        name=name,
        schema="orchestrator",
        table=view,
        oid=0,
        filter_target_key=key,
        fields={
            column: Field(name=column, type=_TYPES[pg_type], pg_type=pg_type, primary_key=column in keys)
            for column, pg_type in columns.items()
        },
        associations={association.name: association for association in associations},
        read_only=True,
    )


#: by name
PEOPLE: Mapping[str, Collection] = {
    collection.name: collection
    for collection in (
        _collection(
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
                **_TIMES,
            },
            Association(
                name="roles",
                type="belongsToMany",
                target="roles",
                source_key="id",
                target_key="name",
                through="rolesUsers",
                foreign_key="userId",
                other_key="roleName",
            ),
        ),
        _collection(
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
                **_TIMES,
            },
            Association(
                name="users",
                type="belongsToMany",
                target="users",
                source_key="name",
                target_key="id",
                through="rolesUsers",
                foreign_key="roleName",
                other_key="userId",
            ),
        ),
        _collection(
            "rolesUsers",
            "api_roles_users",
            ("userId", "roleName"),
            {"userId": "bigint", "roleName": "text", "default": "boolean", **_TIMES},
        ),
    )
}


def catalog_with_people(text: str) -> Catalog:
    """The catalog of ``orchestrator.catalog()`` with users and roles; a managed table of such a name comes first."""
    keys = {name: collection.filter_target_key for name, collection in PEOPLE.items()}
    catalog = Catalog.from_json(text, keys)
    return replace(catalog, collections={**PEOPLE, **catalog.collections})
