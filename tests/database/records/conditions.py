"""What operators are given, and what Python then says of a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from .things import ELEMENTS, TEXTS, Test, World, is_null, known, negated, or_null

__all__ = [
    "ORDERS",
    "USER",
    "WORLD",
    "Condition",
    "Draw",
    "between",
    "comparison",
    "current_user",
    "descent",
    "elements",
    "emptiness",
    "equality",
    "like",
    "membership",
    "other_column",
    "part_of_text",
    "presence",
    "regexp",
    "truth",
]


WORLD = World(seed=7)

USER = 1

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Condition(NamedTuple):
    """What an operator is given, and what it then says of a value."""

    operand: Any
    test: Test


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(TEXTS),
    "integer": st.integers(-1, 4),
    "number": st.sampled_from([0, 1, 1.5, 0.5, 2.25]),
    "boolean": st.booleans(),
    "json": st.sampled_from(["a", "b", "ab", "1", "", 1, 2, 10, True]),
    "array": st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=2, unique=True),
}


def _plain(value: Any) -> str | None:
    """A scalar of a JSON document as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _seen(kind: str, operand: Any) -> Callable[[Any], Any]:
    """What is compared with the operand: in JSON numbers with numbers, and texts with anything else."""
    if kind != "json":
        return lambda value: value
    if isinstance(operand, int) and not isinstance(operand, bool):
        return lambda value: value if isinstance(value, int) and not isinstance(value, bool) else None
    return _plain


def equality(draw: Draw, kind: str, operator: str) -> Condition:
    positive = operator in {"eq", "is"}
    operand = draw(VALUES[kind] | st.none())
    if kind == "json" and operand is True and operator in {"is", "not"}:
        # what lies in a document is a text, which is neither true nor false
        operand = "true"
    if operand is None:
        return Condition(None, is_null if positive else lambda value: value is not None)
    if kind == "boolean" and operator in {"is", "not"}:
        return Condition(operand, lambda value: (value is operand) == positive)
    seen = _seen(kind, operand)
    wanted = _plain(operand) if kind == "json" and isinstance(operand, bool) else operand
    equal = known(lambda value: bool(value == wanted))
    test = {"eq": equal, "is": equal, "ne": or_null(negated(equal)), "not": negated(equal)}[operator]
    if kind == "text" and operand == "1":
        operand = draw(st.sampled_from(["1", 1]))
    if kind == "integer":
        operand = draw(st.sampled_from([operand, str(operand)]))
    return Condition(operand, lambda value: test(seen(value)))


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def comparison(draw: Draw, kind: str, operator: str) -> Condition:
    operand = draw(VALUES[kind].filter(lambda value: not isinstance(value, str | bool)))
    seen = _seen(kind, operand)
    return Condition(operand, lambda value: known(lambda v: ORDERS[operator](v, operand))(seen(value)))


def other_column(draw: Draw, _kind: str, operator: str) -> Condition:
    """Not a test of a value, but of two: see `_leaf`."""
    return Condition({"$col": draw(st.sampled_from(["n", "m", "things.m"]))}, is_null)


def membership(draw: Draw, kind: str, operator: str) -> Condition:
    items = draw(st.lists(VALUES[kind] | st.none(), max_size=3))
    there = [item for item in items if item is not None]
    if kind == "json":
        seen, wanted = _plain, [_plain(item) for item in there]
    else:
        seen, wanted = _seen(kind, None), there
    tests: dict[str, Test] = {
        "in": known(lambda value: value in wanted) if wanted else lambda _: False,
        "any": known(lambda value: value in wanted) if wanted else lambda _: False,
        "notIn": or_null(lambda value: value not in wanted) if wanted else lambda _: True,
        "all": known(lambda value: all(value == item for item in wanted)) if wanted else lambda _: True,
    }
    operand = draw(st.sampled_from([items, items[0]])) if len(items) == 1 else items
    return Condition(operand, lambda value: tests[operator](seen(value)))


def between(draw: Draw, kind: str, operator: str) -> Condition:
    numbers = VALUES[kind].filter(lambda value: not isinstance(value, str | bool))
    low, high = draw(numbers), draw(numbers)
    seen = _seen(kind, 1)
    inside = known(lambda value: low <= value <= high)
    test = inside if operator == "between" else negated(inside)
    return Condition([low, high], lambda value: test(seen(value)))


