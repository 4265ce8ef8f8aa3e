"""Field types of the wire as columns of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.compiler.ddl import Column
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError

__all__ = ["ASSOCIATIONS", "column_of", "has_column", "random_letters", "without_size"]

ASSOCIATIONS = frozenset({"belongsTo", "hasOne", "hasMany", "belongsToMany", "belongsToArray"})
_INSTANT = "timestamp with time zone"

_PLAIN: Mapping[str, str] = {
    "text": "text",
    "integer": "integer",
    "bigInt": "bigint",
    "sort": "bigint",
    "snowflakeId": "bigint",
    "real": "real",
    "float": "double precision",
    "double": "double precision",
    "boolean": "boolean",
    "radio": "boolean",
    "unixTimestamp": "bigint",
    "password": "character varying(255)",
    "jsonb": "jsonb",
    "date": _INSTANT,
    "datetime": _INSTANT,
    "datetimeTz": _INSTANT,
    "datetimeNoTz": "timestamp without time zone",
    "dateOnly": "date",
    "time": "time without time zone",
    "uid": "character varying(255)",
    "nanoid": "character varying(255)",
    "uuid": "uuid",
    "blob": "bytea",
}
#: what an array's elements may be, as clients spell it
_ELEMENTS: Mapping[str, str] = {
    **{name: name for name in ("text", "integer", "bigint", "boolean", "uuid", "date", "real", "numeric")},
    "string": "character varying(255)",
    "varchar": "character varying",
    "character varying": "character varying",
    "bigInt": "bigint",
    "float": "double precision",
    "double": "double precision",
    "double precision": "double precision",
    "decimal": "numeric",
    "dateOnly": "date",
    "date": "date",
    "timestamptz": _INSTANT,
    _INSTANT: _INSTANT,
}
#: what a field of the type context may be
_CONTEXT_TYPES: Mapping[str, str] = {
    "string": "character varying(255)",
    "text": "text",
    "bigInt": "bigint",
    "integer": "integer",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
    "boolean": "boolean",
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_FILLED = frozenset({"uuid", "uid", "nanoid"})
_INSTANTS = frozenset({"date", "datetime", "datetimeTz", "datetimeNoTz"})


def has_column(field_type: str) -> bool:
    """Whether fields of a type are columns of their table.

    Raises:
        InvalidError: there is no such type.
    """
    if field_type in ASSOCIATIONS or field_type == "virtual":
        return False
    if field_type in _PLAIN or field_type in _SIZED:
        return True
    raise InvalidError(f"unsupported field type {field_type}")


def without_size(pg_type: str) -> str:
    """A type as PostgreSQL calls it where nothing is said of lengths: ``character varying[]``."""
    return re.sub(r"\(.*?\)", "", pg_type)


def column_of(name: str, field_type: str, options: Mapping[str, Any]) -> Column:
    """The column of a field.

    Raises:
        InvalidError: a type that there is not, or options that do not fit it.
    """
    has_column(field_type)
    sized = _SIZED.get(field_type)
    pg_type = sized(name, options) if sized is not None else _PLAIN[field_type]
    identity = bool(options.get("autoIncrement")) or (field_type == "snowflakeId" and _fills(options))
    if identity and pg_type not in {"integer", "bigint"}:
        raise InvalidError(f'"autoIncrement" of "{name}" needs an integer')
    return Column(
        name=name,
        type=pg_type,
        not_null=options.get("allowNull") is False or bool(options.get("primaryKey")) or identity,
        identity=identity,
        default=None if identity else _default(pg_type, options.get("defaultValue")),
        fill=None if identity else _fill(name, field_type, options),
        prefix=_prefix(options) if field_type == "uid" else "",
    )


def _default(pg_type: str, value: Any) -> str | None:
    if value is None:
        return None
    if pg_type in {"json", "jsonb"}:
        return to_json(value)
    if isinstance(value, list) and pg_type.endswith("[]"):
        return "{" + ",".join(_element(item) for item in value) + "}"
    return value if isinstance(value, str) else to_json(value)


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else to_json(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fill(name: str, field_type: str, options: Mapping[str, Any]) -> str | None:
    if field_type in _FILLED and options.get("defaultValue") is None and _fills(options):
        # letters of one's own are drawn by a trigger
        return None if random_letters(name, field_type, options) is not None else field_type
    return "now" if field_type in _INSTANTS and options.get("defaultToCurrentTime") else None


def _fills(options: Mapping[str, Any]) -> bool:
    return options.get("autoFill") is not False


def _prefix(options: Mapping[str, Any]) -> str:
    prefix = options.get("prefix") or ""
    if not isinstance(prefix, str) or len(prefix) > 200:
        raise InvalidError('"prefix" must be a short text')
    return prefix


def _size(name: str, options: Mapping[str, Any], option: str, most: int, default: int | None = None) -> int | None:
    value = options.get(option)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidError(f'"{option}" of "{name}" must be a number up to {most}')
    return value


def _string(name: str, options: Mapping[str, Any]) -> str:
    return f"character varying({_size(name, options, 'length', 10_485_760, 255) or 255})"


def _decimal(name: str, options: Mapping[str, Any]) -> str:
    precision = _size(name, options, "precision", 1000)
    if not precision:
        return "numeric"
    return f"numeric({precision},{_size(name, options, 'scale', precision, 0)})"


def _array(name: str, options: Mapping[str, Any]) -> str:
    if options.get("dataType") != "array":
        return "jsonb"
    element = options.get("elementType") or "text"
    pg_type = _ELEMENTS.get(element) if isinstance(element, str) else None
    if pg_type is None:
        raise InvalidError(f'"elementType" of "{name}" is unknown: "{element}"')
    return f"{pg_type}[]"


def _context(name: str, options: Mapping[str, Any]) -> str:
    kind = options.get("dataType") or "string"
    pg_type = _CONTEXT_TYPES.get(kind) if isinstance(kind, str) else None
    if pg_type is None:
        raise InvalidError(f'"dataType" of "{name}" is unknown: "{kind}"')
    return pg_type


def random_letters(name: str, field_type: str, options: Mapping[str, Any]) -> str | None:
    """How many letters of which alphabet a field is filled with, as ``12:abc``; None where they are the usual ones."""
    alphabet = options.get("customAlphabet")
    if field_type != "nanoid" or not _fills(options) or options.get("defaultValue") is not None:
        return None
    size = _size(name, options, "size", 255, 12) or 12
    if not alphabet:
        return None if size == 12 else f"{size}:{_LETTERS}"
    if not isinstance(alphabet, str) or not 2 <= len(alphabet) <= 255 or "\0" in alphabet:
        raise InvalidError(f'"customAlphabet" of "{name}" must be a text of 2 to 255 letters')
    return f"{size}:{alphabet}"


_SIZED: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "string": _string,
    "decimal": _decimal,
    "array": _array,
    "set": _array,
    "context": _context,
    "json": lambda name, options: "jsonb" if options.get("jsonb") else "json",
}
