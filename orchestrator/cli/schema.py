"""install, upgrade, uninstall: the schema in a database of one's own."""

from __future__ import annotations

from typing import Annotated

import psycopg
import typer

from orchestrator import __version__
from orchestrator.cli.options import Dsn
from orchestrator.schema import installer

__all__ = ["register"]

PackagePath = Annotated[
    str | None,
    typer.Option(help="Directory on the server for the Python package; default: below the server's data directory."),
]


def register(app: typer.Typer) -> None:
    app.command()(install)
    app.command()(upgrade)
    app.command()(uninstall)


def install(dsn: Dsn, package_path: PackagePath = None) -> None:
    """Create schema, roles and functions.

    The Python package is put where the database's server finds it. Needs a superuser and the language plpython3u;
    runs in one transaction.

    Example: orchestrator install --dsn postgresql://postgres@db.example/shop
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        installation = installer.install(connection, package_path)
    print(f"installed {installation.version}; the server reads the package from {installation.package_path}")


def upgrade(dsn: Dsn, package_path: PackagePath = None) -> None:
    """Bring a database to this version.

    Pending migrations, functions and package change in one transaction. Restart API and workers afterwards;
    sessions that are open go on with the package they have loaded.

    Example: orchestrator upgrade --dsn postgresql://postgres@db.example/shop
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        applied = installer.upgrade(connection, package_path)
    print(f"upgraded to {__version__}; migrations applied: {', '.join(applied) or 'none'}")


def uninstall(dsn: Dsn) -> None:
    """Drop everything of ours.

    Workflows and their history are gone then; every table of yours is as it was.

    Example: orchestrator uninstall --dsn postgresql://postgres@db.example/shop
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        kept = installer.uninstall(connection)
    print(f"uninstalled; roles kept for other databases: {', '.join(kept) or 'none'}")
