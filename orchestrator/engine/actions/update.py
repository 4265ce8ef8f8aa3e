"""update: the records that a key or filter means, one statement for all; or a list of records, each by its own key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from orchestrator.engine.actions.action import Action, objects
from orchestrator.engine.links import open_links, pivot_of
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["Update"]


class Update(Action):
    """Replies with a list of records; for a list of values with a list of such lists, for a to-one path with one."""

    event: ClassVar[str | None] = "update"

    #: key of the one row at the end of a to-one path
    _target: Any = None
    #: for each record among the values, whether there was a row that the role may change when guards were asked
    _reaches: Sequence[bool] = ()

    def permit(self, limits: Limits) -> None:
        """The values."""
        self.permit_values(limits)

    def parameters(self) -> list[dict[str, Any]]:
        """Keys, filter and values; each element of a list comes with its own key.

        For rows that the role may not change nothing is judged, and nothing will be written.
        """
        values = self.request.values
        if self._is_to_one:
            if isinstance(values, list):
                raise InvalidError("a list of values cannot be used to update one record")
            self._target = self.find_target(self._association)
            if self._target is None:
                raise NotFoundError("The record does not exist")
        if isinstance(values, list) and is_selective(None, self.request.filter_by_tk):
            raise InvalidError("a list of values names its records itself: filterByTk does not go with it")
        elements = objects(values)
        self._reaches = [self._is_permitted(element) for element in elements]
        return [self._params(element) for element, reaches in zip(elements, self._reaches, strict=True) if reaches]

    def perform(self) -> str | None:
        """The updated records."""
        values = self.request.values
        pairs = zip(objects(values), self._reaches, strict=True)
        found: list[tuple[str, Any]] = [
            self._update_one(element) if reaches else ("[]", ()) for element, reaches in pairs
        ]
        if isinstance(values, list):
            return f"[{','.join(text for text, _ in found)}]"
        ((text, texts),) = found
        return (texts[0] if texts else "null") if self._is_to_one else text

    @property
    def _association(self) -> Any:
        return self.source.association if self.source is not None else None

    @property
    def _is_to_one(self) -> bool:
        return self._association is not None and not self._association.to_many

    def _key(self, values: Mapping[str, Any]) -> Any:
        """What addresses the rows that these values are for."""
        if self._target is not None:
            return self._target
        if not isinstance(self.request.values, list):
            return self.request.filter_by_tk
        columns = self.records.table(self.request.collection).key_columns
        key = {name: values.get(name) for name in columns}
        if not columns or any(part in (None, "") or isinstance(part, list | dict) for part in key.values()):
            raise InvalidError("filterByTk invalid")
        return key[columns[0]] if len(columns) == 1 else key

    def _is_permitted(self, values: Mapping[str, Any]) -> bool:
        if self.limits is None or self.limits.rows(self.request.collection, "update") is None:
            return True
        return self.count(self.selection | {"filter_by_tk": self._key(values)}) > 0

    def _params(self, values: dict[str, Any]) -> dict[str, Any]:
        given = {"filterByTk": self._key(values), "filter": self.request.filter, "values": values}
        return {name: value for name, value in given.items() if value is not None}

    def _update_one(self, values: Mapping[str, Any]) -> tuple[str, Any]:
        """As for an element of a list, with processor time of its own."""
        with self.host.budget():
            return self._update(values)

    def _update(self, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The rows' JSON array, and the JSON of each."""
        selection = self.selection | {"filter_by_tk": self._key(values)}
        through = self._association.through if self._association is not None else None
        if through in values:
            self._update_pivots(values, selection)
        result = self.records.update(
            self.request.collection,
            {name: value for name, value in values.items() if name != through},
            **self.permitted,
            around=lambda: self.exempt(values),
            **selection,
        )
        return result.text, result.texts

    def _update_pivots(self, values: Mapping[str, Any], selection: Mapping[str, Any]) -> None:
        """What is stored with the links of the rows; before the rows themselves, whose JSON shows it."""
        if self.source is None:
            return
        table, association, key = self.source
        options = self.request.options
        pivot = pivot_of(association, values, options.get("whitelist"), options.get("blacklist"))
        keys = [row[association.target_key] for row in self.find((association.target_key,), selection)]
        if pivot and keys:
            open_links(self.records, table, association, key).set_pivot(keys, pivot)
