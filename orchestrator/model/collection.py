"""The catalog of managed tables, as ``orchestrator.catalog()`` describes it.

Names of collections and fields are the wire's; ``schema``, ``table`` and ``pg_type`` are PostgreSQL's. A field's name
is its column's name, letter for letter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast

__all__ = ["Association", "AssociationType", "Catalog", "Collection", "Field", "Key"]

AssociationType = Literal["belongsTo", "hasOne", "hasMany", "belongsToMany", "belongsToArray"]

#: what addresses a row: one column, several, or nothing
Key = str | tuple[str, ...] | None

_BEHAVING = frozenset({"password", "unixTimestamp", "context", "set"})
_BEHAVIOURS = ("trim", "pattern", "validation", "sorted")
_TEXT_TYPES = frozenset({"text", "character varying", "bpchar", "name", "character", '"char"', "xml"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A column: its wire type (``bigInt``, ``datetimeTz``, …) and its type for casts, domains resolved."""

    name: str
    type: str
    pg_type: str
    allow_null: bool = True
    has_default: bool = False
    generated: bool = False
    identity: Literal["always", "default"] | None = None
    primary_key: bool = False
    hidden: bool = False
    array: bool = False
    #: schema of the type's own comparison operators, None for pg_catalog
    operators: str | None = None
    #: what a person reads, where it was given one
    title: str | None = None
    #: of a position: the column whose values have an order each
    scope_key: str | None = None
    #: what was declared of its values: see engine.field_values
    behaviour: Mapping[str, Any] = field(default_factory=dict)

    @property
    def writable(self) -> bool:
        """False where PostgreSQL alone computes the value."""
        return not self.generated and self.identity != "always"

    @property
    def json(self) -> bool:
        return self.pg_type in {"json", "jsonb"}

    @property
    def secret(self) -> bool:
        """Whether nobody reads it, not even by asking for the records where it has some value."""
        return self.type == "password"

    @property
    def counts_time(self) -> bool:
        """Whether the column counts seconds or milliseconds since 1970, and clients see an instant."""
        return self.type == "unixTimestamp"

    @property
    def accuracy(self) -> str:
        """What such a column counts."""
        return "millisecond" if self.behaviour.get("accuracy") == "millisecond" else "second"

    @property
    def validation(self) -> Mapping[str, Any] | None:
        """The rules for its values."""
        return self.behaviour.get("validation") or None

    @property
    def behaves(self) -> bool:
        """Whether a value may have to become another before it is written, or may be refused."""
        if self.type in _BEHAVING or any(self.behaviour.get(name) for name in _BEHAVIOURS):
            return True
        return self.textual and bool(self.behaviour.get("unique"))

    @property
    def listed(self) -> bool:
        """Whether the value is a list, whose items paths lead to."""
        return self.array or self.type in {"array", "set"}

    @property
    def scalar(self) -> bool:
        """Whether a text says the whole value: arrays and rows are read from JSON."""
        return not self.array and (self.type != "json" or self.json)

    @property
    def textual(self) -> bool:
        return self.pg_type in _TEXT_TYPES or self.pg_type.rpartition(".")[2] == "citext"

    @property
    def element_type(self) -> str:
        """Type of an array's elements; the type itself where it is no array."""
        return self.pg_type.removesuffix("[]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Association:
    """A relation of a collection to another one.

    ``foreign_key`` is a column of the collection itself (belongsTo; belongsToArray, where it lists keys), of the target
    (hasOne, hasMany) or of the through-collection (belongsToMany, which has ``other_key`` for the other side as well).
    """

    name: str
    type: AssociationType
    target: str
    foreign_key: str
    source_key: str
    target_key: str
    through: str | None = None
    other_key: str | None = None
    on_delete: str = "NO ACTION"

    @property
    def to_many(self) -> bool:
        return self.type in {"hasMany", "belongsToMany", "belongsToArray"}


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A managed table or view."""

    name: str
    schema: str
    table: str
    oid: int
    filter_target_key: Key = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    associations: Mapping[str, Association] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str | None = None
    #: fields without a column, whose values a reply repeats
    virtual: tuple[str, ...] = ()
    #: columns that mean users of this very database
    user_columns: frozenset[str] = frozenset()
    #: rows of others may be linked to its rows, and that is all
    read_only: bool = False

    @cached_property
    def behaving_fields(self) -> tuple[Field, ...]:
        """Those whose values are looked at before they are written."""
        return tuple(f for f in self.fields.values() if f.behaves)

    def readable(self, name: str) -> Field | None:
        """The field that a client may name in a question."""
        found = self.fields.get(name)
        return None if found is None or found.secret else found

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of the key, none when rows cannot be addressed."""
        key = self.filter_target_key
        return (key,) if isinstance(key, str) else key or ()

    @cached_property
    def parent(self) -> Association | None:
        """The relation of a row to the one above it, where rows of the collection form a tree."""
        own = [a for a in self.associations.values() if a.type == "belongsTo" and a.target == self.name]
        return next((a for a in own if a.name == "parent"), own[0] if own else None)

    @cached_property
    def visible_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if not f.hidden)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every managed table at one revision; two catalogs of one revision are equal."""

    revision: int
    collections: Mapping[str, Collection]

    @classmethod
    def from_json(cls, text: str, others: Mapping[str, Key] | None = None) -> Catalog:
        """The catalog from the text of ``orchestrator.catalog()``.

        Args:
            others: collections that relations may lead to although they are no managed tables, with their keys.
        """
        document = json.loads(text)
        keys = dict(others or {}) | {
            item["name"]: _key(item.get("filterTargetKey")) for item in document["collections"]
        }
        collections = {item["name"]: _collection(item, keys) for item in document["collections"]}
        return cls(revision=document["revision"], collections=collections)

    @cached_property
    def has_behaviour(self) -> bool:
        """Whether any collection has fields whose values are looked at before they are written."""
        return any(collection.behaving_fields for collection in self)

    @cached_property
    def has_secret(self) -> bool:
        """Whether any collection has fields that nobody reads."""
        return any(field.secret for collection in self for field in collection.behaving_fields)

    def get(self, name: str) -> Collection | None:
        return self.collections.get(name)

    def __iter__(self) -> Iterator[Collection]:
        return iter(self.collections.values())


def _key(value: Any) -> Key:
    return tuple(value) if isinstance(value, list) else cast(Key, value)


def _single(key: Key) -> str:
    """The column of a simple key; relations without a declared key refer to ``id``."""
    return key if isinstance(key, str) else "id"


def _collection(item: Mapping[str, Any], keys: Mapping[str, Key]) -> Collection:
    fields = [_field(column) for column in item["fields"]]
    associations = [_association(relation, item["name"], keys) for relation in item["associations"]]
    return Collection(
        name=item["name"],
        schema=item["schema"],
        table=item["table"],
        oid=item["oid"],
        filter_target_key=keys[item["name"]],
        fields={f.name: f for f in fields},
        associations={a.name: a for a in associations if a is not None},
        options=item.get("options") or {},
        title=item.get("title"),
        virtual=tuple(item.get("virtual") or ()),
        user_columns=frozenset(str(r.get("foreignKey")) for r in item["associations"] if r.get("target") == "users"),
    )


def _field(column: Mapping[str, Any]) -> Field:
    titles = (column.get("title"), (column.get("behaviour") or {}).get("title"))
    return Field(
        name=column["name"],
        type=column["type"],
        pg_type=column["rawType"],
        allow_null=column.get("allowNull", True),
        has_default=column.get("hasDefault", False),
        generated=column.get("generated", False),
        identity=column.get("identity"),
        primary_key=column.get("primaryKey", False),
        hidden=column.get("hidden") is True or column["type"] == "password",
        array=column.get("array", False),
        operators=column.get("operators"),
        title=next((title for title in titles if isinstance(title, str)), None),
        scope_key=column.get("scopeKey"),
        behaviour=column.get("behaviour") or {},
    )


def _association(relation: Mapping[str, Any], source: str, keys: Mapping[str, Key]) -> Association | None:
    """None where the definition lacks what it needs, or its target is not managed."""
    target, foreign_key = relation.get("target"), relation.get("foreignKey")
    through, other_key = relation.get("through"), relation.get("otherKey")
    if not target or not foreign_key or target not in keys:
        return None
    if relation["type"] == "belongsToMany" and (not other_key or through not in keys):
        return None
    return Association(
        name=relation["name"],
        type=relation["type"],
        target=target,
        foreign_key=foreign_key,
        source_key=relation.get("sourceKey") or _single(keys[source]),
        target_key=relation.get("targetKey") or _single(keys[target]),
        through=through,
        other_key=other_key,
        on_delete=str(relation.get("onDelete") or "NO ACTION").upper(),
    )
