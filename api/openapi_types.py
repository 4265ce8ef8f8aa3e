"""Parts of the OpenAPI document: what fields, keys and parameters look like as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.model.collection import Catalog, Collection, Field

__all__ = [
    "COLUMNS",
    "ERRORS",
    "FILTER",
    "json_content",
    "key",
    "lists",
    "page",
    "path_key",
    "record",
    "record_name",
    "reference",
    "selection",
    "some_values",
    "values",
    "values_name",
]

Json = dict[str, Any]

ERRORS: Json = {
    "type": "object",
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"message": {"type": "string"}, "code": {"type": "string"}},
                "required": ["message"],
            },
        }
    },
}

#: what a value looks like when it is shown, and when it is given
_SHOWN: Mapping[str, Json] = {
    "smallint": {"type": "integer"},
    "integer": {"type": "integer"},
    "bigint": {"type": ["integer", "string"], "description": "a string beyond 2^53"},
    "numeric": {"type": "string", "description": "a decimal number"},
    "real": {"type": ["number", "string"]},
    "double precision": {"type": ["number", "string"]},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp with time zone": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
    "bytea": {"type": "string", "contentEncoding": "base64"},
    "json": {},
    "jsonb": {},
}
_GIVEN: Mapping[str, Json] = {
    "smallint": {"type": "integer", "minimum": -(2**15), "maximum": 2**15 - 1},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "bigint": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "numeric": {"type": ["number", "string"], "description": "a string keeps every digit"},
    "real": {"type": "number"},
    "double precision": {"type": "number"},
}

#: of a sheet
COLUMNS: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "dataIndex": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "title": {"type": "string"},
            "defaultTitle": {"type": "string"},
        },
        "required": ["dataIndex"],
    },
}

FILTER: Json = {
    "name": "filter",
    "in": "query",
    "description": 'Conditions, such as {"title": {"$includes": "a"}}',
    "content": {"application/json": {"schema": {"type": "object"}}},
}


def reference(schema: str) -> str:
    return f"#/components/schemas/{schema}"


def record_name(collection: Collection) -> str:
    """The schema's name; JSON pointers and component names allow but a few characters."""
    return "".join(char if char.isascii() and char.isalnum() else f"_{ord(char):x}_" for char in collection.name)


def values_name(collection: Collection) -> str:
    return f"{record_name(collection)}.values"


def json_content(schema: Mapping[str, Any]) -> Json:
    return {"application/json": {"schema": schema}}


def record(collection: Collection, catalog: Catalog) -> Json:
    """A record as it is shown. `fields` and `except` leave out what they like, `appends` adds relations."""
    properties: Json = {field.name: _shown(field) for field in collection.visible_fields}
    for association in collection.associations.values():
        target = catalog.get(association.target)
        if target is None:
            continue
        one = {"$ref": reference(record_name(target))}
        properties[association.name] = (
            {"type": "array", "items": one} if association.to_many else {"anyOf": [one, {"type": "null"}]}
        )
    return {"type": "object", "properties": properties}


def values(collection: Collection, catalog: Catalog) -> Json:
    """The values of a new record."""
    schema = some_values(collection)
    for association in collection.associations.values():
        target = catalog.get(association.target)
        if target is not None:
            one = {"anyOf": [key(target), {"type": "object"}]}
            schema["properties"][association.name] = (
                {"type": "array", "items": one} if association.to_many else {"anyOf": [one, {"type": "null"}]}
            )
    required = [
        field.name
        for field in collection.visible_fields
        if field.writable and not field.allow_null and not field.has_default and field.identity is None
    ]
    return schema | ({"required": required} if required else {})


def some_values(collection: Collection) -> Json:
    """Values of a record that is there already."""
    return {
        "type": "object",
        "properties": {field.name: _given(field) for field in collection.visible_fields if field.writable},
    }


def key(collection: Collection) -> Json:
    """The key of a record as a value."""
    columns = collection.key_columns
    if len(columns) == 1 and columns[0] in collection.fields:
        return _plain(collection.fields[columns[0]], _GIVEN)
    return {"type": "object"}


def path_key(name: str, collection: Collection, column: str) -> Json:
    """A key in the path."""
    field = collection.fields.get(column)
    schema = _plain(field, _GIVEN) if field is not None else {"type": "string"}
    if schema.get("type") == "string":
        schema = {"minLength": 1, **schema}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def selection(collection: Collection) -> list[Json]:
    """Parameters of list and get."""
    relations = {"type": "array", "items": {"type": "string", "enum": sorted(collection.associations)}}
    appends = [_list("appends", relations)] if collection.associations else []
    return [FILTER, lists("fields", collection), lists("except", collection), *appends]


def page(collection: Collection) -> list[Json]:
    """Parameters of list alone."""
    names = sorted(field.name for field in collection.visible_fields if not field.array and not field.json)
    sortable = {"type": "string", "enum": [*names, *(f"-{name}" for name in names)]}
    number = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    return [
        _list("sort", {"type": "array", "items": sortable}),
        {"name": "page", "in": "query", "schema": number | {"default": 1}},
        {"name": "pageSize", "in": "query", "schema": number | {"default": 20}},
        {"name": "paginate", "in": "query", "schema": {"type": "boolean", "default": True}},
    ]


def lists(name: str, collection: Collection) -> Json:
    """A parameter that is a list of the collection's fields."""
    fields = sorted(field.name for field in collection.visible_fields)
    return _list(name, {"type": "array", "items": {"type": "string", "enum": fields}})


def _list(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "style": "form", "explode": False, "schema": schema}


def _shown(field: Field) -> Json:
    return _nullable(_plain(field, _SHOWN), field)


def _given(field: Field) -> Json:
    return _nullable(_plain(field, _GIVEN), field)


def _plain(field: Field, table: Mapping[str, Json]) -> Json:
    one = table.get(field.element_type, _SHOWN.get(field.element_type))
    if one is None:
        one = {} if field.type == "json" else {"type": "string"}
    return {"type": "array"} if field.array else dict(one)


def _nullable(schema: Json, field: Field) -> Json:
    types = schema.get("type")
    if types is None or not field.allow_null:
        return schema
    return schema | {"type": [*([types] if isinstance(types, str) else types), "null"]}
