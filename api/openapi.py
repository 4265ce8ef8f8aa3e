"""The OpenAPI 3.1 document of the managed tables: catalog in, document out, nothing else is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Collection as Names
from typing import Any
from urllib.parse import quote

from api import openapi_types as types
from orchestrator.model.collection import Association, Catalog, Collection

__all__ = ["document"]

Json = dict[str, Any]

_ERRORS = {"description": "Refused or failed", "content": types.json_content({"$ref": "#/components/schemas/Errors"})}
_META = {
    "type": "object",
    "properties": {name: {"type": "integer"} for name in ("count", "page", "pageSize", "totalPage")},
}
#: actions that change associations: what they answer
_RELATE: dict[str, Json] = {"add": {}, "set": {}, "remove": {}, "toggle": {"data": {}}}


#: whether an action may be done to a collection
Allows = Callable[[str, str], bool]


def document(
    catalog: Catalog, *, actions: Names[str], read_only: Names[str], version: str, allows: Allows | None = None
) -> Json:
    """Every path of every collection that is allowed; all of them when nothing says which.

    Args:
        actions: those there are.
        read_only: collections that have list and get alone.
    """
    paths: Json = _sign_in()
    schemas: Json = {"Errors": types.ERRORS}
    for collection in sorted(catalog, key=lambda each: each.name):
        writable = collection.name not in read_only
        schemas[types.record_name(collection)] = types.record(collection, catalog)
        if writable:
            schemas[types.values_name(collection)] = types.values(collection, catalog)
        for path, method, operation in _operations(
            catalog, collection, frozenset(actions), writable, allows or _everything
        ):
            paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "pg-orchestrator", "version": version},
        "servers": [{"url": "/api"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _everything(_collection: str, _action: str) -> bool:
    return True


def _allowed(collection: Collection, actions: Names[str], allows: Allows) -> set[str]:
    return {name for name in actions if allows(collection.name, name)}


def _sign_in() -> Json:
    credentials = {
        "type": "object",
        "properties": {"account": {"type": "string"}, "password": {"type": "string"}},
        "required": ["account", "password"],
    }
    signed_in = {"type": "object", "properties": {"user": {"type": "object"}, "token": {"type": "string"}}}
    sign_in = _operation("auth", "signIn", "A token for a user name or e-mail address", _data(signed_in))
    sign_in |= {"security": [], "requestBody": {"required": True, "content": types.json_content(credentials)}}
    check = _operation("auth", "check", "The signed-in user with his roles", _data({"type": "object"}))
    return {"/auth:signIn": {"post": sign_in}, "/auth:check": {"get": check}}


def _operations(
    catalog: Catalog, collection: Collection, actions: frozenset[str], writable: bool, allows: Allows
) -> Iterator[tuple[str, str, Json]]:
    name = quote(collection.name, safe="")
    there = actions if writable else actions & {"list", "get"}
    allowed = _allowed(collection, there, allows)
    yield from _resource(f"/{name}", collection, allowed)
    if writable:
        yield from _upserts(f"/{name}", collection, allowed)
        yield from _sheets(f"/{name}", collection, allowed)
        sorts = sorted(field.name for field in collection.fields.values() if field.type == "sort")
        if sorts and "move" in allowed:
            yield f"/{name}:move", "post", _move(f"/{name}:move", collection, sorts)
    if not collection.key_columns:
        return
    for association in collection.associations.values():
        target = catalog.get(association.target)
        if target is None:
            continue
        path = f"/{name}/{{sourceId}}/{quote(association.name, safe='')}"
        source = types.path_key("sourceId", collection, association.source_key)
        relating = actions & _RELATE.keys() if writable and allows(collection.name, "update") else frozenset()
        below = _allowed(target, actions - _RELATE.keys(), allows) | relating
        for each, method, operation in _related(path, association, target, below, writable):
            operation["parameters"] = [source, *operation["parameters"]]
            operation["tags"] = [collection.name]
            yield each, method, operation


def _related(
    path: str, association: Association, target: Collection, actions: Names[str], writable: bool
) -> Iterator[tuple[str, str, Json]]:
    if not association.to_many:
        if "get" not in actions:
            return
        yield f"{path}:get", "get", _get(target, f"{path}:get", by_key=False)
        return
    # what hangs on a record is written below it; any other path of the target does it by its own key
    there = {"list", "create"} if association.type == "hasMany" and writable else {"list"}
    yield from _resource(path, target, there & set(actions))
    if association.type != "belongsToMany" or not writable:
        return
    for name in sorted(_RELATE.keys() & set(actions)):
        answer = {"type": "object", "properties": _RELATE[name]}
        operation = _operation(target.name, f"{path}:{name}", f"{name}: keys of {target.name}", answer)
        keys = {"type": "array", "items": types.key(target)}
        operation["requestBody"] = {"required": True, "content": types.json_content(keys)}
        yield f"{path}:{name}", "post", operation


def _resource(path: str, collection: Collection, actions: Names[str]) -> Iterator[tuple[str, str, Json]]:
    record = {"$ref": types.reference(types.record_name(collection))}
    if "list" in actions:
        rows = {"type": "array", "items": record}
        listed = {"type": "object", "properties": {"data": rows, "meta": _META}, "required": ["data"]}
        operation = _operation(collection.name, f"{path}:list", f"Records of {collection.name}, by pages", listed)
        operation["parameters"] = [*types.selection(collection), *types.page(collection)]
        yield f"{path}:list", "get", operation
    if "get" in actions:
        by_key = len(collection.key_columns) == 1
        where = f"{path}:get/{{filterByTk}}" if by_key else f"{path}:get"
        yield where, "get", _get(collection, where, by_key=by_key)
    if "create" in actions:
        made = _operation(collection.name, f"{path}:create", f"New records of {collection.name}", _data(record))
        made["parameters"] = [types.lists("whitelist", collection), types.lists("blacklist", collection), _workflows()]
        values = {"$ref": types.reference(types.values_name(collection))}
        made["requestBody"] = {"required": True, "content": types.json_content(values)}
        yield f"{path}:create", "post", made
    if len(collection.key_columns) != 1:
        return
    key = types.path_key("filterByTk", collection, collection.key_columns[0])
    if "update" in actions:
        rows = {"type": "array", "items": record}
        where = f"{path}:update/{{filterByTk}}"
        changed = _operation(collection.name, where, f"Changes a record of {collection.name}", _data(rows))
        changed["parameters"] = [key, types.FILTER, types.lists("whitelist", collection), _workflows()]
        some = types.some_values(collection)
        changed["requestBody"] = {"required": True, "content": types.json_content(some)}
        yield where, "post", changed
    if "destroy" in actions:
        where = f"{path}:destroy/{{filterByTk}}"
        gone = _operation(
            collection.name, where, f"Deletes a record of {collection.name}", _data({"type": ["integer", "null"]})
        )
        gone["parameters"] = [key, types.FILTER, _workflows()]
        yield where, "post", gone


def _upserts(path: str, collection: Collection, actions: Names[str]) -> Iterator[tuple[str, str, Json]]:
    record = {"$ref": types.reference(types.record_name(collection))}
    summary = f"The record of {collection.name} that has these values at the filterKeys, else a new one"
    rows = {"type": "array", "items": record}
    for name, answer in (("firstOrCreate", record), ("updateOrCreate", {"anyOf": [record, rows]})):
        if name not in actions:
            continue
        operation = _operation(collection.name, f"{path}:{name}", summary, _data(answer))
        keys = types.lists("filterKeys[]", collection) | {"required": True, "explode": True}
        keys["schema"] = keys["schema"] | {"minItems": 1}
        operation["parameters"] = [keys, types.lists("whitelist", collection), _workflows()]
        values = {"$ref": types.reference(types.values_name(collection))}
        operation["requestBody"] = {"required": True, "content": types.json_content(values)}
        yield f"{path}:{name}", "post", operation


def _move(path: str, collection: Collection, sorts: list[str]) -> Json:
    operation = _operation(collection.name, path, "Another place for a record", _data({"const": "ok"}))
    schemas: dict[str, Json] = {
        "sourceId": types.key(collection),
        "targetId": types.key(collection),
        "method": {"type": "string", "enum": ["insertAfter", "prepend"]},
        "sticky": {"type": "boolean"},
        "sortField": {"type": "string", "enum": sorts},
    }
    queried = [{"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()]
    operation["parameters"] = [*queried, _workflows()]
    return operation


def _sheets(path: str, collection: Collection, actions: Names[str]) -> Iterator[tuple[str, str, Json]]:
    texts: Json = {name: {"type": "string"} for name in ("title", "explain")}
    asked = {"type": "object", "properties": {"columns": types.COLUMNS, **texts}}
    book = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    for name, summary in (
        ("export", f"Records of {collection.name} as a workbook"),
        ("downloadXlsxTemplate", f"A workbook to fill in for {collection.name}"),
    ):
        if name in actions:
            operation = _operation(collection.name, f"{path}:{name}", summary, {})
            operation["responses"]["200"]["content"] = book
            operation["requestBody"] = {"content": types.json_content(asked)}
            if name == "export":
                operation["parameters"] = [types.FILTER]
            yield f"{path}:{name}", "post", operation
    if "importXlsx" in actions:
        form = {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary"}, "columns": {"type": "string"}, **texts},
            "required": ["file", "columns"],
        }
        count = {"type": "object", "properties": {"successCount": {"type": "integer"}}}
        done = {"type": "object", "properties": {"data": count, "meta": count}}
        operation = _operation(collection.name, f"{path}:importXlsx", "New records from a workbook", done)
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
        operation["parameters"] = [_workflows()]
        yield f"{path}:importXlsx", "post", operation


def _get(collection: Collection, path: str, *, by_key: bool) -> Json:
    record = {"anyOf": [{"$ref": types.reference(types.record_name(collection))}, {"type": "null"}]}
    operation = _operation(collection.name, path, f"One record of {collection.name}", _data(record))
    keys = [types.path_key("filterByTk", collection, collection.key_columns[0])] if by_key else []
    operation["parameters"] = [*keys, *types.selection(collection)]
    return operation


def _operation(tag: str, path: str, summary: str, answer: Mapping[str, Any]) -> Json:
    return {
        "tags": [tag],
        "operationId": path.strip("/"),
        "summary": summary,
        "parameters": [],
        "responses": {"200": {"description": "Done", "content": types.json_content(answer)}, "default": _ERRORS},
    }


def _data(schema: Mapping[str, Any]) -> Json:
    return {"type": "object", "properties": {"data": schema}}


def _workflows() -> Json:
    return {
        "name": "triggerWorkflows",
        "in": "query",
        "description": "Keys of workflows to run with the action, separated by commas",
        "schema": {"type": "string"},
    }
