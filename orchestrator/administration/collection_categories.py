"""Categories of collections: a plain resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from orchestrator.administration import store
from orchestrator.administration.request import Answer, Request, conform
from orchestrator.compiler.schema import integer, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.model.ordering import moved

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "destroy", "move", "update"]

_RESOURCE = "collectionCategories"
_VALUES = record({"name": string(nullable=True), "color": string(), "sort": integer()})
_KEYS: LiteralString = "any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))"

_INSERT: LiteralString = """
    insert into orchestrator.collection_categories (name, color, sort)
    select
        c ->> 'name', coalesce(c ->> 'color', 'default'),
        coalesce((c ->> 'sort')::integer, (select max(o.sort) from orchestrator.collection_categories o) + 1, 1)
    from (select $1::jsonb as c) given
    returning id
"""
_UPDATE: LiteralString = (
    """
    update orchestrator.collection_categories
    set name = case when c ? 'name' then c ->> 'name' else name end,
        color = coalesce(c ->> 'color', color),
        sort = coalesce((c ->> 'sort')::integer, sort),
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as c) given
    where id = """
    + _KEYS
)
_DELETE: LiteralString = "delete from orchestrator.collection_categories where id = " + _KEYS
_ARRANGE: LiteralString = """
    update orchestrator.collection_categories c
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
    created = store.rows(port, _RESOURCE, keys)
    return Answer(created if isinstance(request.body, list) else created[0])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed categories."""
    conform(request.values, _VALUES)
    keys = request.keys or ()
    port.run(_UPDATE, [store.key_list(keys), to_json(request.values)])
    return Answer(store.rows(port, _RESOURCE, keys))


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted; collections stay."""
    return Answer(port.run(_DELETE, [store.key_list(request.keys or ())]))


def move(port: Port, request: Request) -> Answer:
    """ "ok", with the category where it was wanted."""
    rows = port.fetch("select c.id from orchestrator.collection_categories c order by c.sort, c.id for update")
    port.run(_ARRANGE, [to_json(moved([row["id"] for row in rows], request.params))])
    return Answer("ok")
