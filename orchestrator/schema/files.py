"""Where sql/, migrations/ and examples/ are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["examples_directory", "migrations_directory", "sql_directory"]

_PACKAGED = Path(__file__).parent / "data"
_CHECKOUT = Path(__file__).parents[2]


def _directory(name: str) -> Path:
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _CHECKOUT / name


def sql_directory() -> Path:
    """The current truth of the database."""
    return _directory("sql")


def migrations_directory() -> Path:
    """How the tables came to be."""
    return _directory("migrations")


def examples_directory() -> Path:
    """The stories that `orchestrator up` loads."""
    return _directory("examples")
