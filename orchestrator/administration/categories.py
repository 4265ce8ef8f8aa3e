"""Categories of workflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.administration import store
from orchestrator.administration.request import whole
from orchestrator.errors import InvalidError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["assign"]


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
