"""Tables that exist: which could be taken over as collections, and taking them over as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.engine.port import Port
from orchestrator.errors import InvalidError, NotFoundError

__all__ = ["load_tables", "read_again", "tables_to_load"]

_MAIN = "main"
_LOADABLE = "select t.name from orchestrator.tables_to_load() t"
_MANAGE = "select orchestrator.manage(pg_catalog.format('public.%I', $1)::pg_catalog.regclass, $1)"
_ALL = (
    "select orchestrator.settle_collections(pg_catalog.array_agg(c.name)) from orchestrator.collections c"
    " having pg_catalog.count(*) operator(pg_catalog.>) 0"
)


def tables_to_load(port: Port, asked: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tables that are no collections."""
    _check_source(asked)
    return [{"name": row["name"]} for row in port.fetch(_LOADABLE) if row["name"] not in asked["reserved"]]


def load_tables(port: Port, asked: Mapping[str, Any]) -> None:
    """Makes tables collections; nothing of them changes. Those that are collections stay what they are."""
    _check_source(asked)
    names = asked["values"].get("tables")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidError('"tables" must be a list of names')
    known = {row["name"] for row in port.fetch("select c.name from orchestrator.collections c")}
    loadable = {row["name"] for row in port.fetch(_LOADABLE)}
    for name in names:
        if name in asked["reserved"]:
            raise InvalidError(f"Collection named {name} already exists")
        if name not in known and name not in loadable:
            raise NotFoundError(f'table "{name}" does not exist')
        if name not in known:
            port.fetch(_MANAGE, [name])


def read_again(port: Port, asked: Mapping[str, Any]) -> None:
    """Reads columns and foreign keys of every collection again; event triggers have done so already."""
    port.fetch(_ALL)


def _check_source(asked: Mapping[str, Any]) -> None:
    values = asked["values"]
    if not isinstance(values, dict):
        raise InvalidError("the values must be an object")
    source = values.get("dataSourceKey", _MAIN)
    if source != _MAIN:
        raise NotFoundError(f'data source "{source}" does not exist')
