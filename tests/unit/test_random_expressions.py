"""Random expressions: what Python computes as well, and what is none at all."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.expressions import ExpressionError, compile_expression


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(1, 1000))
def test_arithmetic_agrees_with_python(a: int, b: int, c: int) -> None:
    scope = {"a": a, "b": b, "c": c}
    expression = compile_expression("math.js", "({{a}} + {{b}}) * {{c}} - {{a}} mod {{c}}")
    assert expression.evaluate(scope) == (a + b) * c - a % c


@given(st.text(alphabet="0123456789+-*/^!%()[]{}.,:;?<>=&|~ 'abxyz\"\n", max_size=30))
def test_any_text_ends_in_a_value_or_an_expression_error(text: str) -> None:
    for engine in ("math.js", "formula.js"):
        with suppress(ExpressionError):
            compile_expression(engine, text).evaluate({})
