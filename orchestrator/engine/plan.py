"""Plans: what runs at each event of one table, as the generated functions carry it by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import from_json
from orchestrator.errors import SerializationError

if TYPE_CHECKING:
    from orchestrator.engine.guard import Guard

__all__ = ["Columns", "Plan"]


_MOST_ARGUMENTS = 98


class Columns:
    """The columns that a generated function passes on, and how their values become the engine's."""

    __slots__ = ("context", "decoded", "kinds", "names", "wide")

    def __init__(self, columns: Sequence[Mapping[str, Any]]) -> None:
        self.names: tuple[str, ...] = tuple(c["name"] for c in columns)
        #: writes the context of an inserted row; made when history first asks
        self.context: Callable[[Sequence[Any]], str] | None = None
        #: more columns than a function takes arguments: they come as JSON arrays
        self.wide = 2 * len(columns) > _MOST_ARGUMENTS
        self.kinds: tuple[tuple[str, str], ...] = tuple((c["name"], c["kind"]) for c in columns)
        self.decoded: tuple[str, ...] = tuple(c["name"] for c in columns if c.get("json"))

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        """The record of positional values."""
        names = self.names
        if self.wide and len(values) < len(names):
            values = _unpacked(values)
        row = dict(zip(names, values, strict=True))
        for name in self.decoded:
            if row[name] is not None:
                row[name] = from_json(row[name])
        return row

    def rows(self, values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The new and the old record of an update."""
        width = len(self.names)
        if len(values) < 2 * width:
            values = _unpacked(values)
        return self.row(values[:width]), self.row(values[width:])

    def arranged(self, values: Sequence[Any], event: str, wanted: Columns) -> list[Any]:
        """Values in these columns' order, as another plan of the table wants them.

        Raises:
            SerializationError: a column that the other plan reads is not among them.
        """
        rows = 2 if event == "update" else 1
        width = len(self.names)
        flat = _unpacked(values) if len(values) < rows * width else values
        places = {name: place for place, name in enumerate(self.names)}
        if not places.keys() >= set(wanted.names):
            raise SerializationError
        return [flat[row * width + places[name]] for row in range(rows) for name in wanted.names]


def _unpacked(parts: Sequence[str]) -> list[Any]:
    """Values of a wide table, whose columns travel as JSON arrays."""
    return [value for part in parts for value in from_json(part)]


class Plan:
    """One immutable plan of a collection.

    Attributes:
        before: event to ids of the programs of global guards, ascending by workflow.
        after: event to the programs that follow a write; see :mod:`orchestrator.engine.follow`.
        watched: columns that the guards' programs read of the judged values, None for any of them.
    """

    __slots__ = (
        "after",
        "before",
        "bindable",
        "cascades",
        "closes",
        "collection",
        "columns",
        "guards",
        "id",
        "key",
        "published_at",
        "watched",
    )

    def __init__(self, plan_id: int, data: Mapping[str, Any]) -> None:
        self.id = plan_id
        #: seconds since the epoch; the beginning of the publishing transaction
        self.published_at = float(data.get("publishedAt") or 0)
        self.collection: str = data["collection"]
        self.columns = Columns(data["columns"])
        #: primary key: a column, several, or none
        self.key: str | tuple[str, ...] | None = tuple(data["key"]) if isinstance(data["key"], list) else data["key"]
        self.before: dict[str, tuple[int, ...]] = {e: tuple(ids) for e, ids in data["before"].items()}
        #: event to the global guards themselves, made when they first judge
        self.guards: dict[str, list[Guard]] = {}
        #: whether a local guard may be bound to a write
        self.bindable = bool(data.get("bindable"))
        #: whether a trigger after each statement ends its frame
        self.closes = bool(data.get("closes"))
        self.after: dict[str, list[dict[str, Any]]] = data["after"]
        self.cascades: frozenset[str] = frozenset(data.get("cascades") or ())
        watched = data.get("watched")
        self.watched: frozenset[str] | None = None if watched is None else frozenset(watched)

    def key_of(self, row: Mapping[str, Any]) -> Any:
        """``filterByTk`` of a record."""
        if self.key is None:
            return None
        if isinstance(self.key, str):
            return row.get(self.key)
        return {name: row.get(name) for name in self.key}
