"""action: after a user's own create or update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.compiler.schema import array, boolean, record, string
from orchestrator.triggers.trigger import ACTION_EVENTS, Event, TriggerType

__all__ = ["TRIGGER"]

_ACTIONS = ("create", "update")


def _events(config: Mapping[str, Any]) -> frozenset[Event]:
    # a local one runs for whatever request names it; a global one without actions never
    actions = (config.get("actions") or ()) if _is_global(config) else _ACTIONS
    return frozenset().union(*(ACTION_EVENTS[action] for action in actions if action in _ACTIONS))


def _is_global(config: Mapping[str, Any]) -> bool:
    return bool(config.get("global"))


TRIGGER = TriggerType(
    name="action",
    timing="after",
    sync=None,
    schema=record(
        {
            "collection": string(required=True),
            "global": boolean(),
            "actions": array(string(enum=_ACTIONS), nullable=True),
            "appends": array(string(), nullable=True),
        }
    ),
    events=_events,
    is_global=_is_global,
)
