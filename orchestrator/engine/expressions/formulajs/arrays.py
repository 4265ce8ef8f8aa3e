"""Methods of arrays. Those that would change the array in place work on a copy: variables belong to the workflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, Final

from orchestrator.engine.expressions.formulajs.operators import capped, joined
from orchestrator.engine.expressions.formulajs.strings import at, index
from orchestrator.engine.js import UNDEFINED, ExpressionError, compare, is_nan, strict_equal, string, to_number, truthy

__all__ = ["METHODS", "callback"]


def _is_arrow(function: Any) -> bool:
    return getattr(function, "__name__", "") == "<lambda>" and function.__code__.co_filename == "<expression>"


def callback(function: Any) -> Callable[[Any, int, list[Any]], Any]:
    """A function as it is called for each element: arrow functions get index and array as well."""
    if not callable(function):
        raise ExpressionError(f"{string(function)} is not a function", "TypeError")
    if _is_arrow(function):
        return function  # type: ignore[no-any-return]  # callable, as was asked
    return lambda item, _index, _items: function(item)


def apply_map(items: list[Any], function: Any) -> list[Any]:
    call = callback(function)
    return [call(item, position, items) for position, item in enumerate(items)]


def keep(items: list[Any], test: Any) -> list[Any]:
    call = callback(test)
    return [item for position, item in enumerate(items) if truthy(call(item, position, items))]


def find(items: list[Any], test: Any) -> Any:
    position = find_index(items, test)
    return items[position] if position >= 0 else UNDEFINED


def find_index(items: list[Any], test: Any) -> int:
    call = callback(test)
    return next((place for place, item in enumerate(items) if truthy(call(item, place, items))), -1)


def some(items: list[Any], test: Any) -> bool:
    return find_index(items, test) >= 0


def every(items: list[Any], test: Any) -> bool:
    call = callback(test)
    return all(truthy(call(item, place, items)) for place, item in enumerate(items))


def reduce(items: list[Any], function: Any, *initial: Any) -> Any:
    if not callable(function):
        raise ExpressionError(f"{string(function)} is not a function", "TypeError")
    if not items and not initial:
        raise ExpressionError("Reduce of empty array with no initial value", "TypeError")
    call = function if _is_arrow(function) else lambda result, item, _index, _items: function(result, item)
    result, first = (initial[0], 0) if initial else (items[0], 1)
    for place, item in enumerate(items[first:], first):
        result = call(result, item, place, items)
    return result


def sort(items: list[Any], order: Any = UNDEFINED) -> list[Any]:
    """By text unless a function says otherwise."""
    if order is UNDEFINED:
        return sorted(items, key=cmp_to_key(lambda left, right: compare(string(left), string(right)) or 0))

    if not callable(order):
        raise ExpressionError("The comparison function must be either a function or undefined", "TypeError")

    def sign(left: Any, right: Any) -> int:
        number = to_number(order(left, right))
        return int(number > 0) - int(number < 0)

    return sorted(items, key=cmp_to_key(sign))


def flat(items: list[Any], depth: Any = 1) -> list[Any]:
    levels = 1 if depth is UNDEFINED else min(to_number(depth), 100)
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and levels >= 1:
            found.extend(flat(item, levels - 1))
        else:
            found.append(item)
    return capped(found)


def join(items: list[Any], separator: Any = ",") -> str:
    texts = ["" if item is None or item is UNDEFINED else string(item) for item in items]
    return joined(("," if separator is UNDEFINED else string(separator)).join(texts))


def cut(items: list[Any], start: Any = 0, end: Any = UNDEFINED) -> list[Any]:
    return items[index(start, len(items), 0) : index(end, len(items), len(items))]


def position_of(items: list[Any], wanted: Any) -> int:
    return next((place for place, item in enumerate(items) if strict_equal(item, wanted)), -1)


def concat(items: list[Any], *others: Any) -> list[Any]:
    return flat([items, *others])


METHODS: Final[dict[str, Callable[..., Any]]] = {
    "at": at,
    "concat": concat,
    "every": every,
    "filter": keep,
    "find": find,
    "findIndex": find_index,
    "flat": flat,
    "flatMap": lambda items, function: flat(apply_map(items, function)),
    "includes": lambda items, wanted: position_of(items, wanted) >= 0 or (is_nan(wanted) and any(map(is_nan, items))),
    "indexOf": position_of,
    "join": join,
    "map": apply_map,
    "reduce": reduce,
    "reverse": lambda items: items[::-1],
    "slice": cut,
    "some": some,
    "sort": sort,
    "toReversed": lambda items: items[::-1],
    "toSorted": sort,
    "toString": string,
}
