"""Rows of our own tables, read as clients see them and written one statement at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.engine.encoding import to_json

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = [
    "abort_overdue",
    "categories_of",
    "collection_names",
    "is_executed",
    "job",
    "key_list",
    "lock",
    "nodes_of",
    "publish",
    "rows",
]

#: by resource, in the order of the keys
_ROWS: dict[str, LiteralString] = {
    "workflows": "select * from orchestrator.api_workflows",
    "flow_nodes": "select * from orchestrator.api_flow_nodes",
    "executions": "select * from orchestrator.api_executions",
    "workflowCategories": "select * from orchestrator.api_workflow_categories",
    "collectionCategories": "select * from orchestrator.api_collection_categories",
}
_BY_KEY: LiteralString = (
    " where id = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))"
)


def key_list(keys: Iterable[int]) -> str:
    """Keys as the parameter that statements here take."""
    return to_json(list(keys))


def rows(port: Port, resource: str, keys: Sequence[int]) -> list[dict[str, Any]]:
    """The records of these keys as they go out, by key."""
    return port.fetch(_ROWS[resource] + _BY_KEY + " order by id", [key_list(keys)])


def nodes_of(port: Port, workflow_id: int) -> list[dict[str, Any]]:
    """The nodes of a version."""
    return port.fetch(_ROWS["flow_nodes"] + ' where "workflowId" = $1::bigint order by id', [str(workflow_id)])


def categories_of(port: Port, workflow_id: int) -> list[dict[str, Any]]:
    """The categories of a version."""
    return port.fetch(
        _ROWS["workflowCategories"]
        + " where id in (select r.category_id from orchestrator.workflow_category_relations r"
        " where r.workflow_id = $1::bigint) order by id",
        [str(workflow_id)],
    )


def collection_names(port: Port) -> frozenset[str]:
    """What configurations may name."""
    return frozenset(row["name"] for row in port.fetch("select name from orchestrator.collections"))


def is_executed(port: Port, workflow_id: int) -> bool:
    """Whether a version is history."""
    found = port.fetch("select orchestrator.is_executed($1::bigint) as executed", [str(workflow_id)])
    return bool(found[0]["executed"])


def lock(port: Port) -> None:
    """Wait for other publishers before anything is read that will be changed."""
    port.fetch("select orchestrator.lock_publishing()::text as locked")


def publish(port: Port, workflow_id: int) -> None:
    """Bring what a version is about up to date, where it is enabled.

    Raises:
        InvalidDocumentError: it cannot be compiled as it is.
    """
    port.fetch(
        "select orchestrator.publish_changed(array[w.id], array[orchestrator.collection_of(w.config)])::text as done"
        " from orchestrator.workflows w where w.id = $1::bigint and w.enabled",
        [str(workflow_id)],
    )


def job(port: Port, key: int) -> dict[str, Any] | None:
    """A job, found through its execution."""
    found = port.fetch(
        'select * from orchestrator.api_jobs where "executionId" = $1::bigint / 1048576 and id = $1::bigint', [str(key)]
    )
    return found[0] if found else None


def abort_overdue(port: Port, execution_id: int) -> bool:
    """Abort a waiting execution whose time is up; whether that was so.

    Raises:
        StatementError: WF409, it is being processed.
    """
    found = port.fetch("select orchestrator.abort_overdue($1::bigint) as aborted", [str(execution_id)])
    return bool(found[0]["aborted"])
