"""Which statement is this? Read from the backend itself, without a query.

A row trigger must know whether it still belongs to the statement that pinned a program. SQL has no cheap answer, the
backend has: start of the transaction, subtransaction, start of the client's message, depth of triggers. A failed
statement always aborts a subtransaction or transaction, whose number is never used again; a nested statement runs at
a greater trigger depth. Four calls without arguments take 0.4 µs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any, cast

__all__ = [
    "StatementId",
    "command_id",
    "settings_reader",
    "statement_identity",
    "transaction_block",
    "trigger_depth",
    "used_command_id",
]

#: transaction start, subtransaction, message start, trigger depth
StatementId = tuple[int, int, int, int]


def statement_identity() -> Callable[[], StatementId]:
    """A function that tells the identity of the running statement.

    Raises:
        OSError: this is no PostgreSQL backend.
    """
    process = ctypes.PyDLL(None)
    try:
        transaction_start = process.GetCurrentTransactionStartTimestamp
        subtransaction = process.GetCurrentSubTransactionId
        message_start = process.GetCurrentStatementStartTimestamp
        depth = process.pg_trigger_depth
    except AttributeError as error:
        raise OSError(f"not inside a PostgreSQL backend: {error}") from None
    transaction_start.restype = message_start.restype = ctypes.c_int64
    subtransaction.restype = ctypes.c_uint32
    depth.restype = ctypes.c_int32
    depth.argtypes = (ctypes.c_void_p,)

    def identity() -> StatementId:
        return transaction_start(), subtransaction(), message_start(), depth(None)

    return identity


def command_id() -> Callable[[], int]:
    """A function that tells the command within the transaction.

    It grows from one statement of a message to the next, and within a statement only when something else writes.
    """
    return partial(_current_command_id(), False)


def used_command_id() -> Callable[[], int]:
    """A function that tells the command as one that wrote: the next statement has another one for certain."""
    return partial(_current_command_id(), True)


def _current_command_id() -> Callable[[bool], int]:
    current: Any = ctypes.PyDLL(None).GetCurrentCommandId
    current.restype = ctypes.c_uint32
    current.argtypes = (ctypes.c_bool,)
    return cast("Callable[[bool], int]", current)


def transaction_block() -> Callable[[], bool]:
    """A function that tells whether what runs is a part of a longer transaction, or of a subtransaction."""
    block = ctypes.PyDLL(None).IsTransactionBlock
    block.restype = ctypes.c_bool
    return lambda: bool(block())


def trigger_depth() -> Callable[[], int]:
    """A function that tells how many triggers deep the running statement is."""
    depth = ctypes.PyDLL(None).pg_trigger_depth
    depth.restype = ctypes.c_int32
    depth.argtypes = (ctypes.c_void_p,)
    return lambda: int(depth(None))


def settings_reader() -> Callable[[str], str | None]:
    """A function that tells a setting, None where nobody has set it; asking by SQL takes twenty times as long."""
    read = ctypes.PyDLL(None).GetConfigOption
    read.restype = ctypes.c_char_p
    read.argtypes = (ctypes.c_char_p, ctypes.c_bool, ctypes.c_bool)

    def setting(name: str) -> str | None:
        value: bytes | None = read(name.encode(), True, False)
        return None if value is None else value.decode(errors="replace")

    return setting
