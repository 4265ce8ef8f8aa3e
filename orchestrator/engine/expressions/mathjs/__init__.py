"""The engine `math.js`: arithmetic, comparisons, matrices and functions with the grammar of that language."""

from __future__ import annotations

from orchestrator.engine.expressions.mathjs.parser import compile_source

__all__ = ["compile_source"]
