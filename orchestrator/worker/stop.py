"""Stopping: a request that interrupts every wait, and no work."""

from __future__ import annotations

import os
import selectors
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stop"]


class Stop:
    """A request to stop, made by a signal or by another thread."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        self._requested = False

    @property
    def requested(self) -> bool:
        """Whether somebody asked."""
        return self._requested

    def request(self) -> None:
        """Ask; waits return at once from now on."""
        if not self._requested:
            self._requested = True
            os.write(self._write_end, b"\0")

    def wait(self, seconds: float, descriptor: int | None = None) -> bool:
        """Wait until the time is over, a stop is requested, or there is something to read from ``descriptor``.

        Returns:
            Whether the descriptor has something to read.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._read_end, selectors.EVENT_READ)
            if descriptor is not None:
                selector.register(descriptor, selectors.EVENT_READ)
            ready = selector.select(max(seconds, 0))
        return any(key.fd == descriptor for key, _ in ready)

    @contextmanager
    def on_signals(self, *numbers: signal.Signals) -> Iterator[None]:
        """Let signals request the stop for a block; in other threads than the main one there are no signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.request()

        before = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._read_end)
        os.close(self._write_end)
