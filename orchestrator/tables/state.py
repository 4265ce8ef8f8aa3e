"""Collections as they are: tables, columns, keys and fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.compiler.ddl import TableName
from orchestrator.engine.port import Port

__all__ = ["ForeignKey", "State", "read_states"]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of one column."""

    name: str
    column: str
    target: str
    target_column: str
    on_delete: str


@dataclass(kw_only=True, slots=True)
class State:
    """A collection, changed along with its table. ``created`` is None for tables of our own."""

    name: str
    table: TableName
    key: Any
    created: bool | None
    #: type by column
    columns: dict[str, str]
    not_null: set[str] = field(default_factory=set)
    keys: list[ForeignKey] = field(default_factory=list)
    #: name of the constraint by column
    unique: dict[str, str] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def single_key(self) -> str:
        """The column that other tables refer to."""
        return self.key if isinstance(self.key, str) else "id"


def read_states(port: Port) -> dict[str, State]:
    """Every collection, by name."""
    states = port.fetch("select orchestrator.collection_states() as states")[0]["states"]
    return {name: _state(name, found) for name, found in states.items()}


def _state(name: str, found: dict[str, Any]) -> State:
    columns = found["columns"] or {}
    return State(
        name=name,
        table=TableName(found["schema"], found["table"]),
        key=found["key"],
        created=found["created"],
        columns={column: described["type"] for column, described in columns.items()},
        not_null={column for column, described in columns.items() if described["notNull"]},
        keys=[
            ForeignKey(key["name"], key["column"], key["target"], key["targetColumn"], key["onDelete"])
            for key in found["keys"]
        ],
        unique={entry["column"]: entry["name"] for entry in found["unique"]},
        indexed=set(found["indexed"]),
        fields=dict(found["fields"]),
    )
