"""Parameters of actions, in every spelling that clients use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api.errors import ApiError
from api.params import load_json, read_params
from api.query_string import parse


def _params(query: str, record_id: str | None = None) -> Any:
    return read_params(parse(query), record_id)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('filter={"a":1}', {"a": 1}),
        ('filter={"a":1.10}', {"a": Decimal("1.10")}),
        ("filter[title]=x", {"title": "x"}),
        ("filter[a][$in][]=1&filter[a][$in][]=2", {"a": {"$in": ["1", "2"]}}),
        ("filter=null", None),
        ("filter=[]", None),
        ("filter=1", None),
        ("filter={}", None),
        ("filter", None),
        ("", None),
    ],
)
def test_filter_is_json_or_nested(query: str, value: object) -> None:
    assert _params(query).filter == value


@pytest.mark.parametrize(
    "query",
    [
        "filter=",
        "filter={",
        'filter="a"',
        "filter=true",
        'filter=[{"a":1}]',
        'filter={"a":NaN}',
        "filter=" + "[" * 100_000,
        'filter={"a":' + "[" * 100 + "]" * 100 + "}",
        'filter={"a":"\\u0000"}',
    ],
)
def test_a_filter_that_says_nothing_clear_is_refused(query: str) -> None:
    with pytest.raises(ApiError) as refused:
        _params(query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("filterByTk=1", "1"),
        ("filterByTk=1,2", "1,2"),
        ("filterByTk[]=1&filterByTk[]=2", ["1", "2"]),
        ("filterByTk=[1,2]", [1, 2]),
        ('filterByTk={"a":1,"b":"x"}', {"a": 1, "b": "x"}),
        ("filterByTk[a]=1&filterByTk[b]=2", {"a": "1", "b": "2"}),
        ("filterByTk[150]=1&filterByTk[7]=2", ["1", "2"]),
        ("", "7"),
        ("filterByTk=2", "2"),
    ],
)
def test_keys_come_from_the_query_else_the_path(query: str, value: object) -> None:
    assert _params(query, record_id="7").filter_by_tk == value


def test_more_than_a_hundred_keys_are_a_list() -> None:
    query = "&".join(f"filterByTk[{index + 1}]={index}" for index in range(120))
    assert _params(query).filter_by_tk == [str(index) for index in range(120)]


@pytest.mark.parametrize("query", ["filterByTk={", "filterByTk=[[1]]", "filterByTk=[true]", 'filterByTk={"a":[1]}'])
def test_other_keys_are_refused(query: str) -> None:
    with pytest.raises(ApiError):
        _params(query)


def test_names_are_lists_or_comma_strings() -> None:
    params = _params("fields=id,title&except[]=a&except[]=b&appends=comments(sort=-id,x),tags&sort=-id, title")
    assert params.fields == ["id", "title"]
    assert params.excluded == ["a", "b"]
    assert params.appends == ["comments(sort=-id,x)", "tags"]
    assert params.sort == ["-id", "title"]
    assert _params('sort=["-id"]').sort == ["-id"]
    assert _params("fields=").fields is None


def test_update_association_values_take_no_comma_string() -> None:
    assert _params("updateAssociationValues[]=a").update_association_values == ["a"]
    with pytest.raises(ApiError):
        _params("updateAssociationValues=a,b")


def test_pages_are_numbers_from_one() -> None:
    params = _params("page=2&pageSize=5")
    assert (params.page, params.page_size, params.paginate) == (2, 5, True)
    assert _params("").page_size == 20
    assert _params("paginate=false").paginate is False
    for query in ("page=0", "page=-1", "page=abc", "pageSize=0", "pageSize=1.5", "page=99999999999", "page[]=1"):
        with pytest.raises(ApiError):
            _params(query)


def test_a_page_is_never_larger_than_allowed() -> None:
    assert read_params({"pageSize": "1000"}, max_page_size=200).page_size == 200
    assert read_params({}, max_page_size=10).page_size == 10


@pytest.mark.parametrize(
    "query",
    [
        "",
        "filter={}",
        'filter={"$and":[]}',
        'filter={"$and":[{}]}',
        'filter={"$or":[{"$and":[]}]}',
        "filterByTk=",
        "filterByTk=[]",
    ],
)
def test_empty_conditions_select_nothing(query: str) -> None:
    assert _params(query).selects_nothing


@pytest.mark.parametrize("query", ["filterByTk=1", 'filter={"a":null}', 'filter={"$and":[{"a":1}]}'])
def test_conditions_select_something(query: str) -> None:
    assert not _params(query).selects_nothing


def test_trigger_workflows_are_one_text() -> None:
    assert _params("triggerWorkflows=a,b!c").trigger_workflows == "a,b!c"
    assert _params("triggerWorkflows[]=a&triggerWorkflows[]=b").trigger_workflows == "a,b"
    assert _params("triggerWorkflows=").trigger_workflows is None


@pytest.mark.parametrize(
    "text", ["{", "NaN", '{"a":1}x', "[" * 100_000, "'a'", "", '"\\u0000"', '{"a\\u0000":1}', '["\\ud800"]']
)
def test_json_is_strict_and_fit_for_the_database(text: str) -> None:
    with pytest.raises(ValueError):
        load_json(text)


def test_escapes_that_are_text_are_read() -> None:
    assert load_json('["\\\\u0000", "\\ud83d\\ude00", "\\u20ac"]') == ["\\u0000", "😀", "€"]


@pytest.mark.parametrize("text", ["1e999999999", "-1e-999999999", "0e999999999", '{"a": [1e1001]}'])
def test_numbers_that_would_fill_the_memory_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        load_json(text)


def test_numbers_of_any_use_are_exact() -> None:
    assert load_json("[1e308, 1e-308, 0.1]") == [Decimal("1e308"), Decimal("1e-308"), Decimal("0.1")]
