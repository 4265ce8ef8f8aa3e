"""README.md is true: its sessions, typed into a fresh demo, answer what is printed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .transcripts import Bash, Psql, matches, sessions

_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-m", "orchestrator"]


@pytest.fixture(scope="module")
def demo() -> Iterator[Path]:
    """The data directory of a private server with the demo."""
    parent = Path(tempfile.mkdtemp(prefix="orchestrator-readme-"))
    parent.chmod(0o755)
    data = parent / "data"
    ports = ["--pg-port", "0", "--api-port", "0"]
    subprocess.run([*_COMMAND, "up", "--detach", "--data-dir", str(data), *ports], check=True, timeout=100)
    yield data
    subprocess.run([*_COMMAND, "down", "--data-dir", str(data)], check=True, timeout=100)
    shutil.rmtree(parent)


def test_the_sessions_give_the_printed_output(demo: Path) -> None:
    found = subprocess.run([*_COMMAND, "status", "--json", "--data-dir", str(demo)], capture_output=True, check=True)
    dsn = json.loads(found.stdout)["dsn"]
    replayed = 0
    with (
        psycopg.connect(dsn, autocommit=True) as watcher,
        closing(Psql(dsn, _ROOT)) as psql,
        closing(Bash({"ORCHESTRATOR_DATA_DIR": str(demo)}, _ROOT)) as bash,
    ):
        for session in sessions((_ROOT / "README.md").read_text(encoding="utf-8")):
            terminal = psql if psql.prompts.fullmatch(session[0].prompt) else bash
            for exchange in session:
                assert terminal.prompt == exchange.prompt, f"before {exchange.typed!r}"
                _wait_for_the_worker(watcher)
                answer = terminal.type(exchange.typed)
                printed = exchange.answer
                assert matches(answer, printed), f"{exchange.typed}\n--- printed:\n{printed}\n--- answered:\n{answer}"
                replayed += 1
    assert replayed > 30


def _wait_for_the_worker(watcher: psycopg.Connection[Any]) -> None:
    """A person looks a moment later than a program does."""
    deadline = time.monotonic() + 20
    queued = "select exists (select from orchestrator.executions where status is null)"
    while watcher.execute(queued).fetchone() == (True,):
        assert time.monotonic() < deadline
        time.sleep(0.05)
