"""The listener: a connection that hears notifications, and knows when it does not."""

from __future__ import annotations

import time

import psycopg
import structlog
from psycopg import Notify, sql

from orchestrator.worker.connections import Connection, connect, scalar
from orchestrator.worker.rhythm import Backoff, Rhythm
from orchestrator.worker.stop import Stop

__all__ = ["CHANNEL", "Listener"]

CHANNEL = "orchestrator_wake"

_log = structlog.get_logger("orchestrator.worker")


class Listener:
    """Hears ``orchestrator_wake``; connects again by itself when it was cut off.

    A connection can be up and yet hear nothing: behind a pooler in transaction mode, or half-open. So it is trusted
    only after a notification that the worker sent to itself came back, and tested again now and then.
    """

    def __init__(self, dsn: str, rhythm: Rhythm, stop: Stop, probe: str) -> None:
        self._dsn = dsn
        self._rhythm = rhythm
        self._stop = stop
        self._probe = probe
        self._connection: Connection | None = None
        self._backoff = Backoff(first=0.05)
        self._retry_at = 0.0
        self._probed_at = 0.0
        self._notified = False
        self._answered = False

    @property
    def pid(self) -> int | None:
        """The server process that listens."""
        return self._connection.info.backend_pid if self._connection is not None else None

    def ready(self, sender: Connection) -> bool:
        """Whether notifications arrive; connects and tests when it is time to.

        Args:
            sender: another connection, which sends the test.
        """
        now = time.monotonic()
        if self._connection is None and now >= self._retry_at:
            self._open()
        if self._connection is not None and now - self._probed_at >= self._rhythm.probe:
            self._test(sender)
        return self._connection is not None

    def wait(self, seconds: float) -> bool:
        """Wait for a notification; True when one came, False when the time is over, a stop was requested or the
        connection broke."""
        deadline = time.monotonic() + seconds
        while not self._notified and not self._stop.requested and self._connection is not None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            if self._stop.wait(remaining, self._connection.fileno()):
                self._read()
        notified, self._notified = self._notified, False
        return notified

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        try:
            self._connection = connect(self._dsn, name="orchestrator listener")
            self._connection.add_notify_handler(self._hear)
            for channel in (CHANNEL, self._probe):
                self._connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        except psycopg.Error as error:
            self._give_up("listener_unreachable", self._backoff.next(), str(error))
            return
        self._probed_at = float("-inf")

    def _test(self, sender: Connection) -> None:
        self._answered = False
        scalar(sender, "pg_notify(%s, '')", self._probe)
        deadline = time.monotonic() + self._rhythm.answer
        while not self._answered and self._connection is not None and not self._stop.requested:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                self._give_up("listener_hears_nothing", self._rhythm.probe, "polling instead")
                return
            if self._stop.wait(remaining, self._connection.fileno()):
                self._read()
        if self._connection is not None:
            self._probed_at = time.monotonic()
            self._backoff.reset()

    def _read(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            connection.pgconn.consume_input()
            while note := connection.pgconn.notifies():
                self._hear_raw(note.relname)
            if connection.pgconn.is_busy() == 0 and connection.pgconn.status != psycopg.pq.ConnStatus.OK:
                raise psycopg.OperationalError("the connection was closed by the server")
        except psycopg.Error as error:
            self._give_up("listener_lost", self._backoff.next(), str(error))

    def _hear(self, note: Notify) -> None:
        self._hear_raw(note.channel.encode())

    def _hear_raw(self, channel: bytes) -> None:
        if channel == CHANNEL.encode():
            self._notified = True
        else:
            self._answered = True

    def _give_up(self, event: str, pause: float, reason: str) -> None:
        self.close()
        self._retry_at = time.monotonic() + pause
        _log.warning(event, reason=reason.strip(), retry_in=round(pause, 2))
