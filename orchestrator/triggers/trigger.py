"""What a trigger type is: the shape of its configuration, and which events of a table it listens to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.compiler.references import configuration_problems
from orchestrator.compiler.schema import Schema
from orchestrator.errors import Problem

__all__ = ["ACTION_EVENTS", "Event", "Timing", "TriggerType"]

Event = Literal["insert", "update", "delete"]
Timing = Literal["before", "after"]

#: request actions and what they do to rows
ACTION_EVENTS: Mapping[str, frozenset[Event]] = {
    "create": frozenset({"insert"}),
    "update": frozenset({"update"}),
    "updateOrCreate": frozenset({"insert", "update"}),
    "destroy": frozenset({"delete"}),
}


@dataclass(frozen=True, kw_only=True)
class TriggerType:
    """One kind of trigger, by the name that workflows carry in ``type``."""

    name: str
    timing: Timing
    #: True or False where the type decides how its workflows run, None where the workflow does
    sync: bool | None
    schema: Schema
    #: the events that a configuration listens to; empty: it never fires
    events: Callable[[Mapping[str, Any]], frozenset[Event]]
    #: whether it runs without being named by the request
    is_global: Callable[[Mapping[str, Any]], bool]

    def problems(self, config: Any, collections: Collection[str], prefix: str = "") -> list[Problem]:
        """Everything wrong with a configuration; ``prefix`` is where it stands in its document."""
        return configuration_problems(config, self.schema, collections, prefix)

    def runs_sync(self, wanted: bool) -> bool:
        """Whether a workflow of this type runs synchronously when it asks to (or not)."""
        return wanted if self.sync is None else self.sync
