"""The demo's tables and workflows, read from examples/demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from orchestrator import documents
from orchestrator.schema.files import examples_directory

__all__ = ["load"]


def load(connection: psycopg.Connection[Any], directory: Path | None = None) -> list[str]:
    """Run the .sql files, then define the .yaml documents, each in the order of names; return the workflows' keys.

    Loading twice changes nothing: the .sql files are written for that, and a document defined again is no new version.
    """
    root = directory or examples_directory() / "demo"
    with connection.transaction():
        for path in sorted(root.glob("*.sql")):
            connection.execute(path.read_bytes())
        return [key for key, _ in documents.apply(connection, sorted(root.glob("*.yaml")))]
