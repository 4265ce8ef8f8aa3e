"""Node types as definitions see them: the shape of the configuration, and which branches there may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.compiler.references import MAIN, configuration_problems
from orchestrator.compiler.schema import (
    Schema,
    anything,
    array,
    boolean,
    first_by_path,
    integer,
    join,
    record,
    string,
)
from orchestrator.errors import Problem
from orchestrator.model.people import PEOPLE

__all__ = ["NODE_TYPES", "NodeType", "node_problems", "node_type", "type_problem"]

#: the highest legal branch index of a configuration; None: any; -1: there are no branches
BranchLimit = Callable[[Mapping[str, Any]], int | None]


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """One kind of node, by the name that nodes carry in ``type``."""

    name: str
    schema: Schema = field(default_factory=record)
    branch_limit: BranchLimit = lambda _config: -1
    #: what the engine takes for a key that a row written directly leaves out; documents must have it
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: whether it only reads the collection that it names, which may be users or roles then
    reads: bool = False
    #: how a branch is called, for diagrams
    branch_names: Mapping[int, str] = field(default_factory=dict)

    def problems(self, config: Any, collections: Collection[str], prefix: str = "") -> list[Problem]:
        """Everything wrong with a configuration; ``prefix`` is where it stands in its document."""
        known = {*collections, *PEOPLE} if self.reads else collections
        return configuration_problems(config, self.schema, known, prefix)

    def allows_branch(self, config: Mapping[str, Any], index: int) -> bool:
        """Whether a node so configured may have a branch of this index."""
        limit = self.branch_limit(config)
        return index >= 0 and (limit is None or index <= limit)


def _up_to(limit: int | None) -> BranchLimit:
    return lambda _config: limit


def _one_a_condition(config: Mapping[str, Any]) -> int | None:
    conditions = config.get("conditions", [])
    # what is no list is a problem of its own
    return len(conditions) if isinstance(conditions, list) else None


def _calculation_problems(value: Mapping[str, Any], label: str) -> Iterator[Problem]:
    yield from _CALCULATION_LEAF.problems(value, label)
    group = value.get("group")
    calculations = group.get("calculations") if isinstance(group, dict) else None
    if isinstance(calculations, list):
        for index, item in enumerate(calculations):
            if isinstance(item, dict):
                yield from _calculation_problems(item, f"{join(label, 'group.calculations')}[{index}]")


def _data_source_problems(value: str, label: str) -> Iterator[Problem]:
    if value != MAIN:
        yield Problem(label, f'Data source "{value}" does not exist')


def _condition_shape(value: Any, label: str) -> Iterator[Problem]:
    if value is False or value is None:
        return
    if not isinstance(value, dict):
        yield Problem(label, f'"{label}" must be one of [false, object]')
        return
    yield from _LOOP_CONDITION.problems(value, label)


_CALCULATION_LEAF = record(
    {
        "calculator": string(nullable=True),
        "operands": array(nullable=True),
        "group": record({"type": string(enum=("and", "or")), "calculations": array(record())}),
    }
)
_QUESTION = {
    "engine": string(enum=("basic", "math.js", "formula.js")),
    "calculation": record(
        nullable=True, custom=lambda value, label: first_by_path(_calculation_problems(value, label))
    ),
    "expression": string(nullable=True),
}
_LOOP_CONDITION = record({"checkpoint": integer(enum=(0, 1)), "continueOnFalse": boolean(), **_QUESTION})
_COLLECTION = string(required=True, message="Collection is not configured")
_FILTER = record(nullable=True)
_NAMES = array(string(), nullable=True)

NODE_TYPES: Mapping[str, NodeType] = {
    node_type.name: node_type
    for node_type in (
        NodeType(
            name="calculation",
            schema=record(
                {"engine": string(enum=("math.js", "formula.js", "string")), "expression": string(nullable=True)}
            ),
        ),
        NodeType(
            name="condition",
            schema=record({"rejectOnFalse": boolean(required=True), **_QUESTION}),
            branch_limit=_up_to(1),
            defaults={"rejectOnFalse": False},
            branch_names={0: "no", 1: "yes"},
        ),
        NodeType(
            name="create",
            schema=record(
                {"collection": _COLLECTION, "params": record({"values": record(nullable=True), "appends": _NAMES})}
            ),
        ),
        NodeType(name="destroy", schema=record({"collection": _COLLECTION, "params": record({"filter": _FILTER})})),
        NodeType(name="end", schema=record({"endStatus": integer(enum=(1, -1))})),
        NodeType(
            name="loop",
            schema=record(
                {
                    "target": anything(),
                    "condition": Schema(kind="any", custom=_condition_shape),
                    "exit": integer(enum=(0, 1, 2)),
                }
            ),
            branch_limit=_up_to(0),
            branch_names={0: "each"},
        ),
        NodeType(
            name="multi-conditions",
            schema=record(
                {
                    "conditions": array(
                        record({"uid": string(nullable=True), "title": string(nullable=True), **_QUESTION})
                    ),
                    "continueOnNoMatch": boolean(),
                }
            ),
            branch_limit=_one_a_condition,
            branch_names={0: "otherwise"},
        ),
        NodeType(name="output", schema=record({"value": anything()})),
        NodeType(
            name="parallel",
            schema=record({"mode": string(enum=("all", "any", "race", "allSettled"))}),
            branch_limit=_up_to(None),
        ),
        NodeType(
            name="query",
            reads=True,
            schema=record(
                {
                    "collection": _COLLECTION,
                    "multiple": boolean(),
                    "failOnEmpty": boolean(),
                    # page and pageSize may be templates
                    "params": record({"filter": _FILTER, "appends": _NAMES, "sort": array(nullable=True)}),
                }
            ),
        ),
        NodeType(name="response-message", schema=record({"message": string(nullable=True)})),
        NodeType(
            name="sql",
            schema=record(
                {
                    "dataSource": Schema(kind="string", custom=_data_source_problems),
                    "sql": string(nullable=True),
                    "variables": array(record({"name": string(required=True), "value": anything()}), nullable=True),
                    "unsafeInjection": boolean(),
                    "withMeta": boolean(),
                }
            ),
        ),
        NodeType(
            name="update",
            schema=record(
                {
                    "collection": _COLLECTION,
                    "params": record(
                        {"filter": _FILTER, "values": record(nullable=True), "individualHooks": boolean()}
                    ),
                }
            ),
        ),
        NodeType(name="variable", schema=record({"target": string(nullable=True), "value": anything()})),
    )
}


def node_type(name: str) -> NodeType | None:
    """The type of a name, None when nobody registered it.

    A type that was registered with the engine alone takes any configuration and any branches.
    """
    known = NODE_TYPES.get(name)
    if known is not None:
        return known
    from orchestrator.instructions import instruction_types  # the engine, for names that are not known here

    return NodeType(name=name, branch_limit=_up_to(None)) if name in instruction_types() else None


def type_problem(name: Any) -> str | None:
    """What is wrong with a node's type, None when it is registered."""
    if name is None or name == "":
        return "Node type is required"
    if not isinstance(name, str):
        return '"type" must be a string'
    return None if node_type(name) is not None else f'Node type "{name}" is not registered'


def node_problems(name: Any, config: Any, collections: Collection[str], prefix: str = "") -> list[Problem]:
    """Everything wrong with a node's type and configuration, as nodes:create reports it."""
    message = type_problem(name)
    known = None if message is not None else node_type(name)
    if known is None:
        return [Problem("type", message or "")]
    return known.problems(config, collections, prefix)
