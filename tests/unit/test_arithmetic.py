"""Arithmetic on mixed numbers: what takes part decides the kind of the result, and nothing raises."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.js import is_nan, to_float

NUMBERS = (
    st.integers(-(1 << 200), 1 << 200) | st.floats() | st.decimals(allow_nan=False, allow_infinity=False, places=4)
)


@pytest.mark.parametrize("name", ["add", "sub", "mul"])
@given(left=NUMBERS, right=NUMBERS)
def test_floats_make_floats_and_everything_else_stays_exact(name: str, left: Any, right: Any) -> None:
    python: Callable[[Any, Any], Any] = getattr(operator, name)
    ours = {"add": arithmetic.add, "sub": arithmetic.subtract, "mul": arithmetic.multiply}[name]
    if float in (type(left), type(right)):
        expected = python(to_float(left), to_float(right))
    else:
        expected = python(left, right)
        if type(expected) is int and abs(expected) >= arithmetic.LARGEST:
            expected = to_float(expected)
    result = ours(left, right)
    assert type(result) is type(expected)
    assert result == expected or (is_nan(result) and is_nan(expected))


def test_a_column_times_a_rate_is_a_float() -> None:
    assert arithmetic.multiply(Decimal("12.5"), 1.19) == 12.5 * 1.19
    assert arithmetic.multiply(Decimal("12.5"), 2) == Decimal("25.0")
