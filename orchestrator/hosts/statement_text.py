"""SQL text cut into statements, for a protocol that takes them one by one.

A mistake here does no harm: the server takes one statement a message and refuses what was cut wrongly.
"""

from __future__ import annotations

import re

__all__ = ["first_word", "statements_of"]

# what may hide a semicolon; nested comments are cut by hand
_OPAQUE = re.compile(
    r"(?<!\w)[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$|--[^\n]*",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d]\w*")


def _comment_end(text: str, position: int) -> int:
    """Where the comment that begins at ``position`` ends; they nest."""
    depth = 0
    while position < len(text):
        if text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif text.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                break
        else:
            position += 1
    return position


def statements_of(text: str) -> list[str]:
    """The statements of a text, without empty ones, but at least one."""
    found: list[str] = []
    start = position = 0
    while position < len(text):
        if text.startswith("/*", position):
            position = _comment_end(text, position)
        elif text[position] == ";":
            found.append(text[start:position])
            position += 1
            start = position
        else:
            opaque = _OPAQUE.match(text, position)
            position = opaque.end() if opaque else position + 1
    found.append(text[start:])
    return [part for part in found if first_word(part) or part.strip(" \t\r\n(")] or [""]


def first_word(statement: str) -> str:
    """The first keyword behind blanks, comments and parentheses, in lower case."""
    position = 0
    while position < len(statement):
        if statement.startswith("/*", position):
            position = _comment_end(statement, position)
        elif statement.startswith("--", position):
            end = statement.find("\n", position)
            position = len(statement) if end < 0 else end
        elif statement[position].isspace() or statement[position] == "(":
            position += 1
        else:
            word = _WORD.match(statement, position)
            return word[0].lower() if word else ""
    return ""
