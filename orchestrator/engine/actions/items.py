"""add, set, remove and toggle on a column that holds a list: an update of its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orchestrator.engine.actions.relate import Relate
from orchestrator.engine.encoding import to_json
from orchestrator.engine.links import locked_row
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits
    from orchestrator.model.collection import Field

__all__ = ["Items"]


class Items(Relate):
    """Each item is there once, and texts are in order."""

    event: ClassVar[str | None] = "update"

    _values: Mapping[str, Any]

    def permit(self, limits: Limits) -> None:
        """The row, and the column in it."""
        table = self.records.table(self.request.collection)
        self.permit_source(limits, table, str(self.request.options["field"]), self.request.options.get("sourceId"))

    def parameters(self) -> list[dict[str, Any]]:
        """The row's key, and the whole list as it will be."""
        name, key = str(self.request.options["field"]), self.request.options.get("sourceId")
        table = self.records.table(self.request.collection)
        field = table.fields.get(name)
        if field is None or not field.listed:
            raise NotFoundError(f'"{table.name}" has no list "{name}"')
        given = self._items()
        if given is None:
            raise InvalidError(f'to {self._how} "{name}", items are needed')
        row = locked_row(self.records, table, name, key, "update")
        self._values = {name: self._changed(field, row[name] or [], given)}
        return [{"filterByTk": key, "values": self._values}]

    def perform(self) -> str | None:
        """Nothing; "ok" for a toggle."""
        key = self.request.options.get("sourceId")
        self.records.update(
            self.request.collection,
            self._values,
            filter_by_tk=key,
            user_id=self.user_id,
            around=lambda: self.exempt(self._values),
        )
        return '"ok"' if self._how == "toggle" else None

    def _changed(self, field: Field, present: list[Any], given: list[Any]) -> list[Any]:
        # elements of an array are of one type, whether the client sends them as texts or not
        text_of = _text if field.array else to_json
        before, named = ({text_of(item): item for item in items} for items in (present, given))
        added = {text: item for text, item in named.items() if text not in before}
        match self._how:
            case "add":
                wanted = before | added
            case "set":
                wanted = named
            case "remove" | "toggle":
                wanted = {text: item for text, item in before.items() if text not in named}
                if self._how == "toggle":
                    wanted |= added
        items = list(wanted.values())
        return sorted(items) if all(isinstance(item, str) for item in items) else items


def _text(item: Any) -> str:
    return item if isinstance(item, str) else to_json(item)
