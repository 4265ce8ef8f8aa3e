"""sql/ is what is, migrations/ is how it came: both lead to the same database, and what was released never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from orchestrator import __version__
from orchestrator.cluster import Cluster
from orchestrator.errors import ConflictError, ForbiddenError, NotFoundError, VersionMismatchError
from orchestrator.schema import installer, migrations
from orchestrator.schema.files import migrations_directory
from orchestrator.schema.script import contents

from .dumps import dump

Connection = psycopg.Connection[tuple[object, ...]]


def _build_from_migrations(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, connection.transaction():
        connection.execute("create extension plpython3u")
        for migration in migrations.available():
            connection.execute(migration.path.read_bytes())
        for file in contents():
            if file.rerunnable:
                connection.execute(file.read().encode())


def test_migrations_lead_to_the_same_schema_as_a_fresh_installation(dsn: str, new_database: Callable[..., str]) -> None:
    migrated = new_database()
    _build_from_migrations(migrated)
    assert dump(migrated, "--schema-only") == dump(dsn, "--schema-only")


def test_migrations_lead_to_the_same_rows_as_a_fresh_installation(dsn: str, new_database: Callable[..., str]) -> None:
    migrated = new_database()
    _build_from_migrations(migrated)
    query = (
        'select name, title, hidden, "default", allow_configure, snippets, strategy from orchestrator.roles order by 1'
    )
    with psycopg.connect(migrated) as one, psycopg.connect(dsn) as other:
        assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_released_migrations_are_frozen() -> None:
    directory = migrations_directory()
    lines = (directory / "frozen.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            digest, name = line.split()
            assert hashlib.sha256((directory / f"{name}.sql").read_bytes()).hexdigest() == digest


def test_a_fresh_installation_has_the_whole_history(db: Connection) -> None:
    recorded = db.execute("select name from orchestrator.migrations order by 1").fetchall()
    assert recorded == [(migration.name,) for migration in migrations.available()]


def test_an_upgrade_applies_each_pending_migration_once(db: Connection, tmp_path: Path) -> None:
    for path in migrations_directory().glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "9998_adds_a_column.sql").write_text("alter table orchestrator.workers add column one integer")
    (tmp_path / "9999_fills_it.sql").write_text("alter table orchestrator.workers alter one set default 1")
    assert migrations.apply_pending(db, tmp_path) == ["9998_adds_a_column", "9999_fills_it"]
    assert migrations.apply_pending(db, tmp_path) == []


def test_an_upgrade_changes_no_schema_that_is_current(db: Connection, dsn: str) -> None:
    before = dump(dsn, "--schema-only")
    assert installer.upgrade(db) == []
    assert dump(dsn, "--schema-only") == before


def test_an_upgrade_that_fails_leaves_everything_as_it_was(db: Connection, dsn: str) -> None:
    db.execute("drop table orchestrator.workers")
    before = dump(dsn)
    with pytest.raises(psycopg.errors.UndefinedTable):
        installer.upgrade(db)
    assert dump(dsn) == before


def test_an_upgrade_refuses_a_schema_newer_than_the_package(db: Connection) -> None:
    db.execute("update orchestrator.installation set version = '999.0.0'")
    with pytest.raises(VersionMismatchError, match=rf"newer than the package: 999\.0\.0 against {__version__}"):
        installer.upgrade(db)


def test_an_upgrade_refuses_a_migration_that_the_package_does_not_know(db: Connection) -> None:
    db.execute("insert into orchestrator.migrations (name) values ('9999_from_the_future')")
    with pytest.raises(VersionMismatchError, match="9999_from_the_future"):
        installer.upgrade(db)


def test_a_database_without_the_schema_cannot_be_upgraded(new_database: Callable[..., str]) -> None:
    with psycopg.connect(new_database(), autocommit=True) as connection, pytest.raises(NotFoundError):
        installer.upgrade(connection)


def test_a_second_installation_is_refused(db: Connection) -> None:
    with pytest.raises(ConflictError, match="exists already"):
        installer.install(db)


def test_only_a_superuser_installs(new_database: Callable[..., str]) -> None:
    with (
        psycopg.connect(new_database(), user="writer", autocommit=True) as connection,
        pytest.raises(ForbiddenError, match='role "writer" is not a superuser'),
    ):
        installer.install(connection)


def test_an_installation_that_fails_leaves_nothing(
    server: Cluster, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "mark_all", fail)
    dsn = new_database()
    before = dump(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection, pytest.raises(RuntimeError):
        installer.install(connection, str(server.package_base))
    assert dump(dsn) == before
