"""What a request wants to see: columns, and relations with what it wants to see of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.compiler.sql import UNKNOWN_COLUMN, Scope
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Collection, Field

__all__ = ["Selection", "select"]

_APPEND = re.compile(r"([^()]+)(?:\((.*)\))?")

#: how deep an append with ``recursively=true`` goes
RECURSION = 20


@dataclass
class Selection:
    """The columns of a collection that are shown, in the order of the table, and its appended relations.

    ``whole`` is false where a request named what it wants.
    """

    collection: Collection
    whole: bool = True
    columns: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    relations: dict[str, Selection] = field(default_factory=dict)
    sort: list[str] = field(default_factory=list)
    #: levels of the same relation below this one
    levels: int = 0
    #: whether rows reached through a join table show the row that links them
    pivot: bool = True

    @property
    def fields(self) -> list[Field]:
        if self.whole:
            return [f for f in self.collection.visible_fields if f.name not in self.hidden]
        return [f for f in self.collection.fields.values() if f.name in self.columns and not f.hidden]

    def association(self, name: str) -> Association:
        return self.collection.associations[name]


def select(scope: Scope, collection: Collection, shape: Mapping[str, Any]) -> Selection:
    """The selection that ``fields``, ``except`` and ``appends`` of a shape describe.

    Naming ``a.b`` loads of ``a`` what is named alone; naming ``a`` as well loads all of it. Unknown relations in
    ``appends`` are passed over, unknown columns in ``fields`` are an error.
    """
    root = Selection(collection)
    if wanted := shape.get("fields"):
        root.whole = False
        for path in wanted:
            _choose(scope, root, path.split("."))
    for text in shape.get("appends", ()):
        _append(scope, root, text)
    for path in shape.get("except", ()):
        _leave_out(root, path.split("."), bool(wanted))
    if shape.get("template"):
        _anonymize(scope, root)
    return root


def _choose(scope: Scope, selection: Selection, path: Sequence[str]) -> None:
    name, *rest = path
    if name in selection.collection.fields and not rest:
        selection.columns.add(name)
        return
    if name not in selection.collection.associations:
        raise InvalidError(UNKNOWN_COLUMN)
    child = _child(scope, selection, name)
    if rest:
        _choose(scope, child, rest)
    else:
        child.whole = True


def _append(scope: Scope, root: Selection, text: str) -> None:
    match = _APPEND.fullmatch(text)
    if match is None:
        return
    selection = root
    for name in match[1].split("."):
        if name not in selection.collection.associations:
            return
        selection = _child(scope, selection, name)
    selection.whole = True
    for key, value in _options(match[2] or ""):
        if key == "sort":
            selection.sort = [value, *selection.sort]
        elif key == "recursively" and value == "true" and selection.collection.associations.get(name):
            selection.levels = RECURSION


def _child(scope: Scope, selection: Selection, name: str) -> Selection:
    child = selection.relations.get(name)
    if child is None:
        child = Selection(scope.collection(selection.association(name).target), whole=False)
        selection.relations[name] = child
    return child


#: columns and relations that say who wrote a record, and when
_STAMPS = frozenset({"createdAt", "updatedAt", "createdById", "updatedById", "createdBy", "updatedBy"})
_OWN_TYPES = frozenset({"sort", "password", "sequence"})


def _anonymize(scope: Scope, selection: Selection, *also: str) -> None:
    """Leave out what only this one record can have, so that another can be made of the rest.

    Records that belong to it are anonymized as well; those that are merely linked are not, for the new one is to be
    linked to them too.
    """
    collection = scope.structure(selection.collection.name)
    names = {f.name for f in collection.fields.values() if f.primary_key or f.identity or f.type in _OWN_TYPES}
    names |= {a.foreign_key for a in collection.associations.values() if a.type == "belongsTo"}
    names |= {*collection.key_columns, *_STAMPS, *also}
    selection.hidden |= names
    selection.columns -= names
    for name in names & selection.relations.keys():
        del selection.relations[name]
    for name, child in selection.relations.items():
        association = selection.association(name)
        if association.type in {"hasOne", "hasMany"}:
            _anonymize(scope, child, association.foreign_key)
        child.pivot = False


def _options(text: str) -> Iterable[tuple[str, str]]:
    for part in re.split(r"[,&]", text):
        key, found, value = part.partition("=")
        # a further sort key: sort=-id,name
        yield (key.strip(), value.strip()) if found else ("sort", part.strip()) if part.strip() else ("", "")


def _leave_out(selection: Selection, path: Sequence[str], chosen: bool) -> None:
    name, *rest = path
    if rest:
        if child := selection.relations.get(name):
            _leave_out(child, rest, False)
    elif name in selection.relations:
        del selection.relations[name]
    elif not chosen:
        selection.hidden.add(name)
