"""Patterns of names with ``*``, ``?``, ``[…]`` and ``{a,b}``."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["matches"]

_TOKEN = re.compile(r"\*+|\?|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|.", re.DOTALL)


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern is for a name; what is left open in it stays within a name without slashes."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(token) for token in _TOKEN.findall(pattern)), re.DOTALL)


def _translated(token: str) -> str:
    if token[0] == "*":
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token[0] == "[" and len(token) > 1:
        negated, inner = token[1] in "!^", token[1:-1].removeprefix("!").removeprefix("^")
        escaped = inner.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("^", "\\^")
        try:
            re.compile(f"[{escaped}]")
        except re.error:
            return re.escape(token)
        return f"[{'^' if negated else ''}{escaped}]"
    if token[0] == "{" and "," in token:
        return f"(?:{'|'.join(''.join(map(_translated, _TOKEN.findall(part))) for part in token[1:-1].split(','))})"
    return re.escape(token)
