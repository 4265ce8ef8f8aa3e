"""Columns that refer to rows of other collections.

Who does not see a row cannot refer to it, and does not learn that it exists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError

if TYPE_CHECKING:
    from orchestrator.engine.reader import Reader
    from orchestrator.model.collection import Association, Catalog
    from orchestrator.model.collection import Collection as Table

__all__ = ["demand_visible", "hidden_keys", "is_visible", "missing"]


def demand_visible(
    reader: Reader,
    table: Table,
    columns: Mapping[str, Any],
    selection: Mapping[str, Any] | None = None,
    *,
    but: Collection[str] = (),
) -> None:
    """Refuse values that refer to rows which are not in view.

    Args:
        columns: what is to be written.
        selection: the rows that are changed; what they have already may stay.
        but: columns whose values do not come from the role.

    Raises:
        InvalidError: as for a row that does not exist.
    """
    if reader.limits is None:
        return
    given = {name: value for name, value in columns.items() if value is not None and name not in but}
    for name, collection, column in sorted(set(_references(reader.catalog, table.name))):
        if name not in given:
            continue
        values = given[name] if isinstance(given[name], list) else [given[name]]
        if all(is_visible(reader, collection, column, value) for value in values):
            continue
        if selection is not None and _is_unchanged(reader, table, selection, name, given[name]):
            continue
        raise missing(name, collection)


def hidden_keys(reader: Reader, table: Table, association: Association, selection: Mapping[str, Any]) -> list[Any]:
    """The keys in a column of rows that are about to be changed which lead to rows that are not in view: they stay.

    Raises:
        InvalidError: the rows differ in them.
    """
    column, target = association.foreign_key, association.target_key
    request = {"kind": "select", "collection": table.name, "keys": [column], **selection}
    lists = [reader.keys_of(row)[column] or [] for row in reader.fetch(request, "update")]
    among = {target: {"$in": [key for keys in lists for key in keys]}}
    request = {"kind": "select", "collection": association.target, "keys": [target], "filter": among}
    seen = {str(reader.keys_of(row)[target]) for row in reader.fetch_seen(request)}
    hidden = [[key for key in keys if str(key) not in seen] for keys in lists]
    if len({to_json(keys) for keys in hidden}) > 1:
        raise InvalidError(f'"{association.name}" can be set for one record at a time')
    return hidden[0] if hidden else []


def missing(name: str, collection: str) -> InvalidError:
    """The error of a reference to a row that does not exist."""
    return InvalidError(f'"{name}" refers to a record of "{collection}" that does not exist')


def _references(catalog: Catalog, name: str) -> Iterator[tuple[str, str, str]]:
    """Columns of a collection with what they refer to, whichever side says so: name, collection, column."""
    for collection in catalog:
        for a in collection.associations.values():
            if a.type in {"belongsTo", "belongsToArray"}:
                if collection.name == name:
                    yield a.foreign_key, a.target, a.target_key
            elif a.type == "belongsToMany":
                if a.through == name:
                    yield a.foreign_key, collection.name, a.source_key
                    yield a.other_key or "", a.target, a.target_key
            elif a.target == name:
                yield a.foreign_key, collection.name, a.source_key


def is_visible(reader: Reader, collection: str, column: str, value: Any) -> bool:
    """Whether there is a row with this value that the role sees."""
    if reader.limits is not None and reader.limits.is_self(collection, column, value):
        return True
    condition = {column: {"$in": [value]}}
    request = {"kind": "count", "collection": collection, "filter": condition, **reader.visible(collection)}
    return int(reader.unlimited.fetch(request)[0]["count"]) > 0


def _is_unchanged(reader: Reader, table: Table, selection: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether all the rows have the value, as far as the role can see that by itself."""
    if reader.limits is None or not reader.limits.shows(table.name, name):
        return False
    same = {name: {"$in": [value]}}
    rows = {**selection, "kind": "count", "collection": table.name}
    with_it = {"$and": [part for part in (selection.get("filter"), same) if part]}
    meant, unchanged = (int(reader.fetch(request)[0]["count"]) for request in (rows, {**rows, "filter": with_it}))
    return meant == unchanged > 0
