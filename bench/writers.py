"""Concurrent writers with an asynchronous workflow, against the same outbox without any wake-up."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

import psycopg

from bench import pgbench, queue, workload
from bench.paired import measure
from bench.report import Figure, at_least_times
from bench.server import Server
from orchestrator.worker.rhythm import Rhythm

__all__ = ["writers"]

_WAKING, _SILENT = "bench_waking", "bench_silent"
_CLIENTS = (1, 16, 64)

_TABLE = """
create table shipments (
    id bigint generated always as identity primary key,
    title text not null,
    amount numeric not null,
    owner text not null,
    created_at timestamptz not null default now()
)
"""
_WRITE = "insert into shipments (title, amount, owner) values ('Parcel', 10, 'owner');\n"

_DUMB = """
create or replace function orchestrator.wake() returns void language plpgsql volatile security definer
set search_path = pg_catalog, orchestrator, pg_temp as $$ begin end $$
"""


def writers(server: Server, *, seconds: int, rounds: int) -> list[Figure]:
    """Rates at 1, 16 and 64 connections."""
    dsns = _prepare(server)
    figures = []
    for clients in _CLIENTS:
        samples = measure(
            {name: partial(_rate, dsn, name, clients, seconds) for name, dsn in dsns.items()},
            rounds=rounds,
            before_round=lambda: _clear(dsns.values()),
        )
        figures.append(
            Figure(
                "Writers with an asynchronous workflow, a worker draining, writes a second",
                f"{clients} connection{'s' if clients > 1 else ''}",
                "/s",
                samples[_WAKING],
                "without wake-up",
                samples[_SILENT],
                at_least_times(0.8) if clients == max(_CLIENTS) else None,
            )
        )
    return figures


def _prepare(server: Server) -> dict[str, str]:
    waking = server.database(_WAKING)
    with psycopg.connect(waking, autocommit=True) as db:
        db.execute(_TABLE)
        db.execute("select orchestrator.manage('shipments')")
        workload.define(
            db,
            {
                "key": "follow-shipment",
                "title": "Follow a shipment",
                "type": "collection",
                "enabled": True,
                "config": {"collection": "shipments", "mode": 1},
                "nodes": [
                    {
                        "key": "gross",
                        "type": "calculation",
                        "config": {"engine": "math.js", "expression": "{{$context.data.amount}} * 1.19"},
                    }
                ],
            },
        )
    silent = server.database(_SILENT, template=_WAKING)
    with psycopg.connect(silent, autocommit=True) as db:
        db.execute(_DUMB)
    return {_WAKING: waking, _SILENT: silent}


def _clear(dsns: Iterable[str]) -> None:
    for dsn in dsns:
        with psycopg.connect(dsn, autocommit=True) as db:
            db.execute("truncate shipments")
            db.execute("truncate orchestrator.executions, orchestrator.execution_counts cascade")
            db.execute("checkpoint")


def _rate(dsn: str, name: str, clients: int, seconds: int) -> float:
    # nobody wakes that worker: it looks often, so that somebody drains there as well
    with queue.running_worker(dsn, Rhythm(poll=0.005) if name == _SILENT else Rhythm()):
        time.sleep(0.5)
        return pgbench.rate(dsn, _WRITE, clients=clients, seconds=seconds)
