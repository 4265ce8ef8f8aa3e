"""The quick way through a guard: does this row pass unseen?

Most rows pass, and most guards only compute and compare. For a row that passes without a word, and of which nothing is
kept, jobs and processor are made for nobody. A program of pure nodes is therefore also compiled to one question; where
the answer is not a plain yes, the row is judged again in full.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.engine.program import Node, Program

__all__ = ["Question", "compile_question"]

#: (scope, results by node key) -> whether the line passes
Question = Callable[[dict[str, Any], dict[str, Any]], bool]


def compile_question(program: Program) -> Question | None:
    """The question of a program, None when it always has to be run."""
    if not program.plain or program.head is None or program.broken is not None:
        return None
    return _line(program.head)


def _line(node: Node | None) -> Question | None:
    """The question of a line; None when its first node cannot be answered quickly."""
    if node is None:
        return _passes
    if node.evaluate is None:
        return None
    following = _line(node.downstream) or _unknown
    return _condition(node, following) if node.type == "condition" else _calculation(node, following)


def _passes(_scope: dict[str, Any], _results: dict[str, Any]) -> bool:
    return True


def _unknown(_scope: dict[str, Any], _results: dict[str, Any]) -> bool:
    return False


def _calculation(node: Node, following: Question) -> Question:
    evaluate, key = node.evaluate, node.key
    assert evaluate is not None

    def question(scope: dict[str, Any], results: dict[str, Any]) -> bool:
        results[key] = evaluate(scope)
        return following(scope, results)

    return question


def _condition(node: Node, following: Question) -> Question:
    evaluate, key = node.evaluate, node.key
    assert evaluate is not None
    if_true = _line(node.branches.get(1)) or _unknown
    if_false = _unknown if node.config.get("rejectOnFalse") else _line(node.branches.get(0)) or _unknown

    def question(scope: dict[str, Any], results: dict[str, Any]) -> bool:
        results[key] = value = evaluate(scope)
        if value is True:
            return if_true(scope, results) and following(scope, results)
        if value is False:
            return if_false(scope, results) and following(scope, results)
        return False

    def last(scope: dict[str, Any], results: dict[str, Any]) -> bool:
        results[key] = value = evaluate(scope)
        if value is True:
            return if_true(scope, results)
        return value is False and if_false(scope, results)

    return last if following is _passes else question
