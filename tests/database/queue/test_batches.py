"""Batches: what executions leave behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
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


def _calculation(key: str, expression: str) -> dict[str, Any]:
    return {"key": key, "type": "calculation", "config": {"engine": "math.js", "expression": expression}}


#: nothing but computing: run without a processor where it succeeds
_COMPUTING = (
    _calculation("next", "{{$context.data.id}} + 1"),
    {
        "key": "late",
        "type": "condition",
        "config": {"engine": "math.js", "expression": "{{$jobsMapByNodeKey.next}} > 2", "rejectOnFalse": False},
        "branches": {"1": [_calculation("half", "{{$jobsMapByNodeKey.next}} / 2")]},
    },
    _calculation("rest", "6 - {{$jobsMapByNodeKey.next}}"),
)


def test_what_only_computes_leaves_the_same_history(queue: Queue) -> None:
    queue.follow("compute", *_COMPUTING)
    queue.write("a", "b")
    assert queue.run() == 2
    assert (
        queue.rows(
            "select status, reason, dispatched, started_at >= created_at, expires_at, output"
            " from orchestrator.executions"
        )
        == [(1, None, True, True, None, None)] * 2
    )
    assert queue.rows(
        "select j.execution_id - min(j.execution_id) over (), j.node_key, j.status, j.result, u.node_key"
        " from orchestrator.jobs j left join orchestrator.jobs u on u.id = j.upstream_id order by j.id"
    ) == [
        (0, "next", 1, 2, None),
        (0, "late", 1, False, "next"),
        (0, "rest", 1, 4, "late"),
        (1, "next", 1, 3, None),
        (1, "late", 1, True, "next"),
        (1, "half", 1, 1.5, "late"),
        (1, "rest", 1, 3, "late"),
    ]


def test_what_cannot_compute_fails_alone(queue: Queue) -> None:
    queue.follow("compute", _calculation("sum", "{{$context.data.title}} + 1"))
    queue.write("1", "one", "2")
    assert queue.run() == 3
    assert queue.statuses() == [1, -2, 1]
    assert "one" in queue.value("select result from orchestrator.jobs where status = -2")


def test_computing_obeys_the_options_of_the_day(queue: Queue) -> None:
    version = queue.follow("compute", *_COMPUTING)
    queue.write("a", "b", "c")
    assert queue.run(1) == 1
    queue.db.execute("update orchestrator.workflows set options = '{\"timeout\": 60000}' where id = %s", [version])
    assert queue.run(1) == 1
    queue.db.execute(
        "update orchestrator.workflows set options = '{\"deleteExecutionOnStatus\": [1]}' where id = %s", [version]
    )
    assert queue.run(1) == 1
    assert queue.rows("select status, expires_at - started_at from orchestrator.executions order by id") == [
        (1, None),
        (1, timedelta(seconds=60)),
    ]


def test_computing_for_too_long_is_stopped(queue: Queue) -> None:
    queue.follow("busy", *(_calculation(f"sum{n}", "sum(1:100000)") for n in range(99)))
    queue.follow("quiet", *_COMPUTING)
    queue.write("a")
    assert queue.run() == 2
    assert dict(queue.rows("select key, status from orchestrator.executions")) == {"busy": -2, "quiet": 1}
    assert "processor time" in queue.value("select result::text from orchestrator.jobs where status = -2")


@pytest.mark.parametrize("status", [-7, 2])
def test_a_status_is_a_known_one(queue: Queue, status: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="execution_status_is_known"):
        queue.db.execute("insert into orchestrator.executions (workflow_id, key, status) values (1, 'x', %s)", [status])


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
