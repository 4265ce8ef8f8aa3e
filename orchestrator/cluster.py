"""A private PostgreSQL server: programs, the unprivileged user who runs it, and its life.

PostgreSQL refuses to run as root: started by root, the server runs as an existing system user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from orchestrator.errors import OrchestratorError
from orchestrator.processes import last_line, spawn

__all__ = ["SUPERUSER", "Cluster", "ServerUser", "find_programs", "free_port", "port_is_free", "server_user"]

SUPERUSER = "postgres"

_OLDEST_MAJOR = 15
_START_SECONDS = 60

#: modest: the server shares a developer's machine with everything else
_SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "200",
    "wal_level": "logical",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The system user that the server runs as; `uid` None: whoever calls."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def owns(self, path: Path) -> None:
        """Make the directory his."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, path: Path) -> bool:
        """Whether he reaches the directory through all that lies above it."""
        command = ["/bin/sh", "-c", 'cd "$1"', "sh", str(path)]
        return subprocess.run(command, **self.as_user(), capture_output=True, check=False).returncode == 0

    def as_user(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child his."""
        if self.uid is None:
            return {"cwd": "/"}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}


def server_user() -> ServerUser:
    """The caller, or for root an existing unprivileged user: ORCHESTRATOR_SERVER_USER, else postgres, else nobody."""
    if os.geteuid() != 0:
        return ServerUser(pwd.getpwuid(os.geteuid()).pw_name)
    chosen = os.environ.get("ORCHESTRATOR_SERVER_USER")
    for name in [chosen] if chosen else ["postgres", "nobody"]:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise OrchestratorError(f'system user "{chosen or "postgres"}" does not exist: PostgreSQL cannot run as root')


def find_programs() -> Path:
    """The directory of initdb and postgres, of the newest server that has PL/Python."""
    found: list[tuple[int, Path]] = []
    without_python: list[int] = []
    for directory in Path("/usr/lib/postgresql").glob("*/bin"):
        version = directory.parent.name
        if not version.isdigit() or int(version) < _OLDEST_MAJOR or not (directory / "initdb").exists():
            continue
        if Path(f"/usr/share/postgresql/{version}/extension/plpython3u.control").exists():
            found.append((int(version), directory))
        else:
            without_python.append(int(version))
    if found:
        return max(found)[1]
    if without_python:
        newest = max(without_python)
        raise OrchestratorError(
            f"PostgreSQL {newest} has no plpython3u: run make setup, or install postgresql-plpython3-{newest}"
        )
    raise OrchestratorError(f"PostgreSQL {_OLDEST_MAJOR} or newer was not found in /usr/lib/postgresql: run make setup")


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(slots=True)
class Cluster:
    """One server with its data in `home`/postgres; `home` is a directory that `user` can enter."""

    home: Path
    port: int
    password: str
    user: ServerUser = field(default_factory=server_user)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def package_base(self) -> Path:
        """Where the server keeps its copies of the Python package."""
        return self.home / "python"

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Initialise the data directory, unless it is."""
        programs = find_programs()
        for directory in (self.home, self.package_base):
            if not directory.exists():
                directory.mkdir(parents=True)
                directory.chmod(0o755)
        self.user.owns(self.package_base)
        if (self.data / "PG_VERSION").exists():
            return
        staging = self.home / "postgres.new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        self.user.owns(staging)
        with tempfile.NamedTemporaryFile("w", dir=self.home, prefix="password-") as secret:
            secret.write(self.password)
            secret.flush()
            self.user.owns(Path(secret.name))
            self._run(
                [
                    programs / "initdb",
                    f"--pgdata={staging}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions",
                ]
            )
        staging.rename(self.data)

    def start(self, log: Path, *, die_with_parent: bool) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers."""
        version = (self.data / "PG_VERSION").read_text().strip()
        programs = find_programs()
        if programs.parent.name != version:
            programs = Path(f"/usr/lib/postgresql/{version}/bin")
            if not (programs / "postgres").exists():
                raise OrchestratorError(f'data in "{self.data}" is of PostgreSQL {version}, which is not installed')
        if not port_is_free(self.port):
            raise OrchestratorError(
                f"port {self.port} is taken: choose another one for PostgreSQL with --pg-port (0 picks a free one)"
            )
        sockets = self._socket_directory()
        options = {
            **_SETTINGS,
            **self.settings,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(sockets),
        }
        process = spawn(
            [str(programs / "postgres"), "-D", str(self.data), *(f"--{k}={v}" for k, v in options.items())],
            log=log,
            # fast shutdown
            parent_death_signal=signal.SIGINT if die_with_parent else None,
            **self.user.as_user(),
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise OrchestratorError(f'PostgreSQL did not start: {last_line(log)} (see "{log}")')
            try:
                psycopg.connect(self.dsn(), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    _give_up(process)
                    raise OrchestratorError(
                        f'the password kept for the server in "{self.home}" is not the one it was made with'
                    ) from None
                time.sleep(0.05)
            else:
                return process
        _give_up(process)
        raise OrchestratorError(f'PostgreSQL did not answer within {_START_SECONDS} s (see "{log}")')

    def _socket_directory(self) -> Path:
        """`home`/socket; a path too long for a Unix socket (107 bytes) goes to the system's temporary directory."""
        directory = self.home / "socket"
        if len(os.fsencode(directory)) > 80:
            directory = Path(tempfile.mkdtemp(prefix="orchestrator-"))
        directory.mkdir(exist_ok=True)
        directory.chmod(0o700)
        self.user.owns(directory)
        return directory

    def _run(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(command, **self.user.as_user(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise OrchestratorError(f"{Path(command[0]).name} failed: {reason[0] if reason else done.returncode}")


def _give_up(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait()
