"""What roles may do, as this process remembers it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.catalog import Catalogs
from api.database import Database
from api.tokens import refused
from orchestrator.access import MAIN, ROOT, Access, open_access
from orchestrator.model.conditions import array_literal

if TYPE_CHECKING:
    from orchestrator.model.collection import Catalog

__all__ = ["Permissions"]

_SQL = "select orchestrator.access_document($1, $2)"
#: roles, and the data source in which they act
_Key = tuple[tuple[str, ...], str]
#: sets of roles that act together
_CACHED = 1_000


class _Known:
    """The permissions of some roles, opened over the catalog of when they were last asked for."""

    __slots__ = ("_access", "_catalog", "document", "fresh_until", "revision")

    def __init__(self, document: Mapping[str, Any], fresh_until: float) -> None:
        self.document = document
        self.fresh_until = fresh_until
        self.revision = document["revision"]
        self._access: Access | None = None
        self._catalog: Catalog | None = None

    def over(self, catalog: Catalog) -> Access | None:
        if self._catalog is not catalog:
            self._access, self._catalog = open_access(self.document, catalog), catalog
        return self._access


class Permissions:
    """Reads what roles may do at most once in `ttl` seconds, and once for all requests that wait for it."""

    def __init__(self, database: Database, catalogs: Catalogs, ttl: float) -> None:
        self._database = database
        self._catalogs = catalogs
        self._ttl = ttl
        self._known: dict[_Key, _Known] = {}
        self._reading: dict[_Key, asyncio.Task[_Known]] = {}

    async def forget(self, _payload: str = "") -> None:
        """Something changed: what is being read just now may be of before it."""
        for known in self._known.values():
            known.fresh_until = 0.0
        self._reading.clear()

    async def of(self, roles: tuple[str, ...]) -> Access | None:
        """What roles may do together, None for root, whom nothing restricts; 401 when there is none of them."""
        if ROOT in roles:
            return None
        known = await self._of((roles, MAIN))
        if not known.document["roles"]:
            raise refused("ROLE_NOT_FOUND_ERR")
        return known.over((await self._catalogs.current()).catalog)

    async def elsewhere(self, roles: tuple[str, ...], source: str, catalogs: Catalogs) -> tuple[Access | None, Any]:
        """What roles may do in another data source, and the document that says so."""
        if ROOT in roles:
            return None, None
        known = await self._of((roles, source))
        return known.over((await catalogs.current()).catalog), known.document

    async def exists(self, role: str) -> bool:
        """Whether there is a role of that name."""
        return bool((await self._of(((role,), MAIN))).document["roles"])

    async def _of(self, key: _Key) -> _Known:
        known = self._known.get(key)
        if known is not None and known.fresh_until > time.monotonic():
            return known
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key))
            reading.add_done_callback(lambda task: self._done(key, task))
        found = await asyncio.shield(reading)
        known = self._known.get(key)
        return known if known is not None and known.revision == found.revision else found

    def _done(self, key: _Key, task: asyncio.Task[_Known]) -> None:
        # one that was forgotten while it was read may be old already
        if self._reading.get(key) is not task:
            return
        del self._reading[key]
        if task.cancelled() or task.exception() is not None:
            return
        found, known = task.result(), self._known.get(key)
        if known is not None and known.revision == found.revision:
            known.fresh_until = found.fresh_until
            return
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[key] = found

    async def _read(self, key: _Key) -> _Known:
        # of when it is asked, not of when the answer comes: it may have changed in between
        fresh_until = time.monotonic() + self._ttl
        roles, source = key
        row = await self._database.row(_SQL, (array_literal(roles), source))
        if row is None or row[0] is None:
            raise RuntimeError("orchestrator.access_document returned nothing")
        return _Known(json.loads(row[0]), fresh_until)
