"""Who writes: the believed user and role, the login, and the workflows the write is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.port import Port

__all__ = ["Actor", "Binding", "actor_of", "parse_bindings", "read_actor"]


@dataclass(frozen=True, slots=True)
class Binding:
    """``key`` or ``key!path``: a local workflow, and the to-one associations to walk from the written record."""

    key: str
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class Actor:
    """As the database vouches for it; a setting that anybody may set is not asked."""

    user: dict[str, Any] | None
    role_name: str | None
    db_user: str
    bindings: tuple[Binding, ...]
    #: JSON of the members that every context of this write has in common
    json: str

    def context(self) -> dict[str, Any]:
        """The members that a workflow sees."""
        return {"user": self.user, "roleName": self.role_name, "dbUser": self.db_user}


def parse_bindings(text: str | None) -> tuple[Binding, ...]:
    """``key1,key2!category.parent`` in the order given, a key once."""
    bindings: dict[tuple[str, tuple[str, ...]], Binding] = {}
    for part in (text or "").split(","):
        key, _, path = part.strip().partition("!")
        if key:
            binding = Binding(key, tuple(p for p in path.split(".") if p))
            bindings.setdefault((binding.key, binding.path), binding)
    return tuple(bindings.values())


def read_actor(port: Port) -> Actor:
    """Ask the database who this is."""
    row = port.fetch("select orchestrator.actor()::pg_catalog.text as actor")[0]
    return actor_of(from_json(row["actor"]))


def actor_of(data: Mapping[str, Any]) -> Actor:
    """The actor that ``orchestrator.actor()`` describes."""
    actor = Actor(
        user=data.get("user"),
        role_name=data.get("roleName"),
        db_user=data["dbUser"],
        bindings=parse_bindings(data.get("triggerWorkflows")),
        json="",
    )
    actor.json = to_json(actor.context())[1:-1]
    return actor
