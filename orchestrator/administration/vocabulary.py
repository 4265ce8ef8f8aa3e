"""The words in which permissions are said: actions, resources, fields. What is not among them is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.access import ACTION_ALIASES, AVAILABLE_ACTIONS, MAIN
from orchestrator.access.access import ALIASES
from orchestrator.administration.request import Answer, Request
from orchestrator.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["Vocabulary", "list_available"]

#: by name: what editors show, whether it is about new records, whether it may be narrowed to fields
_EDITORS: Mapping[str, tuple[str, bool, bool]] = {
    "create": ("Add new", True, True),
    "view": ("View", False, True),
    "update": ("Edit", False, True),
    "destroy": ("Delete", False, False),
    "importXlsx": ("Import", True, False),
    "export": ("Export", False, True),
}
_PREDICATES = frozenset({"", "own", "all"})


def list_available(_: Port, __: Request) -> Answer:
    """The actions that roles can be granted."""
    return Answer([_described(name) for name in AVAILABLE_ACTIONS])


def _described(name: str) -> dict[str, Any]:
    title, is_new, has_fields = _EDITORS[name]
    return {
        "name": name,
        "displayName": title,
        "type": "new-data" if is_new else "old-data",
        "aliases": [alias for alias, permission in ACTION_ALIASES.items() if permission == name],
        "allowConfigureFields": has_fields,
    }


class Vocabulary:
    """What there is: collections from the database, the rest from the request, since the API alone knows it."""

    def __init__(self, port: Port, request: Request) -> None:
        self._port = port
        self._own: Mapping[str, list[str]] = request.known.get("collections") or {}
        self._resources = frozenset(request.known.get("resources") or ())
        #: collections of other databases than this one, by data source
        self._elsewhere: Mapping[str, Mapping[str, list[str]]] = request.known.get("sources") or {}
        self._actions = frozenset(AVAILABLE_ACTIONS).union(request.known.get("actions") or ())

    def check_strategy(self, strategy: Mapping[str, Any] | None) -> None:
        """Refuse actions that do not exist.

        Raises:
            InvalidError: naming what is wrong.
        """
        actions = strategy.get("actions") if strategy is not None else None
        if actions in (None, False, "*"):
            return
        if not isinstance(actions, list):
            raise InvalidError('"strategy.actions" must be an array')
        for action in actions:
            name, _, predicate = action.partition(":") if isinstance(action, str) else ("", "", "")
            if predicate not in _PREDICATES or name not in self._actions | ALIASES.keys():
                raise InvalidError(f'"strategy.actions": "{action}" is no action')

    def check_action(self, name: str) -> None:
        """Refuse an action that permissions cannot be about.

        Raises:
            InvalidError: naming it.
        """
        if name not in self._actions:
            raise InvalidError(f'"actions": "{name}" is no action')

    def fields(self, resource: str, source: str = MAIN) -> frozenset[str]:
        """The columns and relations of a resource of a data source.

        Raises:
            InvalidError: there is no such resource.
        """
        if source != MAIN:
            there = self._elsewhere[source].get(resource)
            if there is None:
                raise InvalidError(f'"name": "{resource}" is no collection of "{source}"')
            return frozenset(there)
        own = self._own.get(resource)
        if own is not None:
            return frozenset(own)
        found = self._port.fetch(
            "select (select array_agg(f.name) from orchestrator.fields f where f.collection_name = c.name) as names"
            " from orchestrator.collections c where c.name = $1",
            [resource],
        )
        if not found:
            if resource in self._resources:
                return frozenset()
            raise InvalidError(f'"name": "{resource}" is no collection')
        return frozenset(found[0]["names"] or ())

    def data_source(self, name: Any) -> str:
        """The key of a data source.

        Raises:
            NotFoundError: there is none.
        """
        if name in (None, "", MAIN):
            return MAIN
        if not isinstance(name, str) or name not in self._elsewhere:
            raise NotFoundError(f'data source "{name}" does not exist')
        return name
