"""The grammar of math.js, by precedence climbing straight into a Python syntax tree."""

from __future__ import annotations

import ast
from typing import NamedTuple

from orchestrator.engine.expressions.code import Builder, Cursor
from orchestrator.engine.expressions.expression import Compiled
from orchestrator.engine.expressions.lexer import DEPTH
from orchestrator.engine.expressions.mathjs import functions, indexing, operators
from orchestrator.engine.expressions.mathjs.grammar import (
    AND,
    BINARY,
    COMPARISON,
    FRACTION,
    IMPLICIT,
    LEXER,
    OR,
    POWER,
    PREFIX,
    RANGE,
    RELATIONAL,
    SUM,
    UNARY,
    WORDS,
    Binary,
    begins_operand,
    is_factor,
    is_fraction,
    signature,
)
from orchestrator.engine.js import UNDEFINED, ExpressionError

__all__ = ["compile_source"]


class Node(NamedTuple):
    """A piece of the tree; `kind` matters where the grammar looks back at what it has read."""

    code: ast.expr
    kind: str = "value"


def compile_source(source: str, tokens: int) -> Compiled:
    """The function of a math.js text whose variables `$$0`, `$$1` … are its arguments.

    Raises:
        ExpressionError: the text is no expression, or names what is not known.
    """
    parameters = [f"t{index}" for index in range(tokens)]
    parser = _Parser(source, tokens)
    return Compiled(parser.builder.build(parameters, parser.block()))


