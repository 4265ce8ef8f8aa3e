"""sql: a statement of the author's own, run as the engine's role.

In safe mode ``:name`` stands for a parsed value and travels as a parameter; the text itself is never templated.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import to_json
from orchestrator.engine.variables import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.engine.job import Job
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]

# a quoted string, a quoted name, a dollar-quoted body, comments, a cast, or a placeholder: only the last one matters
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|::|:([A-Za-z_]\w*)", re.DOTALL
)


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
            return str(template(proc.scope)), []
    else:
        values = {str(v.get("name")): node.template(v.get("value")).evaluate for v in config.get("variables") or ()}
        order: list[str] = []

        def numbered(match: re.Match[str]) -> str:
            name = match.group(2)
            if name is None or name not in values:
                return match.group(0)
            if name not in order:
                order.append(name)
            return f"${order.index(name) + 1}"

        safe_text = _TOKEN.sub(numbered, text)

        def statement(proc: Processor) -> tuple[str, list[str | None]]:
            return safe_text, [_parameter(values[name](proc.scope)) for name in order]

    def run(proc: Processor, _prev: Job | None) -> Any:
        sql, params = statement(proc)
        if not sql.strip():
            return 1, None
        with proc.session.writing(proc, propagate=False):
            rows = proc.session.port.fetch(sql, params, infer=True)
        return 1, [rows, {"rowCount": len(rows)}] if with_meta else rows

    node.run = run


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
