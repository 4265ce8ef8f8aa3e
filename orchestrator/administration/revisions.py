"""Revisions: another version of a key, or a copy under a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration import store
from orchestrator.compiler.rows import hold_publishing, release_publishing
from orchestrator.engine.encoding import to_json

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["revise"]

#: what a caller may decide; type, sync and config are the origin's
_OWN = ("key", "title", "triggerTitle", "enabled", "current")

_INSERT: LiteralString = """
    insert into orchestrator.workflows (
        key, title, description, type, trigger_title, config, enabled, current, sync, options,
        created_by_id, updated_by_id
    )
    select
        w ->> 'key', w ->> 'title', o.description, o.type, w ->> 'triggerTitle', o.config,
        coalesce((w ->> 'enabled')::boolean, false), (w ->> 'current')::boolean, o.sync, o.options,
        $3::bigint, $3::bigint
    from orchestrator.workflows o
    cross join (select $2::jsonb as w) given
    where o.id = $1::bigint
    returning id
"""
_COPY_NODES: LiteralString = """
    with origin as (
        select n.*, nextval('orchestrator.flow_node_id_seq') as new_id
        from (select * from orchestrator.flow_nodes where workflow_id = $1::bigint order by id) n
    )
    insert into orchestrator.flow_nodes
        (id, key, title, workflow_id, type, config, upstream_id, downstream_id, branch_index)
    select o.new_id, o.key, o.title, $2::bigint, o.type, o.config, u.new_id, d.new_id, o.branch_index
    from origin o
    left join origin u on u.id = o.upstream_id
    left join origin d on d.id = o.downstream_id
    order by o.new_id
"""
_COPY_CATEGORIES: LiteralString = """
    insert into orchestrator.workflow_category_relations (workflow_id, category_id)
    select $2::bigint, r.category_id from orchestrator.workflow_category_relations r where r.workflow_id = $1::bigint
"""


def revise(
    port: Port, origin: Mapping[str, Any], values: Mapping[str, Any], *, same_key: bool, user_id: int | None
) -> int:
    """Copy a version with its nodes and categories; nodes keep their keys. The caller holds the publishers' lock."""
    if same_key:
        standard = {"key": origin["key"], "title": origin["title"], "triggerTitle": origin["triggerTitle"]}
    else:
        standard = {"title": f"{origin['title'] or ''} copy".lstrip()}
    own = standard | {name: values[name] for name in _OWN if values.get(name) is not None}
    copied = str(origin["id"])
    hold_publishing(port)
    rows = port.fetch(_INSERT, [copied, to_json(own), None if user_id is None else str(user_id)])
    version = int(rows[0]["id"])
    port.run(_COPY_NODES, [copied, str(version)])
    port.run(_COPY_CATEGORIES, [copied, str(version)])
    release_publishing(port)
    store.publish(port, version)
    return version
