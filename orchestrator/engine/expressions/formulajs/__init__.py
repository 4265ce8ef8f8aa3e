"""The engine `formula.js`: JavaScript expressions with the functions of a spreadsheet, sealed from everything else."""

from __future__ import annotations

from orchestrator.engine.expressions.formulajs.parser import compile_source

__all__ = ["compile_source"]
