"""Basic logic: JavaScript's loose comparison, groups, and the registry of comparisons."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.expressions import ExpressionError, compile_calculation, register_calculator
from orchestrator.engine.js import UNDEFINED

AT = datetime(2026, 11, 21, tzinfo=UTC)
ISO, MS = "2026-11-21T00:00:00.000Z", 1795219200000


def leaf(calculator: str, left: Any, right: Any) -> bool:
    tree = {"calculator": calculator, "operands": ["{{$context.left}}", "{{$context.right}}"]}
    scope = {"$context": {name: value for name, value in (("left", left), ("right", right)) if value is not UNDEFINED}}
    return compile_calculation(tree).evaluate(scope)


EQUAL = [
    (1, 1),
    (1, 1.0),
    (1, Decimal("1.00")),
    (Decimal("0.1"), 0.1),
    (1, "1"),
    ("1.50", Decimal("1.5")),
    (0, False),
    (1, True),
    ("", 0),
    ("", False),
    ("1", True),
    ("a", "a"),
    (None, None),
    (None, UNDEFINED),
    (UNDEFINED, UNDEFINED),
    ([1], "1"),
    ([1, 2], "1,2"),
    ({}, "[object Object]"),
    (AT, AT),
    (AT, ISO),
    (AT, "2026-11-21"),
    (AT, "2026-11-21T08:00:00+08:00"),
    (AT, MS),
]
UNEQUAL = [
    (1, 2),
    ("a", "A"),
    ("1", "1.0"),
    (None, 0),
    (None, ""),
    (None, False),
    (UNDEFINED, 0),
    (UNDEFINED, ""),
    (UNDEFINED, False),
    ("a", 0),
    (float("nan"), float("nan")),
    ([], []),
    ({}, {}),
    (2, True),
    ("true", True),
    (AT, None),
    (AT, UNDEFINED),
    (AT, True),
    (AT, False),
    (AT, ""),
    (AT, "no date"),
    (AT, MS + 1),
    (AT, "2026-11-22"),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
@pytest.mark.parametrize("turned", [False, True])
def test_equal(left: Any, right: Any, turned: bool) -> None:
    pair = (right, left) if turned else (left, right)
    assert leaf("equal", *pair) is leaf("==", *pair) is True
    assert leaf("notEqual", *pair) is leaf("!=", *pair) is False


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
@pytest.mark.parametrize("turned", [False, True])
def test_not_equal(left: Any, right: Any, turned: bool) -> None:
    pair = (right, left) if turned else (left, right)
    assert leaf("equal", *pair) is leaf("==", *pair) is False
    assert leaf("notEqual", *pair) is leaf("!=", *pair) is True


ASCENDING = [
    (1, 2),
    (1, 1.5),
    (1, Decimal("1.5")),
    (Decimal("1.4"), 1.5),
    ("9", 10),
    ("10", "9"),
    ("a", "b"),
    (None, 1),
    (-1, None),
    (False, True),
    ("", 1),
    (AT, "2026-11-22"),
    (AT, MS + 1),
    ("2026-11-20", AT),
]


@pytest.mark.parametrize(("low", "high"), ASCENDING)
def test_orders(low: Any, high: Any) -> None:
    for less, at_most, greater, at_least in (("lt", "lte", "gt", "gte"), ("<", "<=", ">", ">=")):
        assert [leaf(name, low, high) for name in (less, at_most, greater, at_least)] == [True, True, False, False]
        assert [leaf(name, high, low) for name in (less, at_most, greater, at_least)] == [False, False, True, True]


@pytest.mark.parametrize(("left", "right"), [(1, "1"), (None, 0), (AT, ISO), ("a", "a"), (False, ""), (0, False)])
def test_equal_values_are_at_most_and_at_least(left: Any, right: Any) -> None:
    assert [leaf(name, left, right) for name in ("lt", "lte", "gt", "gte")] == [False, True, False, True]


@pytest.mark.parametrize(
    ("left", "right"),
    [(UNDEFINED, 1), ("a", 1), (AT, None), (AT, True), (AT, ""), (AT, "no date"), ({}, 1), (float("nan"), 1)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_what_has_no_order_fails_every_comparison(left: Any, right: Any, turned: bool) -> None:
    pair = (right, left) if turned else (left, right)
    assert not any(leaf(name, *pair) for name in ("lt", "lte", "gt", "gte"))


@pytest.mark.parametrize(
    ("calculator", "left", "right", "expected"),
    [
        ("includes", "abc", "b", True),
        ("includes", "abc", "B", False),
        ("includes", "a1c", 1, True),
        ("includes", "abc", "", True),
        ("includes", [1, 2], 1, True),
        ("includes", [1, 2], "1", False),
        ("includes", [Decimal("1.0")], 1, True),
        ("includes", [None], None, True),
        ("includes", [], 1, False),
        ("startsWith", "abc", "ab", True),
        ("startsWith", "abc", "b", False),
        ("startsWith", 123, 12, True),
        ("startsWith", True, "t", True),
        ("endsWith", "abc", "bc", True),
        ("endsWith", "abc", "b", False),
        ("endsWith", Decimal("1.50"), 5, True),
    ],
)
def test_parts(calculator: str, left: Any, right: Any, expected: bool) -> None:
    opposite = f"not{calculator[0].upper()}{calculator[1:]}"
    assert leaf(calculator, left, right) is expected
    assert leaf(opposite, left, right) is not expected


@pytest.mark.parametrize(
    ("calculator", "left", "right"),
    [
        ("startsWith", None, "a"),
        ("startsWith", "a", None),
        ("notEndsWith", UNDEFINED, "a"),
        ("includes", None, "a"),
        ("notIncludes", UNDEFINED, 1),
        ("includes", 5, 5),
    ],
)
def test_parts_of_nothing_raise(calculator: str, left: Any, right: Any) -> None:
    with pytest.raises(ExpressionError, match="TypeError: "):
        leaf(calculator, left, right)


YES: dict[str, Any] = {"calculator": "equal", "operands": [1, 1]}
NO: dict[str, Any] = {"calculator": "equal", "operands": [1, 2]}
BROKEN: dict[str, Any] = {"calculator": "nope", "operands": [1, 2]}


def group(kind: str, *parts: Any) -> dict[str, Any]:
    return {"group": {"type": kind, "calculations": list(parts)}}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (None, True),
        ({}, True),
        ({"operands": [1, 2]}, True),
        ({"calculator": "equal"}, True),
        ({"calculator": "equal", "operands": []}, True),
        ({"calculator": "nope", "operands": []}, True),
        ({"calculator": "equal", "operands": [None]}, True),
        (group("and"), True),
        (group("or"), False),
        (group("and", YES, YES), True),
        (group("and", YES, NO), False),
        (group("or", NO, YES), True),
        (group("or", NO, NO), False),
        (group("and", NO, BROKEN), False),
        (group("or", YES, BROKEN), True),
        (group("and", YES, group("or", NO, group("and", YES, YES))), True),
        (group("and", YES, group("or", NO, group("and", YES, NO))), False),
        (group("and", {}), True),
    ],
)
def test_groups(tree: Any, expected: bool) -> None:
    assert compile_calculation(tree).evaluate({}) is expected


def test_an_unknown_calculator_raises_when_it_is_reached() -> None:
    calculation = compile_calculation(group("and", YES, BROKEN))
    with pytest.raises(ExpressionError) as caught:
        calculation.evaluate({})
    assert caught.value.message == 'no calculator function registered for "nope"'


def test_registered_calculators_are_offered_and_answer_with_booleans() -> None:
    register_calculator(lambda left, right: left % right, "leavesRest")
    assert leaf("leavesRest", 7, 4) is True
    assert leaf("leavesRest", 8, 4) is False


def test_paths_tell_every_variable_read() -> None:
    tree = group(
        "or",
        {"calculator": "gt", "operands": ["{{$context.data.read}}", "{{$env.limit}}"]},
        group("and", {"calculator": "nope", "operands": ["{{$scopes.n.item.id}}", 1]}),
    )
    assert compile_calculation(tree).paths == {
        ("$context", "data", "read"),
        ("$env", "limit"),
        ("$scopes", "n", "item", "id"),
    }


def test_too_deep_trees_raise_instead_of_exhausting_the_stack() -> None:
    tree = YES
    for _ in range(500):
        tree = group("and", tree)
    with pytest.raises(ExpressionError, match="too deeply nested"):
        compile_calculation(tree).evaluate({})


trees = st.recursive(
    st.sampled_from([YES, NO]), lambda inner: st.builds(group, st.sampled_from(["and", "or"]), inner, inner)
)


def truth(tree: dict[str, Any]) -> bool:
    if "group" not in tree:
        return tree is YES
    parts = [truth(part) for part in tree["group"]["calculations"]]
    return all(parts) if tree["group"]["type"] == "and" else any(parts)


@given(trees)
def test_groups_are_boolean_algebra(tree: dict[str, Any]) -> None:
    assert compile_calculation(tree).evaluate({}) is truth(tree)
