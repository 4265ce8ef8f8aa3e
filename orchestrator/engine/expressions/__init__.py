"""Expressions of condition and calculation nodes, compiled once.

    basic       trees of comparisons        compile_calculation
    math.js     arithmetic, matrices        compile_expression
    formula.js  JavaScript and spreadsheet functions
    string      text with tokens

An engine's parser and functions are imported when its first expression is compiled: most backends never need them.
"""

from __future__ import annotations

from orchestrator.engine.expressions.basic import Calculation, compile_calculation, register_calculator
from orchestrator.engine.expressions.expression import ENGINES, Expression, compile_expression
from orchestrator.engine.js import ExpressionError

__all__ = [
    "ENGINES",
    "Calculation",
    "Expression",
    "ExpressionError",
    "compile_calculation",
    "compile_expression",
    "register_calculator",
]
