"""Records of managed tables: written and removed, with the records nested in what is written.

What writes here is data nodes and the function behind an HTTP write: both inside the database, in the transaction of
whoever caused it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.field_values import settle
from orchestrator.engine.links import How, associate
from orchestrator.engine.nesting import Nesting
from orchestrator.engine.port import Port
from orchestrator.engine.reader import Reader, Rendering
from orchestrator.engine.references import demand_visible, hidden_keys
from orchestrator.engine.statements import open_statements
from orchestrator.engine.variables import UNDEFINED
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Collection as Table
from orchestrator.model.collection import Field
from orchestrator.model.shape import insert_shape, is_selective

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["OWNERS", "Records", "Rendering", "Written", "input_text", "open_records"]

Around = Callable[[], AbstractContextManager[Any]]

#: columns that say who created a record and who changed it last
OWNERS = ("createdById", "updatedById")


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did.

    Attributes:
        texts: the rows as JSON objects, in the rendering asked for, in the order of their keys.
        keys: the columns of their keys, as values.
        count: how many rows were written, also where no rendering was asked for.
    """

    count: int
    texts: Sequence[str] = ()
    keys: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def text(self) -> str:
        """JSON array of the rows."""
        return f"[{','.join(self.texts)}]"

    def rows(self) -> list[dict[str, Any]]:
        """The rows, parsed."""
        return [from_json(text) for text in self.texts]


