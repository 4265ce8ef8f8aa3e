"""What roles may do, over one catalog: grants, each worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from orchestrator.access.grant import OWN, OWN_FILTER, Grant
from orchestrator.access.snippets import Snippets
from orchestrator.model.collection import Catalog, Collection

__all__ = ["ALIASES", "ROOT", "Access", "open_access", "permission_of"]

#: the role that nothing restricts
ROOT = "root"
#: the data source that users and roles are in
MAIN = "main"
#: schema of our own tables: no strategy is for them, but for two
_OURS = "orchestrator"
_WITH_STRATEGY = frozenset({"users", "roles"})

#: the permission that an action needs, where it is not called like the action
ALIASES: Mapping[str, str] = {
    "create": "create",
    "get": "view",
    "list": "view",
    "query": "view",
    "tree": "view",
    "update": "update",
    "move": "update",
    "add": "update",
    "set": "update",
    "remove": "update",
    "toggle": "update",
    "destroy": "destroy",
    "import": "importXlsx",
    "downloadXlsxTemplate": "importXlsx",
    "export": "export",
    "exportAttachments": "export",
    "firstOrCreate": "create",
}
#: actions whose snippets let a resource be shown, wherever a relation leads to it
_VIEWING = ("list", "get")
#: actions that need several permissions
_SEVERAL = {"updateOrCreate": ("create", "update")}


def permission_of(action: str) -> str:
    """The permission that an action needs."""
    return ALIASES.get(action, action)


class Access:
    """What some roles may do together: whatever one of them may."""

    def __init__(
        self, roles: Iterable[Mapping[str, Any]], catalog: Catalog, revision: int, *, visiting: bool = False
    ) -> None:
        """`visiting`: the roles are those of another database than the catalog's, and so are their users."""
        self._roles = [_Role(role, visiting=visiting) for role in roles]
        self._catalog = catalog
        self.revision = revision
        self.visiting = visiting
        self.names = tuple(role.name for role in self._roles)
        self.snippets = Snippets([role.snippets for role in self._roles])
        self._grants: dict[tuple[str, str], Grant | None] = {}

    @cached_property
    def allow_configure(self) -> bool:
        """Whether one of the roles may configure the application."""
        return any(role.allow_configure for role in self._roles)

    def grant(self, resource: str, action: str) -> Grant | None:
        """What the roles are granted for an action on a resource, None when it is denied."""
        key = resource, action
        if key not in self._grants:
            self._grants[key] = self._decide(resource, action)
        return self._grants[key]

    def allows(self, resource: str, action: str) -> bool:
        """Whether an action may be done at all; a snippet that grants to list does not grant to get."""
        return self.snippets.allow(resource, action) or self._by_roles(resource, action) is not None

    def configured(self) -> dict[str, set[str]]:
        """The resources that have permissions of their own, with the names of all permissions that could be theirs."""
        found: dict[str, set[str]] = {}
        for role in self._roles:
            for resource, permissions in role.resources.items():
                found.setdefault(resource, set()).update(permissions)
        strategies = [permission for role in self._roles for permission in role.strategy_permissions()]
        for permissions in found.values():
            permissions.update(strategies)
        return {resource: found[resource] for resource in sorted(found)}

    def strategy(self) -> dict[str, Any]:
        """The strategy of the role; of several, one that allows what theirs allow."""
        if len(self._roles) == 1:
            return dict(self._roles[0].strategy)
        if any(role.everything for role in self._roles):
            return {"actions": "*"}
        own: dict[str, bool] = {}
        for role in self._roles:
            for permission, is_own in role.entries.items():
                own[permission] = own.get(permission, True) and is_own
        return {"actions": [f"{name}:{OWN}" if is_own else name for name, is_own in own.items()]}

    def variables(self) -> frozenset[str]:
        """The variables that scopes mention, ``$user.id`` and the like."""
        return self._variables

    @cached_property
    def _variables(self) -> frozenset[str]:
        grants = [grant for role in self._roles for grant in role.grants(self._catalog)]
        return frozenset(name for grant in grants for name in grant.names())

    def _decide(self, resource: str, action: str) -> Grant | None:
        permission = permission_of(action)
        names = {action, permission, *(_VIEWING if permission == "view" else ())}
        if any(self.snippets.allow(resource, name) for name in names):
            return Grant()
        return self._by_roles(resource, action)

    def _by_roles(self, resource: str, action: str) -> Grant | None:
        if action in _SEVERAL:
            grants = [self._by_roles(resource, part) for part in _SEVERAL[action]]
            return grants[0] if None not in grants else None
        permission, collection = permission_of(action), self._catalog.get(resource)
        union: Grant | None = None
        for role in self._roles:
            found = role.grant(resource, permission, collection)
            if found is not None:
                union = found if union is None else union.union(found)
        return union


