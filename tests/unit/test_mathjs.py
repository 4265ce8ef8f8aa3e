"""The engine math.js, and what all text engines share: tokens, rounding, errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orchestrator.engine.expressions import ExpressionError, compile_expression

SCOPE: dict[str, Any] = {
    "$context": {
        "n": 5,
        "price": Decimal("19.99"),
        "nothing": None,
        "status": "open",
        "list": [3, 1, 2],
        "rows": [{"q": 2}, {"q": 3}],
        "user": {"age": 40},
    },
    "$system": {"answer": lambda: 42},
}


def evaluate(text: str) -> Any:
    return compile_expression("math.js", text).evaluate(SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2^3^2", 512),
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("7 % 4", 3),
        ("-7 mod 4", 1),
        ("mod(8, 3)", 2),
        ("5!", 120),
        ("8%", 0.08),
        ("100 + 3%", 103),
        ("100 - 10%", 90),
        ("2(3 + 4)", 14),
        ("(1 + 2)(3)", 9),
        ("1/2 {{$context.n}}", 2.5),
        ("2 {{$context.n}}", 10),
        ("1e3", 1000),
        ("0x1f", 31),
        ("pi", 3.141592654),
        ("5 & 3", 1),
        ("5 | 3", 7),
        ("5 ^| 3", 6),
        ("~5", -6),
        ("1 << 4", 16),
        ("-8 >> 1", -4),
        ("-1 >>> 28", 15),
        ("true and not false", True),
        ("1 xor 1", False),
        ("1 or foo(1)", None),
        ("1 < 2 < 3", True),
        ("3 > 2 > 2", False),
        ("0.1 + 0.2 == 0.3", True),
        ('"1" == 1', True),
        ('"open" == "open"', True),
        ("null == 0", False),
        ("1 > 2 ? 10 : 20", 20),
        ("true ? 1 : 2", 1),
        ("1 # comment", 1),
        ("", None),
    ],
)
def test_operators(text: str, expected: Any) -> None:
    if expected is None and text:
        with pytest.raises(ExpressionError):
            evaluate(text)
    else:
        assert evaluate(text) == expected
        assert type(evaluate(text)) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3][2]", 2),
        ("[1, 2; 3, 4][2, 1]", 3),
        ("[1, 2; 3, 4][:, 1]", [1, 3]),
        ("[1, 2, 3][2:end]", [2, 3]),
        ("[1, 2, 3][end]", 3),
        ('"abc"[2]', "b"),
        ("1:4", [1, 2, 3, 4]),
        ("0:2:6", [0, 2, 4, 6]),
        ("3:-1:1", [3, 2, 1]),
        ("[1, 2] + 1", [2, 3]),
        ("[1, 2] .* [3, 4]", [3, 8]),
        ("[1, 2; 3, 4] * [1; 1]", [[3], [7]]),
        ("[1, 2, 3] * [4, 5, 6]", 32),
        ("[1, 2; 3, 4]^2", [[7, 10], [15, 22]]),
        ("[1, 2] == [1, 3]", [True, False]),
        ("{a: 1, b: {c: 2}}.b.c", 2),
        ('{"a b": 1}["a b"]', 1),
        ("size([1, 2; 3, 4])", [2, 2]),
        ("det([1, 2; 3, 4])", -2),
        ("inv([1, 2; 3, 4])", [[-2, 1], [1.5, -0.5]]),
        ("transpose([1, 2; 3, 4])", [[1, 3], [2, 4]]),
        ("sort({{$context.list}})", [1, 2, 3]),
        ("map({{$context.list}}, square)", [9, 1, 4]),
        ("filter({{$context.list}}, f(x) = x > 1)", [3, 2]),
        ("setDistinct([2, 1, 2])", [1, 2]),
        ("concat([1], [2, 3])", [1, 2, 3]),
        ("zeros(2, 2)", [[0, 0], [0, 0]]),
        ("range(1, 4)", [1, 2, 3, 4]),
    ],
)
def test_arrays_and_objects(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum({{$context.list}})", 6),
        ("max(1, {{$context.n}})", 5),
        ("min([3, 1, 2])", 1),
        ("mean(1, 2, 4)", 2.333333333),
        ("median([1, 2, 3, 4])", 2.5),
        ("mode([1, 1, 2])", [1]),
        ("std([2, 4, 6])", 2),
        ("variance([2, 4, 6], 'uncorrected')", 2.666666667),
        ("prod(2, 3)", 6),
        ("quantileSeq([1, 2, 3, 4, 5], 0.25)", 2),
        ("round(2.345, 2)", 2.35),
        ("round(-2.5)", -3),
        ("ceil(1.2) + floor(1.8) + fix(-1.8)", 2),
        ("sqrt(16)", 4),
        ("log(8, 2)", 3),
        ("gcd(12, 18) + lcm(4, 6)", 18),
        ("abs(-3)", 3),
        ("combinations(5, 2)", 10),
        ("format(2/3, 3)", "0.667"),
        ("format(1.5, {notation: 'fixed', precision: 2})", "1.50"),
        ("concat('a', 'b')", "ab"),
        ("string(1.0)", "1"),
        ("number('12')", 12),
        ("typeOf([1])", "DenseMatrix"),
        ("isPrime(7)", True),
    ],
)
def test_functions(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 / 50%", 200),
        ("1000 - .5 .* 3%", 999.985),
        ("100% - 6", -2),
        ("8% + 3", 2),
        ("100 + -10%", 90),
        ("-5%", -0.05),
        ("5! %", 1.2),
        ("1 mod 0.1", 0),
        ("0.3 % 0.1", 0),
        ("0.29 * 100 % 1", 0),
        ("5.5 mod 2", 1.5),
        ("floor(0.29 * 100)", 29),
        ("ceil(1.1 * 3 - 0.3)", 3),
        ("floor(2.345, 2)", 2.34),
        ("ceil(2.341, 2)", 2.35),
        ("fix([-2.345, 2.345], 1)", [-2.3, 2.3]),
        ("round(1.005 * 100)", 101),
        ("round(2.5, [0, 1])", [3, 2.5]),
        ("1 ^ Infinity", None),
        ("2.5!", 3.32335097),
        ("12345678901 >>> 0", 3755744309),
        ("log1p(7, 3)", 1.892789261),
        ("log(100, 0)", 0),
        ("nthRoot([4, 9])", [2, 3]),
        ("sign(NaN)", None),
    ],
)
def test_numbers_are_those_of_the_original(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not {{$context.nothing}}", True),
        ("'0' and true", False),
        ("'0' ? 1 : 2", 1),
        ("1 and [0, 2]", [False, True]),
        ("0 and {{$context.nothing}}", False),
        ("and(0, [1, 2])", False),
        ("{{$context.nothing}} ? 1 : 2", 2),
    ],
)
def test_logic(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{$context.nothing}} and true",
        "true and {{$context.nothing}}",
        "false or {{$context.nothing}}",
        "'open' and true",
        "{{$context.user}} or true",
        "[1] ? 1 : 2",
        "2 ^ [1, 2]",
        "[1, 2, 3] ^ 2",
        "round(1.5, -2)",
        "2%%",
    ],
)
def test_operands_that_the_original_refuses(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[1, 2], [3, 4]] - [1, 2]", [[0, 0], [2, 2]]),
        ("[1, 2] + [1]", [2, 3]),
        ("[[1], [2]] + [1, 2]", [[2, 3], [3, 4]]),
        ("1 / [[1, 2], [3, 4]]", [[-2, 1], [1.5, -0.5]]),
        ("[[1, 2], [3, 4]] ^ -1", [[-2, 1], [1.5, -0.5]]),
        ("range(1, 4)", [1, 2, 3, 4]),
        ("range(10, 1, -3)", [10, 7, 4, 1]),
        ("cumsum(1, 2, 3)", [1, 3, 6]),
        ("cumsum([[1, 2], [3, 4]], 2)", [[1, 3], [3, 7]]),
        ("sum([])", 0),
        ("max(1, NaN)", None),
        ("variance(NaN)", None),
        ("sum([[1, 2], [3, 4]], 1)", [4, 6]),
        ("mean([[1, 2], [3, 4]], 2)", [1.5, 3.5]),
        ("diag([1, 2], 1)", [[0, 1, 0], [0, 0, 2]]),
        ("diag([[1, 2], [3, 4]], -1)", [3]),
        ("zeros()", []),
        ("det(3) + trace(4)", 7),
        ("norm([[1, 2], [3, 4]])", 5.464985704),
        ("norm([[1, 2], [3, 4]], 'fro')", 5.477225575),
        ("norm([1, -2], 1)", 3),
        ("norm([1, -2], 'inf')", 2),
        ("concat([[1]], [[2]], 1)", [[1], [2]]),
        ("setUnion([3, 1], [2, 1])", [3, 2, 1]),
        ("setSize([1, 1, 2], true)", 2),
        ("sort(['10', '9', '2'])", ["2", "9", "10"]),
        ("sort(['a10', 'a9'], 'natural')", ["a9", "a10"]),
        ("compareNatural('2', '10')", -1),
        ("compareNatural(1, '')", -1),
        ("boolean(NaN)", False),
        ("boolean(null)", False),
        ("hasNumericValue([NaN, 'a'])", [True, False]),
    ],
)
def test_arrays_are_those_of_the_original(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("string(123456)", "1.23456e+5"),
        ("string(12345)", "12345"),
        ("string({{$context.price}})", "19.99"),
        ("format(0.00012)", "1.2e-4"),
        ("format(99999, 3)", "1e+5"),
        ("format([100000, 2])", "[1e+5, 2]"),
        ("format(2/3, {notation: 'fixed'})", "0.6666666666666666"),
        ("format(123456, {notation: 'exponential', precision: 3})", "1.23e+5"),
        ("format(5, {notation: 'exponential', precision: 3})", "5.00e+0"),
        ("format(123456, {notation: 'engineering'})", "123.456e+3"),
        ("format(123456, {lowerExp: -9, upperExp: 9})", "123456"),
    ],
)
def test_numbers_as_texts(text: str, expected: str) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x = 3; x * 2", 6), ("x = 3\ny = x + 1\ny", 4), ("f(a, b) = a^b; f(2, 3)", 8), ("(x = 2) + x", 4)],
)
def test_assignments(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$context.n}} + 1", 6),
        ("{{ $context.n }} + {{$context.n}}", 10),
        ("{{$context.price}} * 3", Decimal("59.97")),
        ("{{$context.price}} * 1.1", 21.989),
        ("{{$context.price}} >= 19.99", True),
        ("sum({{$context.rows.q}})", 5),
        ("{{$system.answer}} + 1", 43),
        ("{{$context.nope}} == null", True),
        ("{{$context.user}}.age", 40),
        ("'{{$context.n}}'", "$$0"),
        ("concat('{{$context.n}}', '{{$context.price}}')", "$$0$$1"),
    ],
)
def test_tokens_are_variables(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize("text", ["1/0", "-1/0", "0/0", "sqrt(-1)", "9^9^9^9", "log(-1)", "10^400"])
def test_what_is_no_finite_number_is_null(text: str) -> None:
    assert evaluate(text) is None


def test_numbers_are_rounded_to_nine_decimals_and_whole_ones_are_integers() -> None:
    assert evaluate("1/3") == 0.333333333
    assert type(evaluate("4/2")) is int
    assert type(evaluate("1.5 * 2")) is int
    assert evaluate("{{$context.price}} / 3") == Decimal("6.663333333")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 + ", "SyntaxError: Unexpected end of expression (char 4)"),
        ("1 +* 2", "SyntaxError: Value expected (char 4)"),
        ("(1", "SyntaxError: Parenthesis ) expected (char 3)"),
        ("1 2", 'SyntaxError: Unexpected part "2" (char 3)'),
        ('"abc', 'SyntaxError: End of string " expected (char 5)'),
        ("1 @ 2", 'SyntaxError: Syntax error in part "@ 2" (char 3)'),
        ("foo + 1", "Error: Undefined symbol foo"),
        ("foo(1)", "Error: Undefined function foo"),
        ("5 cm", "Error: Undefined symbol cm"),
        ("{{a b}}", "SyntaxError: Colon : expected after property name (char 3)"),
    ],
)
def test_texts_that_cannot_be_compiled_say_so_at_once_and_when_evaluated(text: str, message: str) -> None:
    expression = compile_expression("math.js", text)
    assert expression.error == message
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(SCOPE)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"a" * 2', 'Error: Cannot convert "a" to a number'),
        ("[1, 2][3]", "Error: Index out of range (3 > 2)"),
        ("[1, 2] + [1, 2, 3]", "RangeError: Dimension mismatch (2 != 3)"),
        ("1:1000000", "RangeError: "),
        ("zeros(1000, 1000)", "RangeError: "),
        ("f(x) = f(x); f(1)", "RangeError: the computation is too large"),
        ("sqrt()", "TypeError: "),
    ],
)
def test_errors_of_evaluation(text: str, message: str) -> None:
    expression = compile_expression("math.js", text)
    assert expression.error is None
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(SCOPE)
    assert str(caught.value).startswith(message)


def test_null_in_arithmetic_is_a_type_error() -> None:
    with pytest.raises(ExpressionError, match=r"^TypeError: Unexpected type of argument in function add"):
        evaluate("{{$context.nothing}} + 1")


@pytest.mark.parametrize(
    "text", ["(" * 500 + "1" + ")" * 500, "-" * 500 + "1", "[" * 500, "1" + "+1" * 9000, "1" * 60_000]
)
def test_monstrous_texts_end_in_a_clear_error(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"nested|longer"):
        evaluate(text)


def test_paths_tell_every_variable_read() -> None:
    expression = compile_expression("math.js", "{{$context.n}} + {{ctx.$env.x}} + {{ $context.n }}")
    assert expression.paths == {("$context", "n"), ("$env", "x")}


def test_variables_are_not_changed_by_evaluation() -> None:
    before = repr(SCOPE)
    evaluate("sort({{$context.list}})")
    assert repr(SCOPE) == before


def test_an_unknown_engine_raises_when_evaluated() -> None:
    expression = compile_expression("nope", "1")
    assert expression.error == 'Error: no evaluator registered for "nope"'
