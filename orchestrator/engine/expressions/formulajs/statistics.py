"""Statistical functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import DIVISION, NOT_AVAILABLE, NUMBER, VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import criterion, flat, guarded, integer, number, numbers, parsed
from orchestrator.engine.expressions.formulajs.maths import all_true, total
from orchestrator.engine.expressions.mathjs.statistics import ascending, median_of, quantile_of, squared_deviations
from orchestrator.engine.js import UNDEFINED, compare, is_nan, is_number, to_float, to_number

__all__ = ["FUNCTIONS"]


def _some(values: tuple[Any, ...], at_least: int = 1) -> list[Any]:
    items = numbers(values)
    return items if len(items) >= at_least else fail(DIVISION)


def _mean(items: list[Any]) -> Any:
    return arithmetic.divide(total(items), len(items)) if items else fail(DIVISION)


def _as_numbers(values: tuple[Any, ...]) -> list[Any]:
    """For AVERAGEA and its like: booleans count as 0 and 1, texts as 0."""
    return [0 if isinstance(item, str) else number(item) for item in flat(values) if item is not None]


def _as_values(values: tuple[Any, ...]) -> list[Any]:
    """For MEDIAN and its like: null and texts that are no numbers count as 0, as do booleans' false."""
    items = [to_number(item) if isinstance(item, str) else number(item) for item in flat(values)]
    return [0 if is_nan(item) else item for item in items]


def average_if(values: Any, condition: Any, averaged: Any = None) -> Any:
    items = _selected(values if averaged is None else averaged, (values, condition))
    return _mean(items) if items else math.nan


def _selected(values: Any, pairs: tuple[Any, ...]) -> list[Any]:
    items = flat([values])
    return [item for item, kept in zip(items, all_true(pairs, len(items)), strict=True) if kept and is_number(item)]


def average_ifs(averaged: Any, *pairs: Any) -> Any:
    items = _selected(averaged, pairs)
    return _mean(items) if items else 0


def _extreme(items: list[Any], last: bool) -> Any:
    if any(map(is_nan, items)):
        return math.nan
    return ascending(items)[-1 if last else 0] if items else 0


def count_ifs(*pairs: Any) -> int:
    return sum(all_true(pairs, len(flat([pairs[0]]))))


def nth(values: Any, position: Any, descending: bool) -> Any:
    ordered, place = ascending(numbers([values])), integer(position)
    if not 1 <= place <= len(ordered):
        fail(NUMBER)
    return ordered[-place if descending else place - 1]


def rank(value: Any, values: Any, order: Any = 0) -> int:
    wanted, items = number(value), numbers([values])
    if wanted not in items:
        fail(NOT_AVAILABLE)
    before = -1 if number(order) else 1
    return 1 + sum(compare(item, wanted) == before for item in items)


def _spread(sample: bool, root: bool) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        items = _some(values, 2 if sample else 1)
        variance = arithmetic.divide(squared_deviations(items), len(items) - sample)
        return math.sqrt(variance) if root else variance

    return apply


def mode(*values: Any) -> Any:
    counts: dict[Any, int] = {}
    for item in numbers(values):
        counts[item] = counts.get(item, 0) + 1
    most = max(counts.values(), default=0)
    return next(item for item, count in counts.items() if count == most) if most > 1 else fail(NOT_AVAILABLE)


def percentile(values: Any, share: Any) -> Any:
    items, part = numbers([values]), to_float(number(share))
    return quantile_of(ascending(items), part) if items and 0 <= part <= 1 else fail(NUMBER)


def _paired(first: Any, second: Any) -> tuple[list[float], list[float]]:
    left, right = numbers([first]), numbers([second])
    if len(left) != len(right):
        fail(NOT_AVAILABLE)
    if not left:
        fail(DIVISION)
    return [to_float(item) for item in left], [to_float(item) for item in right]


