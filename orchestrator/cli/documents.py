"""apply, export: workflows as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import psycopg
import typer

from orchestrator import documents
from orchestrator.cli.options import DEFAULT_DATA_DIR, DataDir, Dsn, private_server

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command()(apply)
    app.command()(export)


def apply(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON documents.")],
    dsn: Dsn = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Define the workflows of some files.

    All or none; what is defined already stays as it is.

    Example: orchestrator apply workflows/expense-limit.yaml workflows/orders.yaml
    """
    with psycopg.connect(dsn or private_server(data_dir).dsn, autocommit=True) as connection:
        defined = documents.apply(connection, files)
    for key, version in defined:
        print(f"{key}: version {version}")


def export(
    key: Annotated[str, typer.Argument(help="The workflow's key.")],
    dsn: Dsn = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Print a workflow as YAML, current version.

    Example: orchestrator export expense-limit > workflows/expense-limit.yaml
    """
    with psycopg.connect(dsn or private_server(data_dir).dsn, autocommit=True) as connection:
        print(documents.export(connection, key), end="")
