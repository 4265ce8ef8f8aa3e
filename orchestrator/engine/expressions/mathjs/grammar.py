"""The words of math.js, and how tightly its operators bind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions.code import Cursor
from orchestrator.engine.expressions.lexer import Lexer, Token
from orchestrator.engine.expressions.mathjs import operators

__all__ = [
    "AND",
    "BINARY",
    "COMPARISON",
    "FRACTION",
    "IMPLICIT",
    "LEXER",
    "OR",
    "POWER",
    "PREFIX",
    "RANGE",
    "RELATIONAL",
    "SUM",
    "UNARY",
    "WORDS",
    "Binary",
    "begins_operand",
    "is_factor",
    "is_fraction",
    "signature",
]

_OPERATORS: Final = "+ - * / % ^ .* ./ .^ ! == != < > <= >= = << >> >>> & | ^| ~ ? : , ; ( ) [ ] { } ."
LEXER: Final = Lexer(
    _OPERATORS,
    number=r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d+(?:\.(?![*/^])\d*)?|\.\d+)(?:[eE][+-]?\d+)?",
    strings=r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'',
    comment=r"\#[^\n]*",
    newlines=True,
)

Binary = Callable[[Any, Any], Any]
SHIFT, RANGE, SUM, PRODUCT, IMPLICIT, FRACTION, UNARY, POWER = 10, 12, 13, 14, 15, 16, 17, 18
RELATIONAL: Final[dict[str, Binary]] = {
    "==": operators.equal,
    "!=": operators.unequal,
    "<": operators.smaller,
    ">": operators.larger,
    "<=": operators.smaller_or_equal,
    ">=": operators.larger_or_equal,
}
BINARY: Final[dict[str, tuple[int, Binary]]] = {
    "xor": (4, operators.xor),
    "|": (6, operators.bit_or),
    "^|": (7, operators.bit_xor),
    "&": (8, operators.bit_and),
    "<<": (SHIFT, operators.left_shift),
    ">>": (SHIFT, operators.right_shift),
    ">>>": (SHIFT, operators.unsigned_shift),
    "+": (SUM, operators.add),
    "-": (SUM, operators.subtract),
    "*": (PRODUCT, operators.multiply),
    "/": (PRODUCT, operators.divide),
    ".*": (PRODUCT, operators.dot_multiply),
    "./": (PRODUCT, operators.dot_divide),
    "%": (PRODUCT, operators.modulo),
    "mod": (PRODUCT, operators.modulo),
    "^": (POWER, operators.power),
    ".^": (POWER, operators.dot_power),
}
OR, AND, COMPARISON = 3, 5, 9
PREFIX: Final[dict[str, Callable[[Any], Any]]] = {
    "-": operators.minus,
    "+": operators.plus,
    "~": operators.bit_not,
    "not": operators.negation,
}
WORDS: Final = frozenset({"mod", "to", "in", "and", "xor", "or", "not"})


def begins_operand(cursor: Cursor) -> bool:
    """Whether the `%` that stands here is a remainder and no percentage: signs may stand before an operand."""
    distance = 1
    while cursor.peek(distance).kind in ("operator", "name") and cursor.peek(distance).text in PREFIX:
        distance += 1
    token = cursor.peek(distance)
    if token.kind == "name":
        return token.text not in WORDS
    return token.kind in ("number", "string") or token.text in ("(", "[", "{")


def is_factor(left: str, token: Token) -> bool:
    """Whether this token beside an operand of that kind makes a product."""
    if token.kind == "name":
        return token.text not in WORDS
    if token.kind == "number":
        return left not in ("number", "operator")
    return token.kind == "operator" and token.text == "("


def is_fraction(left: str, cursor: Cursor) -> bool:
    """Whether the slash of `1/2 x` stands here, which binds tighter than the product."""
    after = cursor.peek(2)
    follows = (after.kind == "name" and after.text not in WORDS) or after.text == "("
    return left == "number" and cursor.peek().kind == "number" and follows


def signature(cursor: Cursor) -> list[str] | None:
    """The parameters if a definition `f(x, y) = …` stands here."""
    if cursor.peek().text != "(":
        return None
    names: list[str] = []
    distance = 2
    while cursor.peek(distance).kind == "name":
        names.append(cursor.peek(distance).text)
        if cursor.peek(distance + 1).text != ",":
            break
        distance += 2
    closed = cursor.peek(distance + 1).text == ")" and cursor.peek(distance + 2).text == "="
    return names if names and closed else None
