"""What goes on meanwhile: sessions that write until they are stopped, a statement in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from .conftest import Connection

__all__ = ["Crew", "crew", "in_background"]


class Crew:
    """Threads, each with a session of its own, until they are stopped; what failed in them is kept."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[Connection], object], times: int = 1) -> None:
        """Repeat some work in that many sessions."""
        for _ in range(times):
            thread = threading.Thread(target=self._repeat, args=(work,))
            thread.start()
            self._threads.append(thread)

    def _repeat(self, work: Callable[[Connection], object]) -> None:
        try:
            with psycopg.connect(self.dsn, autocommit=True) as session:
                while not self.stop.is_set():
                    work(session)
        except BaseException as error:
            self.errors.append(error)

    def join(self) -> None:
        """Let them finish."""
        self.stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def crew(dsn: str) -> Iterator[Crew]:
    crew = Crew(dsn)
    yield crew
    crew.join()


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[list[Any]]:
    """Run something meanwhile; what it returned or raised is in the list afterwards."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except psycopg.Error as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        thread.join(60)
