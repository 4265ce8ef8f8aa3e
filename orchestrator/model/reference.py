"""Which row an object means that stands for a related one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.model.collection import Association, Collection

__all__ = ["key_named"]


def key_named(association: Association, target: Collection, item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The columns by which an object names a row of the target, None where it names none and so is a new one."""
    if item.get(association.target_key) is not None:
        return {association.target_key: item[association.target_key]}
    columns = target.key_columns
    if not columns or any(item.get(name) is None for name in columns):
        return None
    return {name: item[name] for name in columns}
