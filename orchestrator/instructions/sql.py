"""sql: a statement of the author's own, run as the engine's role.

In safe mode ``:name`` stands for a parsed value and travels as a parameter; the text itself is never templated.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import to_json
from orchestrator.engine.js import to_string
from orchestrator.engine.variables import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]

# a quoted string, a quoted name, a dollar-quoted body, comments, a cast, or a placeholder: only the last one matters;
# one that stands alone behind "in" may be a list
_TOKEN = re.compile(
    r"[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|::"
    r"|\b(?P<head>in\s*\(\s*):(?P<list>[A-Za-z_]\w*)(?P<tail>\s*\))|:(?P<name>[A-Za-z_]\w*)",
    re.DOTALL | re.IGNORECASE,
)

#: literal text, or the name of a placeholder and whether a list gives several parameters there
Part = str | tuple[str, bool]


def compile_node(node: Node, _program: Program) -> None:
    """Rows become an array; a statement without rows gives an empty one. It propagates no stack."""
    config = node.config
    node.writes = True
    text = str(config.get("sql") or "")
    with_meta = bool(config.get("withMeta"))
    statement: Callable[[Processor], tuple[str, list[str | None]]]
    if config.get("unsafeInjection"):
        template = node.template(text).evaluate

        def statement(proc: Processor) -> tuple[str, list[str | None]]:
            return to_string(template(proc.scope)), []
    else:
        values = {str(v.get("name")): node.template(v.get("value")).evaluate for v in config.get("variables") or ()}
        parts = _parts(text, values)

        def statement(proc: Processor) -> tuple[str, list[str | None]]:
            return _bound(parts, {name: evaluate(proc.scope) for name, evaluate in values.items()})

    def run(proc: Processor, _prev: Job | None) -> Any:
        sql, params = statement(proc)
        if not sql.strip():
            return 1, None
        with proc.session.writing(proc, propagate=False):
            rows = proc.session.port.fetch(sql, params, infer=True)
        return 1, [rows, {"rowCount": len(rows)}] if with_meta else rows

    node.run = run


def _parts(text: str, names: Container[str]) -> list[Part]:
    """The statement cut at the placeholders of known names."""
    parts: list[Part] = []
    position = 0
    for match in _TOKEN.finditer(text):
        group = "list" if match["list"] else "name"
        if match[group] in names:
            parts += [text[position : match.start(group) - 1], (match[group], group == "list")]
            position = match.end(group)
    return [*parts, text[position:]]


def _bound(parts: Iterable[Part], values: Mapping[str, Any]) -> tuple[str, list[str | None]]:
    """The statement with numbered parameters, one a place: a value may be of another type at each of them."""
    sql: list[str] = []
    params: list[str | None] = []
    for part in parts:
        if isinstance(part, str):
            sql.append(part)
            continue
        name, listed = part
        value = values[name]
        # in () is no SQL: an empty list is one null, which nothing is in
        items = (value or [None]) if listed and isinstance(value, list) else [value]
        numbers = range(len(params) + 1, len(params) + len(items) + 1)
        sql.append(", ".join(f"${number}{_type(item)}" for number, item in zip(numbers, items, strict=True)))
        params += map(_parameter, items)
    return "".join(sql), params


def _type(value: Any) -> str:
    """Left to the server, which would take a fraction beside a whole number for one as well."""
    return "::pg_catalog.numeric" if isinstance(value, float | Decimal) and value % 1 else ""


def _parameter(value: Any) -> str | None:
    if value is None or value is UNDEFINED:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return to_json(value)
    return json.dumps(value) if isinstance(value, (int, float)) else str(value)
