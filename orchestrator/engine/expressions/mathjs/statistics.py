"""Statistics of math.js, over arguments or the elements of an array; exact numbers stay exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import matrices, operators
from orchestrator.engine.js import ExpressionError, compare, is_nan, is_number

__all__ = ["FUNCTIONS", "ascending", "median_of", "quantile_of", "squared_deviations"]


def _numbers(values: tuple[Any, ...], name: str) -> list[Any]:
    items = matrices.flat(values)
    if not items:
        raise ExpressionError(f"Cannot calculate {name} of an empty array")
    return [operators.number(item, name) for item in items]


def _extreme(values: tuple[Any, ...], name: str, wanted: int) -> Any:
    """The smallest (-1) or the largest (1); NaN where one is none."""
    best, *others = _numbers(values, name)
    for item in others:
        if is_nan(best):
            break
        if compare(item, best) in (wanted, None):
            best = item
    return best


def _along(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers that a second argument lets run along one dimension of an array."""

    def reduce(array: Any, dimension: int) -> Any:
        if not isinstance(array, list) or dimension < 1:
            raise ExpressionError("Index out of range", "RangeError")
        if dimension > 1:
            return [reduce(item, dimension - 1) for item in array]
        if array and isinstance(array[0], list):
            return [reduce(list(column), 1) for column in zip(*array, strict=True)]
        return function(array)

    def apply(*values: Any) -> Any:
        if len(values) == 2 and isinstance(values[0], list) and is_number(values[1]):
            return reduce(values[0], int(values[1]))
        return function(*values)

    return apply


def ascending(items: list[Any]) -> list[Any]:
    return sorted(items, key=cmp_to_key(lambda left, right: compare(left, right) or 0))


def total(*values: Any) -> Any:
    return operators.total(operators.number(item, "sum") for item in matrices.flat(values))


def product(*values: Any) -> Any:
    return matrices.folded(arithmetic.multiply, _numbers(values, "prod"))


def smallest(*values: Any) -> Any:
    return _extreme(values, "min", -1)


def largest(*values: Any) -> Any:
    return _extreme(values, "max", 1)


def mean(*values: Any) -> Any:
    items = _numbers(values, "mean")
    return arithmetic.divide(operators.total(items), len(items))


def median_of(items: list[Any]) -> Any:
    return quantile_of(ascending(items), 0.5)


def median(*values: Any) -> Any:
    return median_of(_numbers(values, "median"))


def mode(*values: Any) -> list[Any]:
    """The most frequent values, in the order of their first appearance."""
    counts: dict[Any, int] = {}
    for item in matrices.flat(values):
        counts[item] = counts.get(item, 0) + 1
    if not counts:
        raise ExpressionError("Cannot calculate mode of an empty array")
    most = max(counts.values())
    return [item for item, count in counts.items() if count == most]


def quantile_of(ordered: list[Any], share: Any) -> Any:
    """Linear between neighbours of a sorted list."""
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    rest = position - low
    if not rest:
        return ordered[low]
    gap = arithmetic.subtract(ordered[low + 1], ordered[low])
    if rest == 0.5:
        return arithmetic.divide(arithmetic.add(ordered[low], ordered[low + 1]), 2)
    return arithmetic.add(ordered[low], arithmetic.multiply(gap, rest))


def quantiles(items: list[Any], share: Any, is_sorted: Any = False) -> Any:
    numbers = _numbers((items,), "quantileSeq")
    ordered = numbers if is_sorted is True else ascending(numbers)
    if isinstance(share, list):
        return [quantile_of(ordered, _share(part)) for part in share]
    if operators.number(share, "quantileSeq", 1) > 1:
        return [quantile_of(ordered, (part + 1) / (share + 1)) for part in range(operators.sized(share))]
    return quantile_of(ordered, _share(share))


def _share(value: Any) -> float:
    share = float(operators.number(value, "quantileSeq", 1))
    if not 0 <= share <= 1:
        raise ExpressionError("N/prob must be between 0 and 1")
    return share


def squared_deviations(items: list[Any]) -> Any:
    middle = arithmetic.divide(operators.total(items), len(items))
    gaps = [arithmetic.subtract(item, middle) for item in items]
    return operators.total(arithmetic.multiply(gap, gap) for gap in gaps)


def variance(*values: Any) -> Any:
    """Unbiased unless `uncorrected` or `biased` follows."""
    divisors = {"unbiased": -1, "uncorrected": 0, "biased": 1}
    how = "unbiased"
    if values and isinstance(values[-1], str) and values[-1] in divisors:
        *rest, how = values
        values = tuple(rest)
    items = _numbers(values, "variance")
    count = len(items) + divisors[how]
    deviations = squared_deviations(items)
    return arithmetic.divide(deviations, count) if count else arithmetic.multiply(deviations, 0)


def deviation(*values: Any) -> Any:
    return arithmetic.unary(math.sqrt)(variance(*values))


def mean_absolute_deviation(*values: Any) -> Any:
    items = _numbers(values, "mad")
    middle = median_of(items)
    return median_of([abs(arithmetic.subtract(item, middle)) for item in items])


def cumulative(*values: Any) -> list[Any]:
    if len(values) == 2 and isinstance(values[0], list) and is_number(values[1]):
        array, dimension = values
        return cumulative(array) if dimension == 1 else [cumulative(row, dimension - 1) for row in array]
    sums: list[Any] = []
    for item in values[0] if len(values) == 1 and isinstance(values[0], list) else _numbers(values, "cumsum"):
        sums.append(operators.add(sums[-1], item) if sums else item)
    return sums


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "sum": _along(total),
    "prod": _along(product),
    "min": _along(smallest),
    "max": _along(largest),
    "mean": _along(mean),
    "median": median,
    "mode": mode,
    "quantileSeq": quantiles,
    "variance": _along(variance),
    "var": _along(variance),
    "std": _along(deviation),
    "mad": mean_absolute_deviation,
    "cumsum": cumulative,
}
