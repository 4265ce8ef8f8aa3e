"""make bench: every figure in one run against a private server, as a table and as bench/results.json."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import structlog

from bench import clock, queue, report, workload
from bench.http import http
from bench.memory import memory
from bench.publishing import publishing
from bench.report import Figure
from bench.server import Server, running_server
from bench.sessions import sessions
from bench.writers import writers
from bench.writes import bulk, single

_RESULTS = Path(__file__).parent / "results.json"
_MAIN, _QUEUE = "bench", "bench_queue"


def main() -> None:
    """See docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that it works")
    parser.add_argument("--only", default="", help=f"some of {','.join(_AREAS)}")
    parser.add_argument("--output", type=Path, help="default for a whole run: bench/results.json, else nothing")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(_AREAS)
    if unknown := set(chosen) - set(_AREAS):
        parser.error(f'no figures "{", ".join(sorted(unknown))}"')
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    signal.signal(signal.SIGTERM, _leave)
    load, began = os.getloadavg()[0], time.monotonic()
    with running_server() as server:
        with psycopg.connect(server.database(_MAIN), autocommit=True) as db:
            workload.create(db)
        server.database(_QUEUE)
        figures: list[Figure] = []
        loops = clock.loop_times()
        try:
            for name in chosen:
                print(f"{name} …", file=sys.stderr, flush=True)
                figures += _AREAS[name](server, options.quick)
                loops += clock.loop_times()
        finally:
            # what took minutes is not lost to what fails after it
            print(report.table(figures))
        about = report.machine(server.version())
    loop = clock.spread(loops)
    about |= {
        "quick": options.quick,
        "load_before": round(load, 2),
        "loop_ms": loop,
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(f"\nload before: {load:.2f}; took {about['minutes']} min; the ratio is the median of the rounds' ratios")
    print(f"a fixed loop took {loop['fastest']:.2f} ms at best, {loop['median']:.2f} in the middle")
    output = options.output or (None if options.quick or options.only else _RESULTS)
    if output is not None:
        output.write_text(report.as_json(figures, about) + "\n", encoding="utf-8")


def _leave(*_: object) -> None:
    """Take the server and its directory away on the way out, however often one is told to go."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def _bulk(server: Server, quick: bool) -> list[Figure]:
    return bulk(server.cluster.dsn(_MAIN), rows=20_000 if quick else 100_000, rounds=3 if quick else 9)


def _single(server: Server, quick: bool) -> list[Figure]:
    return single(
        server.cluster.dsn(_MAIN),
        rows=2_000 if quick else 10_000,
        seconds=1 if quick else 2,
        rounds=3 if quick else 9,
    )


def _sessions(server: Server, quick: bool) -> list[Figure]:
    return sessions(server.cluster.dsn(_MAIN), rounds=3 if quick else 9)


def _http(server: Server, quick: bool) -> list[Figure]:
    return http(server, _MAIN, seconds=2 if quick else 5, rounds=1 if quick else 5)


def _memory(server: Server, quick: bool) -> list[Figure]:
    return memory(server, _MAIN, requests=20_000 if quick else 200_000)


def _publishing(server: Server, quick: bool) -> list[Figure]:
    return publishing(server.cluster.dsn(_MAIN), seconds=4 if quick else 8, rounds=1 if quick else 5)


def _writers(server: Server, quick: bool) -> list[Figure]:
    return writers(server, seconds=2 if quick else 5, rounds=1 if quick else 5)


def _waking(server: Server, quick: bool) -> list[Figure]:
    return queue.waking(server.cluster.dsn(_QUEUE), clients=64, seconds=2 if quick else 5, rounds=1 if quick else 3)


def _drain(server: Server, quick: bool) -> list[Figure]:
    return queue.drain(server.cluster.dsn(_QUEUE), executions=5_000 if quick else 20_000, rounds=1 if quick else 5)


def _latency(server: Server, quick: bool) -> list[Figure]:
    return queue.wake_latency(server.cluster.dsn(_QUEUE), samples=20 if quick else 100)


#: what can be measured, in order; the functions know the size of a run
_AREAS: dict[str, Callable[[Server, bool], list[Figure]]] = {
    "bulk": _bulk,
    "single": _single,
    "sessions": _sessions,
    "http": _http,
    "publishing": _publishing,
    "writers": _writers,
    "waking": _waking,
    "drain": _drain,
    "latency": _latency,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
