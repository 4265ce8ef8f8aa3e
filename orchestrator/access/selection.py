"""What of a request's selection a role may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.access.access import Access
from orchestrator.model.collection import Catalog, Collection

__all__ = ["may_see", "permitted_fields", "shows_tree"]


def permitted_fields(access: Access, catalog: Catalog, collection: str, paths: Iterable[str]) -> list[str]:
    """The columns and relations that may be seen of those that are named.

    The others are left out, be they forbidden or unknown, so that nobody can tell which. Where nothing would be left
    it is all of them, and the request names what does not exist.
    """
    asked = list(paths)
    return [path for path in asked if may_see(access, catalog, collection, path.split("."))] or asked


def shows_tree(access: Access, collection: Collection) -> bool:
    """Whether the place of rows in a tree may be seen: by a relation, or by the column that it goes by."""
    grant, parent = access.grant(collection.name, "view"), collection.parent
    if grant is None or parent is None:
        return False
    if grant.fields is None or parent.foreign_key in grant.fields or grant.relations is None:
        return True
    own = (a for a in collection.associations.values() if a.target == collection.name)
    return any(a.name in grant.relations and a.foreign_key == parent.foreign_key for a in own)


def may_see(access: Access, catalog: Catalog, name: str, path: Sequence[str]) -> bool:
    """Whether a path to a column or relation of a collection may be followed to its end."""
    collection, grant = catalog.get(name), access.grant(name, "view")
    if collection is None or grant is None:
        return False
    first, *rest = path
    if first in collection.fields:
        return not rest and (grant.fields is None or first in grant.fields or first in collection.key_columns)
    association = collection.associations.get(first)
    if association is None or not (grant.relations is None or first in grant.relations):
        return False
    if rest:
        return may_see(access, catalog, association.target, rest)
    return access.grant(association.target, "view") is not None
