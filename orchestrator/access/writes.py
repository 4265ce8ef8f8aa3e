"""What is left of the values of a write, for a role: the columns and relations that it may write, item by item.

Nothing here refuses but a missing permission for the action itself: what may not be written is left out, as if it had
not been asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.errors import ForbiddenError
from orchestrator.model.reference import key_named

if TYPE_CHECKING:
    from orchestrator.access.grant import Grant
    from orchestrator.model.collection import Association, Catalog
    from orchestrator.model.collection import Collection as Table

__all__ = ["Inside", "WriteRules"]

#: whether the row of a key (its columns) is one that the role may update
Inside = Callable[[str, Mapping[str, Any]], bool]

_LEFT_OUT: Any = object()


class WriteRules:
    """The values that a role may write.

    Args:
        grant_of: the permission for an action on a collection, None where it is denied.
        inside: asked about rows of collections whose updates have a scope.
    """

    def __init__(self, grant_of: Callable[[str, str], Grant | None], catalog: Catalog, inside: Inside) -> None:
        self._grant_of = grant_of
        self._catalog = catalog
        self._inside = inside

    def values(
        self,
        collection: str,
        action: str,
        values: Mapping[str, Any],
        *,
        updatable: Sequence[str] = (),
        keep: Collection[str] = (),
        through: str | None = None,
    ) -> dict[str, Any]:
        """The values of one record, without what may not be written.

        Args:
            updatable: paths of relations whose rows may be created and changed, and not only linked.
            keep: columns that stay whatever the permission says.
            through: the join table on the path to the record, whose values come among the record's.

        Raises:
            ForbiddenError: the action is not permitted at all.
        """
        grant = self._grant_of(collection, action)
        table = self._catalog.get(collection)
        if grant is None or table is None:
            raise ForbiddenError
        # keys of an update say which row is meant, and are never written
        kept = {*keep, *(table.key_columns if action == "update" else ())}
        permitted: dict[str, Any] = {}
        for name, value in values.items():
            if name == through:
                found: Any = self.pivot(name, value, action)
            elif name in kept and name not in table.associations:
                found = value
            elif grant.fields is not None and name not in grant.fields:
                continue
            elif name in table.associations:
                found = self._related(table.associations[name], value, updatable)
            else:
                found = value
            if found is not _LEFT_OUT:
                permitted[name] = found
        return permitted

    def pivot(self, through: str, values: Any, *actions: str) -> Any:
        """What may be stored with a link, by the permissions for all these actions on the join table."""
        if not isinstance(values, Mapping):
            return values
        for action in actions:
            grant = self._grant_of(through, action)
            if grant is None or grant.scope is False:
                return {}
            if grant.fields is not None:
                values = {name: value for name, value in values.items() if name in grant.fields}
        return dict(values)

    def _related(self, association: Association, value: Any, updatable: Sequence[str]) -> Any:
        target = self._catalog.get(association.target)
        if target is None:
            return _LEFT_OUT
        if not isinstance(value, list | tuple):
            return self._item(association, target, value, updatable)
        items = [self._item(association, target, item, updatable) for item in value]
        kept = [item for item in items if item is not _LEFT_OUT]
        # an empty list unlinks every row: one that has become empty must not
        return kept if kept or not value else _LEFT_OUT

    def _item(self, association: Association, target: Table, item: Any, updatable: Sequence[str]) -> Any:
        """An item as it may be written: reduced to its key, where only linking it is permitted."""
        if not isinstance(item, Mapping):
            return item
        key = key_named(association, target, item)
        action = "create" if key is None else "update"
        if association.name not in updatable or not self._may(target, action, key):
            return _LEFT_OUT if key is None else key
        prefix = f"{association.name}."
        below = [path.removeprefix(prefix) for path in updatable if path.startswith(prefix)]
        through = association.through
        own = {name: value for name, value in item.items() if name != through}
        permitted = self.values(target.name, action, own, updatable=below) | (key or {})
        if through is not None and through in item:
            permitted[through] = self.pivot(through, item[through], *(("create",) if key is None else _EITHER))
        return permitted

    def _may(self, target: Table, action: str, key: Mapping[str, Any] | None) -> bool:
        grant = self._grant_of(target.name, action)
        if grant is None or grant.scope is False:
            return False
        return key is None or grant.scope is None or self._inside(target.name, key)


#: a link to a row that is there may be there as well
_EITHER = ("create", "update")
