"""The worker's loop: drain the queue, linger, sleep, be woken; survive everything in between."""

from __future__ import annotations

import os
import signal
import socket
import time

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from orchestrator.logs import configure_logging
from orchestrator.settings import Settings
from orchestrator.worker.connections import Connection, connect, is_lost, scalar
from orchestrator.worker.flag import Flag
from orchestrator.worker.housekeeping import Housekeeping
from orchestrator.worker.listener import Listener
from orchestrator.worker.rhythm import Backoff, Rhythm
from orchestrator.worker.stop import Stop
from orchestrator.worker.suspects import is_suspicious, run_suspects
from orchestrator.worker.watch import Watch

__all__ = ["BATCH", "Worker", "run_worker"]

#: executions a transaction: more would hold row locks of unrelated executions together
BATCH = 50
#: longest pause between two looks while lingering, in pauses to gather: nobody notifies then
_LONGEST_LOOK = 5

_log = structlog.get_logger("orchestrator.worker")


def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; the batch under way is finished first.

    Args:
        settings: ``dsn`` of a login that was granted ``orchestrator_api``, ``poll_seconds``, ``batch``,
            ``log_level``.

    Returns:
        The process's exit code.

    Raises:
        psycopg.ProgrammingError: ``dsn`` is none; what can be reached later is waited for.
    """
    conninfo_to_dict(settings.dsn)
    configure_logging(settings.log_level)
    stop = Stop()
    worker = Worker(settings.dsn, rhythm=Rhythm(poll=settings.poll_seconds), batch=settings.batch, stop=stop)
    try:
        with stop.on_signals(signal.SIGTERM, signal.SIGINT):
            worker.run()
    finally:
        stop.close()
    return 0


class Worker:
    """One worker. Any number of them may run, on any number of machines.

    Args:
        dsn: of a login that was granted ``orchestrator_api``.
        rhythm: its intervals.
        batch: executions a transaction, at most 50.
        stop: ends :meth:`run`.
    """

    def __init__(self, dsn: str, *, rhythm: Rhythm | None = None, batch: int = BATCH, stop: Stop | None = None) -> None:
        self._dsn = dsn
        self._rhythm = rhythm or Rhythm()
        self._batch = min(batch, BATCH)
        self._stop = stop or Stop()
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        #: the next executions are run alone: one of the last batch may be to blame for its end
        self._suspicious = False

    def run(self) -> None:
        """Work until the stop is requested; a lost server is waited for."""
        _log.info("worker_started", worker=self._name)
        backoff = Backoff()
        while not self._stop.requested:
            try:
                self._live(backoff)
            except psycopg.Error as error:
                pause = backoff.next()
                _log.warning("worker_interrupted", error=str(error).strip(), retry_in=round(pause, 2))
                self._stop.wait(pause)
        _log.info("worker_stopped", worker=self._name)

    def _live(self, backoff: Backoff) -> None:
        """One connection's life."""
        with (
            connect(self._dsn, name="orchestrator worker") as runner,
            Watch(self._dsn, runner, self._rhythm.silence),
        ):
            flag = Flag(runner, self._rhythm, self._name)
            listener = Listener(self._dsn, self._rhythm, self._stop, f"orchestrator_probe_{flag.worker_id}")
            housekeeping = Housekeeping(self._rhythm)
            try:
                while not self._stop.requested:
                    self._drain(runner, housekeeping)
                    backoff.reset()
                    if not self._stop.requested:
                        self._rest(runner, flag, listener, housekeeping)
            finally:
                listener.close()
                if not is_lost(runner):
                    flag.retire()

    def _drain(self, runner: Connection, housekeeping: Housekeeping) -> None:
        """Run what is queued, and what comes while lingering for a moment."""
        idle_since = time.monotonic()
        pause = self._rhythm.gather
        while not self._stop.requested:
            housekeeping.tick(runner)
            done = self._run_batch(runner)
            if done >= self._batch:
                continue
            if done:
                idle_since = time.monotonic()
                pause = self._rhythm.gather
            elif time.monotonic() - idle_since >= self._rhythm.linger:
                return
            self._stop.wait(pause)
            if not done:
                pause = min(2 * pause, _LONGEST_LOOK * self._rhythm.gather)

    def _rest(self, runner: Connection, flag: Flag, listener: Listener, housekeeping: Housekeeping) -> None:
        """Sleep until there is work or reason to look; without notifications, look ever more rarely."""
        if not listener.ready(runner):
            self._poll(runner, listener, housekeeping)
            return
        pause = 0.001
        try:
            flag.raise_it()
            while not self._stop.requested and listener.ready(runner):
                safe = flag.is_safe()
                if self._run_batch(runner):
                    return
                housekeeping.tick(runner)
                if listener.wait(self._nap(runner) if safe else pause):
                    # first the work; the flag may stay up that much longer
                    self._run_batch(runner)
                    return
                pause = min(2 * pause, self._rhythm.doze)
                flag.renew()
        finally:
            if not is_lost(runner):
                flag.lower()

    def _poll(self, runner: Connection, listener: Listener, housekeeping: Housekeeping) -> None:
        pause = 10 * self._rhythm.gather
        while not self._stop.requested:
            self._stop.wait(min(pause, self._nap(runner)))
            housekeeping.tick(runner)
            if self._run_batch(runner) or listener.ready(runner):
                return
            pause *= 1.5

    def _nap(self, runner: Connection) -> float:
        """Seconds until the next look: the poll, or when a waiting execution runs out of time."""
        expiry = scalar(runner, "orchestrator.seconds_to_expiry()")
        # not below a second after it fell due: that is how often expired executions are aborted
        return self._rhythm.poll if expiry is None else min(self._rhythm.poll, max(float(expiry), 0.0) + 0.05)

    def _run_batch(self, runner: Connection) -> int:
        """One batch, one transaction; how many were run, a full batch when it was interrupted."""
        try:
            if self._suspicious:
                self._suspicious = not run_suspects(self._dsn, runner, self._stop)
                return self._batch
            return int(scalar(runner, "orchestrator.run_executions(%s)", self._batch))
        except psycopg.Error as error:
            if is_lost(runner):
                self._suspicious = True
                raise
            if not is_suspicious(error):
                raise
            self._suspicious = True
            _log.warning("batch_interrupted", error=str(error).strip(), then="one by one")
            return self._batch
