"""Templates: what a token is, what it reads, and which type comes out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.js import ExpressionError
from orchestrator.engine.system import register, system_scope, unregister
from orchestrator.engine.variables import UNDEFINED, compile_template, lookup

NOW = datetime(2026, 11, 21, 13, 45, 7, 123456, tzinfo=UTC)
SCOPE: dict[str, Any] = {
    "$context": {
        "params": {"values": {"amount": 5, "price": Decimal("1.50"), "nothing": None, "at": NOW, "ok": True}},
        "orders": [
            {"items": [{"price": 1, "tags": ["a", "b"]}, {"price": 2, "tags": []}]},
            {"items": [{"price": 3, "tags": ["c"]}]},
        ],
        "holes": [{"x": 1}, None],
        "sparse": [{"x": 1}, {}],
        "empty": [],
        "a.b": "never reached by a path",
    },
    "$jobsMapByNodeKey": {"n1": [1, [2, 3]]},
    "a.b": "whole path",
    "a": {"b": "walked"},
}


def evaluate(template: Any) -> Any:
    return compile_template(template).evaluate(SCOPE)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{$context.params.values.amount}}", 5),
        ("{{ $context.params.values.amount }}", 5),
        ("{{\n$context.params.values.amount\t}}", 5),
        ("{{$context.params.values.price}}", Decimal("1.50")),
        ("{{$context.params.values.nothing}}", None),
        ("{{$context.params.values}}", SCOPE["$context"]["params"]["values"]),
        ("{{$context.params.values.at}}", NOW),
        ("{{$context.orders.0.items.1.price}}", 2),
        ("{{$jobsMapByNodeKey.n1}}", [1, [2, 3]]),
        ("{{ctx.$context.params.values.amount}}", 5),
        ("{{a.b}}", "whole path"),
        ("{{$context.orders.length}}", 2),
        ("{{$context.empty.length}}", 0),
    ],
)
def test_a_lone_token_keeps_the_type_of_the_value(template: str, expected: Any) -> None:
    assert evaluate(template) == expected


@pytest.mark.parametrize(
    "path", ["nope", "$context.nope", "$context.params.values.nothing.deeper", "$context.orders.9", ""]
)
def test_a_missing_value_is_undefined(path: str) -> None:
    assert evaluate("{{ %s }}" % path) is UNDEFINED  # noqa: UP031 - braces


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (" {{$context.params.values.amount}}", " 5"),
        ("{{$context.params.values.amount}} ", "5 "),
        ("{{$context.params.values.amount}}{{$context.params.values.amount}}", "55"),
        ("price {{$context.params.values.price}}", "price 1.5"),
        ("[{{nope}}|{{$context.params.values.nothing}}]", "[|]"),
        ("at {{$context.params.values.at}}", "at 2026-11-21T13:45:07.123Z"),
        ("list {{$jobsMapByNodeKey.n1}}", "list 1,2,3"),
        ("object {{$context}}", "object [object Object]"),
        ("is {{$context.params.values.ok}}", "is true"),
    ],
)
def test_a_token_among_other_characters_becomes_text(template: str, expected: str) -> None:
    assert evaluate(template) == expected


@pytest.mark.parametrize(
    "text", ["{{}}", '{{"a"}}', "{{a[0]}}", "{{größe}}", "{a}", "{{a", "{{a;b}}", "plain", "$& $1 $$"]
)
def test_what_is_no_token_stays_as_it_is(text: str) -> None:
    template = compile_template(text)
    assert template.constant
    assert template.evaluate(SCOPE) == text


def test_a_text_that_only_looks_like_one_token_still_gives_the_raw_value() -> None:
    assert evaluate("{{$context.params.values.amount}}x}}") == 5


def test_replaced_text_is_taken_literally() -> None:
    assert compile_template("<{{v}}> {{w}}").evaluate({"v": "$& {{w}} $1", "w": "w"}) == "<$& {{w}} $1> w"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{nope:default}}", "default"),
        ("{{nope:a:b}}", "a:b"),
        ("{{nope:}}", ""),
        ("{{$context.params.values.nothing:default}}", None),
        ("{{$context.params.values.amount:9}}", 5),
        ("x{{nope:1}}", "x1"),
    ],
)
def test_a_default_stands_in_for_undefined_only(template: str, expected: Any) -> None:
    assert evaluate(template) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$context.orders.items.price", [1, 2, 3]),
        ("$context.orders.items.tags", ["a", "b", "c"]),
        ("$context.orders.0.items.price", [1, 2]),
        ("$context.empty.price", []),
        ("$context.sparse.x", [1, None]),
    ],
)
def test_arrays_on_the_way_are_flattened_by_one_level(path: str, expected: list[Any]) -> None:
    before = repr(SCOPE)
    assert lookup(SCOPE, path) == expected
    assert evaluate("{{%s}}" % path) == expected  # noqa: UP031 - braces
    assert repr(SCOPE) == before


def test_a_null_element_on_the_way_raises() -> None:
    with pytest.raises(ExpressionError, match=r"TypeError: Cannot read properties of null \(reading 'x'\)"):
        evaluate("{{$context.holes.x}}")


def test_objects_and_arrays_are_searched_with_their_keys() -> None:
    template = {
        "plain": 1,
        "{{$context.params.values.amount}}": ["{{$context.params.values.ok}}", "{{nope}}", {"deep": "{{nope}}"}],
        "absent": "{{nope}}",
    }
    assert evaluate(template) == {"plain": 1, "5": [True, None, {}]}


def test_constant_containers_are_new_at_each_evaluation() -> None:
    template = compile_template({"list": [1]})
    template.evaluate({})["list"].append(2)
    assert template.constant
    assert template.evaluate({}) == {"list": [1]}


def test_paths_tell_every_variable_read() -> None:
    template = compile_template({"{{$env.key}}": ["{{$context.data.id}} {{ctx.$system.now}}", "{{a.b:c}}"]})
    assert template.paths == {("$env", "key"), ("$context", "data", "id"), ("$system", "now"), ("a", "b")}
    assert not template.constant


def test_functions_at_the_path_are_called() -> None:
    assert compile_template("{{$system.now}}").evaluate({"$system": {"now": lambda: NOW}}) == NOW


def system(path: str, now: datetime = NOW) -> Any:
    return compile_template("{{$system.%s}}" % path).evaluate({"$system": system_scope(now, "execution", "node")})  # noqa: UP031 - braces


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("now", NOW),
        ("epoch", 1605024000),
        ("dateRange.yesterday", "2026-11-20+00:00"),
        ("dateRange.today", "2026-11-21+00:00"),
        ("dateRange.tomorrow", "2026-11-22+00:00"),
        ("dateRange.lastWeek", "2026w46+00:00"),
        ("dateRange.thisWeek", "2026w47+00:00"),
        ("dateRange.nextWeek", "2026w48+00:00"),
        ("dateRange.thisMonth", "2026-11+00:00"),
        ("dateRange.nextMonth", "2026-12+00:00"),
        ("dateRange.lastQuarter", "2026Q3+00:00"),
        ("dateRange.nextQuarter", "2027Q1+00:00"),
        ("dateRange.lastYear", "2025+00:00"),
        ("dateRange.last7Days", ["2026-11-15", "2026-11-22", "[)", "+00:00"]),
        ("dateRange.next30Days", ["2026-11-22", "2026-12-22", "[)", "+00:00"]),
        ("nope", UNDEFINED),
        ("dateRange.nope", UNDEFINED),
    ],
)
def test_system_functions_answer_by_the_engine_s_clock(name: str, expected: Any) -> None:
    assert system(name) == expected


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (datetime(2025, 12, 27, tzinfo=UTC), "2025w52+00:00"),
        (datetime(2025, 12, 28, tzinfo=UTC), "2026w01+00:00"),
        (datetime(2027, 1, 2, tzinfo=UTC), "2027w01+00:00"),
        (datetime(2026, 1, 4, tzinfo=UTC), "2026w02+00:00"),
    ],
)
def test_weeks_start_on_sunday_and_the_first_holds_new_year(day: datetime, week: str) -> None:
    assert system("dateRange.thisWeek", day) == week


def test_snowflake_ids_are_distinct_numbers_of_53_bits() -> None:
    ids = {system("genSnowflakeId") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(0 < number < 2**53 for number in ids)


def test_registered_functions_are_told_time_execution_and_node() -> None:
    register("finance.rate", lambda call: [call.now, call.execution, call.node])
    try:
        assert system("finance.rate") == [NOW, "execution", "node"]
    finally:
        unregister("finance.rate")
    assert system("finance.rate") is UNDEFINED


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_characters="{}")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_values_without_tokens_come_out_unchanged(value: Any) -> None:
    template = compile_template(value)
    assert template.constant
    assert template.evaluate({}) == value


@given(json_values)
def test_a_lone_token_gives_back_any_value(value: Any) -> None:
    assert compile_template("{{$context.data}}").evaluate({"$context": {"data": value}}) == value
    assert compile_template("{{$context.a.b.c}}").evaluate({"$context": {"a": {"b": {"c": value}}}}) == value
