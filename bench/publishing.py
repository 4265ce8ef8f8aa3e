"""What writers notice while a workflow is switched on and off every 100 ms."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench import workload
from bench.paired import measure
from bench.pgbench import Latencies, latencies
from bench.report import Figure, at_most, at_most_more
from bench.workload import PASSING

__all__ = ["publishing"]

_CLIENTS = 16
_WRITE = f"insert into {PASSING} (title, amount, owner) values ('Expense', 10, 'owner');\n"
_TOGGLE = "update orchestrator.workflows set enabled = not enabled where key = 'toggled'"
#: seconds until every session has loaded the engine
_WARM = 1.5


def publishing(dsn: str, *, seconds: int, rounds: int) -> list[Figure]:
    """Longest write of 16 clients with and without somebody who publishes."""
    seen: dict[str, list[Latencies]] = {"quiet": [], "publishing": []}
    published: list[float] = []
    with psycopg.connect(dsn, autocommit=True) as db:
        nodes = workload.gross_check()
        config = {"collection": PASSING, "global": True, "actions": ["create"]}
        workload.define(
            db,
            {
                "key": "toggled",
                "title": "Switched on and off",
                "type": "request-interception",
                "config": config,
                "options": {"deleteExecutionOnStatus": [1]},
                "nodes": nodes,
            },
        )

        def run(name: str) -> float:
            seen[name].append(latencies(dsn, _WRITE, clients=_CLIENTS, seconds=seconds, skip=_WARM))
            return seen[name][-1].longest

        def disturbed() -> float:
            with _toggling(dsn) as count:
                longest = run("publishing")
            published.append(count[0] / seconds)
            return longest

        longest = measure(
            {"quiet": lambda: run("quiet"), "publishing": disturbed},
            rounds=rounds,
            before_round=lambda: workload.clear(db),
        )
        db.execute("select orchestrator.disable('toggled')")
    area, beside = f"{_CLIENTS} writers while a workflow is switched every 100 ms", "without publishing"
    p99 = {name: [one.p99 for one in runs] for name, runs in seen.items()}
    count = {name: [one.count / (seconds - _WARM) for one in runs] for name, runs in seen.items()}
    errors = [float(one.errors) for one in seen["publishing"]]
    more = at_most_more(100, "ms")
    return [
        Figure(area, "longest write", "ms", longest["publishing"], beside, longest["quiet"], more),
        Figure(area, "99th percentile", "ms", p99["publishing"], beside, p99["quiet"]),
        Figure(area, "writes a second", "/s", count["publishing"], beside, count["quiet"]),
        Figure(area, "errors", "", errors, target=at_most(0, "")),
        Figure(area, "published", "/s", published),
    ]


@contextmanager
def _toggling(dsn: str) -> Iterator[list[int]]:
    stop, count = threading.Event(), [0]

    def toggle() -> None:
        with psycopg.connect(dsn, autocommit=True) as db:
            while not stop.wait(0.1):
                db.execute(_TOGGLE)
                count[0] += 1

    thread = threading.Thread(target=toggle)
    thread.start()
    try:
        yield count
    finally:
        stop.set()
        thread.join()
