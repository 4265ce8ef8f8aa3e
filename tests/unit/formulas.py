"""What formulas of the tests are evaluated with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orchestrator.engine.expressions import compile_expression
from orchestrator.engine.system import system_scope

__all__ = ["NOW", "SCOPE", "at", "evaluate"]

NOW = datetime(2026, 11, 21, 13, 45, tzinfo=UTC)
SCOPE: dict[str, Any] = {
    "$context": {
        "n": 5,
        "price": Decimal("19.99"),
        "nothing": None,
        "list": [3, 1, 2],
        "rows": [{"q": 2, "p": Decimal("1.5")}, {"q": 3, "p": Decimal("2.5")}],
        "o": {"a": {"b": 1}, "length": 7},
    },
    "$system": system_scope(NOW),
}


def evaluate(text: str) -> Any:
    return compile_expression("formula.js", text).evaluate(SCOPE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
