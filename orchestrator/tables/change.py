"""Which function carries out which action on collections and fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.port import Port
from orchestrator.errors import ForbiddenError, InvalidError, NotFoundError
from orchestrator.tables.apply import Applied
from orchestrator.tables.arranging import categories_of, file, move
from orchestrator.tables.definition import FieldDefinition, read_collection, read_field, read_fields
from orchestrator.tables.designer import Designer
from orchestrator.tables.loading import load_tables, read_again, tables_to_load
from orchestrator.tables.state import State

__all__ = ["change"]

_PROTECTED = frozenset({"users", "roles", "rolesUsers"})
Request = Mapping[str, Any]


def change(port: Port, request: str) -> str:
    """Carry out an action; HTTP status, a blank, the body.

    Raises:
        OrchestratorError: it is refused, and nothing was changed.
    """
    asked = from_json(request)
    handler = _HANDLERS.get((asked["resource"], asked["action"]))
    if handler is None:
        raise NotFoundError("Not Found")
    data = handler(port, asked)
    if isinstance(data, Applied):
        return f'200 {{"data":{to_json(data.data)},"verify":{to_json(data.verify())}}}'
    return "200 {}" if data is None else f'200 {{"data":{to_json(data)}}}'


# -- collections -------------------------------------------------------------------------------------------------------


def _create_collection(port: Port, asked: Request) -> Any:
    definition = read_collection(asked["values"])
    designer = _designer(port, asked)
    if definition.name in designer.states or definition.name in asked["reserved"]:
        raise InvalidError(f"Collection named {definition.name} already exists")
    designer.create(definition)
    for field in definition.fields or ():
        _reverse(designer, designer.states[definition.name], field)
    file(port, definition.name, categories_of(asked["values"]))
    designer.settle()
    return _collection(port, definition.name, fields=definition.fields is not None)


def _update_collection(port: Port, asked: Request) -> Any:
    values = _object(asked)
    designer = _designer(port, asked)
    names = _keys(asked)
    for name in names:
        state = _own(designer, name)
        if values.get("name", name) != name:
            raise InvalidError(f'the name of collection "{name}" cannot be changed')
        title, before = _described(port, name)
        given = {key: value for key, value in values.items() if key not in {"fields", "name"}}
        # checked as a new one, then only what was said counts
        checked = read_collection({"name": name, **given})
        options = {**before, **{key: value for key, value in checked.options.items() if key in given}}
        designer.describe(state, checked.title if "title" in values else title, options)
        if values.get("fields") is not None:
            _set_fields(designer, state, values["fields"])
        file(port, name, categories_of(values))
    designer.settle()
    return [_collection(port, name, fields=values.get("fields") is not None) for name in names]


def _destroy_collection(port: Port, asked: Request) -> Any:
    designer = _designer(port, asked)
    names = _keys(asked)
    for name in names:
        if name in _PROTECTED or name in asked["reserved"]:
            raise ForbiddenError("No permissions")
    found = [state for name in names if (state := designer.states.get(name)) is not None]
    for state in found:
        designer.drop(state, cascade=asked.get("cascade") in (True, "true"))
    designer.settle()
    return len(found)


def _replace_fields(port: Port, asked: Request) -> Any:
    designer = _designer(port, asked)
    for name in _keys(asked):
        _set_fields(designer, _own(designer, name), _object(asked).get("fields"))
    designer.settle()


def _apply_collection(port: Port, asked: Request) -> Any:
    """The collection as it is said, made or changed; fields that are not mentioned stay."""
    values = _object(asked)
    fields = values.get("fields") or []
    read_fields(fields)
    known = port.fetch("select c.name from orchestrator.collections c where c.name = $1", [str(values.get("name"))])
    if not known:
        made = _create_collection(port, asked)
        return Applied(_collection(port, made["name"], fields=True), values)
    name = values["name"]
    rest = {key: value for key, value in values.items() if key != "fields"}
    _update_collection(port, {**asked, "key": name, "values": rest})
    designer = _designer(port, asked)
    for field in fields:
        _apply(designer, _own(designer, name), field)
    designer.settle()
    return Applied(_collection(port, name, fields=True), values)


def _set_fields(designer: Designer, state: State, values: Any) -> None:
    """These fields and no others; the columns of keys and of options stay."""
    fields = read_fields(values)
    names = {field.name for field in fields}
    for known in list(state.fields):
        if known in state.fields and known not in names and "implicit" not in state.fields[known]["options"]:
            designer.drop_field(state, known)
    for field in fields:
        if field.name in state.fields:
            _change(designer, state, field.name, {**field.options, "type": field.type, "interface": field.interface})
        else:
            designer.add_field(state, field)


# -- fields ------------------------------------------------------------------------------------------------------------


def _create_field(port: Port, asked: Request) -> Any:
    values = _object(asked)
    designer = _designer(port, asked)
    state = _own(designer, asked.get("source") or values.get("collectionName"))
    fields = values if isinstance(values, list) else [values]
    made = [read_field(field) for field in fields]
    for field in made:
        designer.add_field(state, field)
        _reverse(designer, state, field)
    designer.settle()
    documents = [_field(port, state.name, field.name) for field in made]
    return documents if isinstance(values, list) else documents[0]


def _apply_fields(port: Port, asked: Request) -> Any:
    """Fields as they are said, made or changed."""
    values = _object(asked)
    designer = _designer(port, asked)
    fields = values if isinstance(values, list) else [values]
    names = []
    for field in fields:
        read_field(field)
        state = _own(designer, asked.get("source") or field.get("collectionName"))
        names.append((state.name, _apply(designer, state, field)))
    designer.settle()
    documents = [_field(port, *name) for name in names]
    return Applied(documents if isinstance(values, list) else documents[0], values)


def _apply(designer: Designer, state: State, values: Any) -> str:
    """The name of a field that is as it is said."""
    field = read_field(values)
    if field.name in state.fields:
        said = {key: value for key, value in values.items() if key not in {"key", "collectionName", "reverseField"}}
        _change(designer, state, field.name, said)
    else:
        designer.add_field(state, field)
        _reverse(designer, state, field)
    return field.name


def _update_field(port: Port, asked: Request) -> Any:
    values = _object(asked)
    designer = _designer(port, asked)
    found = [_addressed(designer, asked, key) for key in _keys(asked)]
    for state, name in found:
        _change(designer, state, name, values)
    designer.settle()
    return [_field(port, state.name, name) for state, name in found]


def _destroy_field(port: Port, asked: Request) -> Any:
    designer = _designer(port, asked)
    for key in _keys(asked):
        state, name = _addressed(designer, asked, key)
        designer.drop_field(state, name)
    designer.settle()
    return True


def _change(designer: Designer, state: State, name: str, values: Mapping[str, Any]) -> None:
    """The field with what is new; what was not said stays."""
    before = state.fields[name]
    if values.get("name", name) != name:
        raise InvalidError(f'the name of field "{name}" cannot be changed')
    known = before["definition"] if before["definition"] is not None else _said(before)
    merged = {**known, "type": before["type"], "interface": before["interface"], **values, "name": name}
    designer.change_field(state, read_field(merged), {**before, "definition": known})


def _said(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field that PostgreSQL told about as if somebody had declared it: only what may be declared."""
    options = field["options"]
    if not field["column"]:
        return {key: value for key, value in options.items() if key != "constraint"}
    return {key: options[key] for key in ("allowNull", "primaryKey") if key in options}


