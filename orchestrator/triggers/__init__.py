"""Trigger types: one module each, registered by the name that workflows carry in ``type``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.errors import Problem
from orchestrator.triggers import action, collection, request_interception
from orchestrator.triggers.trigger import Event, TriggerType

__all__ = ["TRIGGER_TYPES", "Event", "TriggerType", "trigger_problems", "type_problem"]

TRIGGER_TYPES: Mapping[str, TriggerType] = {
    module.TRIGGER.name: module.TRIGGER for module in (request_interception, action, collection)
}


def type_problem(name: Any) -> str | None:
    """What is wrong with a workflow's type, None when it is registered."""
    if name is None or name == "":
        return "Trigger type is required"
    if not isinstance(name, str):
        return '"type" must be a string'
    return None if name in TRIGGER_TYPES else f'Trigger type "{name}" is not registered'


def trigger_problems(name: Any, config: Any, collections: Collection[str], prefix: str = "") -> list[Problem]:
    """Everything wrong with a trigger's type and configuration, as workflows:create reports it."""
    message = type_problem(name)
    if message is not None:
        return [Problem("type", message)]
    return TRIGGER_TYPES[name].problems(config, collections, prefix)
