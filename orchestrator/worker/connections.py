"""Connections of a worker: plain autocommit ones that also work through a pooler in transaction mode."""

from __future__ import annotations

import time
from typing import Any

import psycopg

__all__ = ["Connection", "connect", "is_lost", "scalar"]


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """One that knows whether it waits for an answer."""

    #: when the statement was sent that is not answered yet, by the monotonic clock
    asked: float | None = None


def connect(dsn: str, *, name: str) -> Connection:
    """Open a connection that notices a peer gone silent within half a minute.

    Raises:
        psycopg.OperationalError: the server cannot be reached.
    """
    return Connection.connect(
        dsn,
        autocommit=True,
        # prepared statements live in a server connection, which a pooler swaps
        prepare_threshold=None,
        application_name=name,
        connect_timeout=10,
        keepalives=1,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=25_000,
    )


def scalar(connection: Connection, call: str, *args: object) -> Any:
    """The only value of the only row of ``select <call>``."""
    connection.asked = time.monotonic()
    try:
        row = connection.execute(f"select {call}".encode(), args).fetchone()
    finally:
        connection.asked = None
    return row[0] if row else None


def is_lost(connection: Connection) -> bool:
    """Whether a connection cannot be used any more."""
    return connection.closed
