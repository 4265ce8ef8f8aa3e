"""Categories of workflows: a plain resource, and what a version is filed under."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration import store
from orchestrator.administration.request import Answer, Request, conform, whole
from orchestrator.compiler.schema import integer, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError, NotFoundError

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


_ORDER: LiteralString = "select id from orchestrator.workflow_categories order by sort, id for update"
_PLACES: LiteralString = """
    update orchestrator.workflow_categories c
    set sort = k.place
    from jsonb_array_elements_text($1::jsonb) with ordinality as k (v, place)
    where c.id = k.v::bigint and c.sort <> k.place
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
    """Another place for the category ``sourceId``: that of ``targetId``, the one behind it, or the first.

    Raises:
        NotFoundError: there is no such category.
    """
    source, target = (whole(request.params.get(name)) for name in ("sourceId", "targetId"))
    first = request.flag("sticky")
    if source is None or (target is None and not first):
        return Answer("ok")
    order = [int(row["id"]) for row in port.fetch(_ORDER)]
    if source not in order or (target is not None and target not in order):
        raise NotFoundError("the category does not exist")
    place = 0 if target is None else order.index(target)
    order.remove(source)
    if target is not None and target != source and request.params.get("method") == "insertAfter":
        place = order.index(target) + 1
    order.insert(place, source)
    port.run(_PLACES, [to_json(order)])
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
