"""Permissions of a role, as editors set them: what tests of them share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import Api

__all__ = ["SCOPES", "document", "put", "refusal", "revision", "scope", "viewer"]

SCOPES = "/dataSourcesRolesResourcesScopes"


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


def put(api: Api, name: str, *actions: dict[str, Any], role: str = "viewer", using: bool = True) -> dict[str, Any]:
    values = {"name": name, "usingActionsConfig": using, "actions": list(actions)}
    response = api.root.post(f"/roles/{role}/resources:create", json=values)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def scope(api: Api, **values: Any) -> dict[str, Any]:
    return dict(api.create("dataSourcesRolesResourcesScopes", values))


def document(api: Api, role: str = "viewer") -> dict[str, Any]:
    """What the role may do, as the database tells."""
    (text,) = api.db.execute("select orchestrator.access_document(array[%s])", (role,)).fetchone() or ("",)
    (found,) = json.loads(text)["roles"]
    return dict(found)


def revision(api: Api) -> int:
    (number,) = api.db.execute("select orchestrator.access_revision()").fetchone() or (0,)
    return int(number)


@pytest.fixture(autouse=True)
def viewer(api: Api) -> Iterator[None]:
    api.create("roles", {"name": "viewer"})
    yield
    api.db.execute("delete from orchestrator.roles where name not in ('root', 'admin', 'member')")
    api.db.execute("delete from orchestrator.data_sources_roles_resources")
    api.db.execute("delete from orchestrator.data_sources_roles_resources_scopes where key not in ('all', 'own')")
