"""A list with one of its items elsewhere, as `move` asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.errors import InvalidError, NotFoundError

__all__ = ["moved"]


def moved(items: Sequence[Any], params: Mapping[str, Any]) -> list[Any]:
    """The items with that of ``sourceId`` elsewhere.

    It takes the place of ``targetId``: from above it comes to stand behind it, from below before it; with
    ``method=insertAfter`` always behind it, with ``sticky`` first of all.

    Raises:
        NotFoundError: one of them is not among the items.
    """
    by_text = {str(item): item for item in items}
    source, target = params.get("sourceId"), params.get("targetId")
    if source in (None, ""):
        raise InvalidError('"sourceId" is required')
    wanted = [source] if params.get("sticky") not in (None, "", False, "false") else [source, target]
    for key in wanted:
        if str(key) not in by_text:
            raise NotFoundError(f'"{key}" does not exist')
    item = by_text[str(source)]
    rest = [other for other in items if other != item]
    if len(wanted) == 1:
        return [item, *rest]
    other = by_text[str(target)]
    if other == item:
        return list(items)
    place = rest.index(other)
    after = params.get("method") == "insertAfter" or list(items).index(item) < list(items).index(other)
    place += 1 if after else 0
    return [*rest[:place], item, *rest[place:]]
