"""destroy: the records that a key or filter means; behind a join table their links to the row above go first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from orchestrator.engine.actions.action import Action
from orchestrator.engine.encoding import to_json
from orchestrator.engine.links import Links, open_links
from orchestrator.errors import ForbiddenError
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["Destroy"]


class Destroy(Action):
    """Replies with how many records it removed; on a path through a relation with true."""

    event: ClassVar[str | None] = "delete"

    #: key of the one row at the end of a to-one path
    _target: Any = None

    def permit(self, limits: Limits) -> None:
        """Rows that are named by their keys; whether one is missing or not the role's to remove is not told."""
        limits.demand(self.request.collection, "destroy")
        keys = self.request.filter_by_tk
        if self._is_to_one or not is_selective(None, keys) or limits.rows(self.request.collection, "destroy") is None:
            return
        named = len({to_json(key) for key in keys}) if isinstance(keys, list) else 1
        if self.count(self.selection | {"filter": None}) < named:
            raise ForbiddenError

    def parameters(self) -> list[dict[str, Any]]:
        """Keys and filter; nothing to judge where a to-one path leads nowhere."""
        if self._is_to_one and self.source is not None:
            self._target = self.find_target(self.source.association)
            if self._target is None:
                return []
        given = {"filterByTk": self._selection["filter_by_tk"], "filter": self.request.filter}
        return [{name: value for name, value in given.items() if value is not None}]

    def perform(self) -> str | None:
        """The number of records, or true."""
        if self.source is None:
            return str(self._destroy(self._selection))
        if self.source.association.type == "belongsToMany":
            self._destroy_linked()
        elif not self._is_to_one or self._target is not None:
            self._destroy(self._selection)
        return "true"

    @property
    def _is_to_one(self) -> bool:
        return self.source is not None and not self.source.association.to_many

    @property
    def _selection(self) -> dict[str, Any]:
        return self.selection if self._target is None else self.selection | {"filter_by_tk": self._target}

    def _destroy(self, selection: dict[str, Any]) -> int:
        return self.records.destroy(self.request.collection, around=lambda: self.exempt({}), **selection).count

    def _destroy_linked(self) -> None:
        """The links of the row above, and what they led to; other rows' links are what foreign keys say of them."""
        if self.source is None:
            return
        table, association, key = self.source
        columns = (association.target_key,)
        if not self.find(columns, self.selection):
            return
        links = open_links(self.records, table, association, key)
        # once more: until now others could change the links
        keys = [row[association.target_key] for row in self.find(columns, self.selection)]
        if not keys:
            return
        records = self.records.unlimited
        Links(records, table, association, links.source).remove(keys)
        filter_ = {association.target_key: {"$in": keys}}
        records.destroy(self.request.collection, around=lambda: self.exempt({}), filter=filter_)
