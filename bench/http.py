"""The HTTP API against bare Sanic, each one process: create through a passing workflow, list, get."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from api.passwords import hash_password
from bench import workload
from bench.paired import measure
from bench.report import Figure, at_least_times
from bench.served import http_request, sign_in, wait_for
from bench.server import SERVICE, Connection, Server
from bench.workload import KEPT, PLAIN
from orchestrator.cluster import free_port
from orchestrator.compiler.statements import compile_shape
from orchestrator.model.collection import Catalog
from orchestrator.model.shape import split
from orchestrator.processes import spawn

__all__ = ["http"]

_CONNECTIONS = 16
_VALUES = {"title": "Train ticket", "amount": 120.5, "owner": "ann"}

_CREATE = """
insert into {} (title, amount, owner) values ($1::text, $2::numeric, $3::text)
returning json_build_object(
    'amount', amount::text, 'created_at', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'id', id, 'owner', owner, 'title', title
)::text
"""
_FILL = """
insert into {} (title, amount, owner)
select 'Expense ' || i, (i % 490) + 0.5, 'owner ' || i % 50 from generate_series(1, 1000) i
"""


def http(server: Server, database: str, *, seconds: int, rounds: int) -> list[Figure]:
    """Requests a second of 16 connections."""
    with psycopg.connect(server.cluster.dsn(database), autocommit=True) as db:
        workload.clear(db)
        password = secrets.token_urlsafe(12)
        db.execute("select orchestrator.ensure_root('root', 'root@localhost', %s)", [hash_password(password)])
        grants = sql.SQL("grant select, insert on {}, {} to {}")
        db.execute(grants.format(*map(sql.Identifier, (PLAIN, KEPT, SERVICE))))
        with _servers(server, database, _statements(db)) as (api, bare):
            return _figures(db, api, bare, sign_in(api, password), seconds, rounds)


def _figures(db: Connection, api: int, bare: int, token: str, seconds: int, rounds: int) -> list[Figure]:
    mine = {"Authorization": f"Bearer {token}"}
    requests = {
        "create": (
            (api, http_request("POST", f"/api/{KEPT}:create", mine, _VALUES)),
            (bare, http_request("POST", "/create", {}, _VALUES)),
        ),
        "list of 20": ((api, http_request("GET", f"/api/{KEPT}:list", mine)), (bare, http_request("GET", "/list", {}))),
        "get": (
            (api, http_request("GET", f"/api/{KEPT}:get?filterByTk=500", mine)),
            (bare, http_request("GET", "/get", {})),
        ),
    }
    figures = []
    for name, (ours, theirs) in requests.items():
        writes = name == "create"
        _refill(db, filled=not writes)
        # warms up every connection, and shows that both answer alike
        shapes = [_shape(_replies(*request)) for request in (ours, theirs)]
        if shapes[0] != shapes[1]:
            raise RuntimeError(f'"{name}" answers {shapes[0]}, its yardstick {shapes[1]}')
        samples = measure(
            {"ours": partial(_load, *ours, seconds), "theirs": partial(_load, *theirs, seconds)},
            rounds=rounds,
            before_round=partial(_refill, db, filled=not writes),
        )
        figures.append(
            Figure(
                f"HTTP, {_CONNECTIONS} connections, one process, a token, requests a second",
                f"{name}, workflow kept" if writes else name,
                "/s",
                samples["ours"],
                "bare Sanic",
                samples["theirs"],
                at_least_times(0.6) if writes else None,
            )
        )
    return figures


def _refill(db: Connection, *, filled: bool) -> None:
    workload.clear(db)
    if filled:
        db.execute(sql.SQL("alter table {} alter column id restart").format(sql.Identifier(KEPT)))
        db.execute(sql.SQL(_FILL).format(sql.Identifier(KEPT)))
        db.execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(KEPT)))


def _statements(db: Connection) -> dict[str, Any]:
    """What bare Sanic sends: its own insert, and for reads the very statements of the API."""
    (text,) = db.execute("select orchestrator.catalog()::text").fetchone() or ("{}",)
    catalog = Catalog.from_json(text)
    base = {"kind": "select", "collection": KEPT, "rendering": "wire"}

    def compiled(**request: Any) -> Sequence[Any]:
        shape, values = split({**base, **request})
        return compile_shape(catalog, shape), values

    return {
        "create": sql.SQL(_CREATE).format(sql.Identifier(PLAIN)).as_string(db),
        "list": compiled(limit=20, offset=0, count=True),
        "get": compiled(single=True, filterByTk="500"),
    }


@contextmanager
def _servers(server: Server, database: str, statements: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The API as `orchestrator serve` starts it, and the bare one; their ports."""
    file = server.home / "statements.json"
    file.write_text(json.dumps(statements), encoding="utf-8")
    dsn = server.service_dsn(database)
    api, bare = free_port(), free_port()
    commands = {
        api: ["-m", "orchestrator", "serve", "--port", str(api), "--dsn", dsn],
        bare: ["-m", "bench.bare", "--port", str(bare), "--dsn", dsn, "--statements", str(file)],
    }
    children: list[subprocess.Popen[bytes]] = []
    try:
        for port, command in commands.items():
            log = server.home / f"http-{port}.log"
            children.append(spawn([sys.executable, *command], log=log, parent_death_signal=signal.SIGTERM))
            wait_for(f"http://127.0.0.1:{port}/{'api/__ready' if port == api else 'get'}", log)
        yield api, bare
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)


def _replies(port: int, request: bytes) -> Any:
    """The reply to one request, after a second of many."""
    _load(port, request, 1)
    head, _, body = request.partition(b"\r\n\r\n")
    method, path, _ = head.split(b"\r\n")[0].decode().split()
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if not line.startswith("Content-L"))
    url = f"http://127.0.0.1:{port}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, body or None, headers, method=method), timeout=10) as reply:
        return json.load(reply)


def _shape(value: Any) -> Any:
    """A reply without its values: both servers have to answer with the same fields in the same form."""
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return type(value).__name__


def _load(port: int, request: bytes, seconds: float) -> float:
    command = [sys.executable, "-m", "bench.load", "--port", str(port)]
    command += ["--connections", str(_CONNECTIONS), "--seconds", str(seconds)]
    done = subprocess.run(command, input=request, capture_output=True, check=True)
    result = json.loads(done.stdout)
    if result["failures"]:
        raise RuntimeError(f"{result['failures']} requests failed, the first one with {result['failure']}")
    return float(result["per_second"])
