"""Waking: notifications only for sleepers, and nothing is ever missed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from orchestrator.worker import listener as listener_module
from orchestrator.worker.rhythm import Rhythm

from .conftest import NOTE, RHYTHM, Queue, wait_until


def _hears(connection: psycopg.Connection[Any], seconds: float = 0.5) -> int:
    return len(list(connection.notifies(timeout=seconds)))


@pytest.fixture
def ear(dsn: str) -> Any:
    """A connection that listens where workers do."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("listen orchestrator_wake")
        yield connection


def test_nobody_sleeps_nobody_is_notified(queue: Queue, ear: psycopg.Connection[Any]) -> None:
    queue.follow("note", NOTE)
    queue.value("select orchestrator.register_worker('w')")
    queue.write("a")
    assert _hears(ear) == 0


def test_a_sleeper_is_notified_until_it_gets_up(queue: Queue, ear: psycopg.Connection[Any]) -> None:
    queue.follow("note", NOTE)
    first = queue.value("select orchestrator.register_worker('first')")
    second = queue.value("select orchestrator.register_worker('second')")
    queue.db.execute("select orchestrator.fall_asleep(%s, 60), orchestrator.fall_asleep(%s, 60)", [first, second])
    queue.write("a", "b")
    assert _hears(ear) == 1
    queue.db.execute("select orchestrator.get_up(%s)", [first])
    queue.write("c")
    assert _hears(ear) == 1
    queue.db.execute("select orchestrator.get_up(%s)", [second])
    queue.write("d")
    assert _hears(ear) == 0


def test_a_worker_that_died_asleep_is_notified_no_longer_than_its_flag_lives(
    queue: Queue, ear: psycopg.Connection[Any]
) -> None:
    queue.follow("note", NOTE)
    dead = queue.value("select orchestrator.register_worker('dead')")
    queue.db.execute("select orchestrator.fall_asleep(%s, 0.2)", [dead])
    # the flag is kept in whole seconds
    time.sleep(1.5)
    queue.write("a")
    assert _hears(ear) == 0
    assert queue.value("select orchestrator.sweep_workers('1 second')") == 1
    assert queue.value("select orchestrator.fall_asleep(%s, 60)", dead) is False
    assert not queue.asleep()


def test_the_fence_waits_for_writers_who_saw_the_old_flag(queue: Queue, dsn: str) -> None:
    queue.follow("note", NOTE)
    worker = queue.value("select orchestrator.register_worker('w')")
    with psycopg.connect(dsn) as writer:
        # the youngest transaction of all: a snapshot's xmax would not cover it
        writer.execute("insert into events (title) values ('silent')")
        queue.db.execute("select orchestrator.fall_asleep(%s, 60)", [worker])
        fence = queue.value("select orchestrator.set_fence()")
        assert queue.run() == 0
        assert queue.value("select orchestrator.fence_passed(%s)", fence) is False
        writer.commit()
    assert queue.value("select orchestrator.fence_passed(%s)", fence) is True
    assert queue.run() == 1


def test_finds_what_was_written_silently_while_it_fell_asleep(
    queue: Queue, dsn: str, start_worker: Callable[..., object]
) -> None:
    queue.follow("note", NOTE)
    with psycopg.connect(dsn) as writer:
        writer.execute("insert into events (title) values ('silent')")
        start_worker()
        wait_until(queue.asleep)
        time.sleep(0.3)
        writer.commit()
    # polls come once an hour here: only the fence makes the worker look
    wait_until(lambda: queue.effects() == [1], 3)


def test_a_sleeping_worker_starts_at_once_and_lowers_its_flag(
    queue: Queue, start_worker: Callable[..., object]
) -> None:
    queue.follow("note", NOTE)
    start_worker(Rhythm(poll=3600, linger=3, probe=3600))
    wait_until(queue.asleep)
    queue.write("a")
    wait_until(lambda: queue.effects() == [1], 3)
    wait_until(lambda: not queue.asleep(), 1)


def test_a_woken_worker_works_before_it_lowers_its_flag(
    queue: Queue, dsn: str, start_worker: Callable[..., object]
) -> None:
    queue.follow("note", NOTE)
    start_worker(Rhythm(poll=3600, linger=3, probe=3600))
    wait_until(queue.asleep)
    with psycopg.connect(dsn) as colleague:
        colleague.execute("select orchestrator.lock_workers()")
        queue.write("a")
        wait_until(lambda: queue.effects() == [1], 3)
        assert queue.asleep()
    wait_until(lambda: not queue.asleep(), 3)


def test_a_lingering_worker_looks_often(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE)
    start_worker(Rhythm(poll=3600, linger=3600, probe=3600, gather=0.05))
    time.sleep(1.7)
    queue.write("a")
    wait_until(lambda: queue.effects() == [1], 1)


def test_a_lost_notification_is_made_up_for_by_the_poll(queue: Queue, start_worker: Callable[..., object]) -> None:
    version = queue.follow("note", NOTE)
    start_worker(Rhythm(poll=0.5, linger=0.02))
    wait_until(queue.asleep)
    queue.db.execute(
        "insert into orchestrator.executions (workflow_id, key, context)"
        " values (%s, 'note', '{\"data\": {\"id\": 7}}')",
        [version],
    )
    wait_until(lambda: queue.effects() == [7], 5)


def _listeners(queue: Queue) -> list[int]:
    return [
        row[0]
        for row in queue.rows(
            "select pid from pg_stat_activity where application_name = 'orchestrator listener'"
            " and datname = current_database()"
        )
    ]


def test_listens_again_after_its_connection_was_terminated(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE)
    start_worker()
    wait_until(queue.asleep)
    (before,) = _listeners(queue)
    queue.db.execute("select pg_terminate_backend(%s)", [before])
    wait_until(lambda: _listeners(queue) not in ([], [before]))
    wait_until(queue.asleep)
    queue.write("a")
    wait_until(lambda: queue.effects() == [1], 3)


def test_what_is_queued_while_nobody_listens_is_run(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE)
    start_worker()
    wait_until(queue.asleep)
    for i in range(5):
        queue.db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'orchestrator listener' and datname = current_database()"
        )
        queue.write(str(i))
    wait_until(lambda: queue.effects() == [1, 2, 3, 4, 5])


def test_polls_where_notifications_never_arrive(
    queue: Queue, start_worker: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler in transaction mode: LISTEN is accepted and then forgotten."""
    real = listener_module.connect

    def deaf(dsn: str, *, name: str) -> Any:
        connection = real(dsn, name=name)
        execute = connection.execute
        monkeypatch.setattr(connection, "execute", lambda _query, *_args: execute("select 1"))
        return connection

    monkeypatch.setattr(listener_module, "connect", deaf)
    queue.follow("note", NOTE)
    start_worker(Rhythm(poll=0.5, linger=0.02, answer=0.2))
    wait_until(lambda: queue.value("select count(*) from orchestrator.workers") == 1)
    time.sleep(1)
    assert not queue.asleep()
    queue.write("a")
    wait_until(lambda: queue.effects() == [1], 3)


def test_a_worker_leaves_no_trace_when_it_stops(queue: Queue, start_worker: Callable[..., Any]) -> None:
    stop = start_worker(RHYTHM)
    wait_until(queue.asleep)
    stop.request()
    wait_until(lambda: queue.value("select count(*) from orchestrator.workers") == 0)
    assert not queue.asleep()
