"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.datadir import DataDirectory
from orchestrator.errors import NotFoundError, OrchestratorError
from orchestrator.stack import Access

__all__ = ["DEFAULT_DATA_DIR", "DataDir", "Dsn", "private_server"]

DEFAULT_DATA_DIR = Path(".orchestrator")

DataDir = Annotated[
    Path, typer.Option(envvar="ORCHESTRATOR_DATA_DIR", help="Where the private server and its secrets are.")
]

Dsn = Annotated[str, typer.Option(envvar="ORCHESTRATOR_DSN", help="The database; without it that of orchestrator up.")]


def private_server(data_dir: Path) -> Access:
    """How to reach the private server when no --dsn says where to go."""
    try:
        return Access(DataDirectory(data_dir))
    except NotFoundError:
        raise OrchestratorError(
            f'no database: give --dsn, or start a private server in "{data_dir}" with orchestrator up'
        ) from None
