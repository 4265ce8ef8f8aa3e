"""Crashes: whatever dies, an execution's effects happen exactly once or not at all."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from orchestrator.worker.rhythm import Rhythm

from .conftest import NOTE, Connection, Queue, sql_node, wait_until

SLOW = sql_node("slow", "select pg_sleep(case when :title = 'slow' then 1 else 0 end)")

_KILLER = """
create function kill_backend(p_how integer) returns integer language plpython3u as $$
import os
os.kill(os.getpid(), p_how)
while True:
    plpy.execute("select pg_sleep(0.1)")
$$;
grant execute on function kill_backend to orchestrator_runner;
"""


def _terminate_worker_backends(db: Connection) -> int:
    row = db.execute(
        "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity"
        " where application_name = 'orchestrator worker' and datname = current_database()"
        " and query like '%run_exec%' and state = 'active'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_terminated_backend_leaves_the_batch_as_it_was(queue: Queue, api_dsn: str) -> None:
    queue.follow("note", NOTE, SLOW)
    queue.write("a", "slow", "b")
    before = queue.rows("select * from orchestrator.executions order by id")
    failures: list[psycopg.Error] = []

    def drain() -> None:
        with psycopg.connect(api_dsn, autocommit=True, application_name="orchestrator worker") as worker:
            try:
                worker.execute("select orchestrator.run_executions()")
            except psycopg.Error as error:
                failures.append(error)

    thread = threading.Thread(target=drain)
    thread.start()
    wait_until(lambda: _terminate_worker_backends(queue.db) == 1)
    thread.join(10)
    assert len(failures) == 1
    assert queue.rows("select * from orchestrator.executions order by id") == before
    assert queue.effects() == []
    assert queue.run() == 3
    assert queue.effects() == [1, 2, 3]


def test_effects_happen_once_though_backends_are_terminated(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE, SLOW)
    queue.write(*["slow" if i == 10 else "quick" for i in range(60)])
    start_worker()
    for _ in range(2):
        wait_until(lambda: _terminate_worker_backends(queue.db) == 1)
    wait_until(lambda: queue.open_count() == 0, 30)
    assert queue.effects() == list(range(1, 61))
    assert set(queue.statuses()) == {1}


def test_effects_happen_once_though_workers_are_killed(
    queue: Queue, spawn_worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    queue.follow("note", NOTE, SLOW)
    queue.write(*["slow" if i % 40 == 10 else "quick" for i in range(120)])
    for _ in range(2):
        worker = spawn_worker()
        wait_until(
            lambda: queue.value(
                "select exists (select from pg_stat_activity where application_name = 'orchestrator worker'"
                " and datname = current_database() and query like '%%run_executions%%' and state = 'active')"
            )
        )
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    spawn_worker()
    wait_until(lambda: queue.open_count() == 0, 30)
    assert queue.effects() == list(range(1, 121))


def test_an_execution_that_kills_its_backend_becomes_a_dead_letter(
    queue: Queue, dsn: str, start_worker: Callable[..., object]
) -> None:
    queue.db.execute(_KILLER)
    queue.follow("note", NOTE)
    kill = sql_node("kill", f"select public.kill_backend({int(signal.SIGTERM)}) where :title = 'poison'")
    queue.follow("kill", kill)
    queue.write("a", "poison", "b")
    start_worker(Rhythm(poll=3600, linger=0.02))
    wait_until(lambda: queue.open_count() == 0, 60)
    assert queue.rows(
        "select context -> 'data' ->> 'title', status, reason, attempts from orchestrator.executions"
        " where key = 'kill' and status < 0"
    ) == [("poison", -2, "dead_letter", 3)]
    assert queue.effects() == [1, 2, 3]


def test_a_crash_of_the_whole_server_is_survived(queue: Queue, dsn: str, start_worker: Callable[..., object]) -> None:
    queue.db.execute(_KILLER)
    queue.db.execute("create table crashes (n integer)")
    queue.db.execute("grant select on crashes to orchestrator_runner")
    kill = sql_node(
        "kill",
        f"select public.kill_backend({int(signal.SIGKILL)})"
        " where :title = 'poison' and not exists (select from public.crashes)",
    )
    queue.follow("note", NOTE, kill)
    # the tests' server flushes nothing by itself
    queue.db.execute("set synchronous_commit = on")
    queue.write("a", "poison", "b")
    start_worker()

    def is_back() -> bool:
        try:
            with psycopg.connect(dsn, autocommit=True) as db:
                row = db.execute("select max(attempts) > 0 from orchestrator.executions").fetchone()
                if row == (True,):
                    db.execute("insert into crashes values (1)")
                    return True
        except psycopg.OperationalError:
            pass
        return False

    wait_until(is_back, 60)
    with psycopg.connect(dsn, autocommit=True) as db:
        again = Queue(db)
        wait_until(lambda: again.open_count() == 0, 60)
        assert again.effects() == [1, 2, 3]


def _deadlock_nodes() -> tuple[dict[str, Any], ...]:
    touch = "update public.effects set note = 'touched' where event_id = "
    return (
        sql_node("first", touch + "case :title when 'up' then 1001 else 1002 end"),
        sql_node("pause", "select pg_sleep(0.3)"),
        sql_node("second", touch + "case :title when 'up' then 1002 else 1001 end"),
    )


def test_a_deadlock_between_two_workers_is_nobodys_failure(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.db.execute("insert into effects (event_id) values (1001), (1002)")
    queue.db.execute(f"alter database {queue.db.info.dbname} set deadlock_timeout = '50ms'")
    queue.follow("cross", *_deadlock_nodes(), NOTE)
    for _ in range(2):
        start_worker(batch=1)
    wait_until(queue.asleep)
    queue.write("up", "down", "up", "down")
    wait_until(lambda: queue.open_count() == 0, 60)
    assert queue.statuses() == [1] * 4
    assert [n for n in queue.effects() if n < 1000] == [1, 2, 3, 4]


def test_a_deadlocking_batch_is_run_one_by_one(queue: Queue, dsn: str, start_worker: Callable[..., object]) -> None:
    """A batch holds the locks of its earlier executions; alone, none of them can deadlock."""
    queue.db.execute("insert into effects (event_id) values (1001), (1002)")
    touch = "update public.effects set note = :title where event_id = (:title)::bigint"
    queue.follow("touch", sql_node("pause", "select pg_sleep(0.5)"), sql_node("touch", touch), NOTE)
    queue.write("1001", "1002")
    with psycopg.connect(dsn) as other:
        other.execute("set deadlock_timeout = '1h'")
        other.execute("update effects set note = 'mine' where event_id = 1002")
        start_worker()
        # the worker has 1001 and wants 1002; now the other way round
        wait_until(
            lambda: queue.value(
                "select exists (select from pg_stat_activity where application_name = 'orchestrator worker'"
                " and datname = current_database() and wait_event_type = 'Lock')"
            )
        )
        other.execute("update effects set note = 'mine' where event_id = 1001")
        other.commit()
    wait_until(lambda: queue.open_count() == 0, 20)
    assert queue.statuses() == [1, 1]
    assert queue.value("select min(attempts) from orchestrator.executions") == 1
    assert queue.rows("select note from effects where event_id > 1000 order by event_id") == [("1001",), ("1002",)]
    assert [n for n in queue.effects() if n < 1000] == [1, 2]