def _reverse(designer: Designer, state: State, field: FieldDefinition) -> None:
    """The relation's other side, where one was asked for."""
    if field.reverse is None:
        return
    made = designer.states[state.name].fields[field.name]["definition"]
    target = _own(designer, made["target"])
    mirrored = {
        "belongsTo": {"foreignKey": made["foreignKey"], "sourceKey": made["targetKey"]},
        "belongsToMany": {
            "through": made.get("through"),
            "foreignKey": made.get("otherKey"),
            "otherKey": made["foreignKey"],
            "sourceKey": made["targetKey"],
            "targetKey": made.get("sourceKey"),
        },
    }.get(field.type, {"foreignKey": made["foreignKey"], "targetKey": made.get("sourceKey")})
    reverse = read_field({**field.reverse, **mirrored, "target": state.name})
    designer.add_field(target, replace(reverse, reverse=None))
    designer.pair(state, field.name, target, reverse.name)


# -- what a request says, what a reply shows ---------------------------------------------------------------------------


def _object(asked: Request) -> Any:
    values = asked["values"]
    if not isinstance(values, dict | list):
        raise InvalidError("the values must be an object")
    return values


def _keys(asked: Request) -> list[str]:
    key = asked.get("key")
    keys = key if isinstance(key, list) else [key]
    names = [key for key in keys if isinstance(key, str)]
    if not names or len(names) < len(keys):
        raise InvalidError('"filterByTk" must be a name')
    return names


