"""Workflow documents: parsing with every problem and its path, and writing rows as a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from orchestrator.compiler import node_schemas
from orchestrator.compiler.graph import Graph, Node, branch_problem, duplicate_message
from orchestrator.compiler.schema import (
    Schema,
    anything,
    array,
    boolean,
    check,
    first_by_path,
    integer,
    record,
    string,
)
from orchestrator.errors import InvalidDocumentError, Problem
from orchestrator.triggers import TRIGGER_TYPES, type_problem

__all__ = ["DEFAULT_OPTIONS", "NodeSource", "WorkflowSource", "identical", "parse", "render"]

DEFAULT_OPTIONS: Mapping[str, Any] = {"timeout": 0}

#: requests name workflows in a comma list of key!path
_WORKFLOW_KEY = re.compile(r"[^\s,!]+")
_BRANCH_INDEX = re.compile(r"0|[1-9]\d{0,8}")


@dataclass
class NodeSource:
    """A node as a document spells it. Without a key it gets one when it is stored."""

    type: str
    key: str | None = None
    title: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    branches: dict[int, list[NodeSource]] = field(default_factory=dict)


@dataclass
class WorkflowSource:
    """A workflow as a document spells it."""

    type: str
    key: str | None = None
    title: str | None = None
    description: str | None = None
    trigger_title: str | None = None
    #: as the trigger type decides
    sync: bool = False
    #: None: not said, so that it stays what it is (at first off)
    enabled: bool | None = None
    config: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=lambda: dict(DEFAULT_OPTIONS))
    nodes: list[NodeSource] = field(default_factory=list)


def _key_problems(value: str, label: str) -> Iterator[Problem]:
    if _WORKFLOW_KEY.fullmatch(value) is None:
        yield Problem(label, f'"{label}" must be a text without blanks, commas and exclamation marks')


def _node_key_problems(value: str, label: str) -> Iterator[Problem]:
    if not value:
        yield Problem(label, f'"{label}" is not allowed to be empty')


def _any_branch(_index: int) -> str | None:
    """The branches of what is wrong itself may be any."""
    return None


_OPTIONS = record(
    {
        "timeout": integer(minimum=0),
        "stackLimit": integer(minimum=1),
        "deleteExecutionOnStatus": array(integer()),
    }
)
# types and configurations are looked at apart
_DOCUMENT = record(
    {
        "key": Schema(kind="string", custom=_key_problems),
        "title": string(nullable=True),
        "description": string(nullable=True),
        "type": anything(),
        "triggerTitle": string(nullable=True),
        "sync": boolean(),
        "enabled": boolean(),
        "config": anything(),
        "options": _OPTIONS,
        "nodes": array(),
    },
    closed=True,
)
_NODE = record(
    {
        "key": Schema(kind="string", custom=_node_key_problems),
        "title": string(nullable=True),
        "type": anything(),
        "config": anything(),
        "branches": record(),
    },
    closed=True,
)


class _Parser:
    """Collects problems while it walks a document."""

    def __init__(self, collections: Collection[str]) -> None:
        self.collections = collections
        self.problems: list[Problem] = []
        self.keys: set[str] = set()

    def workflow(self, value: Any) -> WorkflowSource:
        if not isinstance(value, dict):
            raise InvalidDocumentError([Problem("", "the document must be an object")])
        self.problems += check(value, _DOCUMENT)
        name: Any = value.get("type")
        message = type_problem(name)
        config = value.get("config")
        if message is not None:
            self.problems.append(Problem("type", message))
        elif "config" in value:
            self.problems += TRIGGER_TYPES[name].problems(config, self.collections, "config")
        elif value.get("enabled") is True:
            # a draft may do without
            self.problems.append(Problem("config", '"config" is required'))
        nodes = self.line(value.get("nodes", []), "nodes", "nodes")
        if self.problems:
            raise InvalidDocumentError(first_by_path(self.problems))
        return WorkflowSource(
            type=name,
            key=value.get("key"),
            title=value.get("title"),
            description=value.get("description"),
            trigger_title=value.get("triggerTitle"),
            sync=TRIGGER_TYPES[name].runs_sync(value.get("sync", False)),
            enabled=value.get("enabled"),
            config=config if config is not None else {},
            options=value.get("options", dict(DEFAULT_OPTIONS)),
            nodes=nodes,
        )

    def line(self, value: Any, path: str, label: str) -> list[NodeSource]:
        if not isinstance(value, list):
            self.problems.append(Problem(path, f'"{label}" must be an array'))
            return []
        return [self.node(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def node(self, value: Any, path: str) -> NodeSource:
        self.problems += check(value, _NODE, path)
        if not isinstance(value, dict):
            return NodeSource("")
        key = value.get("key")
        if isinstance(key, str):
            if key in self.keys:
                self.problems.append(Problem(f"{path}.key", duplicate_message(key)))
            self.keys.add(key)
        name: Any = value.get("type")
        config = value.get("config", {})
        message = node_schemas.type_problem(name)
        limit: Callable[[int], str | None] = _any_branch
        if message is not None:
            self.problems.append(Problem(f"{path}.type", message))
        else:
            self.problems += node_schemas.node_problems(name, config, self.collections, f"{path}.config")
            if isinstance(config, dict):
                limit = partial(branch_problem, name, config)
        return NodeSource(
            type=name if isinstance(name, str) else "",
            key=key,
            title=value.get("title"),
            config=config,
            branches=self.branches(value.get("branches"), path, limit),
        )

    def branches(self, value: Any, path: str, limit: Callable[[int], str | None]) -> dict[int, list[NodeSource]]:
        found: dict[int, list[NodeSource]] = {}
        if not isinstance(value, dict):
            return found
        for name, line in value.items():
            label = f"branches.{name}"
            inner = f"{path}.{label}"
            if isinstance(name, bool) or _BRANCH_INDEX.fullmatch(str(name)) is None:
                self.problems.append(Problem(inner, f'"{label}" must be a branch index'))
                continue
            index = int(name)
            message = limit(index) if index not in found else f"branch {index} is given twice"
            if message is not None:
                self.problems.append(Problem(inner, message))
            found[index] = self.line(line, inner, label)
        return {index: found[index] for index in sorted(found) if found[index]}


def parse(document: Any, collections: Collection[str]) -> WorkflowSource:
    """Check a document and take it apart.

    Args:
        document: JSON value; branches may be keyed by numbers or by their text.
        collections: names of the collections that configurations may be about.

    Raises:
        InvalidDocumentError: with every problem and its path.
    """
    return _Parser(collections).workflow(document)


def render(workflow: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """The document of a stored version; ``parse`` reads it back."""
    kind = TRIGGER_TYPES.get(workflow["type"])
    sync = bool(workflow["sync"])
    document: dict[str, Any] = {
        "key": workflow["key"],
        "title": workflow["title"],
        "description": workflow["description"],
        "type": workflow["type"],
        "triggerTitle": workflow["triggerTitle"],
        "sync": kind.runs_sync(sync) if kind is not None else sync,
        "enabled": workflow["enabled"],
        "config": workflow["config"],
        "options": workflow["options"],
        "nodes": [_render_node(node) for node in graph.line()],
    }
    absent = {name for name in ("title", "description", "triggerTitle") if document[name] is None}
    if not document["config"]:
        absent.add("config")
    return {name: value for name, value in document.items() if name not in absent}


def _render_node(node: Node) -> dict[str, Any]:
    document: dict[str, Any] = {"key": node.key, "type": node.type}
    if node.title is not None:
        document["title"] = node.title
    document["config"] = node.config
    if node.branches:
        document["branches"] = {
            str(index): [_render_node(inner) for inner in head.line()] for index, head in node.branches.items()
        }
    return document


def identical(a: Any, b: Any) -> bool:
    """Whether two JSON values are the same (in Python ``True == 1``)."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(identical(value, b[name]) for name, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(identical, a, b))
    return bool(a == b)
