"""Expressions as text: tokens are bound to variables, the rest is handed to the engine's compiler."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final

from orchestrator.engine.expressions.error_value import ErrorValue
from orchestrator.engine.js import UNDEFINED, ExpressionError, clean, is_number, to_string
from orchestrator.engine.variables import Path, Scope, compile_path, split_path

__all__ = ["ENGINES", "Compiled", "Expression", "compile_expression", "result"]

#: The engines that take text; `basic` takes a tree and is no part of this list.
ENGINES: Final = ("math.js", "formula.js", "string")

#: A token that expressions replace: narrower than a template's, without blanks or defaults inside.
_TOKEN: Final = re.compile(r"\{\{\s*(?!this\.)([A-Za-z0-9_$.-]+)\s*\}\}")
_DIGITS: Final = 9
_QUANTUM: Final = Decimal(1).scaleb(-_DIGITS)
#: any number without a fraction has this exponent
_WHOLE: Final = Decimal(1)
_LONGEST: Final = 50_000

#: What an expression reads that asks for the time, with TODAY() or the like.
_CLOCK: Final[frozenset[Path]] = frozenset({("$system", "now")})


class Compiled:
    """What an engine's compiler gives: a function of the tokens' values, after the clock if it asks for one."""

    __slots__ = ("function", "needs_clock")

    def __init__(self, function: Callable[..., Any], *, needs_clock: bool = False) -> None:
        self.function = function
        self.needs_clock = needs_clock


class Expression:
    """A compiled expression: `evaluate` computes it, `paths` are the variables it reads.

    `error` is what compiling found wrong, for publishing to see; evaluating raises the same. `function` computes the
    value from the values of `tokens`, before it is rounded; None where evaluating needs more than them.
    """

    __slots__ = ("error", "evaluate", "function", "paths", "tokens")

    def __init__(self, evaluate: Callable[[Scope], Any], paths: frozenset[Path], error: str | None = None) -> None:
        self.evaluate = evaluate
        self.paths = paths
        self.error = error
        self.function: Callable[..., Any] | None = None
        self.tokens: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def compile_expression(engine: str, text: str) -> Expression:
    """The expression of a text; it never raises, a text that cannot be compiled raises when evaluated.

    Args:
        engine: one of ENGINES.
        text: the expression with its `{{path}}` tokens.
    """
    paths: dict[str, None] = {}

    def identifier(token: re.Match[str]) -> str:
        paths.setdefault(token[1])
        return f"$${list(paths).index(token[1])}"

    source = _TOKEN.sub(identifier, text.strip())
    read = frozenset(split_path(path) for path in paths)
    try:
        if len(text) > _LONGEST:
            raise ExpressionError(f"expression is longer than {_LONGEST} characters", "RangeError")
        if engine == "string":
            return Expression(_concatenation(text.strip()), read)
        compiled = _compiler(engine)(source, len(paths))
    except ExpressionError as error:
        return Expression(_failing(error), read, str(error))
    except (RecursionError, MemoryError):
        failure = ExpressionError("expression is too deeply nested", "SyntaxError")
        return Expression(_failing(failure), read, str(failure))
    if compiled.needs_clock:
        return Expression(_evaluator(compiled, list(paths)), read | _CLOCK)
    expression = Expression(_evaluator(compiled, list(paths)), read)
    expression.function, expression.tokens = compiled.function, tuple(paths)
    return expression


def _compiler(engine: str) -> Callable[[str, int], Compiled]:
    if engine == "math.js":
        from orchestrator.engine.expressions.mathjs import compile_source
    elif engine == "formula.js":
        from orchestrator.engine.expressions.formulajs import compile_source
    else:
        raise ExpressionError(f'no evaluator registered for "{engine}"')
    return compile_source


def _reader(path: str) -> Callable[[Scope], Any]:
    """A token's value: null where there is none."""
    read = compile_path(path)

    def value(scope: Scope) -> Any:
        found = read(scope)
        return None if found is UNDEFINED else found

    return value


def _evaluator(compiled: Compiled, paths: list[str]) -> Callable[[Scope], Any]:
    """The function of a scope; the usual case of one variable goes without loops."""
    function = compiled.function
    readers = [_reader(path) for path in paths]

    def evaluate(scope: Scope) -> Any:
        try:
            values = [read(scope) for read in readers]
            return result(function(_now(scope), *values) if compiled.needs_clock else function(*values))
        except _PYTHON_ERRORS as error:
            raise _translated(error) from error

    if len(paths) != 1 or compiled.needs_clock:
        return evaluate
    read = compile_path(paths[0])

    def evaluate_one(scope: Scope) -> Any:
        try:
            value = read(scope)
            return result(function(None if value is UNDEFINED else value))
        except _PYTHON_ERRORS as error:
            raise _translated(error) from error

    return evaluate_one


#: What Python raises where JavaScript would have thrown or gone on with NaN.
_PYTHON_ERRORS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RecursionError,
    TypeError,
    ValueError,
)


def _translated(error: Exception) -> ExpressionError:
    if isinstance(error, RecursionError | MemoryError):
        return ExpressionError("the computation is too large", "RangeError")
    if isinstance(error, NameError):
        return ExpressionError("a symbol is read before it has a value", "ReferenceError")
    return ExpressionError(str(error), "TypeError")


def _now(scope: Scope) -> datetime:
    """The engine's time; the machine's own clock only where nobody told the time."""
    try:
        now = scope["$system"]["now"]
    except (KeyError, TypeError):
        return datetime.now(UTC)
    moment = now() if callable(now) else now
    return moment if isinstance(moment, datetime) else datetime.now(UTC)


def _failing(error: ExpressionError) -> Callable[[Scope], Any]:
    def evaluate(_scope: Scope) -> Any:
        raise ExpressionError(error.message, error.name)

    return evaluate


def _concatenation(text: str) -> Callable[[Scope], str]:
    """The engine `string`: tokens become text; null and what is no number become nothing."""
    pieces = _TOKEN.split(text)
    literals, readers = pieces[::2], [_reader(path) for path in pieces[1::2]]

    def evaluate(scope: Scope) -> str:
        out = [literals[0]]
        for read, literal in zip(readers, literals[1:], strict=True):
            value = read(scope)
            if not is_number(value) or math.isfinite(value):
                out.append(to_string(value))
            out.append(literal)
        return "".join(out)

    return evaluate


def result(value: Any) -> Any:
    """The value that is stored: numbers rounded to nine decimals, null for what is no finite number."""
    kind = type(value)
    if kind is float:
        if not math.isfinite(value):
            return None
        number = round(value, _DIGITS)
        return int(number) if number.is_integer() and -1e21 < number < 1e21 else number
    if kind is int or kind is bool or kind is str or value is None:
        return value
    if kind is Decimal and value.same_quantum(_WHOLE):
        return int(value)
    if is_number(value):
        return rounded(value)
    if kind is ErrorValue:
        raise ExpressionError(value.code)
    return clean(value, rounded)


def rounded(value: Any) -> Any:
    """A number as it is stored; whole numbers lose their fraction, null stands for NaN and infinity."""
    kind = type(value)
    if kind is int:
        return value
    if kind is Decimal and value.same_quantum(_WHOLE):
        return int(value)
    if kind is float:
        return result(value)
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if exponent < -_DIGITS and abs(value) < Decimal(10) ** 18:
        value = value.quantize(_QUANTUM, ROUND_HALF_UP)
    return int(value) if value == value.to_integral_value() and abs(value) < Decimal(10) ** 40 else value.normalize()