def _products(left: list[float], right: list[float]) -> float:
    """The sum of products of deviations."""
    mean_left, mean_right = math.fsum(left) / len(left), math.fsum(right) / len(right)
    return math.fsum((x - mean_left) * (y - mean_right) for x, y in zip(left, right, strict=True))


def correlation(first: Any, second: Any) -> float:
    left, right = _paired(first, second)
    return _products(left, right) / (math.sqrt(_products(left, left) * _products(right, right)) or fail(DIVISION))


def slope(known_y: Any, known_x: Any) -> float:
    y, x = _paired(known_y, known_x)
    return _products(x, y) / (_products(x, x) or fail(DIVISION))


def intercept(known_y: Any, known_x: Any) -> float:
    y, x = _paired(known_y, known_x)
    return math.fsum(y) / len(y) - slope(known_y, known_x) * math.fsum(x) / len(x)


def geometric_mean(*values: Any) -> float:
    items = parsed(values) or fail(VALUE)
    if min(items) <= 0:
        return 0 if min(items) == 0 else math.nan
    return math.exp(math.fsum(math.log(item) for item in items) / len(items))


def harmonic_mean(*values: Any) -> float:
    items = parsed(values) or fail(VALUE)
    return len(items) / math.fsum(1 / to_float(item) for item in items) if all(items) else 0


def _blank(value: Any) -> bool:
    return value is None or value is UNDEFINED or value == ""


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "AVERAGE": lambda *values: _mean(numbers(values)),
    "AVERAGEA": lambda *values: _mean(_as_numbers(values)),
    "AVERAGEIF": average_if,
    "AVERAGEIFS": average_ifs,
    "MEDIAN": lambda *values: median_of(_as_values(values) or fail(NUMBER)),
    "MIN": lambda *values: _extreme(numbers(values), last=False),
    "MAX": lambda *values: _extreme(numbers(values), last=True),
    "MINA": lambda *values: _extreme(_as_values(values), last=False),
    "MAXA": lambda *values: _extreme(_as_values(values), last=True),
    "MINIFS": lambda values, *pairs: _extreme(_selected(values, pairs), last=False),
    "MAXIFS": lambda values, *pairs: _extreme(_selected(values, pairs), last=True),
    "COUNT": lambda *values: len(numbers(values)),
    "COUNTA": lambda *values: sum(not _blank(value) for value in flat(values)),
    "COUNTBLANK": lambda *values: sum(map(_blank, flat(values))),
    "COUNTIF": lambda values, condition: sum(map(criterion(condition), flat([values]))),
    "COUNTIFS": count_ifs,
    "COUNTUNIQUE": lambda *values: len(set(map(repr, flat(values)))),
    "LARGE": lambda values, position: nth(values, position, descending=True),
    "SMALL": lambda values, position: nth(values, position, descending=False),
    "RANK": rank,
    "RANK.EQ": rank,
    "STDEV": _spread(sample=True, root=True),
    "STDEV.S": _spread(sample=True, root=True),
    "STDEVP": _spread(sample=False, root=True),
    "STDEV.P": _spread(sample=False, root=True),
    "VAR": _spread(sample=True, root=False),
    "VAR.S": _spread(sample=True, root=False),
    "VARP": _spread(sample=False, root=False),
    "VAR.P": _spread(sample=False, root=False),
    "MODE": mode,
    "MODE.SNGL": mode,
    "PERCENTILE": percentile,
    "PERCENTILE.INC": percentile,
    "QUARTILE": lambda values, part: percentile(values, arithmetic.divide(integer(part), 4)),
    "QUARTILE.INC": lambda values, part: percentile(values, arithmetic.divide(integer(part), 4)),
    "GEOMEAN": geometric_mean,
    "HARMEAN": harmonic_mean,
    "CORREL": correlation,
    "PEARSON": correlation,
    "SLOPE": slope,
    "INTERCEPT": intercept,
    "DEVSQ": lambda *values: squared_deviations(parsed(values) or fail(VALUE)),
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}
