"""How fast the processor was during a run: a fixed loop, timed between the areas.

A virtual processor may share its core with somebody else's. What is measured in µs then takes up to twice as long, and
a limit in µs says less than the loop's own two figures.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

__all__ = ["loop_times", "spread"]

_STEPS = 20_000
_TIMES = 50


def loop_times() -> list[float]:
    """How long the loop took, in ms, each time."""
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        total = 0
        for number in range(_STEPS):
            total += number * number
        times.append((time.perf_counter() - began) * 1000)
    return times


def spread(times: Sequence[float]) -> dict[str, float]:
    """The fastest and the median one, in ms."""
    return {"fastest": round(min(times), 3), "median": round(statistics.median(times), 3)}
