"""JavaScript's rules for values."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine import dates
from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.js import (
    UNDEFINED,
    clean,
    compare,
    loose_equal,
    number_text,
    strict_equal,
    string,
    to_number,
    to_string,
    truthy,
)

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_undefined_is_one_falsy_value_even_when_copied() -> None:
    assert not UNDEFINED
    assert copy.deepcopy([UNDEFINED])[0] is UNDEFINED
    assert pickle.loads(pickle.dumps(UNDEFINED)) is UNDEFINED
    assert repr(UNDEFINED) == "undefined"


@pytest.mark.parametrize("value", [None, UNDEFINED, False, 0, 0.0, -0.0, math.nan, Decimal(0), Decimal("NaN"), ""])
def test_false_values(value: Any) -> None:
    assert not truthy(value)


@pytest.mark.parametrize("value", [True, 1, -1, 0.5, Decimal("0.1"), " ", "0", "false", [], {}, AT])
def test_true_values(value: Any) -> None:
    assert truthy(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (100, "100"),
        (100.0, "100"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.5"),
        (Decimal("100"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.00"), "0"),
        (Decimal("123456789012345678901234567890.10"), "123456789012345678901234567890.1"),
        (1e16, "10000000000000000"),
        (1.5e20, "150000000000000000000"),
        (1e21, "1e+21"),
        (1.25e22, "1.25e+22"),
        (0.0001, "0.0001"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (Decimal("NaN"), "NaN"),
    ],
)
def test_numbers_are_printed_as_javascript_prints_them(value: Any, expected: str) -> None:
    assert number_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (UNDEFINED, ""),
        (True, "true"),
        (AT, "2026-01-02T03:04:05.678Z"),
        (AT.astimezone(timezone(timedelta(hours=8))), "2026-01-02T03:04:05.678Z"),
        (date(2026, 1, 2), "2026-01-02T00:00:00.000Z"),
        ([1, None, [2, "x"]], "1,,2,x"),
        ({}, "[object Object]"),
    ],
)
def test_text_of_values(value: Any, expected: str) -> None:
    assert to_string(value) == expected


def test_string_names_null_and_undefined() -> None:
    assert (string(None), string(UNDEFINED)) == ("null", "undefined")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", 0),
        (" 12 ", 12),
        ("1.5", 1.5),
        ("-3", -3),
        ("+3", 3),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0x10", 16),
        ("0b11", 3),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (None, 0),
        (True, 1),
        ([], 0),
        (["7"], 7),
        (AT, 1767323045678),
        ("9007199254740993", 9007199254740993),
    ],
)
def test_what_is_a_number(value: Any, expected: Any) -> None:
    assert to_number(value) == expected


@pytest.mark.parametrize(
    "value", ["x", "1_000", "1,5", "inf", "nan", "--1", "-0x1", "1 2", "٣", "9" * 500, {}, [1, 2], UNDEFINED]
)
def test_what_is_not_a_number(value: Any) -> None:
    assert math.isnan(to_number(value))


def test_texts_are_ordered_by_utf16_code_units() -> None:
    assert compare("\U0001f600", "\uff5e") == -1
    assert compare("a", "b") == -1
    assert compare("10", "9") == -1
    assert compare("10", 9) == 1


def test_strict_equality_converts_nothing() -> None:
    assert strict_equal(1, Decimal("1.0"))
    assert strict_equal(Decimal("0.1"), 0.1)
    assert not strict_equal(1, True)
    assert not strict_equal("1", 1)
    assert not strict_equal([], [])


def test_clean_leaves_what_json_can_hold() -> None:
    assert clean({"a": UNDEFINED, "b": [UNDEFINED, len, 1]}) == {"b": [None, None, 1]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2026-01-01T00:00:00.000Z"),
        ("2026-11", "2026-11-01T00:00:00.000Z"),
        ("2026-11-21", "2026-11-21T00:00:00.000Z"),
        ("2026-11-21 10:30", "2026-11-21T10:30:00.000Z"),
        ("2026-11-21T10:30:15.5Z", "2026-11-21T10:30:15.500Z"),
        ("2026-11-21T10:30:15+08:00", "2026-11-21T02:30:15.000Z"),
        ("2026/11/21", "2026-11-21T00:00:00.000Z"),
        ("11/21/2026", "2026-11-21T00:00:00.000Z"),
        ("Nov 21, 2026 10:30", "2026-11-21T10:30:00.000Z"),
        ("Sat, 21 Nov 2026 10:30:00 GMT", "2026-11-21T10:30:00.000Z"),
    ],
)
def test_texts_that_name_an_instant(text: str, expected: str) -> None:
    at = dates.parse(text)
    assert at is not None
    assert dates.iso(at) == expected


@pytest.mark.parametrize("text", ["", "x", "2026-13-01", "2026-02-30", "tomorrow", "21 Foo 2026", "1" * 100])
def test_texts_that_name_no_instant(text: str) -> None:
    assert dates.parse(text) is None


numbers = (
    st.integers(-(10**30), 10**30) | st.floats() | st.decimals(allow_nan=False, places=4) | st.just(Decimal("NaN"))
)
values = (
    numbers
    | st.none()
    | st.just(UNDEFINED)
    | st.booleans()
    | st.text(max_size=5)
    | st.datetimes(timezones=st.just(UTC))
)


@given(values, values)
def test_comparisons_never_raise_and_agree_with_each_other(left: Any, right: Any) -> None:
    order, reverse = compare(left, right), compare(right, left)
    assert (order is None) == (reverse is None)
    if order is not None and reverse is not None:
        assert order == -reverse
    assert loose_equal(left, right) is loose_equal(right, left)


@given(numbers, numbers)
def test_arithmetic_mixes_every_kind_of_number_without_raising(left: Any, right: Any) -> None:
    for operation in (
        arithmetic.add,
        arithmetic.subtract,
        arithmetic.multiply,
        arithmetic.divide,
        arithmetic.remainder,
        arithmetic.modulo,
        arithmetic.power,
    ):
        assert type(operation(left, right)) in (int, float, Decimal)


@given(st.floats(allow_nan=False))
def test_printed_numbers_read_back_as_themselves(value: float) -> None:
    assert float(number_text(value).replace("Infinity", "inf")) == value


def test_decimals_stay_exact() -> None:
    assert arithmetic.multiply(Decimal("19.99"), 3) == Decimal("59.97")
    assert type(arithmetic.add(Decimal("0.1"), Decimal("0.2"))) is Decimal
    assert arithmetic.add(Decimal("0.1"), Decimal("0.2")) == Decimal("0.3")
    assert type(arithmetic.multiply(Decimal("1.5"), 2.0)) is float


def test_integers_do_not_grow_without_bound() -> None:
    assert arithmetic.power(9, 9**9) == math.inf
    assert type(arithmetic.multiply(2**100, 2**100)) is float
