"""collection: after any write to a table, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.schema import Schema, array, boolean, depends, forbidden, integer, is_integer, record, string
from orchestrator.triggers.trigger import Event, TriggerType

__all__ = ["CREATE", "DELETE", "TRIGGER", "UPDATE"]

#: bits of ``mode``
CREATE = 1
UPDATE = 2
DELETE = 4

_EVENT_OF_BIT: Mapping[int, Event] = {CREATE: "insert", UPDATE: "update", DELETE: "delete"}


def _mode(config: Mapping[str, Any]) -> int:
    mode = config.get("mode")
    return int(mode) if is_integer(mode) else 0


def _changed(config: Mapping[str, Any]) -> Schema:
    return array(string(), nullable=True) if _mode(config) & UPDATE else forbidden()


def _appends(config: Mapping[str, Any]) -> Schema:
    # what a deleted record was related to is gone
    return forbidden() if _mode(config) == DELETE else array(string(), nullable=True)


def _events(config: Mapping[str, Any]) -> frozenset[Event]:
    mode = _mode(config)
    return frozenset(event for bit, event in _EVENT_OF_BIT.items() if mode & bit)


TRIGGER = TriggerType(
    name="collection",
    timing="after",
    sync=None,
    schema=record(
        {
            "collection": string(required=True),
            "mode": integer(enum=(CREATE, UPDATE, CREATE | UPDATE, DELETE)),
            "changed": depends(_changed),
            "condition": record(nullable=True),
            "appends": depends(_appends),
            "rollbackOnFailure": boolean(),
        }
    ),
    events=_events,
    is_global=lambda _config: True,
)
