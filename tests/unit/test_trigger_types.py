"""Trigger types: configurations as workflows:create judges them, and the events they listen to."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.triggers import TRIGGER_TYPES, trigger_problems

COLLECTIONS = {"posts"}


@pytest.mark.parametrize(
    ("config", "messages"),
    [
        ({}, ['"collection" is required']),
        ({"collection": "posts"}, []),
        ({"collection": "posts", "actions": ["anything"]}, []),
        ({"collection": "posts", "extra": 1}, []),
        ({"collection": "posts", "global": True}, ['"actions" is required']),
        ({"collection": "posts", "global": True, "actions": []}, ["At least one action is required in global mode"]),
        (
            {"collection": "posts", "global": True, "actions": ["list"]},
            ['"actions[0]" must be one of [create, update, updateOrCreate, destroy]'],
        ),
        ({"collection": "posts", "global": True, "actions": ["create", "destroy"]}, []),
        ({"collection": "nowhere"}, ['Collection "nowhere" does not exist in data source "main"']),
        ({"global": True}, ['"collection" is required', '"actions" is required']),
    ],
)
def test_request_interception(config: dict[str, Any], messages: list[str]) -> None:
    assert [p.message for p in trigger_problems("request-interception", config, COLLECTIONS)] == messages


@pytest.mark.parametrize("mode", [0, None, 5, 6, 7, "1", True])
def test_collection_refuses_other_modes(mode: Any) -> None:
    config = {"collection": "posts", "mode": mode}
    assert trigger_problems("collection", config, COLLECTIONS)[0] == ("mode", '"mode" must be one of [1, 2, 3, 4]')


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        ({}, []),
        ({"mode": 2, "changed": ["title"]}, []),
        ({"mode": 3, "changed": ["title"], "appends": ["tags"], "condition": {"a": 1}}, []),
        ({"mode": 1, "changed": ["title"]}, ["changed"]),
        ({"mode": 4, "changed": ["title"]}, ["changed"]),
        ({"mode": 4, "appends": ["tags"]}, ["appends"]),
        ({"mode": 1, "condition": []}, ["condition"]),
        ({"mode": 1, "rollbackOnFailure": "yes"}, ["rollbackOnFailure"]),
    ],
)
def test_collection_options_depend_on_mode(config: dict[str, Any], paths: list[str]) -> None:
    assert [p.path for p in trigger_problems("collection", {"collection": "posts"} | config, COLLECTIONS)] == paths


@pytest.mark.parametrize(
    ("name", "config", "events"),
    [
        ("request-interception", {"global": True, "actions": ["updateOrCreate"]}, {"insert", "update"}),
        ("request-interception", {"global": True, "actions": ["destroy"]}, {"delete"}),
        ("request-interception", {"global": True}, set()),
        ("request-interception", {}, {"insert", "update", "delete"}),
        ("action", {}, {"insert", "update"}),
        ("action", {"global": True, "actions": ["create"]}, {"insert"}),
        ("action", {"global": True}, set()),
        ("collection", {"mode": 3}, {"insert", "update"}),
        ("collection", {"mode": 4}, {"delete"}),
        ("collection", {}, set()),
    ],
)
def test_events(name: str, config: dict[str, Any], events: set[str]) -> None:
    assert TRIGGER_TYPES[name].events(config) == events


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "Trigger type is required"),
        ("", "Trigger type is required"),
        ("nope", 'Trigger type "nope" is not registered'),
    ],
)
def test_unknown_types(name: Any, message: str) -> None:
    assert trigger_problems(name, {}, COLLECTIONS) == [("type", message)]
