"""How long a worker waits for what."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["Backoff", "Rhythm"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """A worker's intervals, in seconds.

    Attributes:
        poll: between looks at the queue while asleep; the fallback when no notification comes.
        gather: after a batch that was not full, so that the next one is worth its overhead.
        linger: without work before falling asleep; while writes keep coming nobody has to notify.
        doze: longest pause while an older transaction may still hold back work that was queued without a notification.
        probe: between tests whether notifications still arrive.
        answer: how long such a test waits.
        silence: without an answer before the server is asked whether it still works on it.
        fold: between additions to the statistics.
        sweep: between searches for dead workers and parked executions.
    """

    poll: float = 5.0
    gather: float = 0.002
    linger: float = 0.1
    doze: float = 0.25
    probe: float = 60.0
    answer: float = 2.0
    silence: float = 30.0
    fold: float = 5.0
    sweep: float = 30.0

    @property
    def flag_lifetime(self) -> float:
        """Seconds that a sleeping flag is believed; a sleeper renews it at every poll."""
        return 3 * self.poll + 5


class Backoff:
    """Growing pauses with jitter, so that workers do not return in step after a failover."""

    __slots__ = ("_factor", "_first", "_longest", "_next")

    def __init__(self, first: float = 0.1, longest: float = 30.0, factor: float = 2.0) -> None:
        self._first = self._next = first
        self._longest = longest
        self._factor = factor

    def next(self) -> float:
        """Seconds to wait this time."""
        pause = self._next
        self._next = min(pause * self._factor, self._longest)
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next = self._first
