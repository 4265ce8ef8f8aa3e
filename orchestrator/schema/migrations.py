"""The history: migrations/NNNN_name.sql, each applied once, all of an upgrade in one transaction.

A runner of our own, and not a library: yoyo and its like commit after each step on a connection of theirs, which
would leave new tables under old functions between two commits, while guards keep running on them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from orchestrator.errors import VersionMismatchError
from orchestrator.schema.files import migrations_directory

__all__ = ["Migration", "apply_pending", "available", "mark_all"]

_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


class Migration(NamedTuple):
    """One step of the history; its name orders it."""

    name: str
    path: Path


def available(directory: Path | None = None) -> list[Migration]:
    """Every migration that the package brings, oldest first."""
    paths = sorted((directory or migrations_directory()).glob("*.sql"))
    for path in paths:
        if not _NAME.fullmatch(path.name):
            raise ValueError(f'migration "{path.name}" is not named like 0001_what_it_does.sql')
    return [Migration(path.stem, path) for path in paths]


def apply_pending(connection: psycopg.Connection[Any], directory: Path | None = None) -> list[str]:
    """Apply what the database has not seen, and return the names."""
    migrations = available(directory)
    applied = {name for (name,) in connection.execute("select name from orchestrator.migrations").fetchall()}
    unknown = applied - {migration.name for migration in migrations}
    if unknown:
        raise VersionMismatchError(
            f'the schema is newer than the package: it has migration "{max(unknown)}"',
            hint="Install a newer pg-orchestrator.",
        )
    pending = [migration for migration in migrations if migration.name not in applied]
    for migration in pending:
        connection.execute(migration.path.read_bytes())
        _mark(connection, migration)
    return [migration.name for migration in pending]


def mark_all(connection: psycopg.Connection[Any]) -> None:
    """Record every migration as applied: sql/ holds what they lead to."""
    for migration in available():
        _mark(connection, migration)


def _mark(connection: psycopg.Connection[Any], migration: Migration) -> None:
    connection.execute("insert into orchestrator.migrations (name) values (%s)", (migration.name,))
