"""What `orchestrator up` starts: a private server with the schema, the API and the workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orchestrator import demo
from orchestrator.cluster import Cluster, free_port, port_is_free, server_user
from orchestrator.datadir import DataDirectory, Secrets, State
from orchestrator.errors import ConflictError, OrchestratorError
from orchestrator.processes import Process, identify, last_line, spawn, stop
from orchestrator.schema import installer

__all__ = ["DATABASE", "SERVICE_LOGIN", "Access", "Plan", "Stack", "shut_down"]

DATABASE = "orchestrator"

#: the login of the API and the workers: a member of orchestrator_api and nothing else
SERVICE_LOGIN = "orchestrator_service"

_ANSWER_SECONDS = 60

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for; a port of 0 is any free one."""

    pg_port: int = 54320
    api_port: int = 13000
    workers: int = 1
    demo: bool = True
    #: children end when the command ends
    foreground: bool = True
    create_root: Callable[[Connection, Secrets], None]


class Access:
    """How to reach what was started in a data directory."""

    def __init__(self, directory: DataDirectory, state: State | None = None) -> None:
        self.state = state or directory.state()
        self.secrets = directory.secrets()

    @property
    def cluster(self) -> Cluster:
        return Cluster(Path(self.state.home), self.state.pg_port, self.secrets.superuser, server_user())

    @property
    def dsn(self) -> str:
        """The superuser's."""
        return self.cluster.dsn(DATABASE)

    @property
    def service_dsn(self) -> str:
        """The one of the API and the workers."""
        return self.cluster.dsn(DATABASE, SERVICE_LOGIN, self.secrets.service)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.state.api_port}"


