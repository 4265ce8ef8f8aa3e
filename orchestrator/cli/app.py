"""The command `orchestrator`, and the one place where an error becomes a sentence on stderr."""

from __future__ import annotations

import json
import sys

import psycopg
import typer
from pydantic import ValidationError

from orchestrator import __version__
from orchestrator.cli import documents, private, schema, services
from orchestrator.errors import OrchestratorError

__all__ = ["app", "main"]

app = typer.Typer(
    name="orchestrator",
    help="Workflows that guard and follow every write to a PostgreSQL table.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (private, schema, services, documents):
    group.register(app)


def main() -> None:
    """Run one command; a failure is one sentence on stderr and exit code 1, never a traceback."""
    try:
        app()
    except OrchestratorError as error:
        _fail(error.message, error.hint)
    except psycopg.Error as error:
        _fail("\n".join(_problems(error)), error.diag.message_hint)
    except OSError as error:
        _fail(f'{(error.strerror or str(error)).lower()}: "{error.filename}"' if error.filename else str(error).lower())
    except ValidationError as error:
        _fail(_bad_setting(error))
    except ValueError as error:
        _fail(" ".join(str(error).split()))


def _problems(error: psycopg.Error) -> list[str]:
    """The error's message; of a bad document, every problem with its path."""
    message = error.diag.message_primary or " ".join(str(error).split())
    try:
        found = json.loads(error.diag.message_detail or "")["errors"]
        return [f"{problem['path']}: {problem['message']}" for problem in found]
    except (ValueError, KeyError, TypeError):
        return [message.removeprefix("plpy.Error: ")]


def _bad_setting(error: ValidationError) -> str:
    """The first variable that makes no sense; its value, unless it may be a secret."""
    problem = error.errors()[0]
    name, *inside = map(str, problem["loc"])
    value = "" if inside or name in ("app_key", "data_sources") else f' "{problem["input"]}"'
    message = problem["msg"]
    return f"{'.'.join([f'ORCHESTRATOR_{name.upper()}', *inside])}{value}: {message[:1].lower()}{message[1:]}"


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Workflows that guard and follow every write to a PostgreSQL table."""


def _fail(message: str, hint: str | None = None) -> None:
    print(f"orchestrator: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    sys.exit(1)
