"""Every name that a formula may use without defining it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions.formulajs import calendar as calendar_functions
from orchestrator.engine.expressions.formulajs import (
    financial,
    globals,
    logical,
    lookup,
    maths,
    statistics,
    texts,
)
from orchestrator.engine.expressions.formulajs.coerce import lenient

__all__ = ["CLOCKED", "CONSTANTS", "FUNCTIONS", "NAMES"]

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: lenient(function) for name, function in globals.FUNCTIONS.items()},
    **logical.FUNCTIONS,
    **maths.FUNCTIONS,
    **statistics.FUNCTIONS,
    **texts.FUNCTIONS,
    **calendar_functions.FUNCTIONS,
    **lookup.FUNCTIONS,
    **financial.FUNCTIONS,
}
CONSTANTS: Final = globals.CONSTANTS

#: Functions that get the time as their first argument.
CLOCKED: Final = calendar_functions.CLOCKED

NAMES: Final = frozenset({*FUNCTIONS, *CONSTANTS, *CLOCKED})