class Stack:
    """Starts what is missing in a data directory, and takes it back when something fails."""

    def __init__(self, directory: DataDirectory, plan: Plan) -> None:
        self._plan = plan
        self._directory = directory
        self.state = directory.create(server_user())
        self.access = Access(directory, self.state)
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything and wait until it answers."""
        with self._directory.locked():
            running = self.state.running()
            if running and (self._plan.foreground or "up" in running):
                raise ConflictError(
                    f'already running in "{self._directory.path}": stop it with orchestrator down first'
                )
            self.state.processes = running
            if self._plan.foreground:
                self._remember("up", identify(os.getpid()))
            try:
                cluster = self._start_server()
                self._prepare_database(cluster)
                self._start_api(cluster)
                self._start_workers(cluster)
            except BaseException:
                self._stop(self._children)
                raise

    def watch(self, say: Callable[[str], None]) -> None:
        """Return when the server has ended; tell of other children that did."""
        gone: set[str] = set()
        while "postgres" not in gone:
            time.sleep(0.2)
            for name, child in self._children.items():
                if name not in gone and child.poll() is not None:
                    gone.add(name)
                    say(f'{name} ended with status {child.returncode} (see "{self._log(name)}")')

    def close(self) -> None:
        """Stop what this command started: workers, then the API, then the server."""
        self._stop(self._children)
        self.state.processes.pop("up", None)
        self._directory.save(self.state)

    def _start_server(self) -> Cluster:
        if "postgres" not in self.state.processes:
            self.state.pg_port = _choose(self._server_port(), "--pg-port")
        if "api" not in self.state.processes:
            self.state.api_port = _choose(self._plan.api_port, "--api-port")
        cluster = self.access.cluster
        if "postgres" not in self.state.processes:
            cluster.create()
            child = cluster.start(self._log("postgres"), die_with_parent=self._plan.foreground)
            self._adopt("postgres", child)
        return cluster

    def _server_port(self) -> int:
        """The one asked for; what has outlived its server waits for it where it was."""
        asked, before = self._plan.pg_port, self.state.pg_port
        if not self.state.processes.keys() - {"up"}:
            return asked
        if asked not in (0, before):
            raise ConflictError(
                f'what runs in "{self._directory.path}" waits for PostgreSQL on port {before}:'
                " stop it with orchestrator down first"
            )
        return before

    def _prepare_database(self, cluster: Cluster) -> None:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        with psycopg.connect(cluster.dsn(DATABASE), autocommit=True) as connection:
            if installer.find(connection) is None:
                installer.install(connection, str(cluster.package_base))
            else:
                installer.upgrade(connection, str(cluster.package_base))
            _create_login(connection, SERVICE_LOGIN, self.access.secrets.service)
            self._plan.create_root(connection, self.access.secrets)
            self._directory.save_secrets(self.access.secrets)
            if self._plan.demo:
                demo.load(connection)

    def _start_api(self, cluster: Cluster) -> None:
        if "api" in self.state.processes:
            return
        self._spawn("api", ["serve", "--host", "127.0.0.1", "--port", str(self.state.api_port)])
        self._wait("api", lambda: _answers(f"{self.access.api}/api/__ready"))

    def _start_workers(self, cluster: Cluster) -> None:
        names = [f"worker-{number}" for number in range(1, self._plan.workers + 1)]
        names = [name for name in names if name not in self.state.processes]
        with psycopg.connect(cluster.dsn(DATABASE), autocommit=True) as connection:
            (began,) = connection.execute("select clock_timestamp()").fetchone() or (None,)
            for name in names:
                self._spawn(name, ["worker"])

            def registered() -> bool:
                query = "select count(*) from orchestrator.workers where started_at >= %s"
                (count,) = connection.execute(query, (began,)).fetchone() or (0,)
                return bool(count >= len(names))

            for name in names:
                self._wait(name, registered)

    def _spawn(self, name: str, arguments: Iterable[str]) -> None:
        child = spawn(
            [sys.executable, "-m", "orchestrator", *arguments],
            log=self._log(name),
            parent_death_signal=signal.SIGTERM if self._plan.foreground else None,
            environment={"ORCHESTRATOR_DSN": self.access.service_dsn, "PYTHONUNBUFFERED": "1"},
        )
        self._adopt(name, child)

    def _adopt(self, name: str, child: subprocess.Popen[bytes]) -> None:
        self._children[name] = child
        self._remember(name, identify(child.pid))

    def _remember(self, name: str, process: Process | None) -> None:
        if process is not None:
            self.state.processes[name] = process
            self._directory.save(self.state)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not ready():
            if self._children[name].poll() is not None:
                raise OrchestratorError(f"{name} did not start: {last_line(self._log(name))}")
            if time.monotonic() > deadline:
                raise OrchestratorError(f'{name} did not answer within {_ANSWER_SECONDS} s (see "{self._log(name)}")')
            time.sleep(0.05)

    def _stop(self, children: dict[str, subprocess.Popen[bytes]]) -> None:
        _stop_all({name: p for name, p in self.state.processes.items() if name in children})
        for name, child in children.items():
            child.wait()
            self.state.processes.pop(name, None)
        self._directory.save(self.state)

    def _log(self, name: str) -> Path:
        return self._directory.logs / f"{name}.log"


def shut_down(directory: DataDirectory) -> list[str]:
    """Stop what was started in a data directory, whoever started it; return the names of what ran."""
    state = directory.state()
    running = state.running()
    # a command in the foreground stops its own children
    if "up" in running:
        stop(running["up"], signal.SIGTERM, 90)
    with directory.locked():
        _stop_all(state.running())
        state.processes = {}
        directory.save(state)
    return [name for name in running if name != "up"]


def _stop_all(processes: dict[str, Process]) -> None:
    """Workers first, so that they can still write; the server last."""
    server = processes.get("postgres")
    api = processes.get("api")
    workers = [process for name, process in processes.items() if name.startswith("worker")]
    for group in (workers, [api] if api else []):
        for process in group:
            stop(process, signal.SIGTERM, 0)
        for process in group:
            if not stop(process, signal.SIGTERM, 20):
                stop(process, signal.SIGKILL, 5)
    # fast shutdown, then an immediate one, which the next start recovers from
    if server and not stop(server, signal.SIGINT, 60):
        stop(server, signal.SIGQUIT, 10)


def _choose(port: int, option: str) -> int:
    if port == 0:
        return free_port()
    if not port_is_free(port):
        raise OrchestratorError(f"port {port} is taken: choose another one with {option} (0 picks a free one)")
    return port


def _create_login(connection: Connection, name: str, password: str) -> None:
    login = sql.Identifier(name)
    if not connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone():
        connection.execute(sql.SQL("create role {} login").format(login))
    connection.execute(sql.SQL("alter role {} password {}").format(login, sql.Literal(password)))
    connection.execute(sql.SQL("grant orchestrator_api to {}").format(login))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
