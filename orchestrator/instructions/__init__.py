"""Node types: one module each, registered by the name that documents use.

An instruction compiles a node: it reads ``node.config`` once and sets ``node.run`` (and ``node.resume`` when it waits
or has branches).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.instructions import (
    calculation,
    condition,
    create,
    destroy,
    end,
    loop,
    multi_conditions,
    output,
    parallel,
    query,
    response_message,
    sql,
    update,
    variable,
)

if TYPE_CHECKING:
    from orchestrator.engine.program import Node, Program

__all__ = ["instruction", "instruction_types", "register_instruction"]

Instruction = Callable[["Node", "Program"], None]

_registry: dict[str, Instruction] = {
    "calculation": calculation.compile_node,
    "condition": condition.compile_node,
    "create": create.compile_node,
    "destroy": destroy.compile_node,
    "end": end.compile_node,
    "loop": loop.compile_node,
    "multi-conditions": multi_conditions.compile_node,
    "output": output.compile_node,
    "parallel": parallel.compile_node,
    "query": query.compile_node,
    "response-message": response_message.compile_node,
    "sql": sql.compile_node,
    "update": update.compile_node,
    "variable": variable.compile_node,
}


def instruction(node_type: str) -> Instruction:
    """The compiler of a node type.

    Raises:
        UnknownNodeTypeError: nobody registered it.
    """
    from orchestrator.engine.program import UnknownNodeTypeError

    try:
        return _registry[node_type]
    except KeyError:
        raise UnknownNodeTypeError(f'Node type "{node_type}" is not registered') from None


def instruction_types() -> frozenset[str]:
    """Every registered name."""
    return frozenset(_registry)


def register_instruction(node_type: str, compile_node: Instruction) -> None:
    """Add a node type.

    Raises:
        ValueError: the name is taken.
    """
    if node_type in _registry:
        raise ValueError(f'this registry does not allow to override existing keys: "{node_type}"')
    _registry[node_type] = compile_node
