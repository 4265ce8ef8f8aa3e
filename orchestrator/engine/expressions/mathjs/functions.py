"""The names that a math.js expression may use without defining them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.mathjs import matrices, operators, statistics, texts
from orchestrator.engine.expressions.mathjs.operators import each, number
from orchestrator.engine.js import UNDEFINED, ExpressionError, is_nan, to_float

__all__ = ["CONSTANTS", "FUNCTIONS", "factorial", "invoke"]

CONSTANTS: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": UNDEFINED,
    "NaN": math.nan,
    "Infinity": math.inf,
    "pi": math.pi,
    "PI": math.pi,
    "tau": math.tau,
    "e": math.e,
    "E": math.e,
    "phi": (1 + math.sqrt(5)) / 2,
    "LN2": math.log(2),
    "LN10": math.log(10),
    "LOG2E": math.log2(math.e),
    "LOG10E": math.log10(math.e),
    "SQRT1_2": math.sqrt(0.5),
    "SQRT2": math.sqrt(2),
}

_LARGEST_FACTORIAL: Final = 170


def invoke(function: Any, *arguments: Any) -> Any:
    """A call, with errors that speak of arguments and not of Python.

    Raises:
        ExpressionError: it is no function, or does not take these arguments.
    """
    if not callable(function):
        raise ExpressionError(f"{operators.type_name(function)} is not a function", "TypeError")
    try:
        return function(*arguments)
    except TypeError as error:
        name = getattr(function, "__name__", "function").strip("_")
        raise ExpressionError(f"unexpected arguments in function {name}", "TypeError") from error
    except (ValueError, ArithmeticError, LookupError) as error:
        raise ExpressionError(f"the arguments are out of range: {error}", "RangeError") from error


@each
def factorial(value: Any) -> Any:
    """Of a number between two integers its gamma function."""
    if value < 0:
        raise ExpressionError("Value must be non-negative in function factorial")
    if value > _LARGEST_FACTORIAL or is_nan(value):
        return math.nan if is_nan(value) else math.inf
    return math.factorial(int(value)) if value == int(value) else math.gamma(to_float(value) + 1)


def _pairs(function: Callable[[Any, Any], Any], name: str) -> Callable[[Any, Any], Any]:
    return lambda left, right: operators.broadcast(
        lambda one, other: function(number(one, name), number(other, name, 1)), left, right
    )


def _folded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of integers, any number of them."""

    def fold(*values: Any) -> Any:
        numbers = [number(value, name) for value in matrices.flat(values)]
        if any(value != arithmetic.floor(value) for value in numbers):
            raise ExpressionError(f"Parameters in function {name} must be integer numbers")
        return function(*map(int, numbers))

    return fold


def _round(value: Any, digits: Any = 0) -> Any:
    return operators.broadcast(_rounded, value, digits)


def _rounded(value: Any, digits: Any) -> Any:
    exact, places = number(value, "round"), number(digits, "round", 1)
    if places != arithmetic.floor(places) or not 0 <= places <= 15:
        raise ExpressionError("Number of decimals in function round must be an integer from 0 to 15", "RangeError")
    if type(exact) is float:
        near = arithmetic.round_half_up(exact, 12)
        exact = near if operators.close(exact, near) else exact
    return arithmetic.round_half_up(exact, int(places))


def near_ceiling(value: Any) -> Any:
    return -operators.near_floor(-value)


def near_truncation(value: Any) -> Any:
    return operators.near_floor(value) if value > 0 else near_ceiling(value)


