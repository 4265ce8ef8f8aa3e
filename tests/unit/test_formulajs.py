"""The engine formula.js: JavaScript's operators, spreadsheet functions, and the seal around them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.expressions import ExpressionError, compile_expression
from orchestrator.engine.expressions.formulajs import library
from orchestrator.engine.expressions.mathjs import functions as mathjs
from orchestrator.engine.system import system_scope

NOW = datetime(2026, 11, 21, 13, 45, tzinfo=UTC)
SCOPE: dict[str, Any] = {
    "$context": {
        "n": 5,
        "price": Decimal("19.99"),
        "nothing": None,
        "list": [3, 1, 2],
        "rows": [{"q": 2, "p": Decimal("1.5")}, {"q": 3, "p": Decimal("2.5")}],
        "o": {"a": {"b": 1}, "length": 7},
    },
    "$system": system_scope(NOW),
}


def evaluate(text: str) -> Any:
    return compile_expression("formula.js", text).evaluate(SCOPE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("-(2 ** 2)", -4),
        ("2 ** 3 ** 2", 512),
        ("-7 % 4", -3),
        ('"a" + 1', "a1"),
        ('1 + "2" * 2', 5),
        ('"3" - 1', 2),
        ("null + 1", 1),
        ("[1] + 1", "11"),
        ('1 == "1"', True),
        ('1 === "1"', False),
        ('1 !== "1"', True),
        ("null == undefined", True),
        ("null == 0", False),
        ("0.1 + 0.2 === 0.3", False),
        ('"b" > "a"', True),
        ("1 > 2 ? 1 : 2 > 1 ? 5 : 6", 5),
        ('0 || "x"', "x"),
        ("1 && 2", 2),
        ("0 && nothing()", None),
        ("null ?? 3", 3),
        ("0 ?? 3", 0),
        ("!0", True),
        ("~5", -6),
        ("5 & 3 | 8", 9),
        ("5 ^ 3", 6),
        ("1 << 33", 2),
        ("-1 >>> 28", 15),
        ("typeof 1 + typeof 'x' + typeof undefined", "numberstringundefined"),
        ('"b" in {b: 1}', True),
        ("void 0", None),
        ("1; ", 1),
        ("/* c */ 1 // d", 1),
        ("", None),
    ],
)
def test_operators(text: str, expected: Any) -> None:
    if "nothing()" in text:
        assert compile_expression("formula.js", text).error == "ReferenceError: nothing is not defined"
    else:
        assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$context.n}} * 2", 10),
        ("{{$context.price}} * 3", Decimal("59.97")),
        ("{{$context.price}} > 19.98", True),
        ("CONCATENATE('a', '{{$context.n}}')", "a$$0"),
        ("{{$context.o}}.a.b", 1),
        ("{{$context.o}}.length", 7),
        ("{{$context.o}}['a']['b']", 1),
        ("{{$context.o}}.z?.b", None),
        ("{{$context.nothing}}?.b.c", None),
        ("{{nope}} === null", True),
        ("SUM({{$context.rows.p}})", 4),
        ("{{$context.rows}}.map(r => r.q * r.p).join('/')", "3/7.5"),
        ("`n is ${{{$context.n}} + 1}!`", "n is 6!"),
        ("({a: 1, ...{b: 2}}).b", 2),
        ("[...[1, 2], 3].length", 3),
        ("Math.max(...{{$context.list}})", 3),
    ],
)
def test_variables_and_members(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3].map(x => x * 2)", [2, 4, 6]),
        ("[1, 2, 3].map((x, i) => i)", [0, 1, 2]),
        ("[1, 2, 3].filter(x => x > 1)", [2, 3]),
        ("[1, 2, 3].reduce((a, b) => a + b, 10)", 16),
        ("[1, 2, 3].some(x => x > 2) && [1].every(Boolean)", True),
        ("[10, 9, 1].sort()", [1, 10, 9]),
        ("[10, 9, 1].sort((a, b) => a - b)", [1, 9, 10]),
        ("[1, [2, [3]]].flat()", [1, 2, [3]]),
        ('["1", "2"].map(Number)', [1, 2]),
        ("[1, 2, 3].slice(-2).includes(3)", True),
        ("[1, 2].concat(3, [4])", [1, 2, 3, 4]),
        ("[1, 2, 3].find(x => x > 5)", None),
        ('"a-b-c".split("-")', ["a", "b", "c"]),
        ('"abc".toUpperCase().slice(1, -1)', "B"),
        ('"abc".substring(2, 0)', "ab"),
        ('"a-b-c".replace("-", "+")', "a+b-c"),
        ('"5".padStart(3, "0")', "005"),
        ('" x ".trim() + "abc".at(-1) + "abc"[0]', "xca"),
        ("(1.005).toFixed(2)", "1.00"),
        ("(2.5).toFixed(0)", "3"),
        ("(255).toString(16)", "ff"),
        ("(1234567.891).toLocaleString()", "1,234,567.891"),
        ("Math.round(-2.5)", -2),
        ("Math.floor(-2.5) + Math.ceil(1.2)", -1),
        ('parseInt("12px") + parseFloat("1.5x")', 13.5),
        ('Number("x")', None),
        ("Object.keys({a: 1, b: 2})", ["a", "b"]),
        ("JSON.stringify({a: 1.0, b: [1, null]})", '{"a":1,"b":[1,null]}'),
        ('new Date("2026-01-02") - new Date("2026-01-01")', 86400000),
        ("new Date(2026, 0, 31).getMonth()", 0),
        ("new Date().getFullYear()", 2026),
        ("Date.now()", 1795268700000),
        ("(a => b => a + b)(1)(2)", 3),
    ],
)
def test_methods_and_globals(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IF({{$context.n}} > 3, 'hi', 'lo')", "hi"),
        ("IF(false, 1)", False),
        ("IFS(false, 1, true, 2)", 2),
        ("AND(true, 1, [1])", True),
        ("OR(false, 0)", False),
        ("XOR(true, true)", False),
        ("SWITCH(2, 1, 'a', 2, 'b', 'c')", "b"),
        ("SWITCH(9, 1, 'a', 'c')", "c"),
        ("IFERROR(MOD(1, 0), 'x')", "x"),
        ("IFERROR(1 / 0, 'x')", "x"),
        ("IFERROR(5, 'x')", 5),
        ("IFNA(NA(), 'x')", "x"),
        ("CHOOSE(2, 'a', 'b')", "b"),
        ("ISBLANK({{nope}}) && ISNUMBER(1) && ISTEXT('a') && ISERROR(NA())", True),
        ("ISEVEN(4) && ISODD(3) && !ISNUMBER('1')", True),
    ],
)
def test_logical_functions(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SUM(1, [2, [3]], '4', true)", 10),
        ("PRODUCT(2, 3)", 6),
        ("SUMIF([1, 5, 10], '>4')", 15),
        ("SUMIF(['a', 'b'], 'a', [1, 2])", 1),
        ("SUMIFS([1, 2, 3], ['a', 'b', 'a'], 'a', [1, 1, 0], '>0')", 1),
        ("SUMPRODUCT([1, 2], [3, 4])", 11),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -3),
        ("ROUND(1.005, 2)", 1.01),
        ("ROUND(1234.5, -2)", 1200),
        ("ROUNDUP(2.11, 1)", 2.2),
        ("ROUNDUP(-2.1)", -3),
        ("ROUNDDOWN(2.99, 1)", 2.9),
        ("CEILING(2.1, 0.5)", 2.5),
        ("FLOOR(2.9)", 2),
        ("MOD(-7, 4)", 1),
        ("INT(-2.7)", -3),
        ("TRUNC(-2.7)", -2),
        ("POWER(2, 10) + SQRT(16) + ABS(-1)", 1029),
        ("EVEN(3) + ODD(4)", 9),
        ("FACT(5) + COMBIN(5, 2)", 130),
        ("PERMUT(5, 2) + PERMUT(1000, 1)", 1020),
        ("BASE(255, 16)", "FF"),
        ("AVERAGE(1, 2, 4)", 2.333333333),
        ("AVERAGEIF([1, 2, 3], '>1')", 2.5),
        ("MEDIAN(1, 2, 3, 4)", 2.5),
        ("MIN(3, 1, 2) + MAX(3, 1, 2)", 4),
        ("COUNT(1, 'a', null) + COUNTA(1, 'a', null)", 3),
        ("COUNTBLANK([null, '', 1])", 2),
        ("COUNTIF(['apple', 'bob', 'Ada'], 'a*')", 2),
        ("COUNTIF([1, 2, 2], 2)", 2),
        ("COUNTIF(['a', 'b'], '<>a')", 1),
        ("LARGE([1, 2, 3], 1) + SMALL([1, 2, 3], 1)", 4),
        ("RANK(2, [1, 2, 3])", 2),
        ("STDEV.S(2, 4, 6)", 2),
        ("VAR.P(2, 4, 6)", 2.666666667),
        ("MODE(1, 2, 2)", 2),
        ("PERCENTILE([1, 2, 3, 4], 0.5)", 2.5),
    ],
)
def test_mathematical_and_statistical_functions(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CONCATENATE('a', 1, true, null)", "a1TRUE"),
        ("TEXTJOIN(', ', true, 'a', '', 'b')", "a, b"),
        ("LEFT('abc', 2) + RIGHT('abc', 1) + MID('abcdef', 2, 3)", "abcbcd"),
        ("LEN('abc')", 3),
        ("UPPER('a') + LOWER('B') + PROPER('hello wORLD')", "AbHello World"),
        ("TRIM('  a   b ')", "a b"),
        ("SUBSTITUTE('a-b-c', '-', '+')", "a+b+c"),
        ("SUBSTITUTE('a-b-c', '-', '+', 2)", "a-b+c"),
        ("REPLACE('abcdef', 2, 3, 'X')", "aXef"),
        ("FIND('c', 'abc') + SEARCH('B', 'abc')", 5),
        ("EXACT('a', 'A')", False),
        ("REPT('ab', 3)", "ababab"),
        ("VALUE('1,234.5')", 1234.5),
        ("VALUE('50%')", 0.5),
        ("CHAR(65) + CODE('A')", "A65"),
        ("TEXT(1234.5, '#,##0.00')", "1,234.50"),
        ("TEXT(0.256, '0.0%')", "25.6%"),
        ("TEXT(-5, '0000')", "-0005"),
        ("TEXT(1.5, '0.0#')", "1.5"),
        ("TEXT({{$context.price}}, '$0.0')", "$20.0"),
        ("TEXT(NOW(), 'yyyy-mm-dd hh:mm')", "2026-11-21 13:45"),
        ("TEXT('2026-11-21', 'dddd, mmmm d, yy')", "Saturday, November 21, 26"),
        ("TEXT(NOW(), 'h:mm AM/PM')", "1:45 PM"),
        ("FIXED(1234.567, 1)", "1,234.6"),
        ("SPLIT('a,b', ',')", ["a", "b"]),
    ],
)
def test_text_functions(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TODAY()", at("2026-11-21")),
        ("NOW()", NOW),
        ("DATE(2026, 1, 31)", at("2026-01-31")),
        ("DATE(2026, 13, 1)", at("2027-01-01")),
        ("EDATE('2026-01-31', 1)", at("2026-02-28")),
        ("EOMONTH('2026-01-15', 0)", at("2026-01-31")),
        ("YEAR(NOW()) + MONTH(NOW()) + DAY(NOW())", 2058),
        ("HOUR(NOW()) * 100 + MINUTE(NOW())", 1345),
        ("DATEDIF('2024-01-15', '2026-11-21', 'Y')", 2),
        ("DATEDIF('2026-01-15', '2026-11-10', 'M')", 9),
        ("DATEDIF('2026-01-31', '2026-03-01', 'MD')", 1),
        ("DAYS('2026-11-21', '2026-11-01')", 20),
        ("WEEKDAY('2026-11-21')", 7),
        ("WEEKDAY('2026-11-21', 2)", 6),
        ("WEEKNUM('2026-11-21')", 47),
        ("ISOWEEKNUM('2026-11-21')", 47),
        ("NETWORKDAYS('2026-11-01', '2026-11-30', ['2026-11-26'])", 20),
        ("WORKDAY('2026-11-20', 1)", at("2026-11-23")),
        ("DATEVALUE('2026-01-01')", 46023),
        ("YEARFRAC('2026-01-01', '2026-07-01')", 0.5),
        ("TIME(12, 0, 0)", 0.5),
        ("DATE(2026, 11, 21) < NOW()", True),
    ],
)
def test_date_functions_go_by_the_engine_s_clock(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INDEX([[1, 2], [3, 4]], 2, 1)", 3),
        ("MATCH('b', ['a', 'b'], 0)", 2),
        ("MATCH(25, [10, 20, 30])", 2),
        ("VLOOKUP(2, [[1, 'a'], [2, 'b']], 2, false)", "b"),
        ("HLOOKUP('x', [['x', 'y'], [1, 2]], 2, false)", 1),
        ("XLOOKUP('z', ['x'], [1], 'none')", "none"),
        ("UNIQUE([1, 2, 1])", [1, 2]),
        ("PMT(0.05 / 12, 360, -200000)", 1073.643246024),
        ("PV(0.1, 2, -100)", 173.553719008),
        ("FV(0.1, 2, -100)", 210),
        ("NPV(0.1, 110, 121)", 200),
        ("IRR([-100, 60, 60])", 0.130662386),
        ("NPER(0, -50, 100)", 2),
        ("SLN(100, 10, 9)", 10),
    ],
)
def test_lookup_and_financial_functions(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


@pytest.mark.parametrize("text", ["1/0", "NaN", "Infinity", "0/0", "undefined", "x => x"])
def test_what_json_cannot_hold_is_null(text: str) -> None:
    assert evaluate(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "SyntaxError: Unexpected end of input"),
        ("(1", "SyntaxError: Unexpected end of input"),
        ("1 2", "SyntaxError: Unexpected number"),
        ("a b", "ReferenceError: a is not defined"),
        ("1 + * 2", "SyntaxError: Unexpected token '*'"),
        ("{{a b}}", "SyntaxError: Unexpected token '{'"),
        ("x => { return 1 }", "SyntaxError: functions with a block body are not supported"),
    ],
)
def test_texts_that_cannot_be_compiled(text: str, message: str) -> None:
    assert compile_expression("formula.js", text).error == message
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{$context.nothing}}.a", "TypeError: Cannot read properties of null (reading 'a')"),
        ("{{$context.o}}.z.b", "TypeError: Cannot read properties of undefined (reading 'b')"),
        ("'a'.nope()", "TypeError: string.nope is not a function"),
        ("(1)(2)", "TypeError: 1 is not a function"),
        ("MOD(1, 0)", "Error: #DIV/0!"),
        ("SQRT(-1) + 1", "Error: #NUM!"),
        ("SUM(1, NA())", "Error: #N/A"),
        ("LEFT('a', -1)", "Error: #VALUE!"),
        ("new Date('x')", "RangeError: Invalid time value"),
        ("'a'.repeat(1e9)", "RangeError: "),
        ("REPT('ab', 1e9)", "Error: #VALUE!"),
        ("Array.from({length: 1e9})", "RangeError: "),
        ("(f => f(f))(f => f(f))", "RangeError: the computation is too large"),
        ("Array.from({length: 100}).reduce(s => s + s, 'ab')", "RangeError: Invalid string length"),
    ],
)
def test_errors_of_evaluation(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "process",
        "globalThis",
        "this",
        "require('fs')",
        "eval('1')",
        "Function('return 1')()",
        "window",
        "__import__('os')",
        "open('/etc/passwd')",
        "len([1])",
        "now",
        "t0",
        "g0",
        "new Function('1')",
        "[].constructor.constructor('return 1')()",
        "''.__class__.__mro__.x",
        "({}).__init__()",
        "''.format()",
        "[].append(1)",
        "(x => x).__globals__.x",
        "SUM.__globals__.x",
        "Math.__loader__",
        "NOW.__class__.x",
    ],
)
def test_nothing_outside_the_seal_can_be_reached(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    "text", ["''.__class__", "[].__len__", "({}).get", "(1).real", "(x => x).__code__", "SUM.__code__"]
)
def test_python_attributes_are_no_properties(text: str) -> None:
    assert evaluate(text) is None


def test_variables_are_not_changed_by_methods() -> None:
    before = repr(SCOPE["$context"])
    evaluate("{{$context.list}}.sort().reverse().concat({{$context.rows}})")
    assert repr(SCOPE["$context"]) == before


def test_reading_the_clock_is_told_among_the_paths() -> None:
    assert compile_expression("formula.js", "{{a.b}} + YEAR(`${NOW()}`)").paths == {("a", "b"), ("$system", "now")}
    assert compile_expression("formula.js", "{{a.b}} + 1").paths == {("a", "b")}


def test_without_a_clock_in_the_scope_the_machine_s_own_is_read() -> None:
    today = compile_expression("formula.js", "TODAY()").evaluate({})
    assert abs((datetime.now(UTC) - today).total_seconds()) < 2 * 86400


@pytest.mark.parametrize(
    "text", ["(" * 500 + "1" + ")" * 500, "!" * 500 + "1", "`${" * 50 + "1" + "}`" * 50, "1" + "+1" * 9000]
)
def test_monstrous_texts_end_in_a_clear_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


def test_patterns_full_of_stars_are_matched_quickly() -> None:
    pattern, subject = "*a" * 200 + "b", "a" * 2000
    assert compile_expression("formula.js", f"COUNTIF(['{subject}'], '{pattern}')").evaluate({}) == 0


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(1, 1000))
def test_arithmetic_agrees_with_python(a: int, b: int, c: int) -> None:
    expression = compile_expression("formula.js", "({{a}} + {{b}}) * {{c}} - {{a}}")
    assert expression.evaluate({"a": a, "b": b, "c": c}) == (a + b) * c - a


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
operators = st.sampled_from(["+", "-", "*", "/", "%", "**", "==", "===", "<", ">=", "&&", "||", "??", "&", "<<"])


@given(scalars | st.lists(st.integers(), max_size=3), scalars, operators)
def test_operators_take_any_values(left: Any, right: Any, operator: str) -> None:
    compile_expression("formula.js", f"{{{{a}}}} {operator} {{{{b}}}}").evaluate({"a": left, "b": right})


def test_every_function_of_both_engines_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    names = {*library.FUNCTIONS, *mathjs.FUNCTIONS, *mathjs.CONSTANTS}
    spelled = {name for name in names if not name.startswith(("Math.", "Number."))}
    assert [name for name in sorted(spelled) if f"`{name}`" not in page] == []
