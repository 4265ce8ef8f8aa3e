"""Batches: what executions leave behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .conftest import NOTE, Queue, sql_node


def test_keeps_status_jobs_and_times(queue: Queue) -> None:
    version = queue.follow("note", NOTE, sql_node("count", "select count(*)::integer as n from public.effects"))
    queue.write("a")
    queue.run()
    (execution,) = queue.rows(
        "select workflow_id, key, status, dispatched, started_at >= created_at, expires_at, output"
        " from orchestrator.executions"
    )
    assert execution == (version, "note", 1, True, True, None, None)
    jobs = queue.rows(
        "select j.node_key, j.status, j.result, u.node_key"
        " from orchestrator.jobs j left join orchestrator.jobs u on u.id = j.upstream_id order by j.id"
    )
    assert jobs == [("note", 1, [], None), ("count", 1, [{"n": 1}], "note")]


def test_a_failing_execution_takes_nobody_with_it(queue: Queue) -> None:
    queue.follow("risky", NOTE, sql_node("divide", "select 10 / (:title)::integer"))
    queue.write("1", "0", "2")
    assert queue.run() == 3
    assert queue.statuses() == [1, -2, 1]
    assert queue.effects() == [1, 2, 3]
    result = queue.value("select result from orchestrator.jobs where status = -2")
    assert result["message"] == "division by zero"
    assert result["code"] == "22012"


def test_deletes_executions_that_are_not_to_be_kept(queue: Queue) -> None:
    queue.follow("short", sql_node("divide", "select 10 / (:title)::integer"), deleteExecutionOnStatus=[1])
    queue.write("1", "0")
    assert queue.run() == 2
    assert queue.statuses() == [-2]


def test_timeout_begins_at_the_start(queue: Queue) -> None:
    queue.follow("slow", NOTE, timeout=60_000)
    queue.write("a")
    assert queue.value("select expires_at from orchestrator.executions") is None
    queue.run()
    assert queue.value("select expires_at - started_at from orchestrator.executions") == timedelta(seconds=60)


def test_a_workflow_without_a_program_is_an_error_of_its_execution_alone(queue: Queue) -> None:
    queue.follow("note", NOTE)
    queue.write("a", "b")
    queue.db.execute(
        "update orchestrator.executions set workflow_id = 0 where id = (select min(id) from orchestrator.executions)"
    )
    assert queue.run() == 2
    assert queue.rows("select status, reason from orchestrator.executions order by id") == [
        (-2, "internal_error"),
        (1, None),
    ]


def test_a_result_that_cannot_be_stored_harms_only_its_own_history(queue: Queue) -> None:
    queue.follow("deep", NOTE)
    queue.write("a", "b", "c")
    queue.db.execute(
        "alter table orchestrator.executions add constraint no_b check (status is null or jobs is null"
        " or context -> 'data' ->> 'title' <> 'b')"
    )
    assert queue.run() == 3
    assert queue.rows("select status, reason, jobs is null from orchestrator.executions order by id") == [
        (1, None, False),
        (-2, "internal_error", True),
        (1, None, False),
    ]


def test_statistics_count_every_execution_once(queue: Queue) -> None:
    version = queue.follow("note", NOTE)
    queue.write("a", "b")
    queue.write("c")
    assert queue.value("select orchestrator.fold_counts()") == 2
    assert queue.value("select orchestrator.fold_counts()") == 0
    assert queue.value("select executed from orchestrator.workflow_stats where key = 'note'") == 3
    assert queue.value("select executed from orchestrator.workflow_version_stats where id = %s", version) == 3


@pytest.mark.parametrize("maximum", [0, -5])
def test_no_room_no_run(queue: Queue, maximum: int) -> None:
    queue.follow("note", NOTE)
    queue.write("a")
    assert queue.run(maximum) == 0
    assert queue.statuses() == [None]
