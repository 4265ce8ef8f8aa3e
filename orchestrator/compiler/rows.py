"""Workflow versions and their nodes as rows: the only module that reads and writes them for definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.engine.encoding import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from orchestrator.compiler.syntax import NodeSource, WorkflowSource
    from orchestrator.engine.port import Port

__all__ = [
    "collection_names",
    "current_version",
    "hold_publishing",
    "insert_version",
    "lock",
    "publish",
    "release_publishing",
    "replace_nodes",
    "set_enabled",
    "update_version",
    "version",
]

_VERSION: LiteralString = """
    select jsonb_build_object(
        'id', w.id, 'key', w.key, 'title', w.title, 'description', w.description, 'type', w.type,
        'triggerTitle', w.trigger_title, 'config', w.config, 'enabled', w.enabled, 'current', w.current,
        'sync', w.sync, 'options', w.options, 'executed', orchestrator.is_executed(w.id),
        'nodes', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', n.id, 'key', n.key, 'title', n.title, 'type', n.type, 'config', n.config,
                'upstreamId', n.upstream_id, 'downstreamId', n.downstream_id, 'branchIndex', n.branch_index
            ) order by n.id), '[]')
            from orchestrator.flow_nodes n
            where n.workflow_id = w.id
        )
    )::text as workflow
    from orchestrator.workflows w
"""

_INSERT: LiteralString = """
    insert into orchestrator.workflows
        (key, title, description, type, trigger_title, config, enabled, current, sync, options)
    select
        w ->> 'key', w ->> 'title', w ->> 'description', w ->> 'type', w ->> 'triggerTitle', w -> 'config',
        (w ->> 'enabled')::boolean, true, (w ->> 'sync')::boolean, w -> 'options'
    from (select $1::jsonb as w) given
    returning id::text as id
"""

_UPDATE: LiteralString = """
    update orchestrator.workflows
    set title = w ->> 'title', description = w ->> 'description', type = w ->> 'type',
        trigger_title = w ->> 'triggerTitle', config = w -> 'config', enabled = (w ->> 'enabled')::boolean,
        sync = (w ->> 'sync')::boolean, options = w -> 'options', updated_at = orchestrator.current_time()
    from (select $2::jsonb as w) given
    where id = $1::bigint
"""

_NODE_IDS: LiteralString = """
    select nextval('orchestrator.flow_node_id_seq')::text as id from generate_series(1, $1::integer)
"""

_INSERT_NODES: LiteralString = """
    insert into orchestrator.flow_nodes
        (id, key, title, workflow_id, type, config, upstream_id, downstream_id, branch_index)
    select
        n.id, coalesce(n.key, orchestrator.generate_token()), n.title, $1::bigint, n.type, n.config,
        n."upstreamId", n."downstreamId", n."branchIndex"
    from jsonb_to_recordset($2::jsonb) as n (
        id bigint, key text, title text, type text, config jsonb,
        "upstreamId" bigint, "downstreamId" bigint, "branchIndex" integer
    )
    order by n.id
"""


def lock(port: Port) -> None:
    """Wait for other publishers, before reading what shall be compared."""
    port.fetch("select orchestrator.lock_publishing()::text as locked")


def collection_names(port: Port) -> frozenset[str]:
    """The collections of this data source."""
    return frozenset(row["name"] for row in port.fetch("select name from orchestrator.collections"))


def current_version(port: Port, key: str) -> dict[str, Any] | None:
    """The current version of a key with its nodes, camelCase."""
    return _first(port.fetch(_VERSION + " where w.key = $1 and w.current", [key]))


def version(port: Port, workflow_id: int) -> dict[str, Any] | None:
    """A version with its nodes, camelCase."""
    return _first(port.fetch(_VERSION + " where w.id = $1::bigint", [str(workflow_id)]))


def insert_version(port: Port, source: WorkflowSource, *, enabled: bool) -> int:
    """Write a new current version without its nodes; another current one of its key is demoted."""
    return int(port.fetch(_INSERT, [_workflow_json(source, enabled)])[0]["id"])


def update_version(port: Port, workflow_id: int, source: WorkflowSource, *, enabled: bool) -> None:
    """Write a version in place, without its nodes."""
    port.run(_UPDATE, [str(workflow_id), _workflow_json(source, enabled)])


def set_enabled(port: Port, workflow_id: int, enabled: bool) -> None:
    """Switch a version on or off; the table's own triggers publish."""
    port.run(
        "update orchestrator.workflows set enabled = $2::boolean where id = $1::bigint",
        [str(workflow_id), "true" if enabled else "false"],
    )


def replace_nodes(port: Port, workflow_id: int, nodes: Sequence[NodeSource]) -> None:
    """Write the graph of a version anew; ids ascend in document order."""
    port.run("delete from orchestrator.flow_nodes where workflow_id = $1::bigint", [str(workflow_id)])
    count = _count(nodes)
    if count == 0:
        return
    ids = sorted(int(row["id"]) for row in port.fetch(_NODE_IDS, [str(count)]))
    rows: list[dict[str, Any]] = []
    _add_line(rows, ids, nodes, None, None)
    port.run(_INSERT_NODES, [str(workflow_id), to_json(rows)])


def hold_publishing(port: Port) -> None:
    """Let changed rows not publish themselves until released; counts for the owner and superusers alone.

    A failure needs no release: the setting rolls back with the statement.
    """
    port.fetch("select set_config('orchestrator.publishing', 'held', true)")


def release_publishing(port: Port) -> None:
    """Let changed rows publish themselves again."""
    port.fetch("select set_config('orchestrator.publishing', '', true)")


def publish(port: Port, collections: Collection[str]) -> None:
    """Recompile what listens to these collections."""
    if collections:
        port.fetch(
            "select orchestrator.publish(array(select jsonb_array_elements_text($1::jsonb)))::text as published",
            [to_json(sorted(collections))],
        )


def _first(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    if not rows:
        return None
    found: dict[str, Any] = from_json(rows[0]["workflow"])
    return found


def _workflow_json(source: WorkflowSource, enabled: bool) -> str:
    return to_json(
        {
            "key": source.key,
            "title": source.title,
            "description": source.description,
            "type": source.type,
            "triggerTitle": source.trigger_title,
            "config": source.config,
            "enabled": enabled,
            "sync": source.sync,
            "options": source.options,
        }
    )


def _count(nodes: Sequence[NodeSource]) -> int:
    return sum(1 + sum(map(_count, node.branches.values())) for node in nodes)


def _add_line(
    rows: list[dict[str, Any]],
    ids: list[int],
    nodes: Sequence[NodeSource],
    upstream_id: int | None,
    branch_index: int | None,
) -> None:
    """Append the rows of a line and what branches off it, in document order."""
    previous: dict[str, Any] | None = None
    for node in nodes:
        row: dict[str, Any] = {
            "id": ids[len(rows)],
            "key": node.key,
            "title": node.title,
            "type": node.type,
            "config": node.config,
            "upstreamId": previous["id"] if previous is not None else upstream_id,
            "downstreamId": None,
            "branchIndex": branch_index if previous is None else None,
        }
        if previous is not None:
            previous["downstreamId"] = row["id"]
        rows.append(row)
        for index, line in node.branches.items():
            _add_line(rows, ids, line, row["id"], index)
        previous = row
