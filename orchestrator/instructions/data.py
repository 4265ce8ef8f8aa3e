"""What the data nodes share: the collection's name and the templated parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.engine.variables import UNDEFINED

if TYPE_CHECKING:
    from orchestrator.engine.program import Node

__all__ = ["collection_of", "compile_params", "names"]


def collection_of(node: Node) -> str:
    """The collection a node works on, without the data source ``main``."""
    name = str(node.config.get("collection") or "")
    return name.removeprefix("main:")


def compile_params(node: Node) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """``config.params`` with its templates replaced, at run time."""
    evaluate = node.template(node.config.get("params") or {}).evaluate
    node.writes = True

    def params(scope: Mapping[str, Any]) -> dict[str, Any]:
        value = evaluate(scope)
        return value if isinstance(value, dict) else {}

    return params


def names(value: Any) -> list[str]:
    """A list of names from a list or a comma string."""
    if value is None or value is UNDEFINED:
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [str(item) for item in value]
