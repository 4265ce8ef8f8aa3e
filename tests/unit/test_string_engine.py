"""The engine string: tokens are replaced by text."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from orchestrator.engine.expressions import compile_expression

SCOPE = {"$context": {"n": 5, "price": Decimal("19.99"), "nothing": None, "list": [3, 1, 2]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" n is {{$context.n}} ", "n is 5"),
        ("[{{$context.nothing}}{{nope}}{{bad}}]", "[]"),
        ("{{$context.price}}", "19.99"),
        ("{{$context.list}}", "3,1,2"),
        ("{{this.x}} {{a b}}", "{{this.x}} {{a b}}"),
    ],
)
def test_the_string_engine_replaces_tokens_by_text(text: str, expected: str) -> None:
    scope = {**SCOPE, "bad": math.nan}
    assert compile_expression("string", text).evaluate(scope) == expected
