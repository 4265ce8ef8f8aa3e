"""What a process remembers of what roles may do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from api.errors import ApiError
from api.permissions import Permissions
from orchestrator.model.collection import Catalog

_CATALOG = Catalog.from_json(
    json.dumps(
        {
            "revision": 1,
            "collections": [
                {"name": "posts", "schema": "public", "table": "posts", "oid": 1, "fields": [], "associations": []}
            ],
        }
    )
)


class _Catalogs:
    """The catalog that is current."""

    def __init__(self) -> None:
        self.catalog = _CATALOG

    async def current(self) -> _Catalogs:
        return self


class _Database:
    """Counts the questions; `gate` holds answers back."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.gate: asyncio.Event | None = None
        self.revision = 1
        self.actions = ["view"]

    async def row(self, _sql: str, params: tuple[str | None, ...]) -> tuple[bytes]:
        self.asked.append(params[0])
        names = [name for name in (params[0] or "").strip('{"}').split('","') if name != "ghost"]
        roles = [{"name": name, "strategy": {"actions": self.actions}} for name in names]
        document = {"revision": self.revision, "roles": roles}
        if self.gate is not None:
            await self.gate.wait()
        return (json.dumps(document).encode(),)

    def change(self, *actions: str) -> None:
        self.revision += 1
        self.actions = list(actions)


def _permissions(ttl: float = 60.0) -> tuple[Any, Any, Permissions]:
    database: Any = _Database()
    catalogs: Any = _Catalogs()
    return database, catalogs, Permissions(database, catalogs, ttl)


def test_roles_are_asked_for_once_within_their_ttl_however_many_wait() -> None:
    async def run() -> None:
        database, _, permissions = _permissions()
        found = await asyncio.gather(*(permissions.of(("member",)) for _ in range(10)))
        assert len(set(map(id, found))) == 1
        assert await permissions.of(("member",)) is found[0]
        await permissions.of(("member", "admin"))
        assert database.asked == ['{"member"}', '{"member","admin"}']

    asyncio.run(run())


def test_root_is_not_asked_for() -> None:
    async def run() -> None:
        database, _, permissions = _permissions()
        assert await permissions.of(("root",)) is None
        assert await permissions.of(("member", "root")) is None
        assert database.asked == []

    asyncio.run(run())


def test_a_role_that_is_gone_signs_nobody_in() -> None:
    async def run() -> None:
        _, _, permissions = _permissions()
        with pytest.raises(ApiError) as refused:
            await permissions.of(("ghost",))
        assert (refused.value.status, refused.value.code) == (401, "ROLE_NOT_FOUND_ERR")
        assert not await permissions.exists("ghost")
        assert await permissions.exists("member")

    asyncio.run(run())


def test_what_was_forgotten_is_read_again_and_kept_where_nothing_changed() -> None:
    async def run() -> None:
        database, _, permissions = _permissions()
        before = await permissions.of(("member",))
        await permissions.forget()
        assert await permissions.of(("member",)) is before
        database.change("create")
        await permissions.forget()
        after = await permissions.of(("member",))
        assert after is not None
        assert after.allows("posts", "create")
        assert not after.allows("posts", "list")
        assert len(database.asked) == 3

    asyncio.run(run())


def test_what_changed_while_it_was_read_is_read_again() -> None:
    async def run() -> None:
        database, _, permissions = _permissions()
        database.gate = asyncio.Event()
        first = asyncio.create_task(permissions.of(("member",)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        database.change("create")
        await permissions.forget()
        database.gate.set()
        await first
        now = await permissions.of(("member",))
        assert now is not None
        assert now.allows("posts", "create")

    asyncio.run(run())


def test_another_catalog_is_decided_upon_anew() -> None:
    async def run() -> None:
        _, catalogs, permissions = _permissions()
        before = await permissions.of(("member",))
        assert before is not None
        assert not before.allows("later", "list")
        more = json.dumps(
            {
                "revision": 2,
                "collections": [
                    {"name": "later", "schema": "public", "table": "t", "oid": 2, "fields": [], "associations": []}
                ],
            }
        )
        catalogs.catalog = Catalog.from_json(more)
        after = await permissions.of(("member",))
        assert after is not None
        assert after.allows("later", "list")

    asyncio.run(run())
