"""The watch over a connection that is asked and does not answer: the server tells whether it is still at it."""

from __future__ import annotations

import os
import socket
import threading
import time
from types import TracebackType
from typing import Self

import psycopg
import structlog

from orchestrator.worker.connections import Connection, connect, scalar

__all__ = ["Watch"]

#: seconds that an answer may be under way
_UNDER_WAY = 1.0

_log = structlog.get_logger("orchestrator.worker")


class Watch:
    """Cuts a connection off whose answer is lost, so that the worker connects again.

    What swallows an answer, a proxy or a firewall, may keep the connection up for ever, and an execution may take as
    long as it wants: after `silence` seconds another connection asks whether the session is still active. Behind a
    pooler nobody can tell.
    """

    def __init__(self, dsn: str, connection: Connection, silence: float) -> None:
        self._dsn = dsn
        self._connection = connection
        self._silence = silence
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        if scalar(self._connection, "pg_backend_pid()") == self._connection.info.backend_pid:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    def _run(self) -> None:
        pid, descriptor = self._connection.info.backend_pid, os.dup(self._connection.fileno())
        with socket.socket(fileno=descriptor) as twin:
            while not self._over.wait(self._silence):
                asked = self._connection.asked
                if asked is None or time.monotonic() - asked < self._silence or self._is_active(pid):
                    continue
                if not self._over.wait(_UNDER_WAY) and self._connection.asked == asked:
                    _log.warning("answer_lost", pid=pid, then="connecting again")
                    twin.shutdown(socket.SHUT_RDWR)
                    return

    def _is_active(self, pid: int) -> bool:
        """Whether the session works, as far as is known."""
        query = "exists (select from pg_catalog.pg_stat_activity where pid = %s and state <> 'idle')"
        try:
            with connect(self._dsn, name="orchestrator watch") as other:
                return bool(scalar(other, query, pid))
        except psycopg.Error:
            # nobody can be asked: connecting again would not help
            return True
