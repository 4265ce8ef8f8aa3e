"""What a run by hand is told: the context that its trigger would have made, from what somebody says instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.engine.actor import read_actor
from orchestrator.engine.encoding import from_json
from orchestrator.engine.follow import with_parents
from orchestrator.engine.records import open_records
from orchestrator.errors import InvalidError
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.records import Records
    from orchestrator.model.collection import Collection

__all__ = ["manual_context"]

Context = dict[str, Any] | None
_MAIN = "main"


def manual_context(host: Host, type_name: str, config: Mapping[str, Any], values: Mapping[str, Any]) -> Context:
    """The context of a run by hand; None when the trigger's condition declines.

    Raises:
        InvalidError: the values name no user, record or collection, or the type of trigger cannot be run by hand.
    """
    build = _BUILDERS.get(type_name)
    if build is None:
        raise InvalidError("workflow not triggered")
    return build(host, config, values)


def _intercepted(host: Host, config: Mapping[str, Any], values: Mapping[str, Any]) -> Context:
    """As a request would be judged: ``target``, ``action``, ``userId``, ``roleName``."""
    if values.get("userId") is None:
        raise InvalidError("user is not provided")
    user, role = _user(host, values)
    records = open_records(host)
    table = _table(records, config)
    target = values.get("target")
    if values.get("action") == "destroy":
        params = {"filterByTk": _key(table, target) if isinstance(target, dict) else target}
    else:
        params = {"values": _record(records, table, target, ())}
    if role is None:
        role = host.fetch("select orchestrator.default_role($1::pg_catalog.int8) as role", [str(user["id"])])[0]["role"]
    return {"user": user, "roleName": role, "params": params}


def _acted(host: Host, config: Mapping[str, Any], values: Mapping[str, Any]) -> Context:
    """As a request would be followed: ``data``, ``userId``, ``roleName``."""
    context: dict[str, Any] = {}
    if values.get("userId") is not None:
        context["user"], context["roleName"] = _user(host, values)
    return {**_data(open_records(host), config, values), **context}


def _happened(host: Host, config: Mapping[str, Any], values: Mapping[str, Any]) -> Context:
    """As a write would be followed, where the condition is met: ``data``. Who wrote is who runs it."""
    records = open_records(host)
    table = _table(records, config)
    found = _data(records, config, values)
    condition = config.get("condition")
    if is_selective(condition, None):
        data = found.get("data")
        if not isinstance(data, dict) or not records.matches(table.name, _key(table, data), condition):
            return None
    return {**found, **read_actor(host).context()}


_BUILDERS: Mapping[str, Callable[[Host, Mapping[str, Any], Mapping[str, Any]], Context]] = {
    "request-interception": _intercepted,
    "action": _acted,
    "collection": _happened,
}


def _user(host: Host, values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    given = values["userId"]
    key = str(given.get("id") if isinstance(given, dict) else given)
    found = None
    if key.isascii() and key.isdigit() and len(key) < 19:
        rows = host.fetch("select orchestrator.user_context($1::pg_catalog.int8)::pg_catalog.text as u", [key])
        found = rows[0]["u"]
    if found is None:
        raise InvalidError("user not found")
    role = values.get("roleName")
    return from_json(found), str(role) if role is not None else None


def _table(records: Records, config: Mapping[str, Any]) -> Collection:
    source, _, name = str(config.get("collection") or "").rpartition(":")
    if source not in ("", _MAIN):
        raise InvalidError(f"Data source {source} not found")
    table = records.catalog.get(name)
    if table is None:
        raise InvalidError(f"Collection {name} not found")
    return table


def _data(records: Records, config: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The record to start with, where one is given."""
    given = values.get("data")
    if given is None:
        return {}
    return {"data": _record(records, _table(records, config), given, config.get("appends") or ())}


def _record(records: Records, table: Collection, given: Any, appends: Any) -> Any:
    """A record as it was given, or the one of a key with its relations."""
    if given is None or isinstance(given, dict):
        return given
    found = records.find_one(table.name, filter_by_tk=given, appends=with_parents(appends))
    if found is None:
        raise InvalidError(f'record "{given}" not found')
    return found


def _key(table: Collection, record: Mapping[str, Any]) -> Any:
    """What a filter by key takes; None where the record does not say it."""
    names = table.key_columns
    if not names or any(record.get(name) is None for name in names):
        return None
    return record[names[0]] if len(names) == 1 else {name: record[name] for name in names}
