"""Texts of both languages cut into tokens, by one regular expression a language: linear in the length."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from orchestrator.engine.js import ExpressionError

__all__ = ["DEPTH", "Lexer", "Token", "unescape"]

#: How deep expressions may nest: a parser here needs a dozen Python frames a level.
DEPTH: Final = 64

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])")


class Token(NamedTuple):
    """One word: `text` is what the parser compares, `value` a number or a text without its quotes."""

    kind: str
    text: str
    value: Any
    start: int


class Lexer:
    """The words of one language.

    `operators`, divided by blanks, are tried longest first; `newlines` makes line ends tokens; `comment` matches what
    is skipped.
    """

    def __init__(self, operators: str, number: str, strings: str, comment: str, *, newlines: bool) -> None:
        symbols = "|".join(re.escape(operator) for operator in sorted(operators.split(), key=len, reverse=True))
        blank = r"[^\S\n]" if newlines else r"\s"
        self._pattern = re.compile(
            rf"(?P<skip>{blank}+|{comment})|(?P<newline>\n)|(?P<number>{number})|(?P<name>[^\W\d][\w$]*|\$[\w$]*)"
            rf"|(?P<string>{strings})|(?P<operator>{symbols})"
        )

    def tokens(self, text: str) -> list[Token]:
        """Every token and an `end` after the last.

        Raises:
            ExpressionError: a character that no token begins with.
        """
        found: list[Token] = []
        position = 0
        while position < len(text):
            match = self._pattern.match(text, position)
            if match is None:
                raise _unknown(text, position)
            kind, word = match.lastgroup or "", match[0]
            if kind == "number":
                found.append(Token(kind, word, _number(word), position))
            elif kind == "string":
                found.append(Token(kind, word, unescape(word[1:-1]), position))
            elif kind != "skip":
                found.append(Token(kind, word, None, position))
            position = match.end()
        found.append(Token("end", "", None, len(text)))
        return found


def _unknown(text: str, position: int) -> ExpressionError:
    if text[position] in "\"'`":
        return ExpressionError(f"End of string {text[position]} expected (char {len(text) + 1})", "SyntaxError")
    return ExpressionError(f'Syntax error in part "{text[position:][:40]}" (char {position + 1})', "SyntaxError")


def _number(word: str) -> int | float:
    if word[:2].lower() in ("0x", "0b", "0o"):
        return int(word, 0)
    if word.isdigit() and len(word) <= 40:
        return int(word)
    return float(word)


def unescape(text: str) -> str:
    """The text that a quoted one stands for."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code[1:].strip("{}"), 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return _ESCAPES.get(code, code)
