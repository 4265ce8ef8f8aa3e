"""Requests to managed tables split into a shape, which is compiled once, and values.

A shape is canonical JSON: two requests that differ in their values alone have the same one. Its keys, but for those of
a ``query`` (see aggregation):

    kind         select | tree | count | aggregate | insert | update | delete | link | shift | renumber
    collection   name
    filter       tree of conditions (see conditions)
    key          how rows are addressed: ["one", n] | ["any", n] | ["columns", names, n] | ["rows", names, n]
    association  [collection, name]; rows that are related to one row of that collection
    source       that row, as ``key`` says it; or ["value", n], what its related column holds
    fields, except, appends, sort    lists of texts
    limit, offset                    numbers of parameters
    field, by    shift, renumber: the column that holds positions; number of the parameter that is added to them
    rendering    wire | context; without it no rows come back, only how many
    single, count                    true: one row instead of a list; the count of all rows as well
    template     true: without what only one record can have, such as its key
    locked       true, with ``keys``: the rows stay locked until the transaction ends
    columns      insert, update, link: what is written; parameter 1, if any, is the JSON text of the values
    apart        true: not so, but a parameter for each of the columns, in their order, null for null
    keys         columns that come back raw beside the rendered row, as JSON under ``keys``
    function, field, distinct        aggregate
    access, scope                    what may be seen, and changed (see access)

Every parameter is text, and cast in SQL to the type of the column it meets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from orchestrator.errors import InvalidError
from orchestrator.model.access import read_access
from orchestrator.model.conditions import Conditions, Parameters, array_literal, json_text, scalar_text
from orchestrator.model.dateranges import parse_zone

__all__ = ["insert_shape", "is_selective", "names", "split"]

_WRITES = frozenset({"insert", "update", "link"})
_PLAIN = ("rendering", "single", "template", "count", "locked", "keys", "function", "field", "distinct")


def split(request: Mapping[str, Any]) -> tuple[str, list[str | None]]:
    """The shape of a request and its values.

    Request keys are those of the shape with values in place: ``filter``, ``filterByTk``, ``fields``, ``except``,
    ``appends``, ``sort``, ``limit``, ``offset``, ``rendering``, ``single``, ``count``; ``columns`` and ``values``, the
    JSON text of an object, or ``inputs``, a text for each of the sorted columns; ``association`` as ``{"collection",
    "name", "key"}``, or with ``value`` instead of ``key`` when the related column's value itself is at hand; and what
    conditions may refer to: ``now`` (aware datetime), ``timezone`` (offset or IANA name), ``userId``. ``access`` and
    ``scope`` are those of model.access.
    """
    kind = request["kind"]
    shape: dict[str, Any] = {"kind": kind, "collection": request["collection"]}
    parameters = Parameters()
    if kind in _WRITES:
        shape["columns"] = sorted(request.get("columns", ()))
        if (inputs := request.get("inputs")) is not None:
            shape["apart"] = True
            parameters.values += inputs
        elif shape["columns"]:
            parameters.add(request["values"])
    if association := request.get("association"):
        shape["association"] = [association["collection"], association["name"]]
        shape["source"] = (
            ["value", parameters.add(scalar_text(association["value"]))]
            if "value" in association
            else _key(association["key"], parameters)
        )
    if (key := request.get("filterByTk")) not in (None, ""):
        shape["key"] = _key(key, parameters)
    if filter_ := request.get("filter"):
        shape["filter"] = _conditions(request, parameters).read(filter_)
    for name in ("fields", "except"):
        if request.get(name):
            shape[name] = sorted(set(names(request[name])))
    for name in ("appends", "sort"):
        if request.get(name):
            shape[name] = list(dict.fromkeys(names(request[name])))
    for name in ("limit", "offset", "by"):
        if request.get(name) is not None:
            shape[name] = parameters.add(scalar_text(request[name]))
    shape.update((name, request[name]) for name in _PLAIN if request.get(name))
    if request.get("access") is not None or request.get("scope") is not None:
        shape |= read_access(request, _conditions(request, parameters))
    text = json.dumps({k: v for k, v in shape.items() if v is not None}, separators=(",", ":"), sort_keys=True)
    return text, parameters.values


@lru_cache(maxsize=2000)
def insert_shape(collection: str, columns: tuple[str, ...], rendering: str, keys: tuple[str, ...], single: bool) -> str:
    """The shape of an insert with a parameter for each of the sorted columns; most writes have one of a few."""
    request = {"kind": "insert", "collection": collection, "columns": columns, "inputs": [None] * len(columns)}
    return split({**request, "rendering": rendering, "keys": list(keys), "single": single})[0]


def is_selective(filter_: Any, filter_by_tk: Any) -> bool:
    """Whether a request says which rows it means: empty conditions, however nested, do not."""
    if filter_by_tk is not None and filter_by_tk not in ("", [], {}):
        return True
    if not isinstance(filter_, Mapping):
        return False
    conditions = Conditions(Parameters(), now=datetime.now(UTC), zone=UTC)
    return conditions.read(filter_) is not None


def names(value: Any) -> list[str]:
    """A list of names from a list or a comma string; commas in parentheses belong to an option."""
    if isinstance(value, str):
        value = _comma_list(value)
    if not isinstance(value, list | tuple | set | frozenset):
        raise InvalidError("a list of names is needed")
    out = []
    for item in value:
        if isinstance(item, Mapping) and isinstance(item.get("field"), str):
            descending = str(item.get("direction") or item.get("order") or "asc").lower() == "desc"
            out.append(("-" if descending else "") + item["field"])
        elif isinstance(item, str):
            out.extend(_comma_list(item))
        else:
            raise InvalidError("a list of names is needed")
    return out


def _conditions(request: Mapping[str, Any], parameters: Parameters) -> Conditions:
    return Conditions(
        parameters,
        now=request.get("now") or datetime.now(UTC),
        zone=parse_zone(request.get("timezone")),
        user_id=request.get("userId"),
    )


def _comma_list(text: str) -> list[str]:
    out, depth, start = [], 0, 0
    for position, char in enumerate(text):
        if char == "," and depth == 0:
            out.append(text[start:position])
            start = position + 1
        depth += (char == "(") - (char == ")")
    out.append(text[start:])
    return [part.strip() for part in out if part.strip()]


def _key(key: Any, parameters: Parameters) -> list[Any]:
    if isinstance(key, Mapping):
        columns = _columns(key)
        first = len(parameters.values) + 1
        for column in columns:
            parameters.add(scalar_text(_scalar(key[column])))
        return ["columns", columns, first]
    if isinstance(key, list | tuple) and key and all(isinstance(item, Mapping) for item in key):
        columns = _columns(key[0])
        if any(sorted(item) != columns for item in key):
            raise InvalidError("filterByTk invalid")
        return ["rows", columns, parameters.add(json_text(list(key)))]
    if isinstance(key, list | tuple):
        return ["any", parameters.add(array_literal([_scalar(item) for item in key]))]
    return ["one", parameters.add(scalar_text(_scalar(key)))]


def _columns(key: Mapping[str, Any]) -> list[str]:
    if not key:
        raise InvalidError("filterByTk invalid")
    return sorted(key)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, list | tuple | Mapping):
        raise InvalidError("filterByTk invalid")
    return value
