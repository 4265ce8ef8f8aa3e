"""In which order and under which categories people see collections; nothing of their tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import Port
from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.ordering import moved

__all__ = ["categories_of", "file", "move"]


def move(port: Port, asked: Mapping[str, Any]) -> str:
    """ "ok", with the collection where it was wanted."""
    names = [row["name"] for row in port.fetch("select c.name from orchestrator.collections c order by c.sort, c.name")]
    arranged = moved(names, asked["params"])
    port.fetch("select orchestrator.arrange_collections($1::pg_catalog.jsonb)", [to_json(arranged)])
    return "ok"


def categories_of(values: Mapping[str, Any]) -> list[int] | None:
    """Ids of categories from ids or records of them; None where nothing is said of any."""
    given = values.get("category")
    if given is None:
        return None
    items = given if isinstance(given, list) else [given]
    ids = [item.get("id") if isinstance(item, Mapping) else item for item in items]
    if not all(re.fullmatch("[0-9]{1,18}", str(key), re.ASCII) for key in ids):
        raise InvalidError("categories must be given by their ids")
    return [int(str(key)) for key in ids]


def file(port: Port, collection: str, categories: list[int] | None) -> None:
    """Put a collection under these categories, where any are said."""
    if categories is None:
        return
    (row,) = port.fetch(
        "select pg_catalog.count(*) as known from orchestrator.collection_categories c where c.id = any"
        " (array(select w.id::pg_catalog.int8"
        " from pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) as w (id)))",
        [to_json(categories)],
    )
    if row["known"] < len(set(categories)):
        raise NotFoundError("category not found")
    port.fetch("select orchestrator.file_collection($1, $2::pg_catalog.jsonb)", [collection, to_json(categories)])
