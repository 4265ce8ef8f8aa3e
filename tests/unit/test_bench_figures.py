"""Figures of the benchmark: what is compared with what."""

from __future__ import annotations

import pytest

from bench.memory import compared
from bench.report import Figure, at_most_more, table


@pytest.mark.parametrize("samples", [2, 5, 20])
def test_memory_is_the_last_quarter_beside_the_second_one(samples: int) -> None:
    figure = compared("API process", [50.0 + n for n in range(samples)])
    assert len(figure.ours) == len(figure.theirs) == max(samples // 4, 1)
    assert figure.ours[-1] == 50.0 + samples - 1
    assert max(figure.theirs) == 50.0 + samples // 2 - 1
    assert figure.ratio is not None
    assert figure.ratio > 1
    # a short run is still filling what is remembered
    assert figure.met is (None if samples < 20 else False)


def test_a_figure_pairs_its_rounds() -> None:
    with pytest.raises(ValueError, match=r'"guard" has 2 rounds and 1 of its yardstick'):
        Figure("area", "guard", "µs", [1.0, 2.0], "no trigger", [1.0])


@pytest.mark.parametrize(("ours", "met"), [(12.0, "yes"), (17.0, "NO")])
def test_a_difference_is_judged_by_the_median_of_the_rounds(ours: float, met: str) -> None:
    figure = Figure("area", "guard", "µs", [99.0, ours, 1.0], "no trigger", [1.0, 1.0, 1.0], at_most_more(15, "µs"))
    assert figure.judged == ours - 1
    assert table([figure]).split()[-1] == met
