"""request-interception: before a write, always in line with it; it may refuse the write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.schema import Schema, array, boolean, depends, record, string
from orchestrator.triggers.trigger import ACTION_EVENTS, Event, TriggerType

__all__ = ["TRIGGER"]

_EVERY_EVENT: frozenset[Event] = frozenset({"insert", "update", "delete"})


def _actions(config: Mapping[str, Any]) -> Schema:
    if config.get("global") is True:
        return array(
            string(enum=tuple(ACTION_EVENTS)),
            required=True,
            minimum=1,
            message="At least one action is required in global mode",
        )
    return array(string(), nullable=True)


def _events(config: Mapping[str, Any]) -> frozenset[Event]:
    # a local one runs for whatever request names it
    if not _is_global(config):
        return _EVERY_EVENT
    actions = config.get("actions") or ()
    return frozenset().union(*(ACTION_EVENTS.get(action, frozenset()) for action in actions))


def _is_global(config: Mapping[str, Any]) -> bool:
    return bool(config.get("global"))


TRIGGER = TriggerType(
    name="request-interception",
    timing="before",
    sync=True,
    schema=record({"collection": string(required=True), "global": boolean(), "actions": depends(_actions)}),
    events=_events,
    is_global=_is_global,
)
