"""PgBouncer in transaction mode in front of the database: everything does the same, each statement in any session."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orchestrator.cluster import Cluster, free_port

from .conftest import PASSWORD, Api, Serve
from .test_writes import *  # noqa: F403  # the same tests, another way to the database

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server} user=api_login password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_login_retry = 1
logfile = {home}/pgbouncer.log
"""


class Pooler:
    """A PgBouncer that can be stopped and started again."""

    def __init__(self, server: Cluster) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="orchestrator-pgbouncer-"))
        self.port = free_port()
        self._settings = self._home / "pgbouncer.ini"
        self._settings.write_text(
            _SETTINGS.format(server=server.port, password=server.password, port=self.port, home=self._home)
        )
        self._user = server.user.name
        if os.geteuid() == 0:
            shutil.chown(self._home, self._user)
            shutil.chown(self._settings, self._user)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        assert found is not None, "run ./setup.sh"
        as_user = ["-u", self._user] if os.geteuid() == 0 else []
        self._process = subprocess.Popen([found, "-q", *as_user, str(self._settings)])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)


@pytest.fixture(scope="module")
def pooler(server: Cluster) -> Iterator[Pooler]:
    pooler = Pooler(server)
    pooler.start()
    yield pooler
    pooler.close()


@pytest.fixture(scope="module")
def login_dsn(database: str, pooler: Pooler) -> str:
    dbname = str(conninfo_to_dict(database)["dbname"])
    return make_conninfo(host="127.0.0.1", port=pooler.port, dbname=dbname, user="api_login")


@pytest.fixture(scope="module")
def serve(serve: Serve) -> Callable[..., Any]:
    return partial(serve, pooled=True)


def test_statements_do_run_in_sessions_of_the_pooler(api: Api, pooler: Pooler) -> None:
    for _ in range(5):
        api.root.get("/posts:list")
    sessions = api.db.execute(
        "select count(*) from pg_stat_activity where usename = 'api_login' and datname = current_database()"
    ).fetchone()
    assert sessions is not None and 1 <= int(str(sessions[0])) <= 3


def test_a_table_that_changes_is_known_soon(api: Api) -> None:
    api.db.execute("create table pooled (id int primary key); select orchestrator.manage('pooled')")
    assert api.root.get("/pooled:list").json()["data"] == []
    api.db.execute("alter table pooled add column late int default 7; insert into pooled values (1)")
    assert _soon(lambda: api.root.get("/pooled:list").json()["data"] == [{"id": 1, "late": 7}])


def test_a_pooler_that_is_away_is_503_and_back_without_a_restart(
    api: Api, pooler: Pooler, serve: Serve, login_dsn: str
) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, pool_timeout=2)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=20) as client:
        signed_in = client.post("/auth:signIn", json={"account": "root", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {signed_in.json()['data']['token']}"
        assert client.post("/posts:create", json={"title": "before"}).status_code == 200
        pooler.stop()
        try:
            for response in (client.get("/posts:list"), client.post("/posts:create", json={}), client.get("/__ready")):
                assert (response.status_code, response.json()) == (
                    503,
                    {"errors": [{"message": "the database is not available"}]},
                )
                assert response.headers["Retry-After"] == "1"
            assert client.get("/__live").status_code == 200
        finally:
            # the other tests of this module need it
            pooler.start()
        assert _soon(lambda: client.get("/__ready").status_code == 200)
        assert client.post("/posts:create", json={"title": "after"}).status_code == 200
        assert _soon(lambda: api.root.get("/posts:list").status_code == 200)


def _soon(condition: Callable[[], bool]) -> bool:
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_nothing_stays_prepared_in_a_pooled_session(api: Api, login_dsn: str) -> None:
    api.root.get("/posts:list")
    with psycopg.connect(login_dsn, autocommit=True, prepare_threshold=None) as connection:
        assert connection.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
