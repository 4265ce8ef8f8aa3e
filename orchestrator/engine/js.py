"""JavaScript's rules for values, as far as templates, conditions and formulas need them.

    JavaScript          here
    undefined           UNDEFINED
    null                None
    number              int, float, or decimal.Decimal (exact, from a numeric column)
    string, boolean     str, bool
    array, object       list, dict
    Date                datetime

Numbers stay exact as long as JavaScript's own arithmetic does not force a float.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from orchestrator.engine import dates

__all__ = [
    "NUMBERS",
    "UNDEFINED",
    "ExpressionError",
    "Undefined",
    "clean",
    "compare",
    "is_nan",
    "is_number",
    "key_text",
    "loose_equal",
    "number_text",
    "strict_equal",
    "string",
    "to_float",
    "to_number",
    "to_string",
    "truthy",
]


class ExpressionError(Exception):
    """What JavaScript would have thrown; `str()` is the text that is stored: name, colon, message."""

    def __init__(self, message: str, name: str = "Error") -> None:
        super().__init__(f"{name}: {message}")
        self.message = message
        self.name = name


class Undefined:
    """The one value that is not there: falsy, and itself after copying."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "undefined"

    def __copy__(self) -> Undefined:
        return self

    def __deepcopy__(self, memo: object) -> Undefined:
        return self

    def __reduce__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()

#: The exact types of a number; bool is none of them, although Python calls it an int.
NUMBERS: Final = frozenset({int, float, Decimal})

NAN: Final = math.nan
_SMALLEST_PLAIN = 1e-6
_LARGEST_PLAIN = 1e21
_LONGEST_NUMERAL = 400


def is_number(value: Any) -> bool:
    return type(value) in NUMBERS


def is_nan(value: Any) -> bool:
    """Whether a number is NaN, a Decimal's included."""
    kind = type(value)
    return kind in (float, Decimal) and math.isnan(value)


def truthy(value: Any) -> bool:
    """Empty arrays and objects are true, NaN is false."""
    kind = type(value)
    if kind is bool:
        return value is True
    if kind in NUMBERS:
        return not (value == 0 or is_nan(value))
    if kind is str:
        return bool(value)
    return value is not None and value is not UNDEFINED


def to_float(value: Any) -> float:
    """A number as a float, infinite when it does not fit."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_number(value: Any) -> Any:
    """What unary plus makes of a value; NaN when it is no number."""
    kind = type(value)
    if kind in NUMBERS:
        return value
    if kind is str:
        return _numeral(value)
    if value is None:
        return 0
    if kind is bool:
        return int(value)
    if isinstance(value, date):
        return dates.epoch_ms(value)
    if kind is list:
        return _numeral(string(value))
    return NAN


def _numeral(text: str) -> int | float:
    """The number written in a text: blank is 0, a prefix 0x, 0o or 0b is known, anything else is NaN."""
    text = text.strip()
    if text == "":
        return 0
    if len(text) > _LONGEST_NUMERAL or "_" in text or not text.isascii():
        return NAN
    if text.isdigit():
        return int(text)
    body = text.lstrip("+-")
    if len(text) - len(body) > 1 or body[:1] not in "0123456789.I":
        return NAN
    try:
        if body[:2].lower() in ("0x", "0o", "0b"):
            return int(body, 0) if body is text or body == text else NAN
        if body == "Infinity":
            return -math.inf if text[0] == "-" else math.inf
        if body.isdigit():
            return int(text)
        return float(text) if not body.startswith("I") else NAN
    except ValueError:
        return NAN


def number_text(value: Any) -> str:
    """A number as JavaScript prints it; exact numbers keep all their digits."""
    if type(value) is int:
        return str(value)
    if type(value) is Decimal:
        if not value.is_finite():
            return number_text(float(value))
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    size = abs(value)
    if size == 0:
        return "0"
    if _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:e}".partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent):+d}"


def string(value: Any) -> str:
    """`String(value)`: null and undefined by name, dates as ISO-8601 in UTC."""
    if type(value) is str:
        return str(value)
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    return to_string(value)


def to_string(value: Any) -> str:
    """The text that a template writes: nothing for null and undefined, else as `string`."""
    kind = type(value)
    if kind is str:
        return str(value)
    if value is None or value is UNDEFINED:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind in NUMBERS:
        return number_text(value)
    if isinstance(value, date):
        return dates.iso(value)
    if isinstance(value, list | tuple):
        return ",".join(map(to_string, value))
    if isinstance(value, str):
        return str(value)
    return "[object Object]"


def key_text(value: Any) -> str:
    """A value used as the key of an object."""
    return value if type(value) is str else string(value)


def _primitive(value: Any) -> Any:
    """Arrays and objects as the text they turn into when compared."""
    kind = type(value)
    if kind is str or kind is bool or kind in NUMBERS or value is None or value is UNDEFINED:
        return value
    return string(value)


def _instant(value: Any) -> int | float:
    """One side of a comparison with a date, in milliseconds; NaN when it names no instant."""
    if isinstance(value, date):
        return dates.epoch_ms(value)
    if type(value) is str:
        at = dates.parse(value)
        return NAN if at is None else dates.epoch_ms(at)
    return to_float(value) if type(value) in NUMBERS else NAN


def strict_equal(left: Any, right: Any) -> bool:
    """`===`: no conversion, objects by identity, dates by instant."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return _numbers_equal(left, right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict | list):
        return left is right
    return bool(left == right)