_LIKES = ["a%", "%b", "_", "%", "a\\%", "A%", "%\\\\%", "a_b", "É"]


def like(draw: Draw, kind: str, operator: str) -> Condition:
    pattern = draw(st.sampled_from(_LIKES))
    parts = re.findall(r"\\.|.", pattern)
    text = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    regex = re.compile(text, re.DOTALL | (re.IGNORECASE if operator.lower().endswith("ilike") else 0))
    test = known(lambda value: regex.fullmatch(_plain(value) or "") is not None)
    return Condition(pattern, negated(test) if operator.startswith("not") else test)


def regexp(draw: Draw, kind: str, operator: str) -> Condition:
    pattern = draw(st.sampled_from(["^a", "b$", "[A-Z]", "a.?b", "^$"]))
    regex = re.compile(pattern, re.IGNORECASE if operator.lower().endswith("iregexp") else 0)
    test = known(lambda value: regex.search(_plain(value) or "") is not None)
    return Condition(pattern, negated(test) if operator.startswith("not") else test)


_PARTS: dict[str, Callable[[str, str], bool]] = {
    "includes": lambda text, part: part.lower() in text.lower(),
    "startsWith": lambda text, part: text.lower().startswith(part.lower()),
    "endWith": lambda text, part: text.lower().endswith(part.lower()),
    "endsWith": lambda text, part: text.endswith(part),
    "substring": lambda text, part: part in text,
}


def part_of_text(draw: Draw, kind: str, operator: str) -> Condition:
    negative = operator.startswith("not")
    name = operator[3].lower() + operator[4:] if negative else operator
    parts = st.integers(-1, 3) if kind == "integer" else st.sampled_from(TEXTS)
    operand = draw(parts | st.none() | st.lists(parts, max_size=2))
    if operand is None:
        return Condition(None, (lambda value: value is not None) if negative else is_null)
    texts = [str(item) for item in (operand if isinstance(operand, list) else [operand])]
    if not texts:
        return Condition(operand, lambda _: negative)
    test = known(lambda value: any(_PARTS[name](_plain(value) or "", text) for text in texts))
    return Condition(operand, negated(test) if negative else test)


def emptiness(draw: Draw, kind: str, operator: str) -> Condition:
    def empty(value: Any) -> bool:
        return value is None or value in ("", [])

    return Condition(
        draw(st.sampled_from([True, False, None, 1])),
        empty if operator in {"empty", "arrayEmpty"} else lambda value: not empty(value),
    )


def truth(draw: Draw, kind: str, operator: str) -> Condition:
    operand = draw(st.sampled_from([True, "true", False, "false", None]))

    def true(value: Any) -> bool:
        return value.lower() in {"true", "1"} if isinstance(value, str) else bool(value)

    wanted = (operand in (True, "true")) == (operator == "isTruly")
    return Condition(operand, lambda value: true(value) == wanted)


def presence(draw: Draw, kind: str, operator: str) -> Condition:
    return Condition(draw(st.booleans()), lambda value: (value is None) == (operator == "notExists"))


def elements(draw: Draw, kind: str, operator: str) -> Condition:
    items = draw(st.lists(st.sampled_from(ELEMENTS), max_size=3))
    tests: dict[str, Test] = {
        "anyOf": known(lambda value: bool({*value} & {*items})),
        "noneOf": or_null(lambda value: not {*value} & {*items}),
        "overlap": known(lambda value: bool({*value} & {*items})),
        "match": known(lambda value: {*value} == {*items}),
        "notMatch": known(lambda value: {*value} != {*items}),
        "contains": known(lambda value: {*value} >= {*items}),
        "contained": known(lambda value: {*value} <= {*items}),
    }
    return Condition(items, tests[operator])


def current_user(_draw: Draw, _kind: str, operator: str) -> Condition:
    equal = known(lambda value: bool(value == USER))
    return Condition(True, or_null(negated(equal)) if operator == "isNotCurrentUser" else equal)


_PARENTS = sorted({thing["parentId"] for thing in WORLD.things if thing["parentId"]})


def descent(draw: Draw, _kind: str, operator: str) -> Condition:
    ids = draw(st.lists(st.sampled_from(_PARENTS), min_size=1, max_size=2))
    below = WORLD.below(ids)
    test = known(lambda value: value in below)
    return Condition(ids, test if operator == "childIn" else negated(test))
