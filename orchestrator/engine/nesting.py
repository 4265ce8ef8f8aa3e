"""Records nested in the values of a write.

What a value means, by its form:

    scalar                     link the row of this target key
    object with its key        link that row; its other values are ignored, unless the relation's path may be updated
    object without a key       create the row and link it
    null, []                   unlink

A to-many value of an update is the whole set: rows not mentioned are unlinked. Rows that a belongsTo refers to are
written before the row itself, all others after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.engine.encoding import to_json
from orchestrator.engine.links import Links, pivot_of, source_of
from orchestrator.engine.references import is_visible, missing
from orchestrator.engine.variables import UNDEFINED
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection
from orchestrator.model.reference import key_named

if TYPE_CHECKING:
    from orchestrator.engine.records import Records

__all__ = ["Nesting"]


class Nesting:
    """The relations among the values of one write.

    Args:
        updatable: paths of relations whose rows may be changed, and not only linked.
    """

    def __init__(
        self,
        records: Records,
        table: Collection,
        values: Mapping[str, Any],
        *,
        rendering: Literal["wire", "context"],
        updatable: Sequence[str],
        user_id: int | None,
    ) -> None:
        self._records = records
        self._table = table
        self._rendering = rendering
        self._updatable = tuple(updatable)
        self._user_id = user_id
        given = [
            (table.associations[name], value)
            for name, value in values.items()
            if name in table.associations and value is not UNDEFINED
        ]
        self._parents = [(a, value) for a, value in given if a.type == "belongsTo"]
        self._lists = [(a, value) for a, value in given if a.type == "belongsToArray"]
        self._children = [(a, value) for a, value in given if a.type not in {"belongsTo", "belongsToArray"}]
        #: name of the relation and its JSON, of parents that the reply shows
        self._shown: list[tuple[str, str]] = []

    @property
    def source_columns(self) -> set[str]:
        """Columns that must be known of the written row."""
        return {association.source_key for association, _ in self._children}

    @property
    def lists(self) -> list[Association]:
        """Relations whose keys a column of the row lists."""
        return [association for association, _ in self._lists]

    @property
    def has_children(self) -> bool:
        return bool(self._children)

    def write_parents(self) -> dict[str, Any]:
        """Foreign keys of the row, their rows written."""
        columns: dict[str, Any] = {}
        for association, value in self._parents:
            if isinstance(value, list | tuple):
                raise InvalidError(f"The value of '{association.name}' cannot be in array format")
            if not isinstance(value, Mapping):
                self._demand_visible(association, value)
                columns[association.foreign_key] = value
                continue
            key, text = self._write_object(association, value)
            if key is not None:
                columns[association.foreign_key] = key
            if text is not None:
                self._shown.append((association.name, text))
        for association, value in self._lists:
            columns[association.foreign_key] = self._write_list(association, value)
        return columns

    def write_children(self, row: Mapping[str, Any], *, created: bool) -> str:
        """Everything that refers to the row, once it is there; the row's JSON with what the reply shows."""
        shown = list(self._shown)
        for association, value in self._children:
            links = Links(self._records, self._table, association, source_of(association, row["keys"]))
            if association.to_many:
                text = self._write_many(association, links, value, created)
            else:
                text = self._write_one(association, links, value, created)
            if text is not None:
                shown.append((association.name, text))
        text = row["data"]
        for name, related in shown:
            separator = "" if text == "{}" else ","
            text = f"{text[:-1]}{separator}{to_json(name)}:{related}}}"
        return str(text)

    def _write_one(self, association: Association, links: Links, value: Any, created: bool) -> str | None:
        """A hasOne: the row that was there before is let go."""
        if isinstance(value, list | tuple) and value:
            raise InvalidError(f"The value of '{association.name}' cannot be in array format")
        key, text, extra, named = None, None, None, None
        if isinstance(value, Mapping):
            named, extra = self._existing(association, value), value
            key = None if named is None else named[association.target_key]
        elif value is not None and not isinstance(value, list | tuple):
            key = value
            if not self._rows(association, [key]):
                return None
        if not created:
            links.keep_only([] if key is None else [key])
        if key is not None:
            links.add([key])
            text = self._changed(association, named, extra)
        elif extra is not None:
            _, text = self._created(association, extra, links)
        return text

    def _write_many(self, association: Association, links: Links, value: Any, created: bool) -> str | None:
        items = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
        scalars = [item for item in items if not isinstance(item, Mapping)]
        objects = [(item, self._existing(association, item)) for item in items if isinstance(item, Mapping)]
        if not created:
            links.keep_only(scalars + [named[association.target_key] for _, named in objects if named is not None])
        shown: list[tuple[Any, str]] = []
        if scalars:
            links.add(scalars)
            shown += self._rows(association, scalars)
        for item, named in objects:
            if named is None:
                shown.append(self._created(association, item, links))
            else:
                key = named[association.target_key]
                links.add([key], pivot_of(association, item))
                text = self._changed(association, named, item)
                shown.append((key, text or to_json({association.target_key: key})))
        if not items:
            return None
        if all(isinstance(key, int) for key, _ in shown):
            shown.sort(key=lambda entry: entry[0])
        return f"[{','.join(text for _, text in shown)}]"

    def _write_list(self, association: Association, value: Any) -> list[Any]:
        """The keys that a column lists, each once, the rows behind them written; keys of no row are passed over."""
        items = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
        known = {str(key): (key, text) for key, text in self._rows(association, [i for i in items if _is_key(i)])}
        found: dict[str, tuple[Any, str]] = {}
        for item in items:
            if _is_key(item):
                entry = known.get(str(item))
            else:
                key, text = self._write_object(association, item)
                entry = None if key is None else (key, text or to_json({association.target_key: key}))
            if entry is not None:
                found[str(entry[0])] = entry
        if items:
            self._shown.append((association.name, f"[{','.join(text for _, text in found.values())}]"))
        return [key for key, _ in found.values()]

    def _write_object(self, association: Association, value: Mapping[str, Any]) -> tuple[Any, str | None]:
        """The target key of a parent that an object describes, and its JSON where it was written."""
        named = self._existing(association, value)
        if named is None:
            return self._created(association, value, None)
        return named[association.target_key], self._changed(association, named, value)

    def _created(self, association: Association, value: Mapping[str, Any], links: Links | None) -> tuple[Any, str]:
        """A new row of the target, linked to the source row if there is one already."""
        pivot = pivot_of(association, value)
        own = {name: item for name, item in value.items() if name != association.through}
        below = {}
        if links is not None and association.type != "belongsToMany":
            below[association.foreign_key] = links.source
        written = self._records.create(
            association.target,
            own,
            rendering=self._rendering,
            update_association_values=self._below(association.name),
            user_id=self._user_id,
            keys=[association.target_key],
            below=below,
        )
        if not written.count:
            return None, "null"
        key = written.keys[0][association.target_key]
        if links is not None and association.type == "belongsToMany":
            links.add([key], pivot)
        return key, written.texts[0]

    def _changed(
        self, association: Association, named: Mapping[str, Any] | None, value: Mapping[str, Any] | None
    ) -> str | None:
        """The JSON of a linked row, by its keys, after its values were written; None when they may not be."""
        if named is None or value is None or association.name not in self._updatable:
            return None
        columns = self._records.table(association.target).key_columns or (association.target_key,)
        rest = {name: item for name, item in value.items() if name not in named and name != association.through}
        if not rest and self._records.limits is not None:
            # reduced to its key: the role may not change it
            return None
        written = self._records.update(
            association.target,
            rest,
            filter_by_tk={name: named[name] for name in columns},
            rendering=self._rendering,
            update_association_values=self._below(association.name),
            user_id=self._user_id,
        )
        return written.texts[0] if written.texts else None

    def _existing(self, association: Association, value: Mapping[str, Any]) -> dict[str, Any] | None:
        """The keys of the row that an object names, None when it names none.

        Raises:
            InvalidError: there is no such row.
        """
        target = self._records.table(association.target)
        named = key_named(association, target, value)
        if named is None:
            return None
        keys = sorted({association.target_key, *target.key_columns})
        request = {"kind": "select", "collection": target.name, "keys": keys, "filterByTk": named}
        limits = self._records.limits
        is_self = limits is not None and any(limits.is_self(target.name, *pair) for pair in named.items())
        rows = self._records.unlimited.fetch(request if is_self else {**request, **self._records.visible(target.name)})
        if not rows:
            raise missing(association.name, target.name)
        return self._records.keys_of(rows[0])

    def _demand_visible(self, association: Association, key: Any) -> None:
        """Refuse the key of a row that the role does not see."""
        if self._records.limits is None or key is None:
            return
        if not is_visible(self._records, association.target, association.target_key, key):
            raise missing(association.name, association.target)

    def _rows(self, association: Association, keys: Sequence[Any]) -> list[tuple[Any, str]]:
        """Rows by their target keys, each with its JSON."""
        rows = self._records.fetch_seen(
            {
                "kind": "select",
                "collection": association.target,
                "filter": {association.target_key: {"$in": list(keys)}},
                "rendering": self._rendering,
                "keys": [association.target_key],
            }
        )
        return [(self._records.keys_of(row)[association.target_key], row["data"]) for row in rows]

    def _below(self, name: str) -> list[str]:
        """The updatable paths as the related rows see them."""
        return [path.removeprefix(f"{name}.") for path in self._updatable if path.startswith(f"{name}.")]


def _is_key(item: Any) -> bool:
    return not isinstance(item, Mapping)
