"""A table whose inserts queue executions, workflows that follow it, and workers that live as long as a test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from orchestrator.worker.rhythm import Rhythm
from orchestrator.worker.stop import Stop
from orchestrator.worker.worker import Worker

Connection = psycopg.Connection[Any]
Check = Callable[[], object]

#: quick enough for tests; nothing is found by polling unless a test says so
RHYTHM = Rhythm(poll=3600, linger=0.02, probe=3600, answer=1)

_TABLES = """
create table events (id bigint generated always as identity primary key, title text);
create table effects (id bigint generated always as identity primary key, event_id bigint, note text);
grant select, insert, update, delete on events, effects to orchestrator_runner;
"""

_WORKER = """
import sys
from orchestrator.settings import Settings
from orchestrator.worker import run_worker
sys.exit(run_worker(Settings(dsn=sys.argv[1], poll_seconds=float(sys.argv[2]))))
"""


def wait_until(check: Check, seconds: float = 15.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def sql_node(key: str, sql: str) -> dict[str, Any]:
    """A node that runs a statement; ``:id`` is the event's id, ``:title`` its title."""
    variables = [{"name": n, "value": f"{{{{$context.data.{n}}}}}"} for n in ("id", "title") if f":{n}" in sql]
    return {"key": key, "type": "sql", "config": {"sql": sql, "variables": variables}}


NOTE = sql_node("note", "insert into public.effects (event_id, note) values (:id, :title)")


class Queue:
    """What tests do with the queue, through a superuser's connection."""

    def __init__(self, db: Connection) -> None:
        self.db = db

    def follow(self, key: str, *nodes: dict[str, Any], enabled: bool = True, **options: Any) -> int:
        """An asynchronous workflow on inserts into ``events``; returns the version's id."""
        document = {
            "key": key,
            "title": key,
            "type": "collection",
            "enabled": enabled,
            "config": {"collection": "events", "mode": 1},
            "options": options,
            "nodes": list(nodes),
        }
        return int(self.value("select orchestrator.define(%s)", json.dumps(document)))

    def write(self, *titles: str) -> None:
        """Insert events, in one transaction."""
        self.db.execute("insert into events (title) select unnest(%s::text[])", [list(titles)])

    def value(self, query: str, *args: object) -> Any:
        """The first value of the first row."""
        row = self.db.execute(query.encode(), args).fetchone()
        return row[0] if row else None

    def rows(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        """All rows."""
        return self.db.execute(query.encode(), args).fetchall()

    def run(self, maximum: int = 50) -> int:
        """What a worker calls, once."""
        return int(self.value("select orchestrator.run_executions(%s)", maximum))

    def statuses(self) -> list[int | None]:
        """Statuses of all executions, in their order."""
        return [row[0] for row in self.rows("select status from orchestrator.executions order by id")]

    def open_count(self) -> int:
        """Executions that are queued."""
        return int(self.value("select count(*) from orchestrator.executions where status is null"))

    def asleep(self) -> bool:
        """Whether a worker wants to be notified."""
        return bool(self.value("select last_value > 0 from orchestrator.wake_until"))

    def effects(self) -> list[int]:
        """Events that had an effect, as often as they had."""
        return [row[0] for row in self.rows("select event_id from effects order by event_id")]


@pytest.fixture
def queue(db: Connection) -> Queue:
    """Tables ``events`` and ``effects``, the first one managed."""
    db.execute(_TABLES)
    db.execute("select orchestrator.manage('events')")
    return Queue(db)


@pytest.fixture
def start_worker(api_dsn: str) -> Iterator[Callable[..., Stop]]:
    """``start_worker(rhythm=…)`` → its stop; a worker in a thread of this process, stopped after the test."""
    workers: list[tuple[Stop, threading.Thread]] = []

    def start(rhythm: Rhythm = RHYTHM, batch: int = 50) -> Stop:
        stop = Stop()
        thread = threading.Thread(target=Worker(api_dsn, rhythm=rhythm, batch=batch, stop=stop).run)
        thread.start()
        workers.append((stop, thread))
        return stop

    yield start
    for stop, _ in workers:
        stop.request()
    for stop, thread in workers:
        thread.join(20)
        assert not thread.is_alive()
        stop.close()


@pytest.fixture
def spawn_worker(api_dsn: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """``spawn_worker(poll=…)`` → a worker in a process of its own, killed after the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def spawn(poll: float = 3600) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, api_dsn, str(poll)], stdout=subprocess.DEVNULL, env=dict(os.environ)
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
