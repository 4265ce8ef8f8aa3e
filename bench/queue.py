"""The queue under load: draining, waking, what waking costs writers; each measurement with its yardstick beside it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from bench import pgbench
from bench.paired import measure
from bench.report import Figure, at_least, at_most
from bench.server import Connection
from orchestrator.worker.rhythm import Rhythm
from orchestrator.worker.stop import Stop
from orchestrator.worker.worker import Worker

__all__ = ["drain", "running_worker", "wake_latency", "waking"]

_TABLES = """
create table if not exists bench_events (id bigint generated always as identity primary key, amount numeric);
create table if not exists bench_queue (
    id bigint generated always as identity primary key, payload jsonb, jobs jsonb, status smallint,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create index if not exists bench_queue_open on bench_queue (id) where status is null;
"""

_WORKFLOW = {
    "key": "bench-queue",
    "title": "Bench: one node",
    "type": "collection",
    "enabled": True,
    "config": {"collection": "bench_events", "mode": 1},
    "nodes": [
        {
            "key": "sum",
            "type": "calculation",
            "config": {"engine": "math.js", "expression": "{{$context.data.amount}} + 1"},
        }
    ],
}

_WRITE = "insert into bench_writes (amount) values (1);\n"

#: what any queue of this shape has to do: claim, mark with a history, commit
_CLAIM_AND_MARK = """
update bench_queue q set status = 1, jobs = '[[1, 1, "sum", 1, 2]]', updated_at = now()
where q.id in (select id from bench_queue where status is null order by id limit 50 for update skip locked)
"""

_OUTBOX = """
create or replace function bench_outbox() returns trigger language plpgsql security definer
set search_path = pg_catalog, orchestrator, pg_temp as $$
begin
    insert into orchestrator.executions (workflow_id, key, context)
    select {workflow}, 'bench-queue', jsonb_build_object('data', to_jsonb(n)) from new_rows n;
    {wake}
    return null;
end
$$
"""

_WAKES = {
    "silent": "",
    "flag": "perform orchestrator.wake();",
    "notify": "perform pg_notify('orchestrator_wake', '');",
}


def drain(dsn: str, *, executions: int, rounds: int) -> list[Figure]:
    """One connection empties the queue of one-node executions, history kept; beside it a bare claim-and-mark loop."""
    with _prepared(dsn) as db:
        samples = measure(
            {
                "ours": lambda: executions / _drain_ours(db, dsn, executions),
                "bare": lambda: executions / _drain_bare(db, executions),
            },
            rounds=rounds,
            before_round=lambda: db.execute("checkpoint"),
        )
    area = f"Draining {executions:,} executions of one node, one worker, history kept"
    beside = "claim and mark alone"
    return [Figure(area, "executions", "/s", samples["ours"], beside, samples["bare"], at_least(20_000, "/s"))]


def wake_latency(dsn: str, *, samples: int, pause: float = 0.3) -> list[Figure]:
    """Milliseconds from the commit of a write to the start of its execution, with one sleeping worker."""
    with _prepared(dsn) as db, running_worker(dsn):
        delays = []
        for _ in range(samples):
            time.sleep(pause)
            db.execute("insert into bench_events (amount) values (1)")
            committed = time.time()
            time.sleep(0.05)
            row = db.execute(
                "select extract(epoch from started_at)::float8 from orchestrator.executions order by id desc limit 1"
            ).fetchone()
            delays.append((row[0] - committed) * 1000 if row and row[0] is not None else 50.0)
    delays.sort()
    area = "From commit to the start of an execution, everybody idle"
    return [
        Figure(area, "median", "ms", delays, target=at_most(3, "ms")),
        Figure(area, "95th percentile", "ms", [delays[int(len(delays) * 0.95)]]),
    ]


def waking(dsn: str, *, clients: int, seconds: int, rounds: int) -> list[Figure]:
    """Single-row writes a second that queue an execution, in turn without any wake-up, with the flag, with NOTIFY.

    The trigger is a bare outbox, so that waking weighs as much as it can. A worker drains each time; without a wake-up
    it polls every few milliseconds, so that what is compared is the waking and not whether anybody drains.
    """

    def run(name: str) -> float:
        db.execute(_OUTBOX.format(wake=_WAKES[name], workflow=workflow).encode())
        db.execute("truncate orchestrator.executions, bench_writes cascade")
        db.execute(
            "create or replace trigger bench_outbox after insert on bench_writes"
            " referencing new table as new_rows for each statement execute function bench_outbox()"
        )
        with running_worker(dsn, Rhythm(poll=0.005) if name == "silent" else Rhythm()):
            time.sleep(1)
            return pgbench.rate(dsn, _WRITE, clients=clients, seconds=seconds)

    with _prepared(dsn) as db:
        row = db.execute("select id from orchestrator.workflows where key = 'bench-queue' and current").fetchone()
        workflow = row[0] if row else 0
        db.execute("create table if not exists bench_writes (id bigint generated always as identity, amount numeric)")
        samples = measure({name: partial(run, name) for name in _WAKES}, rounds=rounds)
        db.execute("drop table bench_writes")
        db.execute("drop function bench_outbox()")
    area, beside = f"Waking alone, {clients} connections, writes a second", "without wake-up"
    return [
        Figure(area, "flag", "/s", samples["flag"], beside, samples["silent"]),
        Figure(area, "NOTIFY at every write", "/s", samples["notify"], beside, samples["silent"]),
    ]


@contextmanager
def _prepared(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("set client_min_messages = warning")
        db.execute(_TABLES.encode())
        if db.execute("select from orchestrator.collections where name = 'bench_events'").fetchone() is None:
            db.execute("select orchestrator.manage('bench_events')")
        db.execute("select orchestrator.define(%s)", [json.dumps(_WORKFLOW)])
        db.execute("truncate orchestrator.executions cascade")
        yield db


@contextmanager
def running_worker(dsn: str, rhythm: Rhythm | None = None) -> Iterator[None]:
    """A worker in a thread of this process; what it runs, the server runs."""
    stop = Stop()
    thread = threading.Thread(target=Worker(dsn, rhythm=rhythm, stop=stop).run)
    thread.start()
    try:
        time.sleep(0.5)
        yield
    finally:
        stop.request()
        thread.join()
        stop.close()


def _drain_ours(db: Connection, dsn: str, executions: int) -> float:
    db.execute("truncate orchestrator.executions cascade")
    db.execute("insert into bench_events (amount) select i from generate_series(1, %s) i", [executions])
    db.execute("vacuum analyze orchestrator.executions")
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as worker:
        # a worker has loaded the engine and the program long ago
        worker.execute("select orchestrator.run_executions(1)")
        began = time.perf_counter()
        while (row := worker.execute("select orchestrator.run_executions(50)").fetchone()) and row[0]:
            pass
        return time.perf_counter() - began


def _drain_bare(db: Connection, executions: int) -> float:
    db.execute("truncate bench_queue")
    db.execute(
        "insert into bench_queue (payload) select jsonb_build_object('data', jsonb_build_object('id', i, 'amount', i))"
        " from generate_series(1, %s) i",
        [executions],
    )
    db.execute("vacuum analyze bench_queue")
    began = time.perf_counter()
    while db.execute(_CLAIM_AND_MARK.encode()).rowcount:
        pass
    return time.perf_counter() - began
