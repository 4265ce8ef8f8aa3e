"""add, set, remove and toggle: what a row is related to, without writing what it is related to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from orchestrator.engine.actions.action import Action
from orchestrator.engine.links import How
from orchestrator.errors import ForbiddenError, InvalidError
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["Relate"]


class Relate(Action):
    """Guards that the request is bound to judge the request; global ones judge each row that really changes."""

    event: ClassVar[str | None] = None

    def permit(self, limits: Limits) -> None:
        """The source's row; values of links by permissions of their own."""
        if self.source is None:
            raise ForbiddenError
        table, association, key = self.source
        self.permit_source(limits, table, association.name, key)
        values = self.request.values
        if isinstance(values, list):
            self.request = replace(self.request, values=[self._permitted(limits, item) for item in values])

    def parameters(self) -> list[dict[str, Any]]:
        """The keys as they were given, in the query or the body."""
        given = {"filterByTk": self._queried, "values": self.request.values}
        return [{name: value for name, value in given.items() if value not in (None, {})}]

    def perform(self) -> str | None:
        """Nothing; "ok" for a toggle."""
        if self.source is None:
            raise InvalidError(f'"{self.request.action}" needs a path through a relation')
        table, association, key = self.source
        items = self._items()
        if items is None and (association.to_many or self._how == "set"):
            raise InvalidError(f'to {self._how} "{association.name}", keys of records are needed')
        with self.watch():
            self.records.associate(table.name, key, association.name, items or [], self._how, user_id=self.user_id)
        return '"ok"' if self._how == "toggle" else None

    @property
    def _how(self) -> How:
        return cast(How, self.request.action)

    @property
    def _queried(self) -> Any:
        both = (self.request.filter_by_tk, self.request.options.get("filterByTks"))
        return next((keys for keys in both if is_selective(None, keys)), None)

    def _items(self) -> list[Any] | None:
        """Keys, or pairs of one with the values of its link: of the query, else of the body; None without any."""
        given = self.request.values if self._queried is None else self._queried
        if given is None or given == {}:
            return None
        items = given if isinstance(given, list) else [given]
        return items if self.limits is None else [self._permitted(self.limits, item) for item in items]

    def _permitted(self, limits: Limits, item: Any) -> Any:
        """An item with those values of its link that the role may store."""
        through = self.source.association.through if self.source is not None else None
        if through is None or not isinstance(item, list) or len(item) != 2:
            return item
        return [item[0], limits.rules(self.records).pivot(through, item[1], "create", "update")]