class _Parser:
    def __init__(self, source: str, tokens: int) -> None:
        self.builder = Builder()
        self._cursor = Cursor(LEXER.tokens(source), DEPTH)
        self._symbols = {f"$${index}": f"t{index}" for index in range(tokens)}
        self._brackets = 0
        self._conditional: list[int] = []
        self._temporaries = 0

    # -- statements

    def block(self) -> ast.expr:
        """Statements between semicolons and line ends; the last one is the result."""
        items: list[ast.expr] = []
        while True:
            while self._cursor.at(";") or self._cursor.token.kind == "newline":
                self._cursor.advance()
            if self._cursor.token.kind == "end":
                break
            items.append(self._assignment().code)
            token = self._cursor.token
            if token.kind not in ("end", "newline") and not self._cursor.at(";"):
                raise self._unexpected()
        return self.builder.last(items) if items else self.builder.value(None)

    def _assignment(self) -> Node:
        self._cursor.enter()
        try:
            name = self._cursor.token
            if name.kind == "name" and name.text not in WORDS:
                if self._cursor.peek().text == "=":
                    return self._variable()
                if parameters := signature(self._cursor):
                    return self._definition(name.text, parameters)
            return self._expression(0)
        finally:
            self._cursor.leave()

    def _variable(self) -> Node:
        name = self._cursor.advance().text
        self._cursor.advance()
        value = self._assignment().code
        return Node(self.builder.assign(self._bind(name), value))

    def _bind(self, name: str) -> str:
        """The Python name of a variable of the expression."""
        if name not in self._symbols or name.startswith("$$"):
            self._symbols[name] = f"v{len(self._symbols)}"
        return self._symbols[name]

    def _definition(self, name: str, parameters: list[str]) -> Node:
        for _ in range(2 * len(parameters) + 3):
            self._cursor.advance()
        target = self._bind(name)
        outer = dict(self._symbols)
        locals_: list[str] = []
        for parameter in parameters:
            self._symbols[parameter] = local = f"p{len(self._symbols)}x{len(locals_)}"
            locals_.append(local)
        body = self._assignment().code
        self._symbols = outer
        function = self.builder.function(locals_, body, default=UNDEFINED, lenient=True)
        return Node(self.builder.assign(target, function))

    # -- operators

    def _expression(self, minimum: int) -> Node:
        self._cursor.enter()
        node = self._prefix() if minimum > FRACTION else self._percentage()
        while (longer := self._operator(node, minimum)) is not None:
            node = longer
        self._cursor.leave()
        return node

    def _operator(self, left: Node, minimum: int) -> Node | None:
        """What stands before and after the next operator, None when it binds less than `minimum`."""
        self._skip_newlines()
        token = self._cursor.token
        text = token.text if token.kind in ("operator", "name") else ""
        if text == "?":
            return self._choice(left) if minimum <= 2 else None
        if text == ":":
            return self._range(left) if minimum <= RANGE and not self._closes_choice() else None
        if text in ("or", "and"):
            return self._logical(left, text) if minimum <= (OR if text == "or" else AND) else None
        if text in RELATIONAL:
            return self._relation(left) if minimum <= COMPARISON else None
        if text == "/" and minimum <= FRACTION and is_fraction(left.kind, self._cursor):
            self._cursor.advance()
            divisor = self.builder.value(self._cursor.advance().value)
            return Node(self.builder.call(operators.divide, left.code, divisor), "fraction")
        if text in BINARY:
            precedence, function = BINARY[text]
            return self._binary(left, text, precedence, function) if minimum <= precedence else None
        if minimum <= IMPLICIT and is_factor(left.kind, self._cursor.token):
            right = self._expression(FRACTION)
            return Node(self.builder.call(operators.multiply, left.code, right.code), "operator")
        return None

    def _percentage(self) -> Node:
        """An operand, and the `%` behind it where it is no remainder: `-5%`, `2^3 %`."""
        node = self._expression(UNARY)
        if not self._cursor.at("%") or begins_operand(self._cursor):
            return node
        self._cursor.advance()
        return Node(self.builder.call(operators.percent, node.code), "percent")

    def _binary(self, left: Node, text: str, precedence: int, function: Binary) -> Node:
        self._cursor.advance()
        self._skip_newlines()
        right = self._expression(UNARY if precedence == POWER else precedence + 1)
        addend = right.code
        if precedence == SUM and right.kind == "percent":
            name = self._temporary()
            base = self.builder.assign(name, left.code)
            addend = self.builder.call(operators.multiply, self.builder.name(name), right.code)
            return Node(self.builder.call(function, base, addend), "operator")
        return Node(self.builder.call(function, left.code, addend), "operator")

    def _logical(self, left: Node, text: str) -> Node:
        self._cursor.advance()
        self._skip_newlines()
        right = self._expression((OR if text == "or" else AND) + 1)
        name = self._temporary()
        function = operators.disjunction if text == "or" else operators.conjunction
        test = self.builder.call(operators.decides, self.builder.assign(name, left.code), self.builder.value(text))
        both = self.builder.call(function, self.builder.name(name), right.code)
        return Node(self.builder.choose(test, self.builder.value(text == "or"), both), "operator")

    def _relation(self, left: Node) -> Node:
        """One comparison, or a chain `a < b < c` that evaluates b once."""
        tests: list[ast.expr] = []
        side = left.code
        while self._cursor.token.kind == "operator" and self._cursor.token.text in RELATIONAL:
            function = RELATIONAL[self._cursor.advance().text]
            self._skip_newlines()
            right = self._expression(COMPARISON + 1).code
            self._skip_newlines()
            if self._cursor.token.kind == "operator" and self._cursor.token.text in RELATIONAL:
                name = self._temporary()
                right = self.builder.assign(name, right)
                tests.append(self.builder.call(function, side, right))
                side = self.builder.name(name)
            else:
                tests.append(self.builder.call(function, side, right))
        return Node(tests[0] if len(tests) == 1 else self.builder.both(*tests), "operator")

    def _choice(self, test: Node) -> Node:
        self._cursor.advance()
        self._conditional.append(self._brackets)
        self._skip_newlines()
        then = self._assignment().code
        self._skip_newlines()
        self._conditional.pop()
        if not self._cursor.accept(":"):
            raise self._error("False part of conditional expression expected")
        self._skip_newlines()
        otherwise = self._assignment().code
        return Node(self.builder.choose(self.builder.call(operators.truth, test.code), then, otherwise), "operator")

    def _closes_choice(self) -> bool:
        """Whether a colon here belongs to an open `?` rather than to a range."""
        return bool(self._conditional) and self._conditional[-1] == self._brackets

    def _range(self, first: Node) -> Node:
        parts = [first.code]
        while len(parts) < 3 and self._cursor.at(":") and not self._closes_choice():
            self._cursor.advance()
            if self._cursor.at(")", "]", ","):
                parts.append(self.builder.name("end"))
            else:
                parts.append(self._expression(RANGE + 1).code)
        start, step, end = parts if len(parts) == 3 else (parts[0], self.builder.value(1), parts[1])
        return Node(self.builder.call(indexing.span, start, end, step), "operator")

    def _prefix(self) -> Node:
        self._skip_newlines()
        token = self._cursor.token
        function = PREFIX.get(token.text) if token.kind in ("operator", "name") else None
        if function is None:
            return self._postfix(self._primary())
        self._cursor.advance()
        if token.text == "-" and self._cursor.token.kind == "number" and self._cursor.peek().kind == "end":
            return Node(self.builder.value(-self._cursor.advance().value), "operator")
        operand = self._expression(UNARY)
        return Node(self.builder.call(function, operand.code), "operator")

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._cursor.at("("):
                if node.kind not in ("symbol", "access"):
                    return node
                node = Node(self.builder.call(functions.invoke, node.code, *self._arguments(")")), "call")
            elif self._cursor.at("["):
                node = Node(self.builder.call(indexing.subscript, node.code, *self._indices()), "access")
            elif self._cursor.at("."):
                self._cursor.advance()
                name = self._cursor.advance()
                if name.kind != "name":
                    raise self._error("Property name expected after dot")
                key = self.builder.value(name.text)
                node = Node(self.builder.call(indexing.member, node.code, key), "access")
            elif self._cursor.at("!"):
                self._cursor.advance()
                node = Node(self.builder.call(functions.factorial, node.code), "call")
            else:
                return node

    # -- operands

    def _primary(self) -> Node:
        token = self._cursor.token
        if token.kind in ("number", "string"):
            self._cursor.advance()
            return Node(self.builder.value(token.value), token.kind)
        if token.kind == "name":
            self._cursor.advance()
            return Node(self._symbol(token.text), "symbol")
        if token.kind == "operator":
            if token.text == "(":
                return Node(self._arguments(")", single=True)[0], "group")
            if token.text == "[":
                return Node(self._matrix())
            if token.text == "{":
                return Node(self._object())
        raise self._error("Unexpected end of expression" if token.kind == "end" else "Value expected")

    def _symbol(self, name: str) -> ast.expr:
        if name in self._symbols:
            return self.builder.name(self._symbols[name])
        if name in functions.CONSTANTS:
            return self.builder.value(functions.CONSTANTS[name])
        if name in functions.FUNCTIONS:
            return self.builder.value(functions.FUNCTIONS[name])
        kind = "function" if self._cursor.at("(") else "symbol"
        raise ExpressionError(f"Undefined {kind} {name}")

    def _arguments(self, closing: str, *, single: bool = False) -> list[ast.expr]:
        self._cursor.advance()
        self._brackets += 1
        items: list[ast.expr] = []
        self._skip_newlines()
        if single or not self._cursor.at(closing):
            items.append(self._assignment().code)
            self._skip_newlines()
            while not single and self._cursor.accept(","):
                items.append(self._assignment().code)
                self._skip_newlines()
        self._close(closing)
        return items

    def _close(self, closing: str) -> None:
        self._skip_newlines()
        if not self._cursor.accept(closing):
            raise self._error(f"Parenthesis {closing} expected")
        self._brackets -= 1

    def _indices(self) -> list[ast.expr]:
        """Each index is a function of `end`, the size of its dimension."""
        self._cursor.advance()
        self._brackets += 1
        before = self._symbols.get("end")
        self._symbols["end"] = "end"
        items: list[ast.expr] = []
        while True:
            self._skip_newlines()
            if self._cursor.at(":") and self._cursor.peek().text in (",", "]"):
                self._cursor.advance()
                body = self.builder.call(indexing.span, self.builder.value(1), self.builder.name("end"))
            else:
                body = self._assignment().code
            items.append(self.builder.function(["end"], body))
            self._skip_newlines()
            if not self._cursor.accept(","):
                break
        del self._symbols["end"]
        if before is not None:
            self._symbols["end"] = before
        self._close("]")
        return items

    def _matrix(self) -> ast.expr:
        self._cursor.advance()
        self._brackets += 1
        rows: list[list[ast.expr]] = [[]]
        self._skip_newlines()
        while not self._cursor.at("]"):
            rows[-1].append(self._assignment().code)
            self._skip_newlines()
            if self._cursor.accept(";"):
                rows.append([])
            elif not self._cursor.accept(","):
                break
            self._skip_newlines()
        self._close("]")
        if len(rows) == 1:
            return self.builder.list(rows[0])
        return self.builder.list([self.builder.list(row) for row in rows if row])

    def _object(self) -> ast.expr:
        self._cursor.advance()
        self._brackets += 1
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        self._skip_newlines()
        while not self._cursor.at("}"):
            key = self._cursor.advance()
            if key.kind not in ("name", "string") or not self._cursor.accept(":"):
                raise self._error("Colon : expected after property name")
            keys.append(self.builder.value(key.value if key.kind == "string" else key.text))
            values.append(self._assignment().code)
            self._skip_newlines()
            if not self._cursor.accept(","):
                break
            self._skip_newlines()
        self._close("}")
        return self.builder.dict(keys, values)

    # -- helpers

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"w{self._temporaries}"

    def _skip_newlines(self) -> None:
        """Inside brackets a line end means nothing."""
        while self._brackets and self._cursor.token.kind == "newline":
            self._cursor.advance()

    def _unexpected(self) -> ExpressionError:
        token = self._cursor.token
        kind = "operator" if token.kind == "operator" else "part"
        shown = token.text if kind == "operator" else f'"{token.text}"'
        return self._error(f"Unexpected {kind} {shown}")

    def _error(self, message: str) -> ExpressionError:
        return ExpressionError(f"{message} (char {self._cursor.token.start + 1})", "SyntaxError")
