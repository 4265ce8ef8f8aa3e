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
#: compiled statements of one catalog, and the characters in them
_CACHED = 5_000
_CACHED_TEXT = 16_000_000
#: looks a second for names that are missing, however many are asked for
_LOOKS = 10
#: looks that may follow each other at once
_BURST = 20


class Statements:
    """One catalog and what was compiled from it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._compiled: dict[str, str] = {}
        self._text = 0

    def of(self, shape: str) -> str:
        """The SQL of a shape."""
        sql = self._compiled.get(shape)
        if sql is None:
            sql = compile_shape(self.catalog, shape)
            if len(self._compiled) >= _CACHED or self._text > _CACHED_TEXT:
                self._compiled.clear()
                self._text = 0
            self._compiled[shape] = sql
            self._text += len(shape) + len(sql)
        return sql

    def get(self, collection: str) -> Collection | None:
        """A collection by name."""
        return self.catalog.collections.get(collection)


class _Budget:
    """So many looks a second; what was not used is saved up for a burst."""

    def __init__(self, rate: float, burst: int) -> None:
        self._each = 1 / rate
        self._saved = burst / rate
        self._next = 0.0

    def take(self) -> float:
        """Seconds until it may be used."""
        now = time.monotonic()
        due = max(self._next, now - self._saved + self._each)
        self._next = due + self._each
        return max(0.0, due - now)


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
        self._next: asyncio.Task[Statements] | None = None
        self._budget = _Budget(_LOOKS, _BURST)

    async def current(self) -> Statements:
        """What is known, unless it is too old."""
        if self._current is not None and self._fresh_until > time.monotonic():
            return self._current
        return await self.refresh()

    @property
    def known(self) -> Statements | None:
        """What is known, however old: for what need not be exact."""
        return self._current

    async def changed(self, _payload: str = "") -> None:
        """A change was announced: what is being read just now may be of before it."""
        self._fresh_until = 0.0
        self._reading = None
        await self.refresh()

    async def look(self) -> Statements:
        """What a look finds that begins after this call: for a name that is missing, which may just have come.

        Anybody may ask for any name. So looks are shared by all who wait, and beyond the budget they are waited for.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._look())
        return await asyncio.shield(self._next)

    async def _look(self) -> Statements:
        try:
            await asyncio.sleep(self._budget.take())
            while self._reading is not None:
                # it began before whoever waits for this one came
                await asyncio.wait([self._reading])
        finally:
            self._next = None
        return await self.refresh()

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
