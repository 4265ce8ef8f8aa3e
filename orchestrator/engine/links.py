"""Which rows are related to one row through a to-many or hasOne relation: linked, unlinked, replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.engine.encoding import to_json
from orchestrator.engine.references import is_visible, missing
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.collection import Association, Collection
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.records import Records

__all__ = ["How", "Links", "associate", "locked_row", "open_links", "pivot_of", "refer", "source_of", "source_row"]

How = Literal["add", "set", "remove", "toggle"]

#: a target key with the values of its link
Pair = tuple[Any, Mapping[str, Any] | None]

#: columns of a link that say who made and who changed it; over HTTP nobody may say it himself
_SIGNATURES = frozenset({"createdById", "updatedById"})


class Links:
    """The links of one source row by one relation.

    Whatever rows a role does not see are not linked, and stay linked: they are not there for it.

    Args:
        source: value of the column that the relation goes by.
    """

    def __init__(self, records: Records, table: Collection, association: Association, source: Any) -> None:
        self._records = records.unlimited
        self._visible = records.visible(association.target)
        self._limits = records.limits
        self._table = table
        self._association = association
        self.source = source

    def add(self, keys: Sequence[Any], pivot: Mapping[str, Any] | None = None, *, but: Sequence[Any] = ()) -> None:
        """Link rows by their target keys, ``but`` for some; keys of no row are passed over.

        ``pivot`` is stored with each link, also with those that are there already.
        """
        if not keys:
            return
        association = self._association
        which = {"$in": list(keys), "$notIn": list(but)}
        if association.type == "belongsToMany":
            self.set_pivot(self._seen(which) if pivot and self._visible else keys, pivot or {})
            self._add_pivots(which, pivot or {})
            return
        # rows that are linked already are not touched, so that nothing follows a write that changes nothing
        self._set_foreign_key(
            self.source, {association.target_key: which, association.foreign_key: {"$ne": self.source}}
        )

    def keep_only(self, keys: Sequence[Any]) -> None:
        """Unlink every row but these."""
        self._unlink({"$notIn": list(keys)})

    def remove(self, keys: Sequence[Any]) -> None:
        """Unlink these rows."""
        if keys:
            self._unlink({"$in": list(keys)})

    def toggle(self, pairs: Sequence[Pair]) -> None:
        """Unlink those rows that are linked, and link the others."""
        association = self._association
        rows = self._records.fetch(
            {
                "kind": "select",
                "collection": association.target,
                "filter": {association.target_key: {"$in": [key for key, _ in pairs]}},
                "association": {"collection": self._table.name, "name": association.name, "value": self.source},
                "keys": [association.target_key],
                **self._visible,
            }
        )
        linked = [self._records.keys_of(row)[association.target_key] for row in rows]
        self.remove(linked)
        self.add_pairs(pairs, but=linked)

    def set(self, pairs: Sequence[Pair]) -> None:
        """Link these rows, and no others."""
        self.keep_only([key for key, _ in pairs])
        self.add_pairs(pairs)

    def add_pairs(self, pairs: Sequence[Pair], *, but: Sequence[Any] = ()) -> None:
        """Link rows, each with values of its own."""
        self.add([key for key, pivot in pairs if not pivot], but=but)
        for key, pivot in pairs:
            if pivot:
                self.add([key], pivot, but=but)

    def set_pivot(self, keys: Sequence[Any], pivot: Mapping[str, Any]) -> None:
        """Store values with the links of these rows."""
        association = self._association
        columns = self._pivot_columns(pivot)
        if columns:
            filter_ = {association.foreign_key: self.source, association.other_key: {"$in": list(keys)}}
            rows = None if self._limits is None else self._limits.rows(association.through or "", "update")
            self._records.run(
                {
                    "kind": "update",
                    "collection": association.through,
                    "filter": filter_,
                    **({} if rows is None else {"scope": rows}),
                    "columns": list(columns),
                    "values": to_json(columns),
                }
            )

    def _unlink(self, which: Mapping[str, Any]) -> None:
        association = self._association
        if association.type == "belongsToMany":
            if self._visible:
                which = {"$in": self._seen(which)}
            filter_ = {association.foreign_key: self.source, association.other_key: which}
            self._records.run({"kind": "delete", "collection": association.through, "filter": filter_})
        else:
            self._set_foreign_key(None, {association.foreign_key: self.source, association.target_key: which})

    def _seen(self, which: Mapping[str, Any]) -> list[Any]:
        """Target keys of rows that the role sees."""
        column = self._association.target_key
        request = {"kind": "select", "collection": self._association.target, "keys": [column]}
        rows = self._records.fetch({**request, "filter": {column: which}, **self._visible})
        return [self._records.keys_of(row)[column] for row in rows]

    def _set_foreign_key(self, value: Any, filter_: Mapping[str, Any]) -> None:
        foreign_key = self._association.foreign_key
        self._records.run(
            {
                "kind": "update",
                "collection": self._association.target,
                "columns": [foreign_key],
                "values": to_json({foreign_key: value}),
                "filter": filter_,
                **self._visible,
            }
        )

    def _add_pivots(self, which: Mapping[str, Any], pivot: Mapping[str, Any]) -> None:
        association = self._association
        columns = self._pivot_columns(pivot)
        self._records.run(
            {
                "kind": "link",
                "collection": association.target,
                "association": {"collection": self._table.name, "name": association.name, "value": self.source},
                "filter": {association.target_key: which},
                "columns": list(columns),
                "values": to_json(columns),
                **self._visible,
            }
        )

    def _pivot_columns(self, pivot: Mapping[str, Any]) -> dict[str, Any]:
        """What a client may store with a link: not what identifies it, nor who made it."""
        association = self._association
        through = self._records.table(association.through or "")
        fixed = {association.foreign_key, association.other_key, *through.key_columns, *_SIGNATURES}
        return {
            name: value
            for name, value in pivot.items()
            if name not in fixed and name in through.fields and through.fields[name].writable
        }


def source_of(association: Association, keys: Mapping[str, Any]) -> Any:
    """The value that the relation goes by, from the raw columns of the source row."""
    value = keys.get(association.source_key)
    if value is None:
        raise InvalidError(f'"{association.name}" needs a value in "{association.source_key}"')
    return value


def source_row(
    records: Records, table: Collection, association: Association, key: Any, action: str | None = None
) -> dict[str, Any]:
    """The column of the addressed row that the relation goes by, raw; see locked_row."""
    if association.type == "belongsToArray":
        raise InvalidError(f'"{association.name}" is a list of keys: it is written with the record itself')
    column = association.foreign_key if association.type == "belongsTo" else association.source_key
    return locked_row(records, table, column, key, action)


def locked_row(records: Records, table: Collection, column: str, key: Any, action: str | None = None) -> dict[str, Any]:
    """A column of the addressed row, raw; of a row that the role may see, or do the action to.

    The row stays locked until the transaction ends: who changes its links does so after those before him.

    Raises:
        NotFoundError: there is no such row.
    """
    request = {"kind": "select", "collection": table.name, "keys": [column], "filterByTk": key, "locked": True}
    rows = records.fetch(request, action) if is_selective(None, key) else []
    if not rows:
        raise NotFoundError(f'the record of "{table.name}" does not exist')
    if len(rows) > 1:
        raise InvalidError(f'the key means several records of "{table.name}"')
    return records.keys_of(rows[0])


def open_links(records: Records, table: Collection, association: Association, key: Any) -> Links:
    """The links of the addressed row; see source_row."""
    return Links(records, table, association, source_of(association, source_row(records, table, association, key)))


def refer(
    records: Records, table: Collection, association: Association, key: Any, target: Any, user_id: int | None
) -> None:
    """Let the addressed row, which has been looked at, refer to the target row of a key, or to none."""
    values = {association.foreign_key: target}
    records.unlimited.update(table.name, values, filter_by_tk=key, rendering=None, user_id=user_id)


def pivot_of(
    association: Association,
    values: Mapping[str, Any],
    whitelist: Sequence[str] | None = None,
    blacklist: Sequence[str] | None = None,
) -> Mapping[str, Any] | None:
    """What the values of a target row say about its link, under the name of the through-collection."""
    name = association.through
    pivot = values.get(name) if name is not None else None
    if not isinstance(pivot, Mapping) or name in (blacklist or ()):
        return None
    if whitelist is not None and name not in {item.partition(".")[0] for item in whitelist}:
        return None
    return pivot


def associate(
    records: Records,
    table: Collection,
    association: Association,
    key: Any,
    items: Sequence[Any],
    how: How,
    user_id: int | None = None,
) -> None:
    """Add, set, remove or toggle what one row is related to.

    Args:
        key: ``filterByTk`` of the row.
        items: target keys, or pairs of one with the values of its link.

    Raises:
        NotFoundError: there is no such row.
    """
    pairs = list({to_json(target): (target, pivot) for target, pivot in map(_pair, items)}.values())
    if not association.to_many and (how == "toggle" or len(pairs) > 1):
        raise InvalidError(f'"{association.name}" relates to one record')
    source = source_row(records, table, association, key, "update")
    if not association.to_many:
        if how == "set" and pairs:
            target = pairs[0][0]
            if not is_visible(records, association.target, association.target_key, target):
                raise missing(association.name, association.target)
        if how == "add":
            return
        pairs = pairs if how == "set" else []
    if association.type == "belongsTo":
        new = pairs[0][0] if pairs else None
        if new is not None or source[association.foreign_key] is not None:
            refer(records, table, association, key, new, user_id)
        return
    links = Links(records, table, association, source_of(association, source))
    if how == "toggle":
        links.toggle(pairs)
    elif how == "add":
        links.add_pairs(pairs)
    elif how == "set" or not association.to_many:
        links.set(pairs)
    else:
        links.remove([target for target, _ in pairs])


def _pair(item: Any) -> Pair:
    target, pivot = item if isinstance(item, list | tuple) and len(item) == 2 else (item, None)
    if isinstance(target, bool | list | tuple | Mapping) or target is None or not isinstance(pivot, Mapping | None):
        raise InvalidError(f"{to_json(item)} is not the key of a record")
    return target, pivot
