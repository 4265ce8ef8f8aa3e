"""Databases for tests: one private server a session, one template with the schema, one clone of it a test.

Only tests that ask for a database start the server: `.venv/bin/pytest tests/unit` needs none. Under `make test` each
processor has a session, and so a server, of its own; the tests of a module stay together.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from orchestrator.cluster import Cluster, free_port
from orchestrator.schema import installer
from tests.databases import clone

#: a lost server is a lost temporary directory: nothing here has to survive
_VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "256MB",
}

#: memory, where there is enough of it: each of thousands of databases is 300 files
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30

_TEMPLATE = "orchestrator_template"

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A running server without our schema; logins `writer` and `api_login` exist, roles being global."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM
    home = Path(tempfile.mkdtemp(prefix="orchestrator-test-", dir=_MEMORY if in_memory else None))
    home.chmod(0o755)
    cluster = Cluster(home, free_port(), secrets.token_urlsafe(12), settings=_VOLATILE)
    cluster.create()
    process = cluster.start(home / "postgres.log", die_with_parent=True)
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        for login in ("writer", "api_login"):
            connection.execute(f"create role {login} login password '{cluster.password}'")
    yield cluster
    process.send_signal(signal.SIGINT)
    process.wait(30)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: Cluster) -> str:
    """The name of a database with our schema, to be cloned."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {_TEMPLATE}")
    with psycopg.connect(server.dsn(_TEMPLATE), autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        connection.execute("grant orchestrator_api to api_login")
    return _TEMPLATE


@pytest.fixture
def new_database(server: Cluster) -> Iterator[Callable[..., str]]:
    """`new_database()` → the superuser's DSN of an empty database; `new_database(template=…)` of a clone."""
    janitors = []

    def create(*, template: str | None = None) -> str:
        name = f"test_{secrets.token_hex(6)}"
        janitor = clone(server, name, template)
        janitor.init()
        janitors.append(janitor)
        return server.dsn(name)

    yield create
    for janitor in janitors:
        janitor.drop()


@pytest.fixture
def dsn(new_database: Callable[..., str], template: str) -> str:
    """The superuser's DSN of a fresh database with our schema."""
    return new_database(template=template)


def _connect(dsn: str, **options: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True, **options)


@pytest.fixture
def db(dsn: str) -> Iterator[Connection]:
    """A superuser's connection, autocommit."""
    with _connect(dsn) as connection:
        yield connection


@pytest.fixture
def plain(dsn: str) -> Iterator[Connection]:
    """A connection of the ordinary login `writer`, who may do what the test grants him."""
    with _connect(dsn, user="writer") as connection:
        yield connection


@pytest.fixture
def api_dsn(dsn: str, server: Cluster) -> str:
    """The DSN of a login that was granted orchestrator_api, as API and workers have."""
    return server.dsn(conninfo_to_dict(dsn)["dbname"], user="api_login")
