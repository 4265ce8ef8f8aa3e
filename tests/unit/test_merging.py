"""Parameters of an action: the defaults, the request's, and what becomes of both."""

from __future__ import annotations

from typing import Any

import pytest

from api.merging import merge_params


@pytest.mark.parametrize(
    ("name", "existing", "new", "merged"),
    [
        ("filter", {"a": 1}, {"b": 2}, {"$and": [{"a": 1}, {"b": 2}]}),
        ("filter", {"a": 1}, '{"b": 2}', {"$and": [{"a": 1}, {"b": 2}]}),
        ("filter", {"a": 1}, {}, {"a": 1}),
        ("filter", None, {"b": 2}, {"b": 2}),
        ("fields", ["id"], ["id", "col1"], ["id"]),
        ("fields", ["id", "a", "b"], "b,id", ["id", "b"]),
        ("fields", None, "a,b", ["a", "b"]),
        ("fields", ["id"], [], ["id"]),
        ("whitelist", ["a"], ["a", "b"], ["a"]),
        ("blacklist", ["a", "b"], {"0": "b"}, ["b"]),
        ("appends", ["a"], "b", ["a", "b"]),
        ("appends", ["a"], ["b", "a", ""], ["a", "b"]),
        ("except", ["password"], "a,password", ["password", "a"]),
        ("sort", ["id"], "-a,b", ["-a", "b"]),
        ("sort", ["id"], ["-a"], ["-a"]),
        ("values", {"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}, "d": 3}, {"a": {"b": 1, "c": [2]}, "d": 3}),
        ("page", 1, "2", "2"),
    ],
)
def test_each_parameter_has_its_strategy(name: str, existing: Any, new: Any, merged: Any) -> None:
    before = {} if existing is None else {name: existing}
    assert merge_params(before, {name: new}) == {name: merged}


def test_what_only_one_side_says_stays() -> None:
    assert merge_params({"fields": ["id"], "sort": ["a"]}, {"page": 2}) == {"fields": ["id"], "sort": ["a"], "page": 2}
    assert merge_params({"except": ["password"]}, {"fields": ["id", "password"]}) == {
        "except": ["password"],
        "fields": ["id", "password"],
    }


def test_a_strategy_can_be_chosen_for_a_key() -> None:
    both = {"filter": {"a": 1}}, {"filter": {"b": 2}}
    assert merge_params(*both, {"filter": "orMerge"}) == {"filter": {"$or": [{"a": 1}, {"b": 2}]}}
    assert merge_params(*both, {"filter": "overwrite"}) == {"filter": {"b": 2}}
    assert merge_params(*both, {"filter": lambda old, new: [old, new]}) == {"filter": [{"a": 1}, {"b": 2}]}
    shallow = merge_params({"values": {"a": {"b": 1}}}, {"values": {"a": {"c": 2}}}, {"values": "merge"})
    assert shallow == {"values": {"a": {"c": 2}}}
    with pytest.raises(ValueError, match='strategy "guess" does not exist'):
        merge_params(*both, {"filter": "guess"})


def test_neither_side_is_changed() -> None:
    existing, new = {"values": {"a": {"b": 1}}}, {"values": {"a": {"c": 2}}}
    merge_params(existing, new)
    assert existing == {"values": {"a": {"b": 1}}} and new == {"values": {"a": {"c": 2}}}
