"""Records of managed tables: found, counted, aggregated.

Requests are split into shapes and values, whose statements PostgreSQL answers with JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Self

from orchestrator.engine.encoding import from_json
from orchestrator.engine.port import Port
from orchestrator.engine.statements import Statements
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Catalog
from orchestrator.model.collection import Collection as Table
from orchestrator.model.shape import split

if TYPE_CHECKING:
    from orchestrator.engine.limits import Limits

__all__ = ["Reader", "Rendering"]

Rendering = Literal["wire", "context"]


class Reader:
    """What may be asked of managed tables. Filters are those of the wire (see model.conditions).

    With ``limits``, what is asked is asked by a role, and only that is answered which it may see.
    """

    def __init__(self, port: Port, statements: Statements, limits: Limits | None = None) -> None:
        self._port = port
        self._statements = statements
        self.limits = limits

    @property
    def unlimited(self) -> Self:
        """The same tables for questions of the engine's own, whose answers nobody sees."""
        return self if self.limits is None else type(self)(self._port, self._statements)

    @property
    def catalog(self) -> Catalog:
        return self._statements.catalog

    def find(
        self,
        collection: str,
        *,
        filter: Any = None,
        filter_by_tk: Any = None,
        appends: Sequence[str] = (),
        sort: Sequence[str] = (),
        limit: int | None = None,
        offset: int | None = None,
        **request: Any,
    ) -> list[dict[str, Any]]:
        """The records that match, as contexts hold them; further request keys as in model.shape."""
        text = self.find_text(
            collection,
            rendering="context",
            filter=filter,
            filterByTk=filter_by_tk,
            appends=appends,
            sort=sort,
            limit=limit,
            offset=offset,
            **request,
        )
        rows: list[dict[str, Any]] = from_json(text)
        return rows

    def find_one(
        self,
        collection: str,
        *,
        filter: Any = None,
        filter_by_tk: Any = None,
        appends: Sequence[str] = (),
        sort: Sequence[str] = (),
    ) -> dict[str, Any] | None:
        """The first record that matches, None when there is none."""
        rows = self.find(collection, filter=filter, filter_by_tk=filter_by_tk, appends=appends, sort=sort, limit=1)
        return rows[0] if rows else None

    def find_text(self, collection: str, *, rendering: Rendering, **request: Any) -> str:
        """The records that match, as one JSON array; request keys as in model.shape."""
        rows = self.fetch({"kind": "select", "collection": collection, "rendering": rendering, **request})
        return str(rows[0]["data"])

    def count(self, collection: str, *, filter: Any = None, filter_by_tk: Any = None) -> int:
        """How many records match."""
        rows = self.fetch({"kind": "count", "collection": collection, "filter": filter, "filterByTk": filter_by_tk})
        return int(rows[0]["count"])

    def aggregate(
        self, collection: str, function: str, column: str, *, filter: Any = None, distinct: bool = False, **request: Any
    ) -> Decimal | str | None:
        """``count``, ``sum``, ``avg``, ``min`` or ``max`` of a column; a text where it is no number."""
        rows = self.fetch(
            {
                "kind": "aggregate",
                "collection": collection,
                "function": function,
                "field": column,
                "filter": filter,
                "distinct": distinct,
                **request,
            }
        )
        value = rows[0]["value"]
        try:
            return None if value is None else Decimal(value)
        except ArithmeticError:
            return str(value)

    def matches(self, collection: str, key: Any, condition: Any) -> bool:
        """Whether the record of a key is among those of a filter."""
        return key is not None and self.count(collection, filter=condition, filter_by_tk=key) > 0

    def related(
        self,
        collection: str,
        record: Mapping[str, Any],
        path: Sequence[str],
        wanted: str,
        *,
        appends: Sequence[str] = (),
    ) -> dict[str, Any] | None:
        """The record that a path of to-one relations leads to; None when it is missing or not of ``wanted``."""
        found: Mapping[str, Any] | None = record
        for position, name in enumerate(path):
            association = self.table(collection).associations.get(name)
            if association is None or association.to_many or found is None:
                return None
            own = association.foreign_key if association.type == "belongsTo" else association.source_key
            other = association.target_key if association.type == "belongsTo" else association.foreign_key
            if found.get(own) is None:
                return None
            last = position == len(path) - 1
            collection = association.target
            found = self.find_one(collection, filter={other: found[own]}, appends=appends if last else ())
        return dict(found) if found is not None and collection == wanted else None

    def table(self, collection: str) -> Table:
        """The collection of a name.

        Raises:
            InvalidError: it is not managed.
        """
        found = self.catalog.get(collection)
        if found is None:
            raise InvalidError(f'collection "{collection}" does not exist')
        return found

    def visible(self, collection: str) -> dict[str, Any]:
        """The part of a request that leaves out rows which the role does not see."""
        rows = None if self.limits is None else self.limits.rows(collection, "view")
        return {} if rows is None else {"scope": rows}

    def fetch(self, request: Mapping[str, Any], action: str | None = None) -> list[dict[str, Any]]:
        """Rows of the statement of a request; see prepare."""
        return self._port.fetch(*self.prepare(request, action))

    def fetch_seen(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows in view that meet a filter of the engine's own: it may name what is not in view."""
        if self.limits is None:
            return self.fetch(request)
        limited = self.limits.restrict({name: value for name, value in request.items() if name != "filter"})
        rows, condition = self.limits.rows(request["collection"], "view"), request["filter"]
        limited["scope"] = condition if rows is None else rows is not False and {"$and": [rows, condition]}
        return self._port.fetch(*self._split(limited))

    def run(self, request: Mapping[str, Any]) -> int:
        """Execute the statement of a request that returns no rows; how many it touched."""
        return self._port.run(*self.prepare(request))

    def prepare(self, request: Mapping[str, Any], action: str | None = None) -> tuple[str, list[str | None]]:
        """The statement of a request and its parameters.

        Args:
            action: what it does to its rows, when that is more than to view them.
        """
        return self._split(request if self.limits is None else self.limits.restrict(request, action))

    def _split(self, request: Mapping[str, Any]) -> tuple[str, list[str | None]]:
        if "now" not in request and (request.get("filter") or "access" in request or "scope" in request):
            request = {"now": self._port.now, **request}
        shape, values = split(request)
        return self.statement(shape), values

    def statement(self, shape: str) -> str:
        """The statement of a shape."""
        return self._statements.sql(shape)

    @staticmethod
    def keys_of(row: Mapping[str, Any]) -> dict[str, Any]:
        """The raw columns that came with a row."""
        keys: dict[str, Any] = from_json(row["keys"])
        return keys
