"""The catalog that the API keeps: how often it looks for names that are missing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, cast

import psycopg
import pytest

from api import catalog
from api.catalog import Catalogs, Statements
from api.database import Database
from orchestrator.model.collection import Catalog


class _Database:
    """Counts the questions; `names` are the managed tables."""

    def __init__(self) -> None:
        self.asked = 0
        self.revision = 1
        self.names: list[str] = []
        self.failing = False
        self.answering = asyncio.Event()
        self.answering.set()

    async def row(self, sql: str, _params: Sequence[str | None] = ()) -> tuple[bytes]:
        self.asked += 1
        revision = self.revision
        await self.answering.wait()
        if self.failing:
            raise psycopg.OperationalError
        if "catalog_revision" in sql:
            return (b"%d" % revision,)
        collections = [
            {"name": name, "schema": "public", "table": name, "oid": 1, "fields": [], "associations": []}
            for name in self.names
        ]
        return (json.dumps({"revision": self.revision, "collections": collections}).encode(),)

    def manage(self, name: str) -> None:
        self.names.append(name)
        self.revision += 1


def _catalogs(database: _Database, ttl: float = 60.0) -> Catalogs:
    return Catalogs(cast(Database, database), ttl)


async def _look(catalogs: Catalogs, name: str) -> Any:
    return (await catalogs.look()).get(name)


def test_a_name_that_was_missing_is_found_as_soon_as_it_is_there() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        for _ in range(5):
            assert await _look(catalogs, "later") is None
        database.manage("later")
        assert await _look(catalogs, "later") is not None

    asyncio.run(ask())


def test_names_that_are_missing_share_a_look() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        found = await asyncio.gather(*(_look(catalogs, f"nope{number}") for number in range(1000)))
        assert found == [None] * 1000
        assert database.asked == 2

    asyncio.run(ask())


def test_looks_one_after_the_other_are_few_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_LOOKS", 50)
    monkeypatch.setattr(catalog, "_BURST", 3)

    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        began = time.monotonic()
        for number in range(3):
            await _look(catalogs, f"nope{number}")
        assert time.monotonic() - began < 0.02
        for number in range(10):
            await _look(catalogs, f"nope{number}")
        assert time.monotonic() - began >= 0.19
        assert database.asked == 1 + 13
        # the burst is saved up anew
        await asyncio.sleep(0.07)
        began = time.monotonic()
        for number in range(3):
            await _look(catalogs, f"nope{number}")
        assert time.monotonic() - began < 0.02

    asyncio.run(ask())


def test_a_look_that_had_begun_before_does_not_count() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        database.answering.clear()
        early = asyncio.create_task(_look(catalogs, "later"))
        await asyncio.sleep(0.01)
        database.manage("later")
        late = asyncio.create_task(_look(catalogs, "later"))
        await asyncio.sleep(0.01)
        database.answering.set()
        assert await early is None
        assert await late is not None

    asyncio.run(ask())


def test_a_look_that_fails_is_not_the_end_of_looking() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        database.failing = True
        with pytest.raises(psycopg.OperationalError):
            await catalogs.look()
        database.failing = False
        database.manage("later")
        assert await _look(catalogs, "later") is not None

    asyncio.run(ask())


def test_what_is_announced_is_known_without_a_look() -> None:
    async def ask() -> None:
        database = _Database()
        catalogs = _catalogs(database)
        await catalogs.current()
        database.manage("later")
        await catalogs.changed()
        assert (await catalogs.current()).get("later") is not None

    asyncio.run(ask())


@pytest.mark.parametrize(("number", "text"), [(10, 1_000_000), (1_000_000, 200)])
def test_statements_do_not_pile_up(monkeypatch: pytest.MonkeyPatch, number: int, text: int) -> None:
    monkeypatch.setattr(catalog, "_CACHED", number)
    monkeypatch.setattr(catalog, "_CACHED_TEXT", text)
    compiled = []

    def compile_shape(_catalog: object, shape: str) -> str:
        compiled.append(shape)
        return f"select {shape.rjust(20)}"

    monkeypatch.setattr(catalog, "compile_shape", compile_shape)
    statements = Statements(Catalog(revision=0, collections={}))
    for shape in range(100):
        assert statements.of(str(shape)) == f"select {shape:>20}"
    assert statements.of("99") == f"select {99:>20}"
    assert compiled == [str(shape) for shape in range(100)]
    # what came long ago is forgotten
    statements.of("0")
    assert compiled[-1] == "0"
