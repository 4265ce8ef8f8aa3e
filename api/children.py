"""Processes that serve one socket together: replaced when they end by themselves, stopped together.

Sanic's own manager keeps its state in one more process, fails when that is told to stop along with the others, as
systemd does, and leaves the place of a crashed process empty.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from prometheus_client.multiprocess import mark_process_dead

__all__ = ["Children"]

log = structlog.get_logger("api.children")

#: seconds between two looks at what should end
_EVERY = 1.0
#: seconds that a process lives at least, or its place stays empty for a moment
_BRIEF = 5.0


class Children:
    """Each runs `serve` with the arguments and the socket; told to stop by SIGTERM, it has `patience` seconds."""

    def __init__(
        self, serve: Callable[..., None], arguments: tuple[Any, ...], listening: socket.socket, patience: float
    ) -> None:
        self._serve = serve
        self._arguments = arguments
        self._listening = listening
        self._patience = patience
        self._started: dict[BaseProcess, float] = {}
        self._kill_at: float | None = None

    def run(self, number: int) -> None:
        """Keeps so many running until this process gets SIGTERM or SIGINT, and returns when all have ended."""
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        for _ in range(number):
            self._start()
        while self._started:
            wait([process.sentinel for process in self._started], _EVERY)
            for process in [process for process in self._started if not process.is_alive()]:
                self._replace(process)
            if self._kill_at is not None:
                # it may not have listened yet
                self._tell()

    def _start(self) -> None:
        # a fork would inherit metrics that are this process's own
        process = multiprocessing.get_context("spawn").Process(
            target=self._serve, args=(*self._arguments, self._listening), daemon=True
        )
        process.start()
        self._started[process] = time.monotonic()
        if self._kill_at is not None:
            process.terminate()

    def _replace(self, process: BaseProcess) -> None:
        lived = time.monotonic() - self._started.pop(process)
        mark_process_dead(process.pid)  # type: ignore[no-untyped-call]  # the library has no types
        if self._kill_at is None:
            log.error("a process ended and is replaced", pid=process.pid, exit_code=process.exitcode)
            if lived < _BRIEF:
                time.sleep(_EVERY)
        if self._kill_at is None:
            self._start()

    def _stop(self, *_: object) -> None:
        if self._kill_at is None:
            self._kill_at = time.monotonic() + self._patience
            self._listening.close()
        self._tell()

    def _tell(self) -> None:
        late = self._kill_at is not None and time.monotonic() > self._kill_at
        for process in tuple(self._started):
            if process.is_alive():
                process.kill() if late else process.terminate()
