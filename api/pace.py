"""How long statements of a kind take, learnt from those that ran."""

from __future__ import annotations

__all__ = ["Pace"]

#: how much the last one counts for the average
_WEIGHT = 0.01
#: no statement counts for more: a single hiccup says nothing of its kind, and a session is slow at first
_LONGEST = 0.004
#: what one counts for that was stopped; two of them are no hiccup
_STOPPED = 0.04
#: seconds that a kind is taken to be long before it is tried again
_AWAY = 10.0
#: kinds remembered; clients choose them
_KEPT = 1000


class Pace:
    """Which kinds of statements take at most `short` on the average of the last hundred or so. Times are seconds.

    An unknown kind is short until it shows otherwise.
    """

    def __init__(self, short: float) -> None:
        self._short = short
        self._average: dict[str, float] = {}
        self._away: dict[str, float] = {}

    def is_short(self, kind: str, now: float) -> bool:
        """Whether another statement of the kind is expected to be short."""
        until = self._away.get(kind)
        if until is None:
            return True
        if until > now:
            return False
        del self._away[kind]
        return True

    def took(self, kind: str, seconds: float, now: float) -> None:
        """One was over after so many seconds."""
        self._learn(kind, min(seconds, _LONGEST), now)

    def overran(self, kind: str, now: float) -> None:
        """One was stopped because it took too long."""
        self._learn(kind, _STOPPED, now)

    def _learn(self, kind: str, seconds: float, now: float) -> None:
        average = self._average.get(kind, 0.0)
        average += _WEIGHT * (seconds - average)
        if kind not in self._average and len(self._average) >= _KEPT:
            self._average.clear()
        if average <= self._short:
            self._average[kind] = average
            return
        # tried again, it has half the credit of an unknown one: the first ones find cold caches
        self._average[kind] = self._short / 2
        if len(self._away) >= _KEPT:
            self._away.clear()
        self._away[kind] = now + _AWAY
