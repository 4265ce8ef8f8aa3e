"""Mathematical functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP
from typing import Any, Final

from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.error_value import DIVISION, NUMBER, VALUE, fail
from orchestrator.engine.expressions.formulajs.coerce import (
    criterion,
    flat,
    guarded,
    integer,
    number,
    parsed,
    plain_text,
)
from orchestrator.engine.js import UNDEFINED, is_nan, is_number, to_float, to_number

__all__ = ["FUNCTIONS", "all_true", "rounded", "total"]

_LARGEST_FACTORIAL: Final = 170
_MANY: Final = 10_000


def total(items: list[Any]) -> Any:
    result: Any = 0
    for item in items:
        result = arithmetic.add(result, item)
    return result


def add_up(*values: Any) -> Any:
    """SUM: numbers and texts that are numerals."""
    found = flat(values)
    texts = [to_number(value) for value in found if isinstance(value, str) and value.strip()]
    return total([*filter(is_number, found), *(value for value in texts if not is_nan(value))])


def product(*values: Any) -> Any:
    """PRODUCT: of nothing it is 0."""
    items = parsed([item for item in flat(values) if item is not None and item is not UNDEFINED])
    result: Any = 1 if items else 0
    for item in items:
        result = arithmetic.multiply(result, item)
    return result


def sum_product(*arrays: Any) -> Any:
    columns = [flat([array]) for array in arrays]
    if len({len(column) for column in columns}) > 1:
        fail(VALUE)
    rows = zip(*columns, strict=True)
    return total([product([0 if item is None else item for item in row]) for row in rows])


def all_true(pairs: tuple[Any, ...], length: int) -> list[bool]:
    """Which rows meet every pair of range and condition."""
    kept = [True] * length
    for values, condition in zip(pairs[::2], pairs[1::2], strict=True):
        test, column = criterion(condition), flat([values])
        kept = [so_far and row < len(column) and test(column[row]) for row, so_far in enumerate(kept)]
    return kept


def sum_if(values: Any, condition: Any, summed: Any = None) -> Any:
    return sum_ifs(values if summed is None else summed, values, condition)


def sum_ifs(summed: Any, *pairs: Any) -> Any:
    items = flat([summed])
    return total(
        [item for item, kept in zip(items, all_true(pairs, len(items)), strict=True) if kept and is_number(item)]
    )


def scaled(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """ROUNDUP and its like: a rounding at a number of decimals, by size and without regard to the sign."""

    def apply(value: Any, digits: Any = 0) -> Any:
        places, exact = integer(digits), number(value)
        if not -300 < places < 16 or (type(exact) is int and places >= 0):
            return exact
        shifted = arithmetic.multiply(abs(exact), arithmetic.power(10, places) if places >= 0 else 1)
        shifted = arithmetic.divide(shifted, 10**-places) if places < 0 else shifted
        whole = function(arithmetic.round_half_up(shifted, 9))
        result = arithmetic.divide(whole, 10**places) if places > 0 else arithmetic.multiply(whole, 10**-places)
        return arithmetic.multiply(result, -1) if exact < 0 else result

    return apply


def rounded(value: Any, digits: Any = 0) -> Any:
    """ROUND: halves go up, those of negative numbers towards zero."""
    exact = number(value)
    return arithmetic.round_half_up(exact, integer(digits), ROUND_HALF_UP if exact >= 0 else ROUND_HALF_DOWN)


def signed_multiple(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """CEILING and FLOOR: the multiple of a step, whose sign decides what is up."""

    def apply(value: Any, significance: Any = 1) -> Any:
        exact, step = number(value), number(significance)
        if not step:
            return 0
        if exact > 0 > step:
            fail(NUMBER)
        steps = arithmetic.round_half_up(arithmetic.divide(exact, step), 9)
        return arithmetic.multiply(function(steps), step)

    return apply


def multiple(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """CEILING.MATH and FLOOR.MATH: the multiple of a step."""

    def apply(value: Any, significance: Any = 1, *_mode: Any) -> Any:
        exact, step = number(value), abs(number(significance))
        if not step:
            return 0
        steps = arithmetic.round_half_up(arithmetic.divide(exact, step), 9)
        return arithmetic.multiply(function(steps), step)

    return apply


def round_to_multiple(value: Any, significance: Any) -> Any:
    exact, step = number(value), number(significance)
    if exact * step < 0:
        fail(NUMBER)
    return arithmetic.multiply(arithmetic.round_half_up(arithmetic.divide(exact, step)), step) if step else 0


def modulo(value: Any, divisor: Any) -> Any:
    return arithmetic.modulo(number(value), number(divisor)) if number(divisor) else fail(DIVISION)


def quotient(value: Any, divisor: Any) -> Any:
    return arithmetic.truncate(arithmetic.divide(number(value), number(divisor) or fail(DIVISION)))


def square_root(value: Any) -> Any:
    return math.sqrt(number(value)) if number(value) >= 0 else fail(NUMBER)


def logarithm(value: Any, base: Any = 10) -> float:
    if not number(value) or not number(base):
        fail(NUMBER)
    if number(value) < 0 or number(base) < 0:
        return math.nan
    plain = number(base) == 10
    return math.log10(number(value)) if plain else math.log(number(value), number(base))


def common_logarithm(value: Any) -> float:
    return logarithm(value)


def factorial(value: Any) -> Any:
    whole = integer(value)
    return math.factorial(whole) if 0 <= whole <= _LARGEST_FACTORIAL else fail(NUMBER)


def combinations(count: Any, chosen: Any) -> Any:
    total_count, part = integer(count), integer(chosen)
    if not 0 <= part <= total_count <= _MANY:
        fail(NUMBER)
    return to_float(math.comb(total_count, part)) if total_count > _LARGEST_FACTORIAL else math.comb(total_count, part)


def permutations(count: Any, chosen: Any) -> Any:
    total_count, part = integer(count), integer(chosen)
    if not 0 <= part <= total_count <= _MANY:
        fail(NUMBER)
    found = math.perm(total_count, part)
    return to_float(found) if total_count > _LARGEST_FACTORIAL else found


def away_to(parity: int) -> Callable[[Any], int]:
    """EVEN and ODD: away from zero to the next number of that parity."""

    def apply(value: Any) -> int:
        exact = number(value)
        size = int(arithmetic.ceiling(abs(exact)))
        size += size % 2 != parity
        return -size if exact < 0 else size

    return apply


def base(value: Any, radix: Any, length: Any = 0) -> str:
    rest, by, digits = integer(value), integer(radix), ""
    if rest < 0 or not 2 <= by <= 36 or not 0 <= integer(length) <= 255:
        fail(NUMBER)
    while rest:
        rest, digit = divmod(rest, by)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return (digits or "0").rjust(integer(length), "0")


def two_complement(radix: int, digits: int) -> Callable[..., str]:
    """DEC2BIN and DEC2HEX: negative numbers as ten digits of that radix."""
    least = -(radix**digits) // 2

    def apply(value: Any, length: Any = 0) -> str:
        whole = integer(value)
        if not least <= whole < -least:
            fail(NUMBER)
        shown = base(whole + (radix**digits if whole < 0 else 0), radix)
        return shown if whole < 0 or not integer(length) else base(whole, radix, _enough(length, shown))

    return apply


def _enough(length: Any, shown: str) -> int:
    return integer(length) if integer(length) >= len(shown) else fail(NUMBER)


def from_complement(radix: int, digits: int) -> Callable[[Any], int]:
    """BIN2DEC and HEX2DEC: ten digits can mean a negative number."""

    def apply(value: Any) -> int:
        shown = plain_text(value)
        whole = int(shown, radix) if 0 < len(shown) <= digits and shown.isalnum() else fail(NUMBER)
        return whole - radix**digits if whole * 2 >= radix**digits else whole

    return apply


def random_between(low: Any, high: Any) -> int:
    import random

    return random.randint(integer(low), integer(high))


def random_share() -> float:
    import random

    return random.random()


def _of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: function(number(value))


def _within(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of numbers that is not defined for all of them."""
    plain = arithmetic.unary(function)

    def apply(value: Any) -> Any:
        exact = number(value)
        result = plain(exact)
        return fail(NUMBER) if is_nan(result) and not is_nan(exact) else result

    return apply


