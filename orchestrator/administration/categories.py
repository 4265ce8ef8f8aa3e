"""Categories of workflows: a plain resource, and what a version is filed under."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration import store
from orchestrator.administration.request import Answer, Request, conform, whole
from orchestrator.compiler.schema import integer, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError
from orchestrator.model.ordering import moved

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["assign", "create", "destroy", "move", "update"]

_VALUES = record({"title": string(nullable=True), "color": string(), "sort": integer()})

_INSERT: LiteralString = """
    insert into orchestrator.workflow_categories (title, color, sort)
    select
        c ->> 'title', coalesce(c ->> 'color', 'default'),
        coalesce((c ->> 'sort')::integer, (select max(o.sort) from orchestrator.workflow_categories o) + 1, 1)
    from (select $1::jsonb as c) given
    returning id
"""
_UPDATE: LiteralString = """
    update orchestrator.workflow_categories
    set title = case when c ? 'title' then c ->> 'title' else title end,
        color = coalesce(c ->> 'color', color),
        sort = coalesce((c ->> 'sort')::integer, sort),
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as c) given
    where id = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))
"""
_ARRANGE: LiteralString = """
    update orchestrator.workflow_categories c
    set sort = n.position
    from jsonb_array_elements_text($1::jsonb) with ordinality as n (id, position)
    where c.id = n.id::bigint and c.sort <> n.position
"""


def create(port: Port, request: Request) -> Answer:
    """The new category, last of all; a list of them for a list of values."""
    keys = []
    for values in request.elements():
        conform(values, _VALUES)
        keys.append(int(port.fetch(_INSERT, [to_json(values)])[0]["id"]))
    created = store.rows(port, "workflowCategories", keys)
    return Answer(created if isinstance(request.body, list) else created[0])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed categories."""
    conform(request.values, _VALUES)
    keys = request.keys or ()
    port.run(_UPDATE, [store.key_list(keys), to_json(request.values)])
    return Answer(store.rows(port, "workflowCategories", keys))


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted; workflows stay, filed under one less."""
    count = port.run(
        "delete from orchestrator.workflow_categories where id = any"
        " (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))",
        [store.key_list(request.keys or ())],
    )
    return Answer(count)


def move(port: Port, request: Request) -> Answer:
    """ "ok", with the category where it was wanted."""
    rows = port.fetch("select c.id from orchestrator.workflow_categories c order by c.sort, c.id for update")
    port.run(_ARRANGE, [to_json(moved([row["id"] for row in rows], request.params))])
    return Answer("ok")


def assign(port: Port, workflow_id: int, categories: Sequence[Any]) -> None:
    """Make these, ids or records of them, the categories of a version.

    Raises:
        InvalidError: one of them is neither.
    """
    keys = [whole(item.get("id") if isinstance(item, dict) else item) for item in categories]
    if None in keys:
        raise InvalidError("categories must be given by their ids")
    port.run("delete from orchestrator.workflow_category_relations where workflow_id = $1::bigint", [str(workflow_id)])
    port.run(
        "insert into orchestrator.workflow_category_relations (workflow_id, category_id)"
        " select distinct $1::bigint, k.v::bigint from jsonb_array_elements_text($2::jsonb) as k (v)",
        [str(workflow_id), store.key_list(key for key in keys if key is not None)],
    )
