"""Rules of validation: what each lets through, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.validation import check_definition, problems
from orchestrator.errors import InvalidError


def _wrong(kind: str, name: str, argument: Any, value: Any) -> list[str]:
    args = {"limit": argument} if argument is not None else {}
    definition = {"type": kind, "rules": [{"key": "r", "name": name, "args": args}]}
    check_definition("f", definition)
    return list(problems("F", definition, value))


@pytest.mark.parametrize(
    ("kind", "name", "argument", "good", "bad"),
    [
        ("string", "min", 3, "abc", "ab"),
        ("string", "max", 3, "abc", "abcd"),
        ("string", "length", 2, "ab", "a"),
        ("string", "email", None, "a.b+c@example.co", "a@b"),
        ("string", "uri", None, "https://example.org/a?b", "no uri"),
        ("string", "uuid", None, "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("string", "alphanum", None, "aB3", "a-b"),
        ("string", "hex", None, "0aF", "0g"),
        ("string", "lowercase", None, "ab", "aB"),
        ("string", "uppercase", None, "AB", "aB"),
        ("number", "min", 3, 3, 2.9),
        ("number", "max", "3", "3.0", 3.1),
        ("number", "greater", 3, 3.1, 3),
        ("number", "less", 3, 2.9, 3),
        ("number", "integer", None, "4", 4.5),
        ("number", "positive", None, 1, 0),
        ("number", "negative", None, -1, 0),
        ("number", "multiple", 5, 15, 16),
        ("number", "precision", 2, "1.25", "1.255"),
        ("date", "min", "2026-01-01", "2026-01-01T00:00:00Z", "2025-12-31"),
        ("date", "max", "2026-01-01", "2025-12-31", "2026-01-02"),
        ("date", "greater", "2026-01-01", "2026-01-02", "2026-01-01"),
        ("date", "less", "2026-01-01", "2025-12-31", "2026-01-01"),
        ("array", "min", 1, ["a"], []),
        ("array", "max", 1, ["a"], ["a", "b"]),
        ("array", "length", 2, ["a", "b"], ["a"]),
        ("string", "required", None, "a", ""),
    ],
)
def test_a_rule_lets_through_what_it_says(kind: str, name: str, argument: Any, good: Any, bad: Any) -> None:
    assert _wrong(kind, name, argument, good) == []
    (message,) = _wrong(kind, name, argument, bad)
    assert message.startswith('"F" ')


def test_one_of_a_list_of_values() -> None:
    definition = {"type": "string", "rules": [{"name": "valid", "args": {"values": ["a", "b"]}}]}
    check_definition("f", definition)
    assert list(problems("F", definition, "a")) == []
    assert list(problems("F", definition, "c")) == ['"F" must be one of [a, b]']


def test_what_is_not_given_breaks_no_rule_but_that_it_must_be() -> None:
    for value in (None, ""):
        assert _wrong("string", "min", 3, value) == []
    assert _wrong("number", "required", None, None) == ['"F" is required']
    assert _wrong("number", "required", None, 0) == []


@pytest.mark.parametrize(("kind", "value"), [("number", "many"), ("number", True), ("date", "soon"), ("array", "a")])
def test_a_value_of_another_type_is_told_once(kind: str, value: Any) -> None:
    definition = {
        "type": kind,
        "rules": [{"name": "min", "args": {"limit": 1 if kind != "date" else "2026-01-01"}}] * 2,
    }
    assert list(problems("F", definition, value)) == [f'"F" must be a {kind}']


@pytest.mark.parametrize(
    ("pattern", "good", "bad"), [("^a+$", "aa", "b"), ("/^A+$/i", "aa", "b"), (r"/(?<year>\d{4})/", "2026", "x")]
)
def test_patterns_are_those_of_the_wire(pattern: str, good: str, bad: str) -> None:
    definition = {"rules": [{"name": "pattern", "args": {"regex": pattern}}]}
    check_definition("f", definition)
    assert list(problems("F", definition, good)) == []
    assert list(problems("F", definition, bad)) == ['"F" fails to match the required pattern']


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "nonsense"},
        {"name": "min", "args": {"limit": "many"}},
        {"name": "min", "args": {"limit": 1.5}},
        {"name": "pattern", "args": {"regex": "("}},
        {"name": "valid", "args": {"values": "a"}},
        "min",
    ],
)
def test_what_could_not_be_enforced_is_no_definition(rule: Any) -> None:
    with pytest.raises(InvalidError):
        check_definition("f", {"type": "string", "rules": [rule]})
