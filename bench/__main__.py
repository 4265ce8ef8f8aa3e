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

from bench import queue, report, workload
from bench.http import http
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
    parser.add_argument("--only", default="", help=f"some of {','.join(_areas(None, quick=True))}")  # type: ignore[arg-type]
    parser.add_argument("--output", type=Path, help="default for a whole run: bench/results.json, else nothing")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    # the server and its directory are taken away on the way out
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load, began = os.getloadavg()[0], time.monotonic()
    with running_server() as server:
        areas = _areas(server, quick=options.quick)
        unknown = set(chosen or ()) - set(areas)
        if unknown:
            parser.error(f'no figures "{", ".join(sorted(unknown))}"')
        with psycopg.connect(server.database(_MAIN), autocommit=True) as db:
            workload.create(db)
        server.database(_QUEUE)
        figures: list[Figure] = []
        for name in chosen or areas:
            print(f"{name} …", file=sys.stderr, flush=True)
            figures += areas[name]()
        about = report.machine(server.version())
    about |= {
        "quick": options.quick,
        "load_before": round(load, 2),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(report.table(figures))
    print(f"\nload before: {load:.2f}; took {about['minutes']} min; the ratio is the median of the rounds' ratios")
    output = options.output or (None if options.quick or chosen else _RESULTS)
    if output is not None:
        output.write_text(report.as_json(figures, about) + "\n", encoding="utf-8")


def _areas(server: Server, *, quick: bool) -> dict[str, Callable[[], list[Figure]]]:
    """What can be measured, in order, with the size of a run."""

    def main_dsn() -> str:
        return server.cluster.dsn(_MAIN)

    def queue_dsn() -> str:
        return server.cluster.dsn(_QUEUE)

    rounds, seconds = (3, 2) if quick else (9, 5)
    few = 1 if quick else 5
    return {
        "bulk": lambda: bulk(main_dsn(), rows=20_000 if quick else 100_000, rounds=rounds),
        "single": lambda: single(main_dsn(), rows=2_000 if quick else 10_000, rounds=rounds),
        "sessions": lambda: sessions(main_dsn(), rounds=rounds),
        "http": lambda: http(server, _MAIN, seconds=seconds, rounds=few),
        "publishing": lambda: publishing(main_dsn(), seconds=4 if quick else 8, rounds=few),
        "writers": lambda: writers(server, seconds=seconds, rounds=few),
        "waking": lambda: queue.waking(queue_dsn(), clients=64, seconds=seconds, rounds=min(few, 3)),
        "drain": lambda: queue.drain(queue_dsn(), executions=5_000 if quick else 20_000, rounds=few),
        "latency": lambda: queue.wake_latency(queue_dsn(), samples=20 if quick else 100),
    }


if __name__ == "__main__":
    main()
