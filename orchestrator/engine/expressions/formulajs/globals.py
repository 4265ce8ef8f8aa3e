"""The few globals of JavaScript that a formula sees."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine import dates
from orchestrator.engine.expressions import arithmetic
from orchestrator.engine.expressions.formulajs.operators import capped, int32
from orchestrator.engine.js import (
    NUMBERS,
    UNDEFINED,
    ExpressionError,
    clean,
    compare,
    is_nan,
    string,
    to_float,
    to_number,
    truthy,
)

__all__ = ["CONSTANTS", "FUNCTIONS"]

_INTEGER: Final = re.compile(r"\s*([+-]?)(0[xX])?([0-9a-zA-Z]+)")
_FLOAT: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Infinity))", re.ASCII)
_LARGEST_SAFE: Final = 2**53 - 1


def parse_int(value: Any, radix: Any = 10) -> Any:
    match = _INTEGER.match(string(value)[:100])
    base = int32(radix) or 10
    if match is None or not 2 <= base <= 36:
        return math.nan
    base = 16 if match[2] else base
    allowed = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
    digits = match[3].lower()
    length = next((place for place, digit in enumerate(digits) if digit not in allowed), len(digits))
    return int(match[1] + digits[:length], base) if length else math.nan


def parse_float(value: Any) -> Any:
    match = _FLOAT.match(string(value)[:400])
    return to_number(match[1]) if match else math.nan


def _extreme(wanted: int, empty: float) -> Callable[..., Any]:
    """`Math.min` and `Math.max`: NaN as soon as an argument is no number."""

    def pick(*values: Any) -> Any:
        best: Any = empty
        for value in map(to_number, values):
            order = compare(value, best)
            if order is None:
                return math.nan
            best = value if order == wanted else best
        return best

    return pick


def _of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(value: Any = UNDEFINED) -> Any:
        return function(to_number(value))

    return apply


def _js_round(value: Any) -> Any:
    """Halves go up, towards positive infinity."""
    return arithmetic.floor(arithmetic.add(value, 0.5)) if type(value) is not int else value


def _random() -> float:
    import random

    return random.random()


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, list | str):
        return {str(index): item for index, item in enumerate(value)}
    if value is None or value is UNDEFINED:
        raise ExpressionError("Cannot convert undefined or null to object", "TypeError")
    return {}


def stringify(value: Any, _replacer: Any = None, indent: Any = None) -> Any:
    """JSON text, where null stands for what is no finite number."""
    if value is UNDEFINED or callable(value):
        return UNDEFINED
    width = min(10, int(to_number(indent))) if indent else None
    separators = (",", ":") if width is None else (",", ": ")
    plain = clean(value, _json_number)
    return json.dumps(plain, indent=width, separators=separators, ensure_ascii=False, default=_json_value)


def _json_number(value: Any) -> Any:
    if not math.isfinite(value):
        return None
    return int(value) if value == arithmetic.floor(value) and abs(value) < 1e21 else float(value)


def _json_value(value: Any) -> Any:
    return dates.iso(value) if hasattr(value, "tzinfo") else string(value)


def _parse_json(value: Any) -> Any:
    try:
        return json.loads(string(value))
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"{string(value)[:40]} is not valid JSON", "SyntaxError") from error


def _parse_date(value: Any) -> Any:
    at = dates.parse(string(value))
    return math.nan if at is None else dates.epoch_ms(at)


def _array_from(value: Any, function: Any = UNDEFINED) -> list[Any]:
    if isinstance(value, dict) and "length" in value:
        length = to_number(value["length"])
        if not 0 <= length <= 100_000:
            raise ExpressionError("Invalid array length", "RangeError")
        items = [value.get(str(index), UNDEFINED) for index in range(int(length))]
    else:
        items = list(value) if isinstance(value, list | str) else []
    return items if function is UNDEFINED else [function(item, index) for index, item in enumerate(items)]


def _is_finite(value: Any) -> bool:
    return math.isfinite(to_number(value))


def _is_number(value: Any) -> bool:
    return type(value) in NUMBERS


_UNARY: Final = "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp expm1 log1p log10 log2 sqrt cbrt"

CONSTANTS: Final[dict[str, Any]] = {
    "Math.PI": math.pi,
    "Math.E": math.e,
    "Math.LN2": math.log(2),
    "Math.LN10": math.log(10),
    "Math.LOG2E": math.log2(math.e),
    "Math.LOG10E": math.log10(math.e),
    "Math.SQRT2": math.sqrt(2),
    "Math.SQRT1_2": math.sqrt(0.5),
    "Number.MAX_SAFE_INTEGER": _LARGEST_SAFE,
    "Number.MIN_SAFE_INTEGER": -_LARGEST_SAFE,
    "Number.EPSILON": 2.0**-52,
}

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{f"Math.{name}": _of(arithmetic.unary(getattr(math, name))) for name in _UNARY.split()},
    "Math.abs": _of(abs),
    "Math.atan2": lambda y, x: math.atan2(to_float(to_number(y)), to_float(to_number(x))),
    "Math.ceil": _of(arithmetic.ceiling),
    "Math.floor": _of(arithmetic.floor),
    "Math.hypot": lambda *values: math.hypot(*(to_float(to_number(value)) for value in values)),
    "Math.log": _of(lambda value: -math.inf if value == 0 else arithmetic.unary(math.log)(value)),
    "Math.max": _extreme(1, -math.inf),
    "Math.min": _extreme(-1, math.inf),
    "Math.pow": lambda base, exponent: arithmetic.power(to_number(base), to_number(exponent)),
    "Math.random": _random,
    "Math.round": _of(_js_round),
    "Math.sign": _of(lambda value: (value > 0) - (value < 0) if not is_nan(value) else math.nan),
    "Math.trunc": _of(arithmetic.truncate),
    "Number": lambda value=0: to_number(value),
    "Number.isFinite": lambda value: _is_number(value) and math.isfinite(value),
    "Number.isInteger": lambda value: _is_number(value) and math.isfinite(value) and value == int(value),
    "Number.isNaN": is_nan,
    "Number.parseFloat": parse_float,
    "Number.parseInt": parse_int,
    "String": lambda value="": string(value),
    "Boolean": lambda value=False: truthy(value),
    "parseInt": parse_int,
    "parseFloat": parse_float,
    "isNaN": lambda value: is_nan(to_number(value)),
    "isFinite": _is_finite,
    "Array.isArray": lambda value: isinstance(value, list),
    "Array.from": _array_from,
    "Object.keys": lambda value: list(_object(value)),
    "Object.values": lambda value: list(_object(value).values()),
    "Object.entries": lambda value: [[key, item] for key, item in _object(value).items()],
    "Object.fromEntries": lambda pairs: {string(key): item for key, item in capped(pairs)},
    "JSON.stringify": stringify,
    "JSON.parse": _parse_json,
    "Date.parse": _parse_date,
}
