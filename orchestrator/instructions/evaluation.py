"""How condition-like nodes evaluate: the basic tree, or an expression of an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.engine.expressions import ENGINES, ExpressionError, compile_expression
from orchestrator.engine.expressions.basic import compile_calculation

if TYPE_CHECKING:
    from orchestrator.engine.program import Node

__all__ = ["compile_condition"]

Evaluate = Callable[[Mapping[str, Any]], Any]


def compile_condition(node: Node, config: Mapping[str, Any]) -> Evaluate:
    """The condition of a configuration ``{engine, calculation, expression}``.

    An engine that does not exist falls back to the basic tree; an engine without an expression raises when evaluated.
    """
    engine = config.get("engine") or "basic"
    if engine not in ENGINES:
        calculation = compile_calculation(config.get("calculation"))
        node.reads(calculation.paths)
        node.formula = calculation
        return calculation.evaluate
    text = config.get("expression")
    if not text:
        return _missing_expression
    expression = compile_expression(engine, text)
    node.reads(expression.paths)
    node.formula = expression
    return expression.evaluate


def _missing_expression(_scope: Mapping[str, Any]) -> Any:
    raise ExpressionError("expression is missing", "TypeError")
