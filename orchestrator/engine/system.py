"""`$system`: functions that templates may call, told the time and the node by the engine.

register("companyCalendar", lambda call: ...)      {{$system.companyCalendar}}
register("finance.vatRate", lambda call: ...)      {{$system.finance.vatRate}}
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

__all__ = ["EPOCH", "SystemCall", "register", "system_scope", "unregister"]

#: Seconds since 1970 from which snowflake ids count.
EPOCH: Final = 1605024000


class SystemCall:
    """What a function of `$system` is told: the run's time, the processor, and the node that asks."""

    __slots__ = ("execution", "node", "now")

    def __init__(self, now: datetime, execution: Any = None, node: Any = None) -> None:
        self.now = now
        self.execution = execution
        self.node = node


SystemFunction = Callable[[SystemCall], Any]
_functions: dict[str, SystemFunction] = {}


class SystemScope(dict[str, Any]):
    """The functions of one group, bound to a call when first read; `dateRange` and its like are groups inside."""

    __slots__ = ("call", "prefix")

    def __init__(self, call: SystemCall, prefix: str = "") -> None:
        super().__init__()
        self.call = call
        self.prefix = prefix

    def __missing__(self, name: str) -> Any:
        path = self.prefix + name
        function = _functions.get(path)
        if function is not None:
            self[name] = bound = partial(function, self.call)
            return bound
        if any(known.startswith(path + ".") for known in _functions):
            self[name] = group = SystemScope(self.call, path + ".")
            return group
        raise KeyError(name)


def register(name: str, function: SystemFunction) -> None:
    """Offer `{{$system.name}}`; dots in the name make groups. A later registration replaces an earlier one."""
    _functions[name] = function


def unregister(name: str) -> None:
    _functions.pop(name, None)


def system_scope(now: datetime, execution: Any = None, node: Any = None) -> SystemScope:
    """The value of `$system` for one node; costs next to nothing until something is read from it."""
    return SystemScope(SystemCall(now, execution, node))


_SEQUENCE_BITS = 21
_sequence = count(int.from_bytes(os.urandom(4), "big"))


def _snowflake(call: SystemCall) -> int:
    """53 bits: seconds since EPOCH and a sequence that starts anywhere in each process."""
    seconds = int(call.now.timestamp()) - EPOCH
    return (seconds << _SEQUENCE_BITS) | (next(_sequence) & ((1 << _SEQUENCE_BITS) - 1))


def _offset(now: datetime) -> str:
    minutes = int((now.utcoffset() or timedelta()).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _day(now: datetime, shift: int) -> str:
    return f"{now + timedelta(days=shift):%Y-%m-%d}"


def _week(now: datetime, shift: int) -> str:
    """Weeks start on Sunday, and the first one holds 1 January."""
    at = now + timedelta(weeks=shift)
    sunday = at - timedelta(days=at.isoweekday() % 7)
    year = (sunday + timedelta(days=6)).year
    first = datetime(year, 1, 1, tzinfo=at.tzinfo)
    first -= timedelta(days=first.isoweekday() % 7)
    return f"{year:04d}w{(sunday.date() - first.date()).days // 7 + 1:02d}"


def _month(now: datetime, shift: int) -> str:
    year, month = divmod(now.year * 12 + now.month - 1 + shift, 12)
    return f"{year:04d}-{month + 1:02d}"


def _quarter(now: datetime, shift: int) -> str:
    year, quarter = divmod(now.year * 4 + (now.month - 1) // 3 + shift, 4)
    return f"{year:04d}Q{quarter + 1}"


def _year(now: datetime, shift: int) -> str:
    return f"{now.year + shift:04d}"


def _unit(label: Callable[[datetime, int], str], shift: int, call: SystemCall) -> str:
    return label(call.now, shift) + _offset(call.now)


def _days(first: int, after: int, call: SystemCall) -> list[str]:
    """Days from `first` up to, without, `after`, counted from today."""
    return [_day(call.now, first), _day(call.now, after), "[)", _offset(call.now)]


def _register_all() -> None:
    register("now", lambda call: call.now)
    register("instanceId", lambda call: 0)
    register("epoch", lambda call: EPOCH)
    register("genSnowflakeId", _snowflake)
    for shift, name in ((-1, "yesterday"), (0, "today"), (1, "tomorrow")):
        register(f"dateRange.{name}", partial(_unit, _day, shift))
    for unit, label in (("Week", _week), ("Month", _month), ("Quarter", _quarter), ("Year", _year)):
        for shift, name in ((-1, "last"), (0, "this"), (1, "next")):
            register(f"dateRange.{name}{unit}", partial(_unit, label, shift))
    for days in (7, 30, 90):
        register(f"dateRange.last{days}Days", partial(_days, 1 - days, 1))
        register(f"dateRange.next{days}Days", partial(_days, 1, days + 1))


_register_all()
