"""References to collections: ``name`` or ``dataSource:name``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.compiler.schema import Schema, check, join
from orchestrator.errors import Problem

__all__ = ["MAIN", "collection_name", "configuration_problems", "reference_problem"]

#: the data source that this installation is; others are installations of their own
MAIN = "main"


def reference_problem(value: str, collections: Collection[str]) -> str | None:
    """What is wrong with a reference, None when it names a known collection."""
    source, separator, name = value.rpartition(":")
    if not separator:
        source = MAIN
    if not name or not source or ":" in source:
        return '"collection" must be in the format "dataSourceName:collectionName"'
    if source != MAIN:
        return f'Data source "{source}" does not exist'
    if name not in collections:
        return f'Collection "{name}" does not exist in data source "{source}"'
    return None


def collection_name(config: Mapping[str, Any]) -> str | None:
    """The collection that a configuration is about, without the data source; None when there is none."""
    value = config.get("collection")
    return value.removeprefix(f"{MAIN}:") if isinstance(value, str) and value else None


def configuration_problems(config: Any, schema: Schema, collections: Collection[str], prefix: str) -> list[Problem]:
    """Everything wrong with a configuration: its shape, then the collection that it names, if its schema has one."""
    found = check(config, schema, prefix)
    path = join(prefix, "collection")
    if "collection" in schema.keys and isinstance(config, dict) and all(problem.path != path for problem in found):
        message = reference_problem(config["collection"], collections)
        if message is not None:
            found.append(Problem(path, message))
    return found