class Records(Reader):
    """The record repository of one transaction.

    ``update_association_values`` names the relations whose rows may be changed, and not only linked; ``user_id`` fills
    ``createdById`` and ``updatedById`` where a table has them.
    """

    #: whether that user is one of another database
    visiting = False

    def create(
        self,
        collection: str,
        values: Mapping[str, Any] | None = None,
        *,
        rendering: Rendering = "wire",
        appends: Sequence[str] = (),
        update_association_values: Sequence[str] = (),
        whitelist: Sequence[str] | None = None,
        blacklist: Sequence[str] | None = None,
        user_id: int | None = None,
        around: Around = nullcontext,
        keys: Sequence[str] = (),
        below: Mapping[str, Any] | None = None,
    ) -> Written:
        """Write one record with those nested in it.

        The reply shows relations that were set with more than a key; with ``appends`` the record is read again.
        ``around`` is entered for the one statement that writes the row itself. When a workflow left the row out,
        nothing is written behind it and the count is 0. ``keys`` are the columns wanted back, ``below`` those that
        link the record to a source, whatever the values say.
        """
        table = self.table(collection)
        values = _permitted(values or {}, whitelist, blacklist)
        nesting = Nesting(
            self, table, values, rendering=rendering, updatable=update_association_values, user_id=user_id
        )
        own = {**_columns(table, values), **(below or {})}
        demand_visible(self, table, own, but=(*OWNERS, *(below or ())))
        columns = {**own, **nesting.write_parents(), **(below or {})}
        _sign(table, columns, user_id, created=True, visiting=self.visiting)
        known = {*nesting.source_columns, *keys, *(table.key_columns if appends else ())}
        rows = self._write("insert", table, columns, rendering, known, around)
        texts = [_repeated(table, values, nesting.write_children(row, created=True)) for row in rows]
        found = [row["keys"] for row in rows]
        if appends and table.key_columns:
            texts = [self._reread(table, key, rendering, appends) for key in found]
        return Written(len(rows), texts, found)

    def update(
        self,
        collection: str,
        values: Mapping[str, Any],
        *,
        filter: Any = None,
        filter_by_tk: Any = None,
        rendering: Rendering | None = "wire",
        update_association_values: Sequence[str] = (),
        whitelist: Sequence[str] | None = None,
        blacklist: Sequence[str] | None = None,
        user_id: int | None = None,
        around: Around = nullcontext,
        **request: Any,
    ) -> Written:
        """Change every record that matches; a to-many relation among the values is replaced as a whole.

        Without a rendering only the count comes back.
        """
        self._demand(filter, filter_by_tk, "update", request)
        table = self.table(collection)
        values = _permitted(values, whitelist, blacklist)
        nesting = Nesting(
            self, table, values, rendering=rendering or "wire", updatable=update_association_values, user_id=user_id
        )
        selection = {**request, "filter": filter, "filterByTk": filter_by_tk}
        own = _columns(table, values, but=table.key_columns)
        demand_visible(self, table, own, selection, but=OWNERS)
        columns = {**own, **nesting.write_parents()}
        if self.limits is not None:
            for association in nesting.lists:
                columns[association.foreign_key] += hidden_keys(self, table, association, selection)
        if columns:
            _sign(table, columns, user_id, created=False, visiting=self.visiting)
        kind = "update" if columns else "select"
        if rendering is None and columns and not nesting.has_children:
            return self._count_written(_written(kind, table, columns) | selection, "update", around)
        known = {*table.key_columns, *nesting.source_columns}
        rows = self._write(kind, table, columns, rendering or "wire", known, around, selection)
        texts = [nesting.write_children(row, created=False) for row in rows]
        return Written(len(rows), texts, [row["keys"] for row in rows])

    def destroy(
        self,
        collection: str,
        *,
        filter: Any = None,
        filter_by_tk: Any = None,
        rendering: Rendering | None = None,
        around: Around = nullcontext,
        **request: Any,
    ) -> Written:
        """Remove every record that matches; with a rendering the reply shows what they were."""
        self._demand(filter, filter_by_tk, "destroy", request)
        table = self.table(collection)
        selection = {**request, "filter": filter, "filterByTk": filter_by_tk}
        if rendering is None:
            return self._count_written(_written("delete", table, {}) | selection, "destroy", around)
        rows = self._write("delete", table, {}, rendering, table.key_columns, around, selection)
        return Written(len(rows), [row["data"] for row in rows], [row["keys"] for row in rows])

    def associate(
        self,
        collection: str,
        key: Any,
        association: str,
        items: Sequence[Any],
        how: How,
        *,
        user_id: int | None = None,
    ) -> None:
        """Add, set, remove or toggle relations of the record of a key; see links.associate."""
        table = self.table(collection)
        found = table.associations.get(association)
        if found is None:
            raise InvalidError(f'"{collection}" has no relation "{association}"')
        associate(self, table, found, key, items, how, user_id)

    # -- data nodes ------------------------------------------------------------------------------------------------

    def create_record(
        self, collection: str, values: Mapping[str, Any], *, appends: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """The new record as contexts hold it; None when a workflow left it out."""
        values = settle(self.catalog, collection, values, created=True)
        rows = self.create(collection, values, rendering="context", appends=appends).rows()
        return rows[0] if rows else None

    def update_records(self, collection: str, values: Mapping[str, Any], *, filter: Any = None) -> int:
        """How many records were changed."""
        values = settle(self.catalog, collection, values, created=False)
        return self.update(collection, values, filter=filter, rendering=None).count

    def destroy_records(self, collection: str, *, filter: Any = None) -> int:
        """How many records were removed."""
        return self.destroy(collection, filter=filter).count

    def _demand(self, filter_: Any, filter_by_tk: Any, action: str, request: Mapping[str, Any]) -> None:
        """Refuse to change every row by oversight; the row behind a to-one relation needs no further name."""
        if is_selective(filter_, filter_by_tk):
            return
        if source := request.get("association"):
            association = self.table(source["collection"]).associations.get(source["name"])
            if association is not None and not association.to_many:
                return
        raise InvalidError(f"to do {action} action, filter or filterByTk is required")

    def _count_written(self, request: Mapping[str, Any], action: str, around: Around) -> Written:
        sql, values = self.prepare(request, action)
        with around():
            return Written(self._port.run(sql, values))

    def _write(
        self,
        kind: str,
        table: Table,
        columns: Mapping[str, Any],
        rendering: Rendering,
        keys: Collection[str],
        around: Around,
        selection: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Rows written, or only looked at where there is nothing to write: ``data`` as text, ``keys`` as values."""
        if kind == "insert":
            return self._insert(table, columns, rendering, keys, around)
        request = {
            **_written(kind, table, columns),
            "rendering": rendering,
            "keys": sorted(keys),
            **(selection or {}),
        }
        if not keys:
            # a table without a key: nothing can be nested, rows come all at once
            del request["keys"]
        sql, values = self.prepare(request, "destroy" if kind == "delete" else "update")
        with around() if kind != "select" else nullcontext():
            rows = self._port.fetch(sql, values)
        if keys:
            return [{"data": row["data"], "keys": self.keys_of(row)} for row in rows]
        return [{"data": to_json(row), "keys": {}} for row in from_json(rows[0]["data"])]

    def _insert(
        self,
        table: Table,
        columns: Mapping[str, Any],
        rendering: Rendering,
        keys: Collection[str],
        around: Around,
    ) -> list[dict[str, Any]]:
        names = tuple(sorted(columns))
        inputs = _inputs(table, columns, names) if self.limits is None else None
        if inputs is None:
            request = {**_written("insert", table, columns), "rendering": rendering, "keys": sorted(keys)}
            sql, inputs = self.prepare({**request, "single": not keys})
        else:
            sql = self.statement(insert_shape(table.name, names, rendering, tuple(sorted(keys)), not keys))
        with around():
            rows = self._port.fetch(sql, inputs)
        return [{"data": row["data"], "keys": self.keys_of(row) if keys else {}} for row in rows]

    def _reread(self, table: Table, key: Mapping[str, Any], rendering: Rendering, appends: Sequence[str]) -> str:
        own = {name: key[name] for name in table.key_columns}
        rows = self.fetch(
            {
                "kind": "select",
                "collection": table.name,
                "filterByTk": own,
                "single": True,
                "rendering": rendering,
                "appends": appends,
            }
        )
        return str(rows[0]["data"]) if rows else "null"


def open_records(port: Port, revision: int | None = None, *, limits: Limits | None = None) -> Records:
    """The repository over the catalog as the transaction sees it; its revision saves a question where it is known."""
    return Records(port, open_statements(port, revision), limits)


def _permitted(
    values: Mapping[str, Any], whitelist: Sequence[str] | None, blacklist: Sequence[str] | None
) -> dict[str, Any]:
    """Values that a whitelist names by their first path segment, without those that a blacklist names."""
    if not isinstance(values, Mapping):
        raise InvalidError("values must be an object")
    permitted = {name.partition(".")[0] for name in whitelist} if whitelist is not None else None
    refused = set(blacklist or ())
    return {
        name: value
        for name, value in values.items()
        if (permitted is None or name in permitted) and name not in refused
    }


def _repeated(table: Table, values: Mapping[str, Any], text: str) -> str:
    """A new record's JSON with the values that are stored nowhere."""
    for name in table.virtual:
        if name in values:
            text = f"{text[:-1]}{'' if text == '{}' else ','}{to_json(name)}:{to_json(values[name])}}}"
    return text


def _plain(value: Any) -> Any:
    """Whole numbers without a fraction: an integer column refuses ``5.0``."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _columns(table: Table, values: Mapping[str, Any], but: Sequence[str] = ()) -> dict[str, Any]:
    """The values that are columns of the table; unknown names are passed over."""
    return {
        name: value
        for name, value in values.items()
        if name in table.fields and table.fields[name].writable and name not in but and value is not UNDEFINED
    }


def _sign(table: Table, columns: dict[str, Any], user_id: int | None, *, created: bool, visiting: bool = False) -> None:
    """Who created and who changed last, where the table wants to know; nobody may say it himself over HTTP.

    A user of another database does not sign where the column means one of this one.
    """
    if user_id is None:
        return
    local = table.user_columns if visiting else frozenset()
    for name in OWNERS:
        if name in table.fields:
            if (created or name == "updatedById") and name not in local:
                columns[name] = user_id
            else:
                columns.pop(name, None)


def _written(kind: str, table: Table, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The request of a write."""
    inputs = _inputs(table, columns, sorted(columns)) if columns else None
    request: dict[str, Any] = {"kind": kind, "collection": table.name, "columns": list(columns)}
    if inputs is not None:
        return {**request, "inputs": inputs}
    plain = {name: _plain(value) for name, value in columns.items()}
    return {**request, "values": to_json(plain)}


def _inputs(table: Table, columns: Mapping[str, Any], names: Sequence[str]) -> list[str | None] | None:
    """A text for each column; None where a column's value has to be read from JSON."""
    fields = table.fields
    if not all(fields[name].scalar for name in names):
        return None
    return [input_text(fields[name], columns[name]) for name in names]


def input_text(field: Field, value: Any) -> str | None:
    """A value as its column's type reads it; what JSON cannot say is null."""
    if value is None or (value.__class__ is str and not field.json):
        return value and str(value).replace("\x00", "")
    text = to_json(value if field.json else _plain(value))
    if field.json:
        return text
    return None if text == "null" else str(from_json(text)) if text.startswith('"') else text
