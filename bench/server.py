"""The private server of one run: durable as PostgreSQL is by itself, the same for every variant, gone afterwards."""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orchestrator.cluster import Cluster, free_port
from orchestrator.schema import installer

__all__ = ["SERVICE", "Connection", "Server", "running_server"]

Connection = psycopg.Connection[Any]

#: the login of the API, with the rights that `orchestrator up` gives it
SERVICE = "bench_service"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    cluster: Cluster

    @property
    def home(self) -> Path:
        return self.cluster.home

    def database(self, name: str, *, template: str | None = None) -> str:
        """Create a database with the schema in it, or a copy of one; its DSN."""
        copied = sql.SQL("") if template is None else sql.SQL(" template {}").format(sql.Identifier(template))
        with psycopg.connect(self.cluster.dsn(), autocommit=True) as db:
            db.execute(sql.SQL("create database {}{}").format(sql.Identifier(name), copied))
        if template is None:
            with psycopg.connect(self.cluster.dsn(name), autocommit=True) as db:
                installer.install(db, str(self.cluster.package_base))
                db.execute(sql.SQL("grant orchestrator_api to {}").format(sql.Identifier(SERVICE)))
        return self.cluster.dsn(name)

    def service_dsn(self, name: str) -> str:
        return self.cluster.dsn(name, SERVICE)

    def version(self) -> str:
        with psycopg.connect(self.cluster.dsn()) as db:
            (text,) = db.execute("show server_version").fetchone() or ("",)
        return str(text)


@contextmanager
def running_server() -> Iterator[Server]:
    """A fresh server on a free port, with settings as `orchestrator up` has them."""
    home = Path(tempfile.mkdtemp(prefix="orchestrator-bench-"))
    home.chmod(0o755)
    try:
        cluster = Cluster(home, free_port(), secrets.token_urlsafe(12))
        cluster.create()
        process = cluster.start(home / "postgres.log", die_with_parent=True)
        try:
            with psycopg.connect(cluster.dsn(), autocommit=True) as db:
                login, password = sql.Identifier(SERVICE), sql.Literal(cluster.password)
                db.execute(sql.SQL("create role {} login password {}").format(login, password))
            yield Server(cluster)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    finally:
        shutil.rmtree(home, ignore_errors=True)
