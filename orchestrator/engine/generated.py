"""Functions that are written once and run for every row: a chain of closures made into straight lines of Python.

The source holds fixed templates and names that are given here. Whatever comes from outside (keys, columns, constants,
compiled expressions) is a global of the function, never a part of its text, and its builtins are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

__all__ = ["Source"]


class Source:
    """The source of one function."""

    def __init__(self, *parameters: str) -> None:
        self._parameters = ", ".join(parameters)
        self._globals: dict[str, Any] = {"__builtins__": {}}
        self._names: dict[int, str] = {}
        self._lines: list[str] = []

    def __len__(self) -> int:
        return len(self._lines)

    def name(self, value: Any) -> str:
        """The name under which the function knows a value."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"g{len(self._names)}"
            self._globals[name] = value
        return name

    def line(self, depth: int, text: str) -> None:
        """A line of the body; ``text`` is a template of ours with names in it."""
        self._lines.append("    " * (depth + 1) + text)

    def build(self) -> Callable[..., Any]:
        """The function."""
        text = "\n".join([f"def function({self._parameters}):", *self._lines, ""])
        module = compile(text, "<generated>", "exec")
        code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
        return FunctionType(code, self._globals)
