"""The catalog of managed tables and the statements compiled from it, kept by each process.

Read again when PostgreSQL announces a change, when something asked for is not in it, when a statement fails as it
would after a change, and every few seconds in any case.
"""

from __future__ import annotations

import asyncio
import time

from api.database import Database
from api.system import SYSTEM, with_system
from orchestrator.compiler.statements import compile_shape
from orchestrator.model.collection import Catalog, Collection

__all__ = ["Catalogs", "Statements"]

_REVISION = "select orchestrator.catalog_revision()::text"
_CATALOG = "select orchestrator.catalog()::text"
#: compiled statements of one catalog
_CACHED = 5_000
#: names remembered as missing
_MISSES = 10_000
#: seconds between two looks for names that are missing, however many are asked for
_PAUSE = 0.1


class Statements:
    """One catalog and what was compiled from it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._compiled: dict[str, str] = {}

    def of(self, shape: str) -> str:
        """The SQL of a shape."""
        sql = self._compiled.get(shape)
        if sql is None:
            sql = compile_shape(self.catalog, shape)
            if len(self._compiled) >= _CACHED:
                self._compiled.clear()
            self._compiled[shape] = sql
        return sql

    def get(self, collection: str) -> Collection | None:
        """A collection by name."""
        return self.catalog.collections.get(collection)


class Catalogs:
    """The current catalog."""

    def __init__(self, database: Database, ttl: float, *, system: bool = True) -> None:
        self._database = database
        #: whether our own tables are collections as well
        self._system = system
        self._ttl = ttl
        self._current: Statements | None = None
        self._fresh_until = 0.0
        self._reading: asyncio.Task[Statements] | None = None
        self._missing: dict[str, float] = {}
        self._looked_at = 0.0

    async def current(self) -> Statements:
        """What is known, unless it is too old."""
        if self._current is not None and self._fresh_until > time.monotonic():
            return self._current
        return await self.refresh()

    async def changed(self, _payload: str = "") -> None:
        """A change was announced: what is being read just now may be of before it."""
        self._fresh_until = self._looked_at = 0.0
        self._reading = None
        self._missing.clear()
        await self.refresh()

    async def look_for(self, name: str) -> Statements:
        """What is known after another look for a name that is missing; anybody may ask for any name, so looks are few.

        A name that stays missing is not looked for again until it may have come: for the time to live, or until a
        change is announced.
        """
        now = time.monotonic()
        statements = await self.current()
        if self._missing.get(name, 0.0) > now or self._looked_at > now - _PAUSE:
            return statements
        self._looked_at = now
        again = await self.refresh()
        if again is statements is self._current:
            if len(self._missing) >= _MISSES:
                self._missing.clear()
            self._missing[name] = now + self._ttl
        return again

    async def refresh(self) -> Statements:
        """Looks for a new revision, once for all who wait for it."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._done)
        return await asyncio.shield(self._reading)

    def _done(self, task: asyncio.Task[Statements]) -> None:
        if self._reading is not task:
            return
        self._reading = None
        if not task.cancelled() and task.exception() is None:
            if self._current is not task.result():
                self._missing.clear()
            self._current = task.result()
            self._fresh_until = time.monotonic() + self._ttl

    async def _read(self) -> Statements:
        if self._current is not None:
            row = await self._database.row(_REVISION)
            if row is not None and int(row[0] or 0) == self._current.catalog.revision:
                return self._current
        row = await self._database.row(_CATALOG)
        text = ((row and row[0]) or b"{}").decode()
        if not self._system:
            return Statements(Catalog.from_json(text))
        own = {collection.name: collection.filter_target_key for collection in SYSTEM.values()}
        return Statements(with_system(Catalog.from_json(text, own)))