def _to_decimals(function: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """`floor` and its like, with decimals as `round` has them."""

    def scaled(value: Any, digits: Any = 0) -> Any:
        places = number(digits, name, 1)
        if places != arithmetic.floor(places) or not 0 <= places <= 15:
            raise ExpressionError(f"number of decimals in function {name} must be in range 0 - 15", "RangeError")
        shift = 10 ** int(places)
        return arithmetic.divide(function(arithmetic.multiply(number(value, name), shift)), shift)

    return lambda value, digits=0: operators.broadcast(scaled, value, digits)


def _log(value: Any, base: Any = math.e) -> Any:
    logarithm = each(arithmetic.unary(_logarithm))
    return logarithm(value) if base == math.e else operators.dot_divide(logarithm(value), logarithm(base))


def _logarithm(value: float) -> float:
    return math.log(value) if value else -math.inf


def _log1p(value: Any, base: Any = math.e) -> Any:
    return _log(operators.add(value, 1), base) if base != math.e else each(arithmetic.unary(math.log1p))(value)


def _root(value: Any, degree: Any = 2) -> Any:
    size, order = number(value, "nthRoot"), number(degree, "nthRoot", 1)
    root = arithmetic.power(abs(to_float(size)), arithmetic.divide(1.0, order))
    if size < 0:
        return -root if order % 2 == 1 else math.nan
    return root


def _roots(value: Any, degree: Any = 2) -> Any:
    return operators.broadcast(_root, value, degree)


def _sign(value: Any) -> Any:
    return value if is_nan(value) else int(value > 0) - int(value < 0)


def _is_prime(value: Any) -> bool:
    if value != arithmetic.floor(value) or value < 2 or value > 10**12:
        return False
    whole = int(value)
    return all(whole % divisor for divisor in range(2, math.isqrt(whole) + 1))


def _combinations(count: Any, chosen: Any) -> Any:
    total, part = int(operators.number(count, "combinations")), int(operators.number(chosen, "combinations", 1))
    if not 0 <= part <= total <= 10_000:
        raise ExpressionError("k must be between 0 and n in function combinations", "TypeError")
    return to_float(math.comb(total, part)) if total > _LARGEST_FACTORIAL else math.comb(total, part)


def _permutations(count: Any, chosen: Any = None) -> Any:
    total = int(operators.number(count, "permutations"))
    part = total if chosen is None else int(operators.number(chosen, "permutations", 1))
    if not 0 <= part <= total <= _LARGEST_FACTORIAL:
        raise ExpressionError("k must be between 0 and n in function permutations", "TypeError")
    return math.perm(total, part)


def _inverse(function: Callable[[float], float]) -> Callable[[Any], Any]:
    plain = arithmetic.unary(function)
    return lambda value: arithmetic.divide(1.0, plain(value))


def _of_inverse(function: Callable[[float], float]) -> Callable[[Any], Any]:
    plain = arithmetic.unary(function)
    return lambda value: plain(arithmetic.divide(1.0, value))


def _random(low: Any = 0, high: Any = None) -> float:
    import random

    first, last = (0, low) if high is None and low else (low, 1 if high is None else high)
    return random.uniform(first, last)


def _random_integer(low: Any, high: Any = None) -> int:
    first, last = (0, low) if high is None else (low, high)
    return int(arithmetic.floor(_random(first, last)))


_MATH: Final = "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 sqrt log2 log10"

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: each(arithmetic.unary(getattr(math, name))) for name in _MATH.split()},
    "sec": each(_inverse(math.cos)),
    "csc": each(_inverse(math.sin)),
    "cot": each(_inverse(math.tan)),
    "asec": each(_of_inverse(math.acos)),
    "acsc": each(_of_inverse(math.asin)),
    "acot": each(_of_inverse(math.atan)),
    "atan2": _pairs(math.atan2, "atan2"),
    "log": _log,
    "ln": _log,
    "log1p": _log1p,
    "abs": each(abs),
    "ceil": _to_decimals(near_ceiling, "ceil"),
    "floor": _to_decimals(operators.near_floor, "floor"),
    "fix": _to_decimals(near_truncation, "fix"),
    "round": _round,
    "sign": each(_sign),
    "square": each(lambda value: arithmetic.multiply(value, value)),
    "cube": each(lambda value: arithmetic.power(value, 3)),
    "cbrt": each(lambda value: _root(value, 3)),
    "nthRoot": _roots,
    "hypot": lambda *values: math.hypot(*(to_float(number(value, "hypot")) for value in matrices.flat(values))),
    "gcd": _folded(math.gcd, "gcd"),
    "lcm": _folded(math.lcm, "lcm"),
    "factorial": factorial,
    "combinations": _combinations,
    "permutations": _permutations,
    "isInteger": each(lambda value: math.isfinite(value) and value == arithmetic.floor(value)),
    "isPositive": each(lambda value: value > 0),
    "isNegative": each(lambda value: value < 0),
    "isZero": each(lambda value: value == 0),
    "isNaN": each(is_nan),
    "isPrime": each(_is_prime),
    "add": lambda *values: operators.total(values) if len(values) > 2 else operators.add(*values),
    "subtract": operators.subtract,
    "multiply": lambda *values: matrices.folded(operators.multiply, values),
    "divide": operators.divide,
    "dotMultiply": operators.dot_multiply,
    "dotDivide": operators.dot_divide,
    "pow": operators.power,
    "dotPow": operators.dot_power,
    "mod": operators.modulo,
    "unaryMinus": operators.minus,
    "unaryPlus": operators.plus,
    "bitAnd": operators.bit_and,
    "bitOr": operators.bit_or,
    "bitXor": operators.bit_xor,
    "bitNot": operators.bit_not,
    "leftShift": operators.left_shift,
    "rightArithShift": operators.right_shift,
    "rightLogShift": operators.unsigned_shift,
    "and": lambda left, right: not operators.decides(left, "and") and operators.conjunction(left, right),
    "or": lambda left, right: operators.decides(left, "or") or operators.disjunction(left, right),
    "not": operators.negation,
    "xor": operators.xor,
    "equal": operators.equal,
    "unequal": operators.unequal,
    "larger": operators.larger,
    "largerEq": operators.larger_or_equal,
    "smaller": operators.smaller,
    "smallerEq": operators.smaller_or_equal,
    "compare": operators.order,
    "random": _random,
    "randomInt": _random_integer,
    **statistics.FUNCTIONS,
    **matrices.FUNCTIONS,
    **texts.FUNCTIONS,
}
