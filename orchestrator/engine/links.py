"""Which rows are related to one row through a to-many or hasOne relation: linked, unlinked, replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.collection import Association, Collection

if TYPE_CHECKING:
    from orchestrator.engine.records import Records

__all__ = ["How", "Links", "associate", "source_of"]

How = Literal["add", "set", "remove", "toggle"]


class Links:
    """The links of one source row by one relation.

    Args:
        source: value of the column that the relation goes by.
    """

    def __init__(self, records: Records, table: Collection, association: Association, source: Any) -> None:
        self._records = records
        self._table = table
        self._association = association
        self.source = source

    def add(self, keys: Sequence[Any], pivot: Mapping[str, Any] | None = None) -> None:
        """Link rows by their target keys; keys of no row are passed over. ``pivot`` is stored with each link."""
        if not keys:
            return
        association = self._association
        if association.type == "belongsToMany":
            self._add_pivots(keys, dict(pivot or {}))
            return
        # rows that are linked already are not touched, so that nothing follows a write that changes nothing
        self._set_foreign_key(
            self.source, {association.target_key: {"$in": list(keys)}, association.foreign_key: {"$ne": self.source}}
        )

    def keep_only(self, keys: Sequence[Any]) -> None:
        """Unlink every row but these."""
        self._unlink({"$notIn": list(keys)})

    def remove(self, keys: Sequence[Any]) -> None:
        """Unlink these rows."""
        if keys:
            self._unlink({"$in": list(keys)})

    def linked(self, keys: Sequence[Any]) -> list[Any]:
        """Those of the keys that are linked."""
        association = self._association
        rows = self._records.find(
            association.target,
            filter={association.target_key: {"$in": list(keys)}},
            association={"collection": self._table.name, "name": association.name, "value": self.source},
            fields=[association.target_key],
        )
        return [row[association.target_key] for row in rows]

    def _unlink(self, which: Mapping[str, Any]) -> None:
        association = self._association
        if association.type == "belongsToMany":
            filter_ = {association.foreign_key: self.source, association.other_key: which}
            self._records.run({"kind": "delete", "collection": association.through, "filter": filter_})
        else:
            self._set_foreign_key(None, {association.foreign_key: self.source, association.target_key: which})

    def _set_foreign_key(self, value: Any, filter_: Mapping[str, Any]) -> None:
        foreign_key = self._association.foreign_key
        self._records.run(
            {
                "kind": "update",
                "collection": self._association.target,
                "columns": [foreign_key],
                "values": to_json({foreign_key: value}),
                "filter": filter_,
            }
        )

    def _add_pivots(self, keys: Sequence[Any], pivot: dict[str, Any]) -> None:
        association = self._association
        through = self._records.table(association.through or "")
        ends = {association.foreign_key, association.other_key}
        columns = {name: value for name, value in pivot.items() if name in through.fields and name not in ends}
        written = {"columns": list(columns), "values": to_json(columns)}
        if columns:
            filter_ = {association.foreign_key: self.source, association.other_key: {"$in": list(keys)}}
            self._records.run({"kind": "update", "collection": through.name, "filter": filter_, **written})
        self._records.run(
            {
                "kind": "link",
                "collection": association.target,
                "association": {"collection": self._table.name, "name": association.name, "value": self.source},
                "filter": {association.target_key: {"$in": list(keys)}},
                **written,
            }
        )


def source_of(association: Association, keys: Mapping[str, Any]) -> Any:
    """The value that the relation goes by, from the raw columns of the source row."""
    value = keys.get(association.source_key)
    if value is None:
        raise InvalidError(f'"{association.name}" needs a value in "{association.source_key}"')
    return value


def associate(
    records: Records, table: Collection, association: Association, key: Any, items: Sequence[Any], how: How
) -> None:
    """Add, set, remove or toggle what one row is related to.

    Args:
        key: ``filterByTk`` of the row.
        items: target keys, or pairs of one with the values of its link.

    Raises:
        NotFoundError: there is no such row.
    """
    column = association.foreign_key if association.type == "belongsTo" else association.source_key
    rows = records.fetch({"kind": "select", "collection": table.name, "keys": [column], "filterByTk": key})
    if not rows:
        raise NotFoundError(f'the record of "{table.name}" does not exist')
    pivots = [item if isinstance(item, list | tuple) else (item, None) for item in items]
    keys = [target for target, *_ in pivots]
    if not association.to_many and (how == "toggle" or len(keys) > 1):
        raise InvalidError(f'"{association.name}" relates to one record')
    if association.type == "belongsTo":
        if how in {"set", "remove"}:
            new = keys[0] if keys and how == "set" else None
            records.update(table.name, {column: new}, filter_by_tk=key, rendering=None)
        return
    links = Links(records, table, association, source_of(association, records.keys_of(rows[0])))
    if how == "toggle":
        linked = set(links.linked(keys))
        links.remove([target for target in keys if target in linked])
        links.add([target for target in keys if target not in linked])
        return
    if how == "remove":
        links.remove(keys) if association.to_many else links.keep_only([])
        return
    if how == "set":
        links.keep_only(keys)
    if association.to_many or how == "set":
        plain = [target for target, *pivot in pivots if not pivot or not pivot[0]]
        links.add(plain)
        for target, *pivot in pivots:
            if pivot and pivot[0]:
                links.add([target], pivot[0])
