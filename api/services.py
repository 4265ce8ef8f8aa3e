"""What requests of one process share."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from api.catalog import Catalogs
from api.database import Database, Listener
from api.group_commit import Shared
from api.passwords import PasswordChecks
from api.permissions import Permissions
from api.sessions import Sessions
from api.settings import Settings
from api.tokens import Tokens
from orchestrator.access import MAIN

__all__ = ["MAIN", "PATIENCE", "Services", "Source"]

#: seconds that another database is waited for before it counts as away
PATIENCE = 3.0

#: request, collection, association, user, role, bound workflows, request id
ACT = Shared.of("select orchestrator.act($1, $2, $3, $4::bigint, $5, $6, $7)")
#: the same with the user's document in place of his id
_VISIT = Shared.of("select orchestrator.act($1, $2, $3, null, $5, $6, $7, $4)")
_KEY = "select orchestrator.app_key()"


class Services:
    """The database and what is remembered of it; `main` is where users and sessions are."""

    key = MAIN
    #: the statement that carries out a write; see api.writes
    act = ACT
    main: Services

    def __init__(self, settings: Settings) -> None:
        self.main = self
        self.settings = settings
        self.database = Database(settings)
        self.catalogs = Catalogs(self.database, _catalog_ttl(settings))
        self.sessions = Sessions(self.database, settings.session_ttl)
        self.permissions = Permissions(self.database, self.catalogs, settings.session_ttl)
        self.passwords = PasswordChecks()
        self._tokens = Tokens(settings.app_key) if settings.app_key else None
        self._listening: asyncio.Task[None] | None = None
        #: further databases
        self.sources = {key: Source(self, key, dsn) for key, dsn in settings.data_sources}

    async def tokens(self) -> Tokens:
        """Signs and verifies; the key is fetched when it is first needed."""
        if self._tokens is None:
            row = await self.database.row(_KEY)
            if row is None or row[0] is None:
                raise RuntimeError("orchestrator.app_key returned nothing")
            self._tokens = Tokens(row[0].decode())
        return self._tokens

    async def start(self) -> None:
        """Begins to listen; a database that is away is waited for in the background."""
        for source in self.sources.values():
            await source.start()
        if self.settings.pooled:
            return
        listener = Listener(
            self.database.conninfo,
            {"orchestrator_catalog": self.catalogs.changed, "orchestrator_identity": self._identity_changed},
        )
        self._listening = asyncio.create_task(listener.run())

    async def _identity_changed(self, user: str = "") -> None:
        """Something of a user changed, or of everybody, or what roles may do."""
        await self.sessions.forget(user)
        if not user.isdecimal():
            await self.permissions.forget()

    async def stop(self) -> None:
        """Disconnects."""
        for source in self.sources.values():
            await source.stop()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self.database.close()


class Source(Services):
    """Another database with collections and workflows of its own; who asks is known to the main one alone."""

    act = _VISIT

    def __init__(self, main: Services, key: str, dsn: str) -> None:
        self.main = main
        self.key = key
        self.settings = main.settings
        self.database = Database(replace(main.settings, dsn=dsn))
        self.catalogs = Catalogs(self.database, _catalog_ttl(main.settings), system=False)
        self.sessions = main.sessions
        self.permissions = main.permissions
        self.passwords = main.passwords
        self.sources = {}
        self._listening = None

    async def tokens(self) -> Tokens:
        """Those of the main database."""
        return await self.main.tokens()

    async def start(self) -> None:
        """Begins to listen for changes of its collections."""
        if not self.settings.pooled:
            listener = Listener(self.database.conninfo, {"orchestrator_catalog": self.catalogs.changed})
            self._listening = asyncio.create_task(listener.run())


def _catalog_ttl(settings: Settings) -> float:
    """Behind a pooler nobody tells of changes."""
    return min(settings.catalog_ttl, settings.session_ttl) if settings.pooled else settings.catalog_ttl