def loose_equal(left: Any, right: Any) -> bool:
    """`==`, where null equals only null and undefined, and a date equals what names its instant."""
    kind, other = type(left), type(right)
    if kind is other and (kind is str or kind is int or kind is bool):
        return bool(left == right)
    if kind in NUMBERS and other in NUMBERS:
        return _numbers_equal(left, right)
    if left is None or left is UNDEFINED or right is None or right is UNDEFINED:
        return (left is None or left is UNDEFINED) and (right is None or right is UNDEFINED)
    if isinstance(left, date) or isinstance(right, date):
        return _instant(left) == _instant(right)
    if isinstance(left, dict | list) and isinstance(right, dict | list):
        return left is right
    left, right = _primitive(left), _primitive(right)
    if type(left) is str and type(right) is str:
        return left == right
    return _numbers_equal(to_number(left), to_number(right))


def _numbers_equal(left: Any, right: Any) -> bool:
    if type(left) is float or type(right) is float:
        return to_float(left) == to_float(right)
    return bool(left == right)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 as JavaScript's `<` and `>` see it; None when the two have no order.

    null counts as 0, undefined has no order; a date has none with null, undefined or a boolean.
    """
    kind, other = type(left), type(right)
    if (kind is Decimal or kind is int) and (other is int or other is Decimal):
        try:
            return -1 if left < right else int(left > right)
        except ArithmeticError:
            # a Decimal that is no number
            return None
    if kind not in NUMBERS or other not in NUMBERS:
        if kind is str and other is str:
            return _compare_text(left, right)
        if isinstance(left, date) or isinstance(right, date):
            left, right = _instant(left), _instant(right)
        else:
            left, right = _primitive(left), _primitive(right)
            if type(left) is str and type(right) is str:
                return _compare_text(left, right)
            left, right = to_number(left), to_number(right)
    if type(left) is float or type(right) is float:
        left, right = to_float(left), to_float(right)
    if is_nan(left) or is_nan(right):
        return None
    return -1 if left < right else int(left > right)


def _compare_text(left: str, right: str) -> int:
    """By UTF-16 code units, which differs from code points beyond U+FFFF."""
    if left == right:
        return 0
    if left.isascii() or right.isascii():
        return -1 if left < right else 1
    return -1 if left.encode("utf-16-be", "surrogatepass") < right.encode("utf-16-be", "surrogatepass") else 1


def clean(value: Any, number: Callable[[Any], Any] = lambda number: number) -> Any:
    """A value as JSON can hold it: no undefined, no function; `number` is applied to every number inside."""
    kind = type(value)
    if kind in NUMBERS:
        return number(value)
    if value is UNDEFINED or callable(value):
        return None
    if kind is list:
        return [clean(item, number) for item in value]
    if kind is dict:
        return {key: clean(item, number) for key, item in value.items() if item is not UNDEFINED}
    return value
