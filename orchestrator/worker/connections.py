"""Connections of a worker: plain autocommit ones that also work through a pooler in transaction mode."""

from __future__ import annotations

from typing import Any

import psycopg

__all__ = ["connect", "is_lost", "scalar"]

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(dsn: str, *, name: str) -> Connection:
    """Open a connection that notices a peer gone silent within half a minute.

    Raises:
        psycopg.OperationalError: the server cannot be reached.
    """
    return psycopg.connect(
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
    row = connection.execute(f"select {call}".encode(), args).fetchone()
    return row[0] if row else None


def is_lost(connection: Connection) -> bool:
    """Whether a connection cannot be used any more."""
    return connection.closed
