"""Databases as text, to be compared."""

from __future__ import annotations

import re
import subprocess

from orchestrator.cluster import find_programs

__all__ = ["dump"]

#: differ from one dump to the next: a random key, and psql's guard with it
_NOISE = re.compile(r"^(--.*|\\(un)?restrict .*)?\n", re.MULTILINE)


def dump(dsn: str, *options: str) -> str:
    """pg_dump's output without comments and empty lines."""
    command = [str(find_programs() / "pg_dump"), f"--dbname={dsn}", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return _NOISE.sub("", done.stdout)
