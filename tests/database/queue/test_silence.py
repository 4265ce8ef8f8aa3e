"""Silence: a connection that is up and brings nothing holds up no work, and a long execution is no silence."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from orchestrator.worker.rhythm import Rhythm
from orchestrator.worker.stop import Stop
from orchestrator.worker.worker import Worker

from .conftest import NOTE, Queue, sql_node, wait_until

RHYTHM = Rhythm(poll=0.1, linger=0.02, answer=1, silence=0.2)


class Swallower:
    """A proxy in front of a server; told to, it keeps the connections there are and passes nothing on."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        #: connections made before are swallowed
        self.swallowed = 0
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self) -> None:
        self.swallowed = len(self._ends)

    def close(self) -> None:
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                number = len(self._ends)
                self._ends += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, target, number), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, number: int) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if number >= self.swallowed:
                    target.sendall(data)
            if number >= self.swallowed:
                target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def swallower(api_dsn: str) -> Iterator[Swallower]:
    given = conninfo_to_dict(api_dsn)
    made = Swallower(str(given["host"]), int(str(given["port"])))
    yield made
    made.close()


def test_a_worker_whose_answer_was_swallowed_connects_again(queue: Queue, api_dsn: str, swallower: Swallower) -> None:
    queue.follow("note", NOTE)
    stop = Stop()
    worker = Worker(make_conninfo(api_dsn, host="127.0.0.1", port=swallower.port), rhythm=RHYTHM, stop=stop)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait_until(queue.asleep)
        swallower.swallow()
        queue.write("a", "b")
        wait_until(lambda: queue.open_count() == 0)
        assert queue.effects() == [1, 2]
    finally:
        stop.request()
        thread.join(20)
        assert not thread.is_alive()
        stop.close()


def test_an_execution_that_takes_long_is_left_alone(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", sql_node("slow", "select pg_sleep(2)"), NOTE)
    queue.write("a")
    start_worker(RHYTHM)
    wait_until(lambda: queue.open_count() == 0)
    assert queue.rows("select status, attempts from orchestrator.executions") == [(1, 0)]