def _designer(port: Port, asked: Request) -> Designer:
    return Designer(port, _PROTECTED.union(asked["reserved"]))


def _own(designer: Designer, name: Any) -> State:
    state = designer.states.get(name) if isinstance(name, str) else None
    if state is None or state.created is None:
        raise NotFoundError(f'collection "{name}" does not exist')
    return state


def _addressed(designer: Designer, asked: Request, key: str) -> tuple[State, str]:
    """A field by its name below a collection, else by its key."""
    if asked.get("source") is not None:
        state = _own(designer, asked["source"])
        if key in state.fields:
            return state, key
        raise NotFoundError(f'field "{key}" of collection "{state.name}" does not exist')
    for state in designer.states.values():
        for name, field in state.fields.items():
            if field.get("key") == key:
                return state, name
    raise NotFoundError(f'field "{key}" does not exist')


def _described(port: Port, name: str) -> tuple[str | None, dict[str, Any]]:
    (row,) = port.fetch("select c.title, c.options from orchestrator.collections c where c.name = $1", [name])
    return row["title"], row["options"]


def _collection(port: Port, name: str, *, fields: bool) -> dict[str, Any]:
    (row,) = port.fetch("select c.document from orchestrator.api_collections c where c.name = $1", [name])
    document: dict[str, Any] = row["document"]
    if fields:
        rows = port.fetch(
            'select f.document from orchestrator.api_fields f where f."collectionName" = $1 order by f.sort, f.name',
            [name],
        )
        document["fields"] = [field["document"] for field in rows]
    return document


def _field(port: Port, collection: str, name: str) -> Any:
    rows = port.fetch(
        'select f.document from orchestrator.api_fields f where f."collectionName" = $1 and f.name = $2',
        [collection, name],
    )
    return rows[0]["document"] if rows else None


_HANDLERS: Mapping[tuple[str, str], Callable[[Port, Request], Any]] = {
    ("collections", "create"): _create_collection,
    ("collections", "update"): _update_collection,
    ("collections", "destroy"): _destroy_collection,
    ("collections", "setFields"): _replace_fields,
    ("collections", "apply"): _apply_collection,
    ("collections", "move"): move,
    ("collections.fields", "apply"): _apply_fields,
    ("fields", "apply"): _apply_fields,
    ("collections.fields", "create"): _create_field,
    ("collections.fields", "update"): _update_field,
    ("collections.fields", "destroy"): _destroy_field,
    ("fields", "create"): _create_field,
    ("fields", "update"): _update_field,
    ("fields", "destroy"): _destroy_field,
    ("dataSources", "readTables"): tables_to_load,
    ("dataSources", "loadTables"): load_tables,
    ("mainDataSource", "syncFields"): read_again,
    ("mainDataSource", "refresh"): read_again,
}
