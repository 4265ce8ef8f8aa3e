"""A small catalog, and roles over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.access import Access, open_access
from orchestrator.model.collection import Catalog


def _field(name: str, wire: str = "string", **options: Any) -> dict[str, Any]:
    return {"name": name, "type": wire, "rawType": "bigint" if wire == "bigInt" else "text", **options}


_POSTS = {
    "name": "posts",
    "schema": "public",
    "table": "posts",
    "oid": 1,
    "filterTargetKey": "id",
    "fields": [
        _field("id", "bigInt", primaryKey=True),
        _field("title"),
        _field("content"),
        _field("createdAt"),
        _field("updatedAt"),
        _field("createdById", "bigInt"),
    ],
    "associations": [
        {"name": "comments", "type": "hasMany", "target": "comments", "foreignKey": "postId"},
        {
            "name": "tags",
            "type": "belongsToMany",
            "target": "tags",
            "foreignKey": "postId",
            "otherKey": "tagId",
            "through": "postsTags",
        },
    ],
}


def _table(name: str, *fields: str, associations: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "name": name,
        "schema": "public",
        "table": name,
        "oid": 2,
        "filterTargetKey": "id",
        "fields": [_field("id", "bigInt", primaryKey=True), *(_field(field) for field in fields)],
        "associations": list(associations),
    }


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """posts (with authors), comments and tags (without)."""
    tables = [
        _POSTS,
        _table(
            "comments",
            "body",
            "postId",
            associations=({"name": "post", "type": "belongsTo", "target": "posts", "foreignKey": "postId"},),
        ),
        _table("tags", "name"),
        _table("postsTags", "postId", "tagId"),
    ]
    return Catalog.from_json(json.dumps({"revision": 1, "collections": tables}))


@pytest.fixture
def access(catalog: Catalog) -> Callable[..., Access]:
    """`access({"strategy": …, "resources": …}, …)` → what these roles may do together."""

    def build(*roles: dict[str, Any]) -> Access:
        documents = [{"name": f"r{n}", "strategy": None, "snippets": [], **role} for n, role in enumerate(roles)]
        opened = open_access({"revision": 1, "roles": documents}, catalog)
        assert opened is not None
        return opened

    return build
