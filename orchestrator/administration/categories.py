"""Categories that workflows and collections are filed under: plain resources, arranged by people."""

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

__all__ = ["COLLECTION_CATEGORIES", "WORKFLOW_CATEGORIES", "Categories", "assign"]

_INSERT: LiteralString = """
    insert into orchestrator.{table} ({label}, color, sort)
    select
        c ->> '{label}', coalesce(c ->> 'color', 'default'),
        coalesce((c ->> 'sort')::integer, (select max(o.sort) from orchestrator.{table} o) + 1, 1)
    from (select $1::jsonb as c) given
    returning id
"""
_UPDATE: LiteralString = """
    update orchestrator.{table}
    set {label} = case when c ? '{label}' then c ->> '{label}' else {label} end,
        color = coalesce(c ->> 'color', color),
        sort = coalesce((c ->> 'sort')::integer, sort),
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as c) given
    where id = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))
"""
_DELETE: LiteralString = """
    delete from orchestrator.{table}
    where id = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))
"""
_LOCK: LiteralString = "select c.id from orchestrator.{table} c order by c.sort, c.id for update"
_ARRANGE: LiteralString = """
    update orchestrator.{table} c
    set sort = n.position
    from jsonb_array_elements_text($1::jsonb) with ordinality as n (id, position)
    where c.id = n.id::bigint and c.sort <> n.position
"""


class Categories:
    """The actions of one resource of categories.

    Args:
        label: the column that says what a category is called.
    """

    def __init__(self, resource: str, table: LiteralString, label: LiteralString) -> None:
        self._resource = resource
        self._values = record({label: string(nullable=True), "color": string(), "sort": integer()})
        self._insert, self._update, self._delete, self._lock, self._arrange = (
            statement.format(table=table, label=label) for statement in (_INSERT, _UPDATE, _DELETE, _LOCK, _ARRANGE)
        )

    def create(self, port: Port, request: Request) -> Answer:
        """The new category, last of all; a list of them for a list of values."""
        keys = []
        for values in request.elements():
            conform(values, self._values)
            keys.append(int(port.fetch(self._insert, [to_json(values)])[0]["id"]))
        created = store.rows(port, self._resource, keys)
        return Answer(created if isinstance(request.body, list) else created[0])

    def update(self, port: Port, request: Request) -> Answer:
        """A list of the changed categories."""
        conform(request.values, self._values)
        keys = request.keys or ()
        port.run(self._update, [store.key_list(keys), to_json(request.values)])
        return Answer(store.rows(port, self._resource, keys))

    def destroy(self, port: Port, request: Request) -> Answer:
        """How many were deleted; what was filed under them stays, filed under one less."""
        return Answer(port.run(self._delete, [store.key_list(request.keys or ())]))

    def move(self, port: Port, request: Request) -> Answer:
        """ "ok", with the category where it was wanted."""
        rows = port.fetch(self._lock)
        port.run(self._arrange, [to_json(moved([row["id"] for row in rows], request.params))])
        return Answer("ok")


WORKFLOW_CATEGORIES = Categories("workflowCategories", "workflow_categories", "title")
COLLECTION_CATEGORIES = Categories("collectionCategories", "collection_categories", "name")


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
