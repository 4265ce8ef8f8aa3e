"""Install, upgrade and uninstall, one transaction each."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg

from orchestrator import __version__
from orchestrator.errors import ConflictError, ForbiddenError, NotFoundError, OrchestratorError, VersionMismatchError
from orchestrator.schema import migrations, package
from orchestrator.schema.files import sql_directory
from orchestrator.schema.script import contents

__all__ = ["ROLES", "Installation", "find", "install", "uninstall", "upgrade"]

ROLES = ("orchestrator_owner", "orchestrator_runner", "orchestrator_api", "orchestrator_admin")

_LOCK = "select pg_advisory_xact_lock(hashtextextended('orchestrator.installation', 0))"

Connection = psycopg.Connection[Any]


class Installation(NamedTuple):
    """What `orchestrator.installation` says."""

    version: str
    package_path: str


def find(connection: Connection) -> Installation | None:
    """The installation in this database, None when there is none."""
    (exists,) = connection.execute("select to_regclass('orchestrator.installation') is not null").fetchone() or (False,)
    if not exists:
        return None
    row = connection.execute("select version, package_path from orchestrator.installation").fetchone()
    if row is None:
        raise OrchestratorError('schema "orchestrator" exists, but was not completed by "orchestrator install"')
    return Installation(*row)


def install(connection: Connection, package_path: str | None = None) -> Installation:
    """Create everything of ours; the server keeps the Python package below `package_path`."""
    _require_superuser(connection)
    with connection.transaction():
        connection.execute(_LOCK)
        if connection.execute("select to_regnamespace('orchestrator')").fetchone() != (None,):
            raise ConflictError(
                'schema "orchestrator" exists already', hint="Run orchestrator upgrade, or uninstall first."
            )
        language_was_there = _ensure_language(connection)
        path = package.deploy(connection, package_path or _default_package_path(connection))
        for file in contents():
            connection.execute(file.read().encode())
        connection.execute(
            "insert into orchestrator.installation (version, package_path, created_language) values (%s, %s, %s)",
            (__version__, path, not language_was_there),
        )
        migrations.mark_all(connection)
    return Installation(__version__, path)


def upgrade(connection: Connection, package_path: str | None = None) -> list[str]:
    """Apply pending migrations, replace functions and package; return the migrations' names."""
    _require_superuser(connection)
    with connection.transaction():
        connection.execute(_LOCK)
        found = find(connection)
        if found is None:
            raise NotFoundError(
                'schema "orchestrator" is not installed in this database', hint="Run orchestrator install."
            )
        if _parsed(found.version) > _parsed(__version__):
            raise VersionMismatchError(
                f"the schema is newer than the package: {found.version} against {__version__}",
                hint="Install a newer pg-orchestrator.",
            )
        applied = migrations.apply_pending(connection)
        base = package_path or found.package_path.rpartition("/")[0]
        path = package.deploy(connection, base)
        for file in contents():
            if file.rerunnable:
                connection.execute(file.read().encode())
        connection.execute(
            "update orchestrator.installation set version = %s, package_path = %s, upgraded_at = now()",
            (__version__, path),
        )
    _republish(connection)
    return applied


def uninstall(connection: Connection) -> list[str]:
    """Drop everything of ours, leave users' tables as they were; return the roles kept for other databases."""
    _require_superuser(connection)
    with connection.transaction():
        connection.execute(_LOCK)
        if connection.execute("select to_regnamespace('orchestrator')").fetchone() == (None,):
            raise NotFoundError('schema "orchestrator" is not installed in this database')
        connection.execute((sql_directory() / "setup" / "uninstall.sql").read_bytes())
    rows = connection.execute("select rolname from pg_roles where rolname = any(%s) order by 1", (list(ROLES),))
    return [name for (name,) in rows.fetchall()]


def _republish(connection: Connection) -> None:
    """Write the functions behind every managed table anew: in a connection that loads the new package."""
    info = connection.info
    with psycopg.connect(info.dsn, password=info.password, autocommit=True) as fresh, fresh.transaction():
        fresh.execute("update orchestrator.collections set plan_id = null")
        fresh.execute("select orchestrator.publish(array(select name from orchestrator.collections))")


def _require_superuser(connection: Connection) -> None:
    row = connection.execute("select current_setting('is_superuser'), session_user").fetchone()
    if row is None or row[0] != "on":
        raise ForbiddenError(f'role "{row and row[1]}" is not a superuser, which PL/Python functions need')


def _ensure_language(connection: Connection) -> bool:
    """Create plpython3u; return whether it was there."""
    if connection.execute("select 1 from pg_extension where extname = 'plpython3u'").fetchone():
        return True
    if not connection.execute("select 1 from pg_available_extensions where name = 'plpython3u'").fetchone():
        major = connection.info.server_version // 10000
        raise OrchestratorError(
            f"the server has no plpython3u: install the package postgresql-plpython3-{major} on its machine"
        )
    connection.execute("create extension plpython3u")
    return False


def _default_package_path(connection: Connection) -> str:
    """Inside the server's data directory: its user can write there, and a base backup carries it to replicas."""
    (directory,) = connection.execute("show data_directory").fetchone() or ("",)
    return f"{directory}/pg_orchestrator"


def _parsed(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
