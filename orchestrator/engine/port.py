"""What the engine needs of its host, and nothing more.

Two hosts implement it: ``plpy`` inside the backend, ``psycopg`` outside (tests, replay). One conformance suite runs
over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

__all__ = ["Port", "StatementError"]


class StatementError(Exception):
    """A statement failed in the database: PostgreSQL's own words, the same on every host.

    ``schema``, ``table`` and ``column`` are what a constraint belongs to that was violated.
    """

    def __init__(
        self,
        sqlstate: str,
        message: str,
        detail: str | None = None,
        hint: str | None = None,
        *,
        schema: str | None = None,
        table: str | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.detail = detail
        self.hint = hint
        self.schema = schema
        self.table = table
        self.column = column


class Port(Protocol):
    """A database connection in the middle of a transaction."""

    @property
    def now(self) -> datetime:
        """The run's time, aware, in UTC; the same value for the whole run."""

    def fetch(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> list[dict[str, Any]]:
        """Rows of a statement with PostgreSQL's own placeholders ($1).

        Every parameter is of type text, so SQL casts it; with ``infer`` the server chooses the types.
        Values come back as the codec of hosts.codec makes them, equal on every host.

        Raises:
            StatementError: the database refused; the statement left nothing behind.
        """

    def run(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> int:
        """Execute a statement, return the number of rows it touched."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A block that is rolled back when an exception leaves it."""
