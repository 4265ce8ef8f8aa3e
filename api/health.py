"""Whether the server can work, and how much it works."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import perf_counter

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.database import Database
from api.reply import Reply, data_reply
from api.services import Services

__all__ = ["PREFLIGHT", "Metrics", "readiness"]

#: what a browser's question is counted as
PREFLIGHT = "preflight"

_REQUESTS = Counter("orchestrator_http_requests", "Requests answered", ["action", "status"])
_SECONDS = Histogram(
    "orchestrator_http_request_seconds",
    "Time to answer a request",
    ["action"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_CONNECTIONS = Gauge(
    "orchestrator_http_pool_connections",
    "Database connections, by what they do",
    ["state"],
    multiprocess_mode="livesum",
)
_WAITING = Gauge(
    "orchestrator_http_pool_waiting", "Requests that wait for a database connection", multiprocess_mode="livesum"
)
_ELSEWHERE = Gauge(
    "orchestrator_http_data_source_connections",
    "Connections of further databases, by what they do, and requests that wait for one",
    ["data_source", "state"],
    multiprocess_mode="livesum",
)


class Metrics:
    """Counts requests by action and status; `known` are the actions with a label of their own."""

    def __init__(
        self, database: Database, known: frozenset[str], sources: Mapping[str, Database] | None = None
    ) -> None:
        self._database = database
        self._sources = dict(sources or {})
        self._known = known | {PREFLIGHT, "openapi"}
        self._answered: dict[tuple[str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def count(self, action: str, status: int, started: float) -> None:
        """One request answered that began at `started` (time.perf_counter)."""
        label = action if action in self._known else "other"
        counter = self._answered.get((label, status))
        if counter is None:
            counter = self._answered[label, status] = _REQUESTS.labels(label, str(status))
        timer = self._timed.get(label)
        if timer is None:
            timer = self._timed[label] = _SECONDS.labels(label)
        counter.inc()
        timer.observe(perf_counter() - started)

    def render(self) -> bytes:
        """Prometheus' text, of all processes where several serve."""
        use = self._database.pool.use
        _CONNECTIONS.labels("idle").set(use.idle)
        _CONNECTIONS.labels("busy").set(use.busy)
        _WAITING.set(use.waiting)
        for key, database in self._sources.items():
            use = database.pool.use
            _ELSEWHERE.labels(key, "idle").set(use.idle)
            _ELSEWHERE.labels(key, "busy").set(use.busy)
            _ELSEWHERE.labels(key, "waiting").set(use.waiting)
        registry = REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types
        return generate_latest(registry)


async def readiness(services: Services) -> Reply:
    """200 when the database answers and holds what requests need; otherwise the error."""
    await services.database.row("select orchestrator.access_revision()")
    await services.catalogs.current()
    await services.tokens()
    return data_reply("ok")
