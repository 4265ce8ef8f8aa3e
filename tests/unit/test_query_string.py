"""Query strings read as the `qs` package reads them."""

from __future__ import annotations

import pytest

from api.errors import ApiError
from api.query_string import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a", {"a": None}),
        ("a=", {"a": ""}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a[]=1", {"a": ["1"]}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a%5B%5D=1&a%5b%5d=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        ("a[100]=x", {"a": ["x"]}),
        ("a[101]=x", {"a": {"101": "x"}}),
        ("a[01]=x", {"a": {"01": "x"}}),
        ("a[b]=c", {"a": {"b": "c"}}),
        ("a[b][c]=d&a[b][e]=f", {"a": {"b": {"c": "d", "e": "f"}}}),
        ("a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a=1,2", {"a": "1,2"}),
        ("a=b%20c+d", {"a": "b c d"}),
        ("a=%E2%82%AC", {"a": "€"}),
        ("a=b=c", {"a": "b=c"}),
        ("a[$gt]=1&&b=2", {"a": {"$gt": "1"}, "b": "2"}),
        ("a[b=c]=d", {"a": {"b=c": "d"}}),
        ('filter={"a":["x]=y"]}', {"filter": '{"a":["x]=y"]}'}),
        ("a[b][c][d][e][f][g]=x", {"a": {"b": {"c": {"d": {"e": {"f": {"[g]": "x"}}}}}}}),
        ("[a]=x", {"a": "x"}),
        ("a[" + "9" * 5000 + "]=x", {"a": {"9" * 5000: "x"}}),
    ],
)
def test_reads_as_qs_does(text: str, value: object) -> None:
    assert parse(text) == value


def test_more_than_a_hundred_indexed_values_stay_in_order() -> None:
    text = "&".join(f"k[{index}]=v{index}" for index in range(120))
    assert parse(text) == {"k": [f"v{index}" for index in range(120)]}


@pytest.mark.parametrize("text", ["a=%FF", "a=%00", "%00=a", "&".join("a=1" for _ in range(10_001))])
def test_refuses_what_cannot_be_text(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(text)
    assert refused.value.status == 400
