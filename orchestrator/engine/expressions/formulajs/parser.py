"""The grammar of JavaScript expressions, by precedence climbing straight into a Python syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions.code import Builder, Cursor
from orchestrator.engine.expressions.expression import Compiled
from orchestrator.engine.expressions.formulajs import library, members, operators
from orchestrator.engine.expressions.lexer import DEPTH, Lexer, unescape
from orchestrator.engine.js import UNDEFINED, ExpressionError, loose_equal, strict_equal, string, truthy

__all__ = ["compile_source"]

_OPERATORS: Final = "=== !== == != <= >= << >> >>> < > && || ?? ?. ? : + - ** * / % & | ^ ~ ! => ... . , ; ( ) [ ] { }"
_LEXER: Final = Lexer(
    _OPERATORS,
    number=r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?",
    strings=r'"(?:[^"\\\n]|\\[\s\S])*"|\'(?:[^\'\\\n]|\\[\s\S])*\'|`(?:[^`\\]|\\[\s\S])*`',
    comment=r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/",
    newlines=False,
)

_CHOICE, _NULLISH, _OR, _AND, _UNARY, _POWER = 2, 3, 4, 5, 14, 15
_BINARY: Final[dict[str, tuple[int, Callable[[Any, Any], Any]]]] = {
    "|": (6, operators.bit_or),
    "^": (7, operators.bit_xor),
    "&": (8, operators.bit_and),
    "==": (9, loose_equal),
    "!=": (9, operators.unequal),
    "===": (9, strict_equal),
    "!==": (9, operators.strictly_unequal),
    "<": (10, operators.less),
    ">": (10, operators.greater),
    "<=": (10, operators.at_most),
    ">=": (10, operators.at_least),
    "in": (10, operators.contains),
    "<<": (11, operators.left_shift),
    ">>": (11, operators.right_shift),
    ">>>": (11, operators.unsigned_shift),
    "+": (12, operators.add),
    "-": (12, operators.subtract),
    "*": (13, operators.multiply),
    "/": (13, operators.divide),
    "%": (13, operators.remainder),
    "**": (_POWER, operators.power),
}
_LOGICAL: Final = {"??": _NULLISH, "||": _OR, "&&": _AND}
_PREFIX: Final[dict[str, Callable[[Any], Any]]] = {
    "!": operators.negation,
    "~": operators.bit_not,
    "+": operators.plus,
    "-": operators.minus,
    "typeof": operators.type_of,
    "void": operators.nothing,
}
_CONSTANTS: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": UNDEFINED,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "TRUE": True,
    "FALSE": False,
}
_RESERVED: Final = frozenset({"in", "typeof", "void", "new", "instanceof", "this", "function", "class", "delete"})


def compile_source(source: str, tokens: int) -> Compiled:
    """The function of a formula whose variables `$$0`, `$$1` … are its arguments, after the clock if it reads it.

    Raises:
        ExpressionError: the text is no expression, or names what is not known.
    """
    parameters = [f"t{index}" for index in range(tokens)]
    parser = _Parser(source, {f"$${index}": name for index, name in enumerate(parameters)}, Builder())
    body = parser.whole()
    if parser.reads_clock:
        parameters.insert(0, "now")
    return Compiled(parser.builder.build(parameters, body), needs_clock=parser.reads_clock)


class _Parser:
    def __init__(self, source: str, symbols: dict[str, str], builder: Builder, depth: int = DEPTH) -> None:
        self.builder = builder
        self.reads_clock = False
        self._depth = depth
        self._symbols = symbols
        self._cursor = Cursor(_LEXER.tokens(source), depth)

    def whole(self) -> ast.expr:
        """The expression that fills the text."""
        if self._cursor.token.kind == "end":
            return self.builder.value(UNDEFINED)
        body = self._expression(0)
        self._cursor.accept(";")
        if self._cursor.token.kind != "end":
            raise self._unexpected()
        return body

    # -- operators

    def _expression(self, minimum: int) -> ast.expr:
        self._cursor.enter()
        if minimum <= _CHOICE and (parameters := self._arrow()) is not None:
            node = self._function(parameters)
        else:
            node = self._prefix()
            while (longer := self._operator(node, minimum)) is not None:
                node = longer
        self._cursor.leave()
        return node

    def _operator(self, left: ast.expr, minimum: int) -> ast.expr | None:
        token = self._cursor.token
        if token.kind not in ("operator", "name"):
            return None
        text = token.text
        if text == "?":
            return self._choice(left) if minimum <= _CHOICE else None
        if text in _LOGICAL:
            return self._logical(left, text) if minimum <= _LOGICAL[text] else None
        if text not in _BINARY:
            return None
        precedence, function = _BINARY[text]
        if minimum > precedence:
            return None
        self._cursor.advance()
        right = self._expression(_UNARY if precedence == _POWER else precedence + 1)
        return self.builder.call(function, left, right)

    def _choice(self, test: ast.expr) -> ast.expr:
        self._cursor.advance()
        then = self._expression(0)
        self._expect(":")
        return self.builder.choose(self.builder.call(truthy, test), then, self._expression(0))

    def _logical(self, left: ast.expr, text: str) -> ast.expr:
        """The operand itself is the value, and the right one is evaluated only when it is needed."""
        self._cursor.advance()
        right = self._expression(_LOGICAL[text] + 1)
        name = self._fresh("w")
        test = self.builder.call(_present if text == "??" else truthy, self.builder.assign(name, left))
        kept = self.builder.name(name)
        return self.builder.choose(test, right, kept) if text == "&&" else self.builder.choose(test, kept, right)

    def _prefix(self) -> ast.expr:
        token = self._cursor.token
        if token.kind not in ("operator", "name") or token.text not in _PREFIX:
            return self._postfix(self._primary())
        self._cursor.advance()
        operand = self._expression(_POWER + 1)
        if self._cursor.at("**"):
            message = "Unary operator used immediately before exponentiation expression"
            raise ExpressionError(message, "SyntaxError")
        if token.text == "-" and isinstance(operand, ast.Constant) and isinstance(operand.value, int | float):
            return self.builder.value(-operand.value)
        return self.builder.call(_PREFIX[token.text], operand)

    def _postfix(self, node: ast.expr) -> ast.expr:
        optional = False
        while True:
            if self._cursor.accept("?."):
                optional = True
                if self._cursor.token.kind == "name":
                    node = self._member(node, optional)
                elif not self._cursor.at("(", "["):
                    raise self._unexpected()
            elif self._cursor.accept("."):
                node = self._member(node, optional)
            elif self._cursor.accept("["):
                key = self._expression(0)
                self._expect("]")
                node = self._access(node, key, optional)
            elif self._cursor.at("("):
                function = members.invoke_optional if optional else members.invoke
                node = self.builder.call(function, node, *self._arguments())
            else:
                return node

    def _member(self, node: ast.expr, optional: bool) -> ast.expr:
        name = self._cursor.advance()
        if name.kind != "name":
            raise ExpressionError(f"Unexpected token '{name.text}'", "SyntaxError")
        return self._access(node, self.builder.value(name.text), optional)

    def _access(self, node: ast.expr, key: ast.expr, optional: bool) -> ast.expr:
        """A property, or the call of a method if an argument list follows."""
        if self._cursor.at("("):
            function = members.method_optional if optional else members.method
            return self.builder.call(function, node, key, *self._arguments())
        return self.builder.call(members.member_optional if optional else members.member, node, key)

    def _arguments(self) -> list[ast.expr]:
        self._cursor.advance()
        return self._items(")")

    def _items(self, closing: str) -> list[ast.expr]:
        """Expressions and spreads between commas, up to the closing bracket."""
        items: list[ast.expr] = []
        while not self._cursor.at(closing):
            if self._cursor.accept("..."):
                items.append(self.builder.spread(self.builder.call(operators.spread, self._expression(0))))
            else:
                items.append(self._expression(0))
            if not self._cursor.accept(","):
                break
        self._expect(closing)
        return items

    # -- operands

    def _primary(self) -> ast.expr:
        token = self._cursor.token
        if token.kind == "number":
            return self.builder.value(self._cursor.advance().value)
        if token.kind == "string":
            self._cursor.advance()
            return self._template(token.text[1:-1]) if token.text[0] == "`" else self.builder.value(token.value)
        if token.kind == "name":
            if token.text == "new":
                return self._new()
            if token.text not in _RESERVED:
                return self._symbol()
        if self._cursor.accept("("):
            node = self._expression(0)
            self._expect(")")
            return node
        if self._cursor.accept("["):
            return self.builder.list(self._items("]"))
        if self._cursor.accept("{"):
            return self._object()
        raise self._unexpected()

    def _symbol(self) -> ast.expr:
        name = self._cursor.advance().text
        if name in self._symbols:
            return self.builder.name(self._symbols[name])
        while self._cursor.at(".") and f"{name}.{self._cursor.peek().text}" in library.NAMES:
            self._cursor.advance()
            name = f"{name}.{self._cursor.advance().text}"
        if name in library.CONSTANTS:
            return self.builder.value(library.CONSTANTS[name])
        if name in _CONSTANTS and not (name in library.FUNCTIONS and self._cursor.at("(")):
            return self.builder.value(_CONSTANTS[name])
        if name in library.CLOCKED:
            return self._clocked(name)
        if name not in library.FUNCTIONS:
            raise ExpressionError(f"{name} is not defined", "ReferenceError")
        function = self.builder.value(library.FUNCTIONS[name])
        return self.builder.call(function, *self._arguments()) if self._cursor.at("(") else function

    def _clocked(self, name: str) -> ast.expr:
        self.reads_clock = True
        arguments = self._arguments() if self._cursor.at("(") else []
        return self.builder.call(library.CLOCKED[name], self.builder.name("now"), *arguments)

    def _new(self) -> ast.expr:
        self._cursor.advance()
        name = self._cursor.advance()
        if name.text != "Date":
            raise ExpressionError(f"{name.text} is not a constructor", "TypeError")
        return self._clocked("new Date")

    def _object(self) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        while not self._cursor.at("}"):
            if self._cursor.accept("..."):
                keys.append(None)
                values.append(self.builder.call(operators.spread_object, self._expression(0)))
            else:
                self._property(keys, values)
            if not self._cursor.accept(","):
                break
        self._expect("}")
        return self.builder.dict(keys, values)

    def _property(self, keys: list[ast.expr | None], values: list[ast.expr]) -> None:
        token = self._cursor.token
        if token.kind == "name" and self._cursor.peek().text in (",", "}"):
            keys.append(self.builder.value(token.text))
            values.append(self._symbol())
            return
        if self._cursor.accept("["):
            keys.append(self.builder.call(string, self._expression(0)))
            self._expect("]")
        elif token.kind in ("name", "string", "number"):
            self._cursor.advance()
            keys.append(self.builder.value(token.text if token.kind == "name" else string(token.value)))
        else:
            raise self._unexpected()
        self._expect(":")
        values.append(self._expression(0))

    def _template(self, text: str) -> ast.expr:
        """A template literal: `${}` holds an expression of its own."""
        parts: list[ast.expr] = []
        while (start := text.find("${")) >= 0:
            parts.append(self.builder.value(unescape(text[:start])))
            end = _closing_brace(text, start + 2)
            inner = _Parser(text[start + 2 : end], self._symbols, self.builder, self._depth - 8)
            parts.append(inner.whole())
            self.reads_clock = self.reads_clock or inner.reads_clock
            text = text[end + 1 :]
        parts.append(self.builder.value(unescape(text)))
        return self.builder.call(_text, *parts)

    # -- functions

    def _arrow(self) -> list[str] | None:
        """The parameters if an arrow function stands here."""
        token = self._cursor.token
        if token.kind == "name" and self._cursor.peek().text == "=>":
            self._cursor.advance()
            self._cursor.advance()
            return [token.text]
        if not self._cursor.at("("):
            return None
        names: list[str] = []
        distance = 1
        while self._cursor.peek(distance).kind == "name":
            names.append(self._cursor.peek(distance).text)
            distance += 1
            if self._cursor.peek(distance).text != ",":
                break
            distance += 1
        if self._cursor.peek(distance).text != ")" or self._cursor.peek(distance + 1).text != "=>":
            return None
        for _ in range(distance + 2):
            self._cursor.advance()
        return names

    def _function(self, parameters: list[str]) -> ast.expr:
        if self._cursor.at("{"):
            raise ExpressionError("functions with a block body are not supported", "SyntaxError")
        outer = dict(self._symbols)
        names = []
        for parameter in parameters:
            self._symbols[parameter] = name = self._fresh("p")
            names.append(name)
        body = self._expression(0)
        self._symbols.clear()
        self._symbols.update(outer)
        return self.builder.function(names, body, default=UNDEFINED, lenient=True)

    # -- helpers

    def _fresh(self, prefix: str) -> str:
        return f"{prefix}{self.builder.serial()}"

    def _expect(self, text: str) -> None:
        if not self._cursor.accept(text):
            raise self._unexpected()

    def _unexpected(self) -> ExpressionError:
        token = self._cursor.token
        messages = {
            "end": "Unexpected end of input",
            "number": "Unexpected number",
            "string": "Unexpected string",
            "name": f"Unexpected identifier '{token.text}'",
        }
        return ExpressionError(messages.get(token.kind, f"Unexpected token '{token.text}'"), "SyntaxError")


def _present(value: Any) -> bool:
    return value is not None and value is not UNDEFINED


def _text(*parts: Any) -> str:
    return operators.joined("".join(map(string, parts)))


def _closing_brace(text: str, position: int) -> int:
    depth = 1
    for index in range(position, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise ExpressionError("Unterminated template literal", "SyntaxError")
