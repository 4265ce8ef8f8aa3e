"""The catalog that the API keeps: how often it looks for names that are missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from api import catalog
from api.catalog import Catalogs
from api.database import Database


class _Database:
    """Counts the questions; `names` are the managed tables."""

    def __init__(self) -> None:
        self.asked = 0
        self.revision = 1
        self.names: list[str] = []

    async def row(self, sql: str, _params: Sequence[str | None] = ()) -> tuple[bytes]:
        self.asked += 1
        if "catalog_revision" in sql:
            return (b"%d" % self.revision,)
        collections = [
            {"name": name, "schema": "public", "table": name, "oid": 1, "fields": [], "associations": []}
            for name in self.names
        ]
        return (json.dumps({"revision": self.revision, "collections": collections}).encode(),)

    def manage(self, name: str) -> None:
        self.names.append(name)
        self.revision += 1


async def _look(catalogs: Catalogs, name: str) -> Any:
    return (await catalogs.look_for(name)).get(name)


def _catalogs(database: _Database, ttl: float = 60.0) -> Catalogs:
    return Catalogs(cast(Database, database), ttl)


def test_a_missing_name_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_PAUSE", 0.0)

    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        for _ in range(100):
            assert await _look(catalogs, "nope") is None
        assert database.asked == 2

    asyncio.run(ask())


def test_many_missing_names_do_not_cost_a_question_each() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        for number in range(1000):
            assert await _look(catalogs, f"nope{number}") is None
        assert database.asked <= 10

    asyncio.run(ask())


def test_a_missing_name_is_found_when_a_change_is_announced() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        assert await _look(catalogs, "later") is None
        database.manage("later")
        assert await _look(catalogs, "later") is None
        await catalogs.changed()
        assert await _look(catalogs, "later") is not None

    asyncio.run(ask())


def test_a_missing_name_is_looked_for_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_PAUSE", 0.0)

    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database, ttl=0.05)
        assert await _look(catalogs, "later") is None
        database.manage("later")
        await asyncio.sleep(0.06)
        assert await _look(catalogs, "later") is not None

    asyncio.run(ask())
