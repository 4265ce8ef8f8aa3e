"""Shapes of aggregating queries."""

from __future__ import annotations

from typing import Any

from orchestrator.model.aggregation import split_query


def _shape(format_: str, value: Any, limit: int, zone: str) -> str:
    request = {
        "collection": "posts",
        "measures": [{"field": "id", "aggregation": "count"}],
        "dimensions": [{"field": "day", "format": format_}],
        "filter": {"read": value},
        "having": {"id": {"$gt": value}},
        "limit": limit,
        "timezone": zone,
    }
    return split_query(request)[0]


def test_queries_that_differ_in_values_share_a_shape() -> None:
    assert _shape("YYYY", 1, 1, "+01:00") == _shape("YYYY-MM", 2, 2, "-08:00")


def test_an_offset_is_no_name_of_a_zone() -> None:
    assert _shape("YYYY", 1, 1, "+01:00") != _shape("YYYY", 1, 1, "Europe/Berlin")
