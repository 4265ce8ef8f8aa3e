"""What a client declares: a collection with its fields, checked, before anything is done about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.compiler.column_types import ASSOCIATIONS, has_column
from orchestrator.engine.validation import check_definition
from orchestrator.errors import InvalidError

__all__ = ["CollectionDefinition", "FieldDefinition", "check_name", "random_name", "read_collection", "read_field"]

#: what a field of the type context may be filled with
_CONTEXT = re.compile(r"state\.(currentRole|currentUser\.[A-Za-z]+)")
_NAME = re.compile(r"[A-Za-z0-9_\-*$]+")
_LONGEST = 63
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_ON_DELETE = frozenset({"CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT"})
#: what is kept apart from a definition
_OF_COLLECTION = frozenset({"key", "name", "title", "fields", "sort", "unavailableActions", "category"})
_OF_FIELD = frozenset({"key", "name", "type", "interface", "collectionName", "collection", "sort", "reverseField"})
_AUTOMATIC = ("createdAt", "createdBy", "updatedAt", "updatedBy")
#: parts of a definition that others than its author read; what PostgreSQL says of a column is never taken from him
_READ = frozenset(
    {"target", "foreignKey", "otherKey", "sourceKey", "targetKey", "through", "onDelete", "hidden", "scopeKey"}
    | {"sortBy", "treeParent", "treeChildren", "isForeignKey"}
)
#: parts of a definition that say what becomes of values
_BEHAVIOUR = ("trim", "unique", "pattern", "validation", "accuracy", "dataIndex", "createOnly")
_KEYS = ("foreignKey", "otherKey", "sourceKey", "targetKey", "through", "scopeKey")


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldDefinition:
    """A field; ``options`` is everything that was said of it besides."""

    name: str
    type: str
    interface: str | None
    options: Mapping[str, Any]
    #: the field on the other side of a relation, to be made with it
    reverse: Mapping[str, Any] | None = None

    @property
    def is_association(self) -> bool:
        return self.type in ASSOCIATIONS

    @property
    def has_column(self) -> bool:
        return has_column(self.type)

    def read(self) -> dict[str, Any]:
        """The options that count for reading and writing records."""
        title = (self.options.get("uiSchema") or {}).get("title")
        titled = {"title": title} if isinstance(title, str) else {}
        read = {name: value for name, value in self.options.items() if name in _READ} | titled
        if not self.is_association:
            behaviour = {name: self.options[name] for name in _BEHAVIOUR if self.options.get(name)}
            if self.type in {"array", "set"}:
                behaviour["sorted"] = True
            # null where nothing is declared any more: what is stored is merged with this
            read["behaviour"] = {**behaviour, **titled} if behaviour else None
        if self.type == "password":
            read["hidden"] = True
        return read


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionDefinition:
    """A collection. ``fields`` is None where the client said nothing of fields."""

    name: str
    title: str | None
    options: Mapping[str, Any]
    fields: tuple[FieldDefinition, ...] | None

    def field(self, name: str) -> FieldDefinition | None:
        return next((field for field in self.fields or () if field.name == name), None)


def random_name(prefix: str) -> str:
    """A name that nobody chose."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(11))


def check_name(kind: str, name: Any) -> str:
    """A name as it may be given to a collection or field."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidError(f"{kind}.name can only include letters, digits, _ - * $")
    if len(name) > _LONGEST:
        raise InvalidError(f"Identifier {name} is too long")
    return name


def read_collection(values: Any) -> CollectionDefinition:
    """A collection from a request's values.

    Raises:
        InvalidError: it is not one that can be made.
    """
    if not isinstance(values, dict):
        raise InvalidError("a collection must be an object")
    name = check_name("collections", values["name"]) if values.get("name") else random_name("t_")
    fields = read_fields(values["fields"]) if values.get("fields") is not None else None
    options = {key: value for key, value in values.items() if key not in _OF_COLLECTION}
    for automatic in _AUTOMATIC:
        declared = any(field.name == automatic for field in fields or ())
        options.setdefault(automatic, declared)
    if options.get("tableName") not in (None, name) or options.get("schema") not in (None, "public"):
        raise InvalidError(f'the table of collection "{name}" has its name, in the schema "public"')
    if options.get("inherits") or options.get("template") in ("view", "sql") or options.get("view"):
        raise InvalidError("collections that inherit, views and queries are not created through the API")
    return CollectionDefinition(name=name, title=_text(values, "title"), options=options, fields=fields)


def read_fields(values: Any) -> tuple[FieldDefinition, ...]:
    """The fields of a collection, each name once."""
    if not isinstance(values, list):
        raise InvalidError('"fields" must be a list')
    fields = tuple(read_field(value) for value in values)
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise InvalidError(f'field "{name}" is there twice')
    return fields


def read_field(values: Any) -> FieldDefinition:
    """A field from a request's values.

    Raises:
        InvalidError: it is not one that can be made.
    """
    if not isinstance(values, dict):
        raise InvalidError("a field must be an object")
    name = check_name("fields", values["name"]) if values.get("name") else random_name("f_")
    type_ = values.get("type")
    if not isinstance(type_, str):
        raise InvalidError(f'"type" of field "{name}" is required')
    has_column(type_)
    interface = _text(values, "interface")
    options = {key: value for key, value in values.items() if key not in _OF_FIELD and value is not None}
    _check_options(name, type_, options)
    reverse = (values.get("reverseField") or None) if type_ in ASSOCIATIONS else None
    if reverse is not None and not isinstance(reverse, dict):
        raise InvalidError(f'"reverseField" of field "{name}" must be an object')
    return FieldDefinition(name=name, type=type_, interface=interface, options=options, reverse=reverse)


def _check_options(name: str, type_: str, options: Mapping[str, Any]) -> None:
    if options.get("field") not in (None, name):
        raise InvalidError(f'the column of field "{name}" has its name')
    if not isinstance(options.get("uiSchema", {}), dict):
        raise InvalidError(f'"uiSchema" of field "{name}" must be an object')
    if options.get("validation"):
        check_definition(name, options["validation"])
    if options.get("pattern"):
        rule = {"name": "pattern", "args": {"regex": options["pattern"]}}
        check_definition(name, {"rules": [rule]})
    if type_ == "context" and not _CONTEXT.fullmatch(str(options.get("dataIndex"))):
        raise InvalidError(f'"dataIndex" of field "{name}" must be state.currentUser.<field> or state.currentRole')
    if options.get("accuracy") not in (None, "second", "millisecond"):
        raise InvalidError(f'"accuracy" of field "{name}" must be "second" or "millisecond"')
    for key in _KEYS:
        _check_identifier(key, name, options.get(key))
    if type_ in ASSOCIATIONS:
        if not options.get("target"):
            raise InvalidError(f'"target" of field "{name}" is required')
        _check_identifier("target", name, options["target"])
        on_delete = options.get("onDelete")
        if on_delete is not None and (not isinstance(on_delete, str) or on_delete.upper() not in _ON_DELETE):
            raise InvalidError(f'"onDelete" of field "{name}" is unknown: "{on_delete}"')


def _check_identifier(option: str, field: str, value: Any) -> None:
    """A name that exists already, or that is given to a column: whatever PostgreSQL takes."""
    if value is None:
        return
    if not isinstance(value, str) or not value or "\0" in value:
        raise InvalidError(f'"{option}" of field "{field}" must be a name')
    if len(value.encode()) > _LONGEST:
        raise InvalidError(f"Identifier {value} is too long")


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidError(f'"{name}" must be a text')
    return value
