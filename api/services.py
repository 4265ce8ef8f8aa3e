"""What requests of one process share."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from api.catalog import Catalogs
from api.database import Database, Listener
from api.passwords import PasswordChecks
from api.permissions import Permissions
from api.sessions import Sessions
from api.settings import Settings
from api.tokens import Tokens

__all__ = ["Services"]

_KEY = "select orchestrator.app_key()"


class Services:
    """The database and what is remembered of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        # behind a pooler nobody tells of changes
        catalog_ttl = min(settings.catalog_ttl, settings.session_ttl) if settings.pooled else settings.catalog_ttl
        self.catalogs = Catalogs(self.database, catalog_ttl)
        self.sessions = Sessions(self.database, settings.session_ttl)
        self.permissions = Permissions(self.database, self.catalogs, settings.session_ttl)
        self.passwords = PasswordChecks()
        self._tokens = Tokens(settings.app_key) if settings.app_key else None
        self._listening: asyncio.Task[None] | None = None

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
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self.database.close()
