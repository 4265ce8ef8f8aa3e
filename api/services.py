"""What requests of one process share."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from api.catalog import Catalogs
from api.database import Database, Listener
from api.passwords import PasswordChecks
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
        self.catalogs = Catalogs(self.database, settings.catalog_ttl)
        self.sessions = Sessions(self.database, settings.session_ttl)
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
        listener = Listener(
            self.database.conninfo,
            {"orchestrator_catalog": self.catalogs.changed, "orchestrator_identity": self.sessions.forget},
        )
        self._listening = asyncio.create_task(listener.run())

    async def stop(self) -> None:
        """Disconnects."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self.database.close()
