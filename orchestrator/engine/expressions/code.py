"""Python syntax trees for compiled expressions.

No text of an expression ever becomes Python source: parsers ask for nodes, every value and helper that a node needs is
a global of the one function that is made in the end, and its builtins are empty.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

from orchestrator.engine.expressions.lexer import Token
from orchestrator.engine.js import ExpressionError

__all__ = ["Builder", "Cursor"]

_AT: Any = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
_LOAD = ast.Load()
_PLAIN = (int, float, str, bool, type(None))


class Builder:
    """Collects the globals of one expression, and makes its nodes."""

    def __init__(self) -> None:
        self._globals: dict[str, Any] = {"__builtins__": {}}
        self._names: dict[int, str] = {}
        self._serial = 0

    def serial(self) -> int:
        """A number that no name of this expression has yet."""
        self._serial += 1
        return self._serial

    def value(self, value: Any) -> ast.expr:
        """Any Python object: plain ones as constants, others as globals."""
        if type(value) in _PLAIN:
            return ast.Constant(value, **_AT)
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"g{len(self._names)}"
            self._globals[name] = value
        return ast.Name(name, _LOAD, **_AT)

    def name(self, name: str) -> ast.expr:
        return ast.Name(name, _LOAD, **_AT)

    def call(self, function: Callable[..., Any] | ast.expr, *arguments: ast.expr) -> ast.expr:
        callee = function if isinstance(function, ast.expr) else self.value(function)
        return ast.Call(callee, list(arguments), [], **_AT)

    def list(self, items: Sequence[ast.expr]) -> ast.expr:
        return ast.List(list(items), _LOAD, **_AT)

    def spread(self, item: ast.expr) -> ast.expr:
        return ast.Starred(item, _LOAD, **_AT)

    def dict(self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> ast.expr:
        return ast.Dict(list(keys), list(values), **_AT)

    def choose(self, test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
        return ast.IfExp(test, then, otherwise, **_AT)

    def both(self, *tests: ast.expr) -> ast.expr:
        return ast.BoolOp(ast.And(), list(tests), **_AT)

    def either(self, *tests: ast.expr) -> ast.expr:
        return ast.BoolOp(ast.Or(), list(tests), **_AT)

    def assign(self, name: str, value: ast.expr) -> ast.expr:
        return ast.NamedExpr(ast.Name(name, ast.Store(), **_AT), value, **_AT)

    def last(self, items: Sequence[ast.expr]) -> ast.expr:
        """Every item in turn, the last one being the value."""
        if len(items) == 1:
            return items[0]
        last = ast.UnaryOp(ast.USub(), ast.Constant(1, **_AT), **_AT)
        return ast.Subscript(ast.Tuple(list(items), _LOAD, **_AT), last, _LOAD, **_AT)

    def function(
        self, parameters: Sequence[str], body: ast.expr, *, default: Any = None, lenient: bool = False
    ) -> ast.expr:
        """A lambda; a lenient one fills missing arguments with `default` and swallows superfluous ones."""
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name, **_AT) for name in parameters],
            vararg=ast.arg("rest", **_AT) if lenient else None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[self.value(default) for _ in parameters] if lenient else [],
        )
        return ast.Lambda(arguments, body, **_AT)

    def build(self, parameters: Sequence[str], body: ast.expr) -> Callable[..., Any]:
        """The function of the expression."""
        module = compile(ast.Expression(self.function(parameters, body)), "<expression>", "eval")
        code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
        return FunctionType(code, self._globals)


class Cursor:
    """The tokens of one expression, read from left to right, with the depth of what is being read."""

    def __init__(self, tokens: list[Token], depth: int) -> None:
        self.tokens = tokens
        self.position = 0
        self.token = tokens[0]
        self._depth = 0
        self._deepest = depth

    def advance(self) -> Token:
        """The current token, which is left behind."""
        token = self.token
        if self.position + 1 < len(self.tokens):
            self.position += 1
            self.token = self.tokens[self.position]
        return token

    def peek(self, distance: int = 1) -> Token:
        return self.tokens[min(self.position + distance, len(self.tokens) - 1)]

    def at(self, *texts: str) -> bool:
        """Whether the current token is one of these operators or words."""
        return self.token.kind in ("operator", "name") and self.token.text in texts

    def accept(self, *texts: str) -> Token | None:
        return self.advance() if self.at(*texts) else None

    def enter(self) -> None:
        self._depth += 1
        if self._depth > self._deepest:
            raise ExpressionError(f"expression is nested deeper than {self._deepest} levels", "SyntaxError")

    def leave(self) -> None:
        self._depth -= 1
