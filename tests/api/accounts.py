"""Users and who manages them: what tests of accounts over HTTP share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .acting import As
from .conftest import Api

__all__ = ["made", "manager", "refusal", "roles_of", "ruler", "tidy", "viewer"]


def made(api: Api, username: str, **values: Any) -> dict[str, Any]:
    response = api.root.post("/users:create", json={"username": username, **values})
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


def roles_of(api: Api, user_id: int) -> list[str]:
    return sorted(role["name"] for role in api.list(f"/users/{user_id}/roles"))


@pytest.fixture(autouse=True)
def tidy(api: Api) -> Iterator[None]:
    yield
    api.db.execute("delete from orchestrator.users where id <> 1")
    api.db.execute("delete from orchestrator.roles where name not in ('root', 'admin', 'member')")
    api.db.execute("""update orchestrator.roles set "default" = name = 'member'""")


@pytest.fixture
def viewer(api: Api) -> str:
    assert api.root.post("/roles:create", json={"name": "viewer"}).status_code == 200
    return "viewer"


@pytest.fixture
def manager(api: Api) -> As:
    """Who manages users, and not roles."""
    api.create("roles", {"name": "hr", "snippets": ["pm.users"]})
    return As(api, "hr")


@pytest.fixture
def ruler(api: Api) -> As:
    """Who manages users and roles."""
    api.create("roles", {"name": "it", "snippets": ["pm.users", "pm.acl.roles"]})
    return As(api, "it")
