"""Claiming: which executions are taken, by whom, and how fast they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from .conftest import NOTE, Queue, sql_node, wait_until


def test_runs_the_oldest_first_and_at_most_fifty(queue: Queue) -> None:
    queue.follow("note", NOTE)
    queue.write(*map(str, range(70)))
    assert queue.run(1000) == 50
    assert queue.statuses() == [1] * 50 + [None] * 20
    assert queue.run(7) == 7
    assert queue.statuses() == [1] * 57 + [None] * 13
    assert [queue.run(), queue.run()] == [13, 0]
    assert queue.effects() == list(range(1, 71))


def test_two_workers_never_run_the_same_execution(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE)
    for _ in range(3):
        start_worker(batch=7)
    for _ in range(20):
        queue.write(*map(str, range(20)))
    wait_until(lambda: queue.open_count() == 0)
    assert queue.effects() == list(range(1, 401))
    assert set(queue.statuses()) == {1}


def test_skips_rows_locked_by_another(queue: Queue, dsn: str) -> None:
    queue.follow("note", NOTE)
    queue.write("a", "b", "c")
    with psycopg.connect(dsn) as other:
        other.execute("select from orchestrator.executions order by id limit 1 for update")
        assert queue.run() == 2
        assert queue.effects() == [2, 3]
    assert queue.run() == 1
    assert queue.effects() == [1, 2, 3]


def test_a_disabled_key_keeps_its_rows_until_it_is_enabled(queue: Queue) -> None:
    queue.follow("note", NOTE)
    queue.write("a", "b")
    queue.db.execute("select orchestrator.disable('note')")
    assert queue.run() == 0
    assert queue.statuses() == [None, None]
    assert queue.run() == 0
    queue.db.execute("select orchestrator.enable('note')")
    assert queue.run() == 2
    assert queue.effects() == [1, 2]


def test_enabling_wakes_a_sleeping_worker(queue: Queue, start_worker: Callable[..., object]) -> None:
    queue.follow("note", NOTE)
    queue.write("a")
    queue.db.execute("select orchestrator.disable('note')")
    start_worker()
    wait_until(queue.asleep)
    assert queue.statuses() == [None]
    queue.db.execute("select orchestrator.enable('note')")
    wait_until(lambda: queue.effects() == [1], 5)


def test_a_disabled_backlog_does_not_hide_what_is_behind_it(queue: Queue) -> None:
    queue.follow("quiet", NOTE)
    queue.write(*map(str, range(300)))
    queue.db.execute("select orchestrator.disable('quiet')")
    queue.follow("loud", sql_node("say", "insert into public.effects (note) values ('loud')"))
    queue.write("x")
    assert queue.run(10) == 1
    assert queue.value("select count(*) from effects where note = 'loud'") == 1
    assert queue.open_count() == 300


def test_executions_of_an_older_version_still_run_on_it(queue: Queue) -> None:
    first = queue.follow("note", sql_node("one", "insert into public.effects (event_id, note) values (:id, 'old')"))
    queue.write("a")
    queue.run()
    queue.write("b")
    second = queue.follow("note", sql_node("one", "insert into public.effects (event_id, note) values (:id, 'new')"))
    assert first != second
    queue.write("c")
    assert queue.run() == 2
    assert queue.rows("select event_id, note from effects order by event_id") == [(1, "old"), (2, "old"), (3, "new")]


def test_several_disabled_keys_are_parked_and_come_back_one_by_one(queue: Queue) -> None:
    for key in ("one", "two", "three"):
        queue.follow(key, NOTE)
    queue.write("a", "b")
    queue.db.execute("select orchestrator.disable('one'), orchestrator.disable('three')")
    assert queue.run() == 2
    assert queue.rows("select key from orchestrator.executions where parked order by key") == [
        ("one",),
        ("one",),
        ("three",),
        ("three",),
    ]
    queue.db.execute("select orchestrator.enable('three')")
    assert queue.run(1) == 1
    assert queue.run() == 1
    assert queue.rows("select key from orchestrator.executions where status is null") == [("one",)] * 2


def _entries_read(db: psycopg.Connection[Any], index: str) -> int:
    """Index entries that a batch reads."""

    def entries() -> int:
        row = db.execute("select pg_stat_get_xact_tuples_returned(%s::text::regclass)", [f"orchestrator.{index}"])
        return int((row.fetchone() or (0,))[0])

    with db.transaction():
        before = entries()
        db.execute("select orchestrator.run_executions(50)")
        return entries() - before


@pytest.mark.parametrize("analyzed", ["never", "when all was queued", "when all was finished"])
def test_a_batch_reads_neither_the_history_nor_the_backlog(queue: Queue, analyzed: str) -> None:
    queue.follow("note", sql_node("nothing", "select 1"))
    queue.write(*map(str, range(3000)))
    if analyzed == "when all was queued":
        queue.db.execute("analyze orchestrator.executions")
    queue.db.execute("update orchestrator.executions set status = 1")
    if analyzed == "when all was finished":
        queue.db.execute("analyze orchestrator.executions")
    queue.write(*map(str, range(3000)))
    assert queue.run() == 50
    for _ in range(10):
        # of the primary key: its own rows, a few times over
        assert _entries_read(queue.db, "executions_pkey") <= 500


@pytest.mark.parametrize("analyzed", ["never", "when all was queued", "when all was finished"])
def test_no_look_at_what_is_open_reads_the_history(queue: Queue, analyzed: str) -> None:
    queue.follow("note", sql_node("nothing", "select 1"))
    queue.write(*map(str, range(3000)))
    if analyzed == "when all was queued":
        queue.db.execute("analyze orchestrator.executions")
    queue.db.execute("update orchestrator.executions set status = 1")
    if analyzed == "when all was finished":
        queue.db.execute("analyze orchestrator.executions")
    queue.write("a", "b")
    queue.db.execute("update orchestrator.executions set parked = true where status is null")
    queue.db.execute(
        "insert into orchestrator.executions (workflow_id, key, status, expires_at) values (1, 'x', 0, '2000-01-01')"
    )
    for look, found in (
        ("orchestrator.seconds_to_expiry() < 0", True),
        ("orchestrator.abort_expired()", 1),
        ("orchestrator.unpark_executions()", 2),
    ):
        with queue.db.transaction():
            before = queue.value(_READ)
            assert queue.value(f"select {look}") == found
            assert queue.value(_READ) - before < 50, look


#: rows and index entries that this transaction has read of the executions
_READ = """
select pg_stat_get_xact_tuples_returned('orchestrator.executions'::regclass)
    + sum(pg_stat_get_xact_tuples_returned(i.indexrelid))
from pg_index i where i.indrelid = 'orchestrator.executions'::regclass
"""


def test_an_old_transaction_does_not_slow_the_claims_down(queue: Queue, dsn: str) -> None:
    queue.follow("note", sql_node("nothing", "select 1"))
    queue.write(*map(str, range(1500)))
    with psycopg.connect(dsn) as old:
        old.execute("select txid_current(), count(*) from events")
        for _ in range(17):
            assert queue.run() == 50
        assert 50 <= _entries_read(queue.db, "executions_open") < 200
