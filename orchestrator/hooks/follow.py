"""What follows a write: the part of a plan that the after-triggers carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.hooks.publish import Workflow

__all__ = ["after_entries", "is_native", "needs_after"]

_MODE_BITS = {"insert": 1, "update": 2, "delete": 4}
_ACTIONS = {"insert": "create", "update": "update"}


def after_entries(
    workflows: Sequence[Workflow], fields: Sequence[Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Event to the workflows that listen to every write of it: ascending by id, as they were made."""
    entries: dict[str, list[dict[str, Any]]] = {event: [] for event in _MODE_BITS}
    for workflow in workflows:
        for event, listed in entries.items():
            if _listens(workflow, event):
                entry = _entry(workflow, event, fields)
                if entry is not None:
                    listed.append(entry)
    return entries


def _listens(workflow: Workflow, event: str) -> bool:
    config = workflow.config
    if workflow.type == "collection":
        return bool(int(config.get("mode") or 0) & _MODE_BITS[event])
    if workflow.type == "action":
        return workflow.is_global and _ACTIONS.get(event) in (config.get("actions") or ())
    return False


def _entry(workflow: Workflow, event: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    config = workflow.config
    entry: dict[str, Any] = {
        "program": workflow.program_id,
        "workflow": workflow.id,
        "key": workflow.key,
        "type": workflow.type,
        "sync": workflow.sync,
    }
    if event != "delete" and config.get("appends"):
        entry["appends"] = list(config["appends"])
    if workflow.type == "collection":
        changed = config.get("changed")
        if event == "update" and changed:
            columns = _changed_columns(changed, fields)
            if not columns:
                return None
            entry["changed"] = columns
        if event != "delete" and not _is_empty(config.get("condition")):
            entry["condition"] = config["condition"]
        if config.get("rollbackOnFailure") and workflow.sync:
            entry["rollbackOnFailure"] = True
    return entry


def _changed_columns(changed: Sequence[str], fields: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns behind the listed fields: a belongsTo compares its foreign key, other relations never change."""
    columns = []
    by_name = {field["name"]: field for field in fields}
    for name in changed:
        field = by_name.get(name)
        if field is None or field["type"] in ("hasOne", "hasMany", "belongsToMany", "linkTo"):
            continue
        column = field["foreignKey"] if field["type"] in ("belongsTo", "belongsToArray") else name
        if column not in columns:
            columns.append(str(column))
    return columns


def _is_empty(condition: Any) -> bool:
    """``{}``, ``$and: []``, ``$and: [{}]`` and the same with ``$or`` are no condition."""
    if not condition:
        return True
    if isinstance(condition, Mapping) and set(condition) <= {"$and", "$or"}:
        return all(all(_is_empty(part) for part in (parts or ())) for parts in condition.values())
    return False


def is_native(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether SQL alone can queue an event's workflows: asynchronous, of plain rows, without a question to ask."""
    return all(not (entry["sync"] or entry.get("appends") or entry.get("condition")) for entry in entries)


def needs_after(workflows: Sequence[Workflow], state: Mapping[str, Any]) -> bool:
    """Whether the table needs its after-triggers: somebody listens, or a button of it may be bound to something."""
    return bool(state["reachable"]) or any(w.type in ("action", "collection") for w in workflows)