def open_access(document: Mapping[str, Any], catalog: Catalog) -> Access | None:
    """What the roles of a document may do; None, which restricts nothing, when root is among them."""
    roles = document["roles"]
    if any(role["name"] == ROOT for role in roles):
        return None
    return Access(roles, catalog, document["revision"], visiting=document.get("source", MAIN) != MAIN)


class _Role:
    """One role of a document."""

    __slots__ = ("allow_configure", "entries", "everything", "name", "resources", "snippets", "strategy", "visiting")

    def __init__(self, role: Mapping[str, Any], *, visiting: bool) -> None:
        self.visiting = visiting
        self.name: str = role["name"]
        self.snippets = [rule for rule in role.get("snippets") or () if isinstance(rule, str)]
        self.allow_configure = role.get("allowConfigure") is True
        strategy = role.get("strategy")
        self.strategy: Mapping[str, Any] = strategy if isinstance(strategy, Mapping) else {}
        actions = self.strategy.get("actions")
        self.everything = actions == "*"
        #: permissions of the strategy, each with whether it is for one's own rows alone
        self.entries = dict(_strategy(actions if isinstance(actions, list) else []))
        self.resources: Mapping[str, Any] = role.get("resources") or {}

    def strategy_permissions(self) -> Iterable[str]:
        """The permissions that the strategy names, or could."""
        return ALIASES.values() if self.everything else self.entries

    def grant(self, resource: str, permission: str, collection: Collection | None) -> Grant | None:
        """What the role itself is granted; permissions of the resource's own stand in for the strategy."""
        if self.visiting and (collection is None or collection.schema == _OURS):
            return None
        actions = self.resources.get(resource)
        if actions is not None:
            return self._reached(_configured(actions.get(permission), permission, collection), collection)
        if not _has_strategy(resource, collection):
            return None
        if self.everything:
            return Grant()
        own = self.entries.get(permission)
        if own is None:
            return None
        return self._reached(Grant.of(collection, permission, scope=OWN if own else None), collection)

    def _reached(self, grant: Grant | None, collection: Collection | None) -> Grant | None:
        """None where one's own rows were meant, and the same number is somebody else's there."""
        if self.visiting and grant is not None and collection is not None and "createdById" in collection.user_columns:
            return None if grant.scopes == (OWN_FILTER,) else grant
        return grant

    def grants(self, catalog: Catalog) -> Iterable[Grant]:
        """The grants that have scopes."""
        for resource, actions in self.resources.items():
            for permission in actions:
                found = self.grant(resource, permission, catalog.get(resource))
                if found is not None:
                    yield found
        if True in self.entries.values():
            yield Grant(scopes=(OWN_FILTER,))


def _strategy(actions: Iterable[Any]) -> Iterable[tuple[str, bool]]:
    """Permissions in an order in which the broader of two comes last."""
    found = []
    for action in actions:
        if isinstance(action, str):
            name, _, predicate = action.partition(":")
            if predicate in {"", "all", OWN}:
                found.append((permission_of(name), predicate == OWN))
    return sorted(found, key=lambda pair: not pair[1])


def _has_strategy(resource: str, collection: Collection | None) -> bool:
    return resource in _WITH_STRATEGY or (collection is not None and collection.schema != _OURS)


def _configured(action: Any, permission: str, collection: Collection | None) -> Grant | None:
    if not isinstance(action, Mapping):
        return None
    fields = action.get("fields")
    if fields is not None and not isinstance(fields, list):
        return None
    return Grant.of(collection, permission, fields, action.get("scope"))
