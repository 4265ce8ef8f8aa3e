"""The command `orchestrator`: its groups, and the one place where an error becomes a sentence on stderr."""

from __future__ import annotations

import sys

import psycopg
import typer

from orchestrator.errors import OrchestratorError

__all__ = ["app", "main"]

app = typer.Typer(
    name="orchestrator",
    help="Workflows that guard and follow every write to a PostgreSQL table.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run one command; a failure is one sentence on stderr and exit code 1, never a traceback."""
    try:
        app()
    except (OrchestratorError, psycopg.Error, OSError) as error:
        print(f"orchestrator: {error}", file=sys.stderr)
        sys.exit(1)
