"""Where the SQL of a shape comes from: this process, the table of compiled statements, and only then the compiler.

A shape is compiled against one revision of the catalog and kept under both, so that no statement outlives the columns
that it was made for.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from orchestrator.engine.port import Port, StatementError
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Catalog
from orchestrator.model.people import catalog_with_people

__all__ = ["Statements", "open_statements"]

#: statements kept by a process
_KEPT = 5000

_opened: WeakKeyDictionary[Port, Statements] = WeakKeyDictionary()


class Statements:
    """Compiled statements of one catalog."""

    def __init__(self, port: Port, catalog: Catalog) -> None:
        self.catalog = catalog
        self._port = port
        self._known: dict[str, str] = {}

    def sql(self, shape: str) -> str:
        """The statement of a shape.

        Raises:
            InvalidError: the shape names what the catalog does not have.
        """
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[shape] = self._stored(shape)
        return found

    def _stored(self, shape: str) -> str:
        try:
            rows = self._port.fetch("select orchestrator.statement($1) as sql", [shape])
        except StatementError as error:
            if error.sqlstate == InvalidError.sqlstate:
                raise InvalidError(str(error)) from None
            raise
        return str(rows[0]["sql"])


def open_statements(port: Port, revision: int | None = None) -> Statements:
    """The statements of the catalog as the transaction sees it, kept with the port while that stays the same.

    Args:
        revision: of the catalog, where it is known already.
    """
    known = _opened.get(port)
    if revision is None:
        rows = port.fetch("select orchestrator.catalog_revision()::pg_catalog.text as revision")
        revision = int(rows[0]["revision"])
    if known is None or known.catalog.revision != revision:
        text = port.fetch("select orchestrator.catalog()::pg_catalog.text as catalog")[0]["catalog"]
        known = _opened[port] = Statements(port, catalog_with_people(text))
    return known
