"""Paired measurements: every variant once a round, in a rotating order, so that a noisy minute meets all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

__all__ = ["Samples", "measure", "median_of"]

#: by variant, one number a round
Samples = dict[str, list[float]]


def measure(
    variants: Mapping[str, Callable[[], float]], *, rounds: int, before_round: Callable[[], object] = lambda: None
) -> Samples:
    """Run every variant in every round; a run returns what was measured."""
    names = list(variants)
    samples: Samples = {name: [] for name in names}
    for number in range(rounds):
        before_round()
        first = number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(variants[name]())
    return samples


def median_of(ours: list[float], theirs: list[float], quantity: Callable[[float, float], float]) -> float:
    """The median over the rounds of something that is taken from both numbers of one round."""
    return statistics.median(quantity(o, t) for o, t in zip(ours, theirs, strict=True))
