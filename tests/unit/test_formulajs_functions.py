"""Functions of formula.js: logic, numbers, texts, dates and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.expressions import ExpressionError
from orchestrator.engine.expressions.formulajs import library
from orchestrator.engine.expressions.mathjs import functions as mathjs

from .formulas import NOW, at, evaluate


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
        ("ROUND(-2.5)", -2),
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
        ("BASE(255, 16)", "ff"),
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
        ("DATEVALUE('2026-01-01')", at("2026-01-01")),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ATAN2(3, 2)", 0.982793723),
        ("ROUND(-2.5)", -2),
        ("ROUND(-2.345, 2)", -2.34),
        ("ROUND(2.345, 2)", 2.35),
        ("ROUND(-0.1 * {{$context.price}}, 2)", -2),
        ("ROUND({{$context.price}} * -100.25, 1)", -2004),
        ("CEILING(-4.2, -1)", -5),
        ("FLOOR(-4.2, -1)", -4),
        ("LN(-1)", None),
        ("LOG(-1)", None),
        ("LOG10(100, 2)", 2),
        ("PRODUCT([2, null, '3'])", 6),
        ("PRODUCT()", 0),
        ("SUMSQ(true, '2')", 5),
        ("SUMPRODUCT([1, true], [2, 3])", 5),
        ("SUM(1, 0 / 0)", None),
        ("MAX(1, 0 / 0)", None),
        ("MEDIAN([1, null, 3])", 1),
        ("MEDIAN([1, 'x', 3])", 1),
        ("MINA('2', null)", 0),
        ("GEOMEAN(4, '9')", 6),
        ("HARMEAN(true, 0.5)", 0.666666667),
        ("DEVSQ('2', 4)", 2),
        ("AVERAGEIF([1, 2], '>5')", None),
        ("AVERAGEIFS([1, 2], [1, 2], '>5')", 0),
        ("DEC2BIN(5, 8)", "00000101"),
        ("DEC2BIN(-1)", "1111111111"),
        ("DEC2HEX(-1)", "ffffffffff"),
        ("DEC2HEX(255, 4)", "00ff"),
        ("BIN2DEC('1111111111')", -1),
        ("HEX2DEC('ffffffffff')", -1),
        ("TRANSPOSE([1, 2])", [[1], [2]]),
        ("IF(true, null, 1)", 0),
        ("AND(null, true, 'x')", True),
        ("OR(false, 'x')", False),
        ("XOR('x', 1)", True),
        ("TRUE() && !FALSE()", True),
        ("LEFT(true, 2)", "tr"),
        ("RIGHT('abc', -1)", ""),
        ("TRIM(true)", "true"),
        ("REPT(true, 2)", "truetrue"),
        ("TEXTJOIN(',', true, ['a', true])", "a,true"),
        ("CONCATENATE('a', true)", "aTRUE"),
        ("PROPER('o\\'neil mac-donald 2nd')", "O'neil Mac-donald 2nd"),
        ("FIXED(-1234.567, -2)", "-1,200"),
        ("FIXED(-0.01)", "-0.01"),
        ("DOLLAR(-1234.5)", "$(1,234.50)"),
        ("DOLLAR(-0.001)", "$0.00"),
        ("NUMBERVALUE('1.234,5', ',', '.')", 1234.5),
        ("TIME(25, 0, 0)", 1.041666667),
        ("DATE(100, 2, 1)", at("0100-02-01")),
        ("DAY(1)", 1),
        ("WEEKDAY(1)", 2),
        ("YEARFRAC('2026-03-31', '2026-01-31')", -0.166666667),
        ("YEARFRAC('2026-02-28', '2027-02-28', 1)", 1),
        ("YEARFRAC('2024-01-15', '2026-06-30', 1)", 2.455291971),
    ],
)
def test_results_are_those_of_the_original(text: str, expected: Any) -> None:
    assert evaluate(text) == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    "text",
    [
        "ABS('')",
        "ACOS(2)",
        "AND(null, 'x')",
        "FLOOR(4.2, -1)",
        "PRODUCT(2, 'x')",
        "DEC2BIN(600)",
        "DEC2BIN(5, 2)",
        "HEX2DEC('zz')",
        "DATEVALUE(45000)",
    ],
)
def test_arguments_that_the_original_refuses(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABS(-3, 1)", 3),
        ("LEN('abc', 1)", 3),
        ("String(1, 2) + Number('3', 4)", "13"),
        ("Math.round(2.5, 1)", 3),
        ("' a '.trim(1)", "a"),
        ("[1, 2].includes(2, 0, 0)", True),
        ("parseInt('12', NaN)", 12),
    ],
)
def test_superfluous_arguments_mean_nothing(text: str, expected: Any) -> None:
    assert evaluate(text) == expected


def test_every_function_of_both_engines_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    names = {*library.FUNCTIONS, *mathjs.FUNCTIONS, *mathjs.CONSTANTS}
    spelled = {name for name in names if not name.startswith(("Math.", "Number."))}
    assert [name for name in sorted(spelled) if f"`{name}`" not in page] == []
