"""What a permission carries: columns, relations and rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestrator.access.scopes import resolve, to_variable_names
from orchestrator.model.collection import Collection
from orchestrator.model.variables import Variables

__all__ = ["OWN", "OWN_FILTER", "Grant"]

#: the rows that one created oneself
OWN = "own"
#: columns that whoever may view anything sees
_ALWAYS = ("createdAt", "updatedAt", "createdById")
#: as clients know it
OWN_FILTER = {"createdById": "{{ctx.state.currentUser.id}}"}


class Grant:
    """A permission for one action on one resource.

    Attributes:
        fields: columns that are shown, or for writes the names that may be written, relations among them; None for all.
        relations: relations that may be passed through; None for all.
        scopes: filters with variables, a row has to meet one of them; None for every row.
    """

    __slots__ = ("fields", "relations", "scopes")

    def __init__(
        self,
        fields: frozenset[str] | None = None,
        relations: frozenset[str] | None = None,
        scopes: tuple[Any, ...] | None = None,
    ) -> None:
        self.fields = fields
        self.relations = relations
        self.scopes = scopes

    @property
    def is_unlimited(self) -> bool:
        """Whether it is for every row and everything in it."""
        return self.fields is None and self.relations is None and self.scopes is None

    @property
    def scope(self) -> Any:
        """One filter with variables, None for every row, False for none."""
        if self.scopes is None:
            return None
        return self.scopes[0] if len(self.scopes) == 1 else {"$or": list(self.scopes)} if self.scopes else False

    def rows(self, variables: Variables) -> Any:
        """The filter with the values of its variables, None for every row, False for none."""
        if self.scopes is None:
            return None
        found = [scope for scope in (resolve(scope, variables) for scope in self.scopes) if scope is not False]
        return found[0] if len(found) == 1 else {"$or": found} if found else False

    def names(self) -> frozenset[str]:
        """The variables of its scopes."""
        return frozenset(name for scope in self.scopes or () for name in to_variable_names(scope))

    def union(self, other: Grant) -> Grant:
        """What either allows."""
        scopes = None
        if self.scopes is not None and other.scopes is not None:
            scopes = self.scopes + tuple(scope for scope in other.scopes if scope not in self.scopes)
        return Grant(_either(self.fields, other.fields), _either(self.relations, other.relations), scopes)

    @classmethod
    def of(
        cls, collection: Collection | None, action: str, fields: Iterable[str] | None = None, scope: Any = None
    ) -> Grant | None:
        """A grant from what a role document says of an action; None when it comes to nothing.

        Args:
            action: a permission's name, aliases applied.
            fields: names of columns and relations.
            scope: a filter, "own", or None.
        """
        if scope == OWN:
            if collection is None or "createdById" not in collection.fields:
                return None
            scope = OWN_FILTER
        scopes = None if scope is None or scope == {} else (scope,)
        if fields is None:
            return cls(scopes=scopes)
        names = frozenset(fields)
        if action not in {"view", "export"}:
            # an empty list stands for all in what is written
            return cls(names or None, scopes=scopes)
        if collection is None:
            return cls(names, names, scopes)
        always = (*collection.key_columns, *_ALWAYS)
        columns = frozenset(name for name in (*names, *always) if name in collection.fields)
        return cls(columns, names & collection.associations.keys(), scopes)


def _either(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
