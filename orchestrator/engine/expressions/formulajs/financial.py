"""Financial functions; rates are per period."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from orchestrator.engine.expressions.error_value import NUMBER, fail
from orchestrator.engine.expressions.formulajs.coerce import flat, guarded, number
from orchestrator.engine.js import to_float

__all__ = ["FUNCTIONS"]

_STEPS: Final = 100
_PRECISION: Final = 1e-10


def _float(value: Any) -> float:
    return to_float(number(value))


def payment(rate: Any, periods: Any, present: Any, future: Any = 0, due: Any = 0) -> float:
    r, n, pv, fv = _float(rate), _float(periods), _float(present), _float(future)
    if not r:
        return -(pv + fv) / n
    growth = math.pow(1 + r, n)
    return -(pv * growth + fv) * r / ((growth - 1) * (1 + r * _float(due)))


def future_value(rate: Any, periods: Any, paid: Any, present: Any = 0, due: Any = 0) -> float:
    r, n, pmt, pv = _float(rate), _float(periods), _float(paid), _float(present)
    if not r:
        return -(pv + pmt * n)
    growth = math.pow(1 + r, n)
    return -(pv * growth + pmt * (1 + r * _float(due)) * (growth - 1) / r)


def present_value(rate: Any, periods: Any, paid: Any, future: Any = 0, due: Any = 0) -> float:
    r, n, pmt, fv = _float(rate), _float(periods), _float(paid), _float(future)
    if not r:
        return -(fv + pmt * n)
    growth = math.pow(1 + r, n)
    return -(fv + pmt * (1 + r * _float(due)) * (growth - 1) / r) / growth


def periods_needed(rate: Any, paid: Any, present: Any, future: Any = 0, due: Any = 0) -> float:
    r, pmt, pv, fv = _float(rate), _float(paid), _float(present), _float(future)
    if not r:
        return -(pv + fv) / pmt
    flow = pmt * (1 + r * _float(due))
    return math.log((flow - fv * r) / (pv * r + flow)) / math.log(1 + r)


def interest(rate: Any, period: Any, periods: Any, present: Any, future: Any = 0, due: Any = 0) -> float:
    paid = payment(rate, periods, present, future, due)
    if _float(due) and _float(period) == 1:
        return 0.0
    balance = future_value(rate, _float(period) - 1, paid, present, due)
    share = balance - paid if _float(due) else balance
    return share * _float(rate)


def principal(rate: Any, period: Any, periods: Any, present: Any, future: Any = 0, due: Any = 0) -> float:
    return payment(rate, periods, present, future, due) - interest(rate, period, periods, present, future, due)


def net_present_value(rate: Any, *values: Any) -> float:
    r = _float(rate)
    return math.fsum(_float(value) / (1 + r) ** (index + 1) for index, value in enumerate(flat(values)))


def internal_rate(values: Any, guess: Any = 0.1) -> float:
    """The rate at which the flows are worth nothing today, by Newton's method."""
    flows = [_float(value) for value in flat([values])]
    if not any(flow > 0 for flow in flows) or not any(flow < 0 for flow in flows):
        fail(NUMBER)
    return _newton(
        lambda rate: math.fsum(flow / (1 + rate) ** index for index, flow in enumerate(flows)), _float(guess)
    )


def rate_of(periods: Any, paid: Any, present: Any, future: Any = 0, due: Any = 0, guess: Any = 0.1) -> float:
    return _newton(lambda rate: future_value(rate, periods, paid, present, due) + _float(future), _float(guess))


def _newton(function: Callable[[float], float], guess: float) -> float:
    rate = guess
    for _ in range(_STEPS):
        value = function(rate)
        slope = (function(rate + 1e-7) - value) / 1e-7
        if not slope:
            break
        step = value / slope
        rate -= step
        if abs(step) < _PRECISION:
            return rate
    return fail(NUMBER)


def straight_line(cost: Any, salvage: Any, life: Any) -> float:
    return (_float(cost) - _float(salvage)) / _float(life)


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "PMT": payment,
    "PV": present_value,
    "FV": future_value,
    "NPER": periods_needed,
    "RATE": rate_of,
    "IPMT": interest,
    "PPMT": principal,
    "NPV": net_present_value,
    "IRR": internal_rate,
    "SLN": straight_line,
}

FUNCTIONS: Final = {name: guarded(function) for name, function in _FUNCTIONS.items()}
