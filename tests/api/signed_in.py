"""Somebody without any right but to sign in, and how people may: what tests of accounts of one's own share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import Api

__all__ = ["basic", "message_of", "name", "new_name", "user"]


def new_name(prefix: str = "user") -> str:
    return f"{prefix}_{uuid.uuid4().hex[:8]}"


def message_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["message"]


@pytest.fixture
def name(api: Api) -> str:
    """A user without any right but to sign in."""
    name = new_name()
    api.add_user(name, "member")
    return name


@pytest.fixture
def user(api: Api, name: str) -> Iterator[httpx.Client]:
    """Signed in as that user."""
    with api.client(name) as client:
        yield client


@pytest.fixture
def basic(api: Api) -> Iterator[Any]:
    """`basic(**options)` sets the options of the authenticator `basic`; they are restored."""

    def allow(**options: Any) -> None:
        response = api.root.post(
            "/authenticators:update", params={"filter": '{"name": "basic"}'}, json={"options": options}
        )
        assert response.status_code == 200, response.text
        assert response.json()["data"][0]["options"] == options

    yield allow
    allow(public={"allowSignUp": False})
