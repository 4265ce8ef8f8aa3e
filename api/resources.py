"""Which action a request means, and which handler does it.

Handlers are registered by name, for every resource or for one; the specific one wins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.errors import NotFound
from api.request import Target

if TYPE_CHECKING:
    from api.context import Context
    from api.reply import Reply

__all__ = ["Action", "Actions", "choose_action"]

Handler = Callable[["Context"], Awaitable["Reply"]]

_COLLECTION = {"GET": "list", "HEAD": "list", "POST": "create", "DELETE": "destroy"}
_RECORD = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "update", "DELETE": "destroy"}


def choose_action(target: Target, method: str) -> str:
    """The action in the path, else the method's."""
    if target.action is not None:
        return target.action
    if target.legacy:
        raise NotFound
    if target.record_id is None:
        action = _COLLECTION.get(method)
    elif method == "POST" and target.association is not None:
        action = "create"
    else:
        action = _RECORD.get(method)
    if action is None:
        raise NotFound
    return action


@dataclass(frozen=True, slots=True)
class Action:
    """A handler and what has to be true before it runs."""

    name: str
    handler: Handler
    #: no token needed
    public: bool = False
    #: any role may do it
    any_role: bool = False
    #: changes records
    writes: bool = False
    #: does nothing but read: only there may a variable without a value be null
    reads: bool = False
    #: shows and touches only what the role may, row by row; any other needs a permission without limits
    restricts: bool = False
    #: no permission is enough
    root_only: bool = False
    #: refused, before anything else, when neither a key nor a filter narrows the rows
    needs_filter: bool = False


class Actions:
    """The registry: actions of every collection, and those of one resource."""

    def __init__(self, for_all: Iterable[Action] = ()) -> None:
        self._for_all = {action.name: action for action in for_all}
        self._specific: dict[str, dict[str, Action]] = {}
        self._closed: set[str] = set()

    def add(self, resource: str, actions: Iterable[Action], *, closed: bool = False) -> None:
        """Actions of one resource; a closed resource has no others."""
        self._specific.setdefault(resource, {}).update({action.name: action for action in actions})
        if closed:
            self._closed.add(resource)

    def is_closed(self, resource: str) -> bool:
        """True for resources that are no collection, such as `auth`."""
        return resource in self._closed

    def names(self) -> frozenset[str]:
        """Every action there is."""
        return frozenset(self._for_all).union(*self._specific.values())

    def own(self, resource: str) -> frozenset[str]:
        """The actions that a resource has of its own."""
        return frozenset(self._specific.get(resource, ()))

    def common(self, name: str) -> Action | None:
        """The handler of an action of every collection."""
        return self._for_all.get(name)

    def find(self, resource: str, name: str) -> Action:
        """The handler of an action of a resource, NotFound when there is none."""
        specific = self._specific.get(resource)
        action = specific.get(name) if specific is not None else None
        if action is None and resource not in self._closed:
            action = self._for_all.get(name)
        if action is None:
            raise NotFound
        return action
