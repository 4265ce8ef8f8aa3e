"""orchestrator up, status, down as a user runs them: real processes, real ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestrator.cluster import server_user
from orchestrator.processes import identify

COMMAND = [sys.executable, "-m", "orchestrator"]

Done = subprocess.CompletedProcess[str]


def run(*arguments: str | Path, **environment: str) -> Done:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def up(directory: Path, *arguments: str, **environment: str) -> Done:
    return run(
        "up", "--detach", "--data-dir", directory, "--pg-port", "0", "--api-port", "0", *arguments, **environment
    )


def status(directory: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(run("status", "--json", "--data-dir", directory).stdout)
    return loaded


@pytest.fixture
def directory() -> Iterator[Path]:
    """A data directory that the server's user can enter."""
    parent = Path(tempfile.mkdtemp(prefix="orchestrator-up-"))
    parent.chmod(0o755)
    yield parent / "data"
    run("down", "--data-dir", parent / "data")
    shutil.rmtree(parent)


def test_up_starts_everything_and_down_stops_it(directory: Path) -> None:
    started = up(directory, "--workers", "2", "--no-demo", ORCHESTRATOR_ROOT_EMAIL="ada@example.com")
    assert started.returncode == 0, started.stderr
    found = status(directory)
    assert str(found["dsn"]) in started.stdout
    assert found["root_username"] == "root"
    assert found["root_email"] == "ada@example.com"
    assert found["root_password"]
    assert isinstance(found["pids"], list)
    assert len(found["pids"]) == 4
    with psycopg.connect(str(found["dsn"])) as connection:
        assert connection.execute("select current_setting('is_superuser')").fetchone() == ("on",)
        assert connection.execute("select count(*) from orchestrator.workers").fetchone() == (2,)
    with urllib.request.urlopen(f"{found['api']}/api/__ready") as reply:
        assert reply.status == 200

    assert run("down", "--data-dir", directory).returncode == 0
    for pid in found["pids"]:
        assert identify(pid) is None
    stopped = run("status", "--data-dir", directory)
    assert stopped.returncode == 1
    assert "nothing runs" in stopped.stderr


def test_data_and_password_survive_down_and_up(directory: Path) -> None:
    assert up(directory, "--no-demo").returncode == 0
    before = status(directory)
    with psycopg.connect(str(before["dsn"])) as connection:
        connection.execute("create table public.kept (id bigint)")
    run("down", "--data-dir", directory)
    assert up(directory, "--no-demo").returncode == 0
    after = status(directory)
    assert after["root_password"] == before["root_password"]
    with psycopg.connect(str(after["dsn"])) as connection:
        assert connection.execute("select to_regclass('public.kept') is not null").fetchone() == (True,)


def test_up_again_starts_what_is_missing(directory: Path) -> None:
    assert up(directory, "--no-demo", "--workers", "1").returncode == 0
    before = status(directory)["pids"]
    assert up(directory, "--no-demo", "--workers", "2").returncode == 0
    after = status(directory)["pids"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert set(before) < set(after)
    assert len(after) == len(before) + 1


def test_up_again_brings_a_lost_server_back_to_those_who_wait_for_it(directory: Path) -> None:
    assert up(directory, "--no-demo").returncode == 0
    before = status(directory)
    # an immediate shutdown, as after a crash
    os.kill(json.loads((directory / "state.json").read_text())["processes"]["postgres"][0], signal.SIGQUIT)
    deadline = time.monotonic() + 30
    while len(status(directory)["pids"]) == 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    elsewhere = run("up", "--detach", "--data-dir", directory, "--pg-port", "1")
    assert elsewhere.returncode == 1
    assert "waits for PostgreSQL on port" in elsewhere.stderr
    assert up(directory, "--no-demo").returncode == 0
    after = status(directory)
    assert (after["dsn"], after["api"]) == (before["dsn"], before["api"])
    assert len(set(before["pids"]) & set(after["pids"])) == 2
    with urllib.request.urlopen(f"{after['api']}/api/__ready") as reply:
        assert reply.status == 200


def test_a_server_that_does_not_start_is_told_with_its_reason(directory: Path) -> None:
    assert up(directory, "--no-demo").returncode == 0
    run("down", "--data-dir", directory)
    home = Path(json.loads((directory / "state.json").read_text())["home"])
    user = server_user()
    with subprocess.Popen(["sleep", "100"], **user.as_user()) as other:
        # left behind by a crash, and its process id is another one's by now
        left = home / "postgres" / "postmaster.pid"
        left.write_text(f"{other.pid}\n")
        user.owns(left)
        failed = up(directory, "--no-demo")
        other.kill()
    assert failed.returncode == 1
    assert 'FATAL:  lock file "postmaster.pid"' in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


def test_passwords_are_readable_by_their_owner_alone(directory: Path) -> None:
    assert up(directory, "--no-demo").returncode == 0
    assert (directory / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert str(status(directory)["root_password"]) not in (directory / "state.json").read_text()


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_a_foreground_up_takes_everything_with_it(directory: Path, with_signal: signal.Signals) -> None:
    command = [*COMMAND, "up", "--data-dir", str(directory), "--pg-port", "0", "--api-port", "0", "--no-demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        for line in parent.stdout:
            if "Ctrl-C" in line:
                break
        pids = status(directory)["pids"]
        assert isinstance(pids, list)
        assert len(pids) == 3
        parent.send_signal(with_signal)
        assert parent.wait(60) == (-signal.SIGKILL if with_signal is signal.SIGKILL else 0)
    deadline = time.monotonic() + 30
    while status(directory)["pids"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("option", ["--pg-port", "--api-port"])
def test_a_taken_port_is_one_sentence(directory: Path, option: str) -> None:
    ports = {"--pg-port": "0", "--api-port": "0"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports[option] = str(taken.getsockname()[1])
        options = [text for pair in ports.items() for text in pair]
        failed = run("up", "--detach", "--data-dir", directory, *options)
    assert failed.returncode == 1
    assert failed.stderr == (
        f"orchestrator: port {ports[option]} is taken: choose another one with {option} (0 picks a free one)\n"
    )
    assert status(directory)["pids"] == []
