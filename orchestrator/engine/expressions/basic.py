"""Basic logic: groups of comparisons joined by and / or, as the condition editor draws them.

{"group": {"type": "and", "calculations": [{"calculator": "gt", "operands": ["{{$context.data.read}}", 10]}]}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.engine.js import (
    UNDEFINED,
    ExpressionError,
    compare,
    loose_equal,
    strict_equal,
    string,
)
from orchestrator.engine.variables import Path, Scope, Template, compile_template

__all__ = ["SYMBOLS", "Calculation", "calculators", "compile_calculation", "register_calculator"]

Calculator = Callable[[Any, Any], bool]
Test = Callable[[Scope], bool]


class Calculation:
    """A compiled tree: `evaluate` answers with a boolean, `paths` are the variables it reads.

    What it is made of is there for whoever compiles it further: the `parts` of a group, of which all or (`is_or`) one
    have to hold, or the `calculator` of a comparison and its `operands`.
    """

    __slots__ = ("calculator", "evaluate", "is_or", "operands", "parts", "paths")

    def __init__(self, evaluate: Test, paths: frozenset[Path] = frozenset()) -> None:
        self.evaluate = evaluate
        self.paths = paths
        self.parts: list[Calculation] = []
        self.is_or = False
        self.calculator: Calculator | None = None
        self.operands: list[Template] = []


def includes(container: Any, item: Any) -> bool:
    """Membership in an array without conversion, or a part of a text."""
    if isinstance(container, list):
        return any(strict_equal(element, item) for element in container)
    if isinstance(container, str):
        return string(item) in container
    if container is None or container is UNDEFINED:
        raise ExpressionError(f"Cannot read properties of {string(container)} (reading 'includes')", "TypeError")
    raise ExpressionError(f"{string(container)} has no function 'includes'", "TypeError")


def _text(value: Any) -> str:
    if value is None or value is UNDEFINED:
        raise ExpressionError(f"Cannot read properties of {string(value)} (reading 'toString')", "TypeError")
    return string(value)


def _not(calculator: Calculator) -> Calculator:
    return lambda left, right: not calculator(left, right)


# The four orders answer for plain integers at once: most conditions compare a column with a constant.


def _at_most(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left <= right
    order = compare(left, right)
    return order is not None and order <= 0


def _at_least(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left >= right
    order = compare(left, right)
    return order is not None and order >= 0


def _starts_with(left: Any, right: Any) -> bool:
    return _text(left).startswith(_text(right))


def _ends_with(left: Any, right: Any) -> bool:
    return _text(left).endswith(_text(right))


def _below(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left < right
    return compare(left, right) == -1


def _above(left: Any, right: Any) -> bool:
    if type(left) is int and type(right) is int:
        return left > right
    return compare(left, right) == 1


_unequal = _not(loose_equal)

_calculators: dict[str, Calculator] = {
    "equal": loose_equal,
    "==": loose_equal,
    "notEqual": _unequal,
    "!=": _unequal,
    "gt": _above,
    ">": _above,
    "gte": _at_least,
    ">=": _at_least,
    "lt": _below,
    "<": _below,
    "lte": _at_most,
    "<=": _at_most,
    "includes": includes,
    "notIncludes": _not(includes),
    "startsWith": _starts_with,
    "notStartsWith": _not(_starts_with),
    "endsWith": _ends_with,
    "notEndsWith": _not(_ends_with),
}


#: what a comparison is in Python between two plain values of one type
SYMBOLS: dict[Calculator, str] = {
    loose_equal: "==",
    _unequal: "!=",
    _above: ">",
    _at_least: ">=",
    _below: "<",
    _at_most: "<=",
}


def register_calculator(calculator: Calculator, *names: str) -> None:
    """Offer a comparison under one or more names; a later registration replaces an earlier one."""
    for name in names:
        _calculators[name] = lambda left, right: bool(calculator(left, right))


def calculators() -> list[str]:
    """Every name that a leaf may use."""
    return sorted(_calculators)


_MAX_DEPTH = 100


def compile_calculation(tree: Any) -> Calculation:
    """The calculation of a tree; an absent or empty one is true. An unknown calculator raises when it is reached."""
    return _compile(tree, 0)


def _always(_scope: Scope) -> bool:
    return True


def _compile(tree: Any, depth: int) -> Calculation:
    if not isinstance(tree, Mapping):
        return Calculation(_always)
    if depth > _MAX_DEPTH:
        return Calculation(_failing("the calculation is too deeply nested"))
    group = tree.get("group")
    if isinstance(group, Mapping):
        parts = [_compile(part, depth + 1) for part in group.get("calculations") or ()]
        paths = frozenset[Path]().union(*(part.paths for part in parts))
        is_or = group.get("type") == "or"
        calculation = Calculation(_group([part.evaluate for part in parts], is_or), paths)
        calculation.parts, calculation.is_or = parts, is_or
        return calculation
    name, operands = tree.get("calculator"), tree.get("operands")
    if not name or not operands:
        return Calculation(_always)
    if not isinstance(operands, list | tuple):
        return Calculation(_failing("the operands of a calculation are a list"))
    templates = [compile_template(operand) for operand in operands[:2]]
    paths = frozenset[Path]().union(*(template.paths for template in templates))
    if (calculator := _calculators.get(name)) is None:
        return Calculation(_failing(f'no calculator function registered for "{name}"'), paths)
    calculation = Calculation(_leaf(calculator, templates), paths)
    calculation.calculator, calculation.operands = calculator, templates
    return calculation


def _group(tests: list[Test], is_or: bool) -> Test:
    def evaluate(scope: Scope) -> bool:
        for test in tests:  # a plain loop: a generator would double the price
            if test(scope) is is_or:
                return is_or
        return not is_or

    return tests[0] if len(tests) == 1 else evaluate


def _leaf(calculator: Calculator, operands: list[Template]) -> Test:
    left = operands[0].evaluate
    if len(operands) == 1:
        return lambda scope: calculator(left(scope), UNDEFINED)
    right = operands[1].evaluate
    if operands[1].constant:
        value = right({})
        return lambda scope: calculator(left(scope), value)
    return lambda scope: calculator(left(scope), right(scope))


def _failing(message: str) -> Test:
    def evaluate(_scope: Scope) -> bool:
        raise ExpressionError(message)

    return evaluate
