"""What the role behind a request may see and touch; a request without limits is root's, or the engine's own.

Guards, followers and nodes have none: they are rules of the application, and run for everybody alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from orchestrator.access import ROOT, Access, Grant, open_access, restrict
from orchestrator.access.writes import WriteRules
from orchestrator.engine.encoding import from_json
from orchestrator.engine.statements import open_statements
from orchestrator.errors import ForbiddenError
from orchestrator.model.conditions import array_literal
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.variables import Variables

if TYPE_CHECKING:
    from orchestrator.engine.actor import Actor
    from orchestrator.engine.port import Port
    from orchestrator.engine.reader import Reader
    from orchestrator.model.collection import Catalog

__all__ = ["Limits", "limits_of"]

#: by roles: the revisions of permissions and collections, and what they allow; None where nothing restricts
_Known = dict[tuple[str, ...], tuple[int, int, Access | None]]
_known: WeakKeyDictionary[Port, _Known] = WeakKeyDictionary()
#: combinations of roles kept by a session
_KEPT = 200


class Limits:
    """Permissions of the acting roles, for the rows that the acting user means by ``own``."""

    def __init__(self, access: Access, catalog: Catalog, variables: Variables) -> None:
        self._access = access
        self.catalog = catalog
        self._variables = variables

    def grant(self, collection: str, action: str) -> Grant | None:
        """The permission for an action, None where it is denied."""
        return self._access.grant(collection, action)

    def demand(self, collection: str, action: str, name: str | None = None) -> Grant:
        """The permission for an action, and for one of the names that it may write.

        Raises:
            ForbiddenError: it is denied.
        """
        grant = self.grant(collection, action)
        if grant is None or (name is not None and grant.fields is not None and name not in grant.fields):
            raise ForbiddenError
        return grant

    def rows(self, collection: str, action: str) -> Any:
        """The filter that rows have to meet for an action; None for every row, False for none."""
        grant = self.grant(collection, action)
        return False if grant is None else grant.rows(self._variables)

    def rules(self, reader: Reader) -> WriteRules:
        """What is left of the values of a write."""

        def is_inside(collection: str, key: Mapping[str, Any]) -> bool:
            request = {"kind": "count", "collection": collection, "filterByTk": key}
            rows = self.rows(collection, "update")
            return int(reader.unlimited.fetch({**request, "scope": True if rows is None else rows})[0]["count"]) > 0

        return WriteRules(self.grant, self.catalog, is_inside)

    def shows(self, collection: str, *columns: str) -> bool:
        """Whether these columns are in view."""
        grant = self.grant(collection, "view")
        return grant is not None and (grant.fields is None or grant.fields.issuperset(columns))

    def may_name(self, collection: str, column: str) -> bool:
        """Whether the role knows a column: because it is in view, or may be written."""
        written = [self.grant(collection, action) for action in ("create", "update")]
        return self.shows(collection, column) or any(
            grant is not None and (grant.fields is None or column in grant.fields) for grant in written
        )

    def is_self(self, collection: str, column: str, value: Any) -> bool:
        """Whether a key is that of the user himself, who need not be in view."""
        user = self._variables.user
        if user is None or self._access.visiting:
            return False
        return collection == "users" and column == "id" and str(value) == str(user.get("id"))

    def restrict(self, request: Mapping[str, Any], action: str | None = None) -> dict[str, Any]:
        """The request with what may be read for it, and which rows it may touch."""
        restricted = restrict(self._access, self.catalog, request, self._variables, action)
        if action is not None:
            # what an action is done to need not be in view
            restricted.setdefault("scope", True)
        return restricted


def limits_of(port: Port, actor: Actor, data: Mapping[str, Any]) -> Limits | None:
    """The limits of who acts, None where there are none.

    Args:
        data: the request; what its sender adds to the user, what a visitor's roles may do, and that it be unlimited, is
            taken from believed senders, and nobody else brings a visitor.
    """
    if actor.roles is None or actor.roles == (ROOT,):
        return None
    if actor.is_believed and data.get("unlimited") is True:
        return None
    catalog = open_statements(port).catalog
    access = _visitors(data.get("access"), catalog) if actor.visits else _access(port, actor.roles, catalog)
    if access is None:
        return None
    user = actor.user
    if user is not None and actor.is_believed:
        user = user | (data.get("user") or {})
    roles = access.names if actor.visits else actor.roles
    role = actor.role_name if roles == (actor.role_name,) else roles
    variables = Variables(now=port.now, zone=parse_zone(data.get("timezone")), user=user, role=role)
    return Limits(access, catalog, variables)


def _visitors(document: Any, catalog: Catalog) -> Access | None:
    """What the roles of another database may do here, as that one says; nothing where it does not."""
    if not isinstance(document, Mapping):
        raise ForbiddenError
    return open_access(document, catalog)


def _access(port: Port, roles: tuple[str, ...], catalog: Catalog) -> Access | None:
    """Asked for again when roles or collections have changed."""
    known = _known.setdefault(port, {})
    revision = port.fetch("select orchestrator.access_revision() as revision")[0]["revision"]
    found = known.get(roles)
    if found is None or found[:2] != (revision, catalog.revision):
        rows = port.fetch(
            "select orchestrator.access_document($1::pg_catalog.text[]) as document", [array_literal(list(roles))]
        )
        document = from_json(rows[0]["document"])
        if len(known) >= _KEPT:
            known.clear()
        found = known[roles] = document["revision"], catalog.revision, open_access(document, catalog)
    return found[2]
