"""Roles over the catalog of another database than their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.access import open_access
from orchestrator.access.access import Access
from orchestrator.model.collection import Catalog
from orchestrator.model.people import catalog_with_people

_CATALOG = {
    "revision": 1,
    "collections": [
        {
            "name": name,
            "schema": "public",
            "table": name,
            "oid": oid,
            "filterTargetKey": "id",
            "fields": [
                {"name": "id", "type": "bigInt", "rawType": "bigint"},
                {"name": "createdById", "type": "bigInt", "rawType": "bigint"},
            ],
            "associations": associations,
        }
        for oid, name, associations in (
            (1, "notes", []),
            (2, "papers", [{"name": "createdBy", "type": "belongsTo", "target": "users", "foreignKey": "createdById"}]),
        )
    ],
}


def _visiting(*roles: dict[str, Any], catalog: Catalog | None = None) -> Access:
    document = {
        "revision": 1,
        "source": "east",
        "roles": [{"name": f"role{n}", **role} for n, role in enumerate(roles)],
    }
    access = open_access(document, catalog or catalog_with_people(json.dumps(_CATALOG)))
    assert access is not None
    return access


def test_users_and_roles_of_the_other_database_are_nobodys_business() -> None:
    everything = _visiting(
        {"strategy": {"actions": "*"}, "resources": {"users": {"view": {}, "update": {}}, "roles": {"view": {}}}}
    )
    assert everything.allows("notes", "destroy")
    for resource in ("users", "roles", "rolesUsers", "nothing"):
        for action in ("list", "get", "create", "update", "destroy"):
            assert not everything.allows(resource, action), resource


@pytest.mark.parametrize(
    "role",
    [
        {"strategy": {"actions": ["view:own", "update:own"]}},
        {"resources": {name: {"view": {"scope": "own"}, "update": {"scope": "own"}} for name in ("notes", "papers")}},
    ],
)
def test_ones_own_rows_are_nobodys_where_the_column_means_local_users(role: dict[str, Any]) -> None:
    access = _visiting(role)
    for action in ("list", "update"):
        assert access.allows("notes", action)
        assert not access.allows("papers", action)


def test_that_holds_although_the_catalog_does_not_show_users() -> None:
    access = _visiting({"strategy": {"actions": ["view:own"]}}, catalog=Catalog.from_json(json.dumps(_CATALOG)))
    assert access.allows("notes", "list") and not access.allows("papers", "list")


def test_another_role_may_see_them_all_the_same() -> None:
    access = _visiting({"strategy": {"actions": ["view:own"]}}, {"strategy": {"actions": ["view"]}})
    grant = access.grant("papers", "list")
    assert grant is not None and grant.scopes is None