def _integers(function: Callable[..., int]) -> Callable[..., int]:
    return lambda *values: function(*(integer(value) for value in flat(values)))


_TRIGONOMETRY: Final = "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp degrees radians"

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name.upper(): _within(getattr(math, name)) for name in _TRIGONOMETRY.split()},
    "SUM": add_up,
    "SUMIF": sum_if,
    "SUMIFS": sum_ifs,
    "SUMPRODUCT": sum_product,
    "SUMSQ": lambda *values: total([arithmetic.multiply(item, item) for item in parsed(values)]),
    "PRODUCT": product,
    "QUOTIENT": quotient,
    "MOD": modulo,
    "POWER": lambda value, exponent: arithmetic.power(number(value), number(exponent)),
    "SQRT": square_root,
    "SQRTPI": lambda value: square_root(arithmetic.multiply(number(value), math.pi)),
    "ABS": _of(abs),
    "SIGN": _of(lambda value: (value > 0) - (value < 0)),
    "INT": _of(arithmetic.floor),
    "TRUNC": scaled(arithmetic.floor),
    "ROUND": rounded,
    "ROUNDUP": scaled(arithmetic.ceiling),
    "ROUNDDOWN": scaled(arithmetic.floor),
    "MROUND": round_to_multiple,
    "CEILING": signed_multiple(arithmetic.ceiling),
    "CEILING.MATH": multiple(arithmetic.ceiling),
    "FLOOR": signed_multiple(arithmetic.floor),
    "FLOOR.MATH": multiple(arithmetic.floor),
    "EVEN": away_to(0),
    "ODD": away_to(1),
    "LN": _of(lambda value: arithmetic.unary(math.log)(value) if value else fail(NUMBER)),
    "LOG": logarithm,
    "LOG10": common_logarithm,
    "ATAN2": lambda y, x: math.atan2(number(y), number(x)),
    "PI": lambda: math.pi,
    "FACT": factorial,
    "COMBIN": combinations,
    "PERMUT": permutations,
    "GCD": _integers(math.gcd),
    "LCM": _integers(math.lcm),
    "BASE": base,
    "DECIMAL": lambda value, radix: int(str(value)[:64], integer(radix)),
    "DEC2BIN": two_complement(2, 10),
    "DEC2HEX": two_complement(16, 10),
    "BIN2DEC": from_complement(2, 10),
    "HEX2DEC": from_complement(16, 10),
    "RAND": random_share,
    "RANDBETWEEN": random_between,
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}
