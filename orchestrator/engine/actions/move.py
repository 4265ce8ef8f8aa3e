"""move: a record gets another place in an order that a column keeps, and those in between move along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from orchestrator.engine.actions.action import Action
from orchestrator.engine.encoding import to_json
from orchestrator.engine.references import demand_visible
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.collection import Field
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["Move"]

#: the same lock as orchestrator.next_sort() takes
_LOCK = (
    "select pg_catalog.pg_advisory_xact_lock("
    "'orchestrator.fields'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int4,"
    " $1::pg_catalog.oid::pg_catalog.int4)::pg_catalog.text as locked"
)
_MOVING = "select pg_catalog.set_config('orchestrator.moving', $1, true) as moving"


class _Place(NamedTuple):
    """Where a row is: the value that its order is kept for, and its position there."""

    key: Any
    scope: Any
    position: Any


class Move(Action):
    """Guards that the request is bound to judge the request; global ones judge each row that really changes."""

    event: ClassVar[str | None] = None

    def permit(self, limits: Limits) -> None:
        """Rows that it may update are moved, and moved to; those in between move as a consequence."""
        limits.demand(self.request.collection, "update")

    def parameters(self) -> list[dict[str, Any]]:
        """The key of the record."""
        self._demand_field()
        return [{"filterByTk": self._asked["sourceId"]}] if self._asked.get("sourceId") is not None else []

    def perform(self) -> str | None:
        """Always "ok": where nothing says whereto, nothing is moved."""
        asked = self._asked
        if asked.get("sourceId") is None or not any(name in asked for name in ("targetId", "sticky", "targetScope")):
            return '"ok"'
        self.host.fetch(_LOCK, [str(self._table.oid)])
        source = self._find(asked["sourceId"])
        with self.watch(), self._silently():
            if "targetId" in asked:
                self._move_to(source, self._find(asked["targetId"]))
            elif "targetScope" in asked:
                self._change_scope(source, asked["targetScope"])
            else:
                self._put(source, source.scope, self._before(source, source.scope))
        return '"ok"'

    # -- what was asked --------------------------------------------------------------------------------------------

    @property
    def _asked(self) -> Mapping[str, Any]:
        asked: Mapping[str, Any] = self.request.options.get("move") or {}
        return asked

    @cached_property
    def _table(self) -> Any:
        return self.records.table(self.request.collection)

    @property
    def _name(self) -> str:
        below = self.source.association if self.source is not None else None
        default = f"{below.foreign_key}Sort" if below is not None and below.type == "hasMany" else "sort"
        return str(self._asked.get("sortField") or default)

    @cached_property
    def _field(self) -> Field:
        field: Field = self._table.fields[self._name]
        return field

    def _demand_field(self) -> None:
        field = self._table.fields.get(self._name)
        if field is None or field.type != "sort":
            raise InvalidError(f"{self._name} is not a sort field")

    def _find(self, key: Any) -> _Place:
        if not is_selective(None, key) or isinstance(key, list):
            raise InvalidError("filterByTk invalid")
        keys, scope = self._table.key_columns, self._field.scope_key
        columns = [*keys, self._name, *([scope] if scope else ())]
        rows = self.records.fetch(
            {
                **self.selection,
                "kind": "select",
                "collection": self._table.name,
                "filter": None,
                "filterByTk": key,
                "keys": sorted(set(columns)),
                "locked": True,
            },
            "update",
        )
        if not rows:
            raise NotFoundError(f'the record of "{self._table.name}" does not exist')
        row = self.records.keys_of(rows[0])
        return _Place(
            row[keys[0]] if len(keys) == 1 else {name: row[name] for name in keys},
            row[scope] if scope else None,
            row[self._name],
        )

    # -- moving ----------------------------------------------------------------------------------------------------

    def _move_to(self, source: _Place, target: _Place) -> None:
        """Take the target's place, or the one behind it."""
        if source.key == target.key:
            return
        same = source.scope == target.scope
        if target.position is None or (same and source.position in (None, target.position)):
            # rows that share a place, or have none, have an order all the same
            self._renumber(target.scope)
            source, target = self._find(source.key), self._find(target.key)
        behind = int(self._asked.get("method") == "insertAfter")
        if same and source.position < target.position:
            place = target.position
            self._shift(-1, target.scope, source.position + 1, place)
        else:
            place = target.position + behind
            self._shift(1, target.scope, place, source.position - 1 if same else None)
        self._put(source, target.scope, place)

    def _change_scope(self, source: _Place, wanted: Any) -> None:
        """Go behind all others of another scope, or before them."""
        name = self._field.scope_key
        if not isinstance(wanted, Mapping) or name is None or name not in wanted:
            raise InvalidError(f'"targetScope" must name the scope of "{self._name}"')
        scope = wanted[name]
        if self._asked.get("method") == "prepend":
            self._put(source, scope, self._before(source, scope))
        elif _text(scope) != _text(source.scope):
            last = self._extreme("max", scope)
            self._put(source, scope, last + 1 if last is not None else 1)

    def _before(self, source: _Place, scope: Any) -> int:
        """A position before all others."""
        first = self._extreme("min", scope, but=source)
        return 0 if first is None else min(0, first - 1)

    def _extreme(self, function: str, scope: Any, but: _Place | None = None) -> int | None:
        conditions = [self._within(scope)]
        if but is not None:
            key = but.key if isinstance(but.key, Mapping) else {self._table.key_columns[0]: but.key}
            conditions.append({"$or": [{name: {"$ne": value}} for name, value in key.items()]})
        value = self.records.unlimited.aggregate(self._table.name, function, self._name, filter={"$and": conditions})
        return None if value is None else int(value)

    def _within(self, scope: Any) -> dict[str, Any]:
        """The rows whose order is kept together."""
        name = self._field.scope_key
        return {} if name is None else {name: {"$eq": scope}}

    def _shift(self, by: int, scope: Any, first: int, last: int | None) -> None:
        between = {"$gte": first} if last is None else {"$gte": first, "$lte": last}
        self._number("shift", {"$and": [self._within(scope), {self._name: between}]}, by=by)

    def _renumber(self, scope: Any) -> None:
        self._number("renumber", self._within(scope))

    def _number(self, kind: str, filter_: Mapping[str, Any], **more: Any) -> None:
        request = {"kind": kind, "collection": self._table.name, "field": self._name, "filter": filter_}
        self.records.unlimited.run({**request, **more})

    def _put(self, source: _Place, scope: Any, position: int) -> None:
        values = {self._name: position}
        if self._field.scope_key is not None and _text(scope) != _text(source.scope):
            values[self._field.scope_key] = scope
            if self.limits is not None:
                self.limits.demand(self._table.name, "update", self._field.scope_key)
                demand_visible(self.records, self._table, {self._field.scope_key: scope})
        self.records.unlimited.run(
            {
                "kind": "update",
                "collection": self._table.name,
                "filterByTk": source.key,
                "columns": list(values),
                "values": to_json(values),
            }
        )

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """Around statements that are no change of the rows themselves: the time of that stays."""
        self.host.fetch(_MOVING, [str(self._table.oid)])
        yield
        # a failure takes the setting back with everything else
        self.host.fetch(_MOVING, [""])


def _text(value: Any) -> str | None:
    """A value as a query has it."""
    return None if value is None else value if isinstance(value, str) else to_json(value)
