"""By hand: running, resuming and cancelling; and what runs out of time."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest

from .conftest import NOTE, Queue, sql_node, wait_until

JOB = 1048576


def _sqlstate(error: pytest.ExceptionInfo[psycopg.Error]) -> tuple[str | None, str | None]:
    return error.value.sqlstate, error.value.diag.message_primary


@pytest.fixture
def waiting(queue: Queue) -> int:
    """An execution that waits at its second job, ``ask``; a third, ``after``, follows.

    No node type waits yet: the history of one is written by hand.
    """
    after = sql_node("after", "insert into public.effects (event_id, note) values (:id, 'resumed')")
    queue.follow("asks", NOTE, sql_node("ask", "select 1"), after, timeout=60_000)
    queue.write("a")
    queue.run()
    execution = int(queue.value("select max(id) from orchestrator.executions"))
    queue.db.execute("delete from effects where note = 'resumed'")
    queue.db.execute(
        "insert into orchestrator.waiting_jobs (id, execution_id, node_id, node_key, upstream_id, status, result, meta)"
        " select j.id, j.execution_id, j.node_id, j.node_key, j.upstream_id, 0, '{\"kept\": 1}', '{\"m\": 1}'"
        " from orchestrator.jobs j where j.node_key = 'ask'"
    )
    queue.db.execute("update orchestrator.executions set status = 0, jobs = (jobs::jsonb - 1 - 1)::json")
    return execution


def test_runs_by_hand_in_the_callers_transaction(queue: Queue) -> None:
    version = queue.follow("note", NOTE, enabled=False)
    context = json.dumps({"data": {"id": 5, "title": "by hand"}})
    with queue.db.transaction(force_rollback=True):
        queue.value("select orchestrator.run('note', %s)", context)
        assert queue.effects() == [5]
    assert queue.effects() == []
    execution = queue.value("select orchestrator.run('note', %s)", context)
    assert queue.effects() == [5]
    assert queue.rows("select id, workflow_id, status, manually from orchestrator.executions") == [
        (execution, version, 1, True)
    ]
    queue.value("select orchestrator.fold_counts()")
    assert queue.value("select executed from orchestrator.workflow_stats") == 1


def test_running_an_unknown_workflow_is_an_error(queue: Queue) -> None:
    with pytest.raises(psycopg.Error) as error:
        queue.value("select orchestrator.run('nobody')")
    assert _sqlstate(error) == ("WF404", "workflow not found")


def test_a_failure_by_hand_is_a_status(queue: Queue) -> None:
    queue.follow("risky", sql_node("divide", "select 1 / 0"))
    queue.value("select orchestrator.run('risky')")
    assert queue.statuses() == [-2]


def test_cancels_what_is_queued(queue: Queue) -> None:
    queue.follow("note", NOTE)
    queue.write("a", "b")
    first = queue.value("select min(id) from orchestrator.executions")
    queue.db.execute("select orchestrator.cancel(%s)", [first])
    assert queue.rows("select status, reason from orchestrator.executions order by id") == [
        (-3, "manual_cancel"),
        (None, None),
    ]
    assert queue.run() == 1
    assert queue.effects() == [2]


def test_cancels_what_waits_with_its_jobs_and_children(queue: Queue, waiting: int) -> None:
    child, grandchild = (
        queue.value(
            "insert into orchestrator.executions (workflow_id, key, status, parent_execution_id)"
            " values (1, 'x', %s, %s) returning id",
            status,
            parent,
        )
        for status, parent in ((0, waiting), (None, waiting))
    )
    finished = queue.value(
        "insert into orchestrator.executions (workflow_id, key, status, parent_execution_id)"
        " values (1, 'x', 1, %s) returning id",
        waiting,
    )
    queue.db.execute("select orchestrator.cancel(%s)", [waiting])
    states = dict(queue.rows("select id, status || ' ' || coalesce(reason, '') from orchestrator.executions"))
    assert states == {
        waiting: "-3 manual_cancel",
        child: "-3 parent_aborted",
        grandchild: "-3 parent_aborted",
        finished: "1 ",
    }
    assert queue.rows(
        "select node_key, status, result, meta, upstream_id %% 1048576 from orchestrator.jobs order by id"
    ) == [
        ("note", 1, [], None, None),
        ("ask", -3, {"kept": 1}, {"m": 1}, 1),
    ]


def test_refuses_to_cancel_what_is_not_there_finished_or_busy(queue: Queue, dsn: str) -> None:
    queue.follow("note", NOTE)
    queue.write("a", "b")
    queue.run(1)
    done, busy = (row[0] for row in queue.rows("select id from orchestrator.executions order by id"))
    with psycopg.connect(dsn) as worker:
        worker.execute("select from orchestrator.claim_executions(1)")
        for execution, expected in (
            (999_999, ("WF404", 'execution "999999" does not exist')),
            (done, ("WF422", f'execution "{done}" is already finished')),
            (busy, ("WF409", "Execution is being processed")),
        ):
            with pytest.raises(psycopg.Error) as error:
                queue.db.execute("select orchestrator.cancel(%s)", [execution])
            assert _sqlstate(error) == expected


def test_aborts_what_runs_out_of_time_once(queue: Queue, waiting: int) -> None:
    assert queue.value("select orchestrator.abort_expired()") == 0
    assert 0 < queue.value("select orchestrator.seconds_to_expiry()") <= 60
    queue.db.execute("update orchestrator.executions set expires_at = now() - interval '1 second'")
    assert queue.value("select orchestrator.abort_expired()") == 1
    assert queue.value("select orchestrator.abort_expired()") == 0
    assert queue.rows("select status, reason from orchestrator.executions") == [(-3, "timeout")]
    assert queue.value("select status from orchestrator.jobs where node_key = 'ask'") == -3


def test_a_sleeping_worker_aborts_in_time(queue: Queue, waiting: int, start_worker: Callable[..., object]) -> None:
    queue.db.execute("update orchestrator.executions set expires_at = clock_timestamp() + interval '2 seconds'")
    start_worker()
    wait_until(queue.asleep)
    wait_until(lambda: queue.statuses() == [-3], 6)


_PROMPT = """
do $$
plpy.execute("select orchestrator.load_engine()")
from orchestrator import instructions
from orchestrator.engine.job import Job

def compile_node(node, program):
    def run(proc, prev):
        job = Job(node, 0, None, prev.n if prev is not None else None)
        job.meta = {"asked": True}
        return job

    node.run = run
    node.resume = lambda proc, job: job

instructions._registry["output"] = compile_node
$$ language plpython3u
"""


@pytest.fixture
def prompting(queue: Queue) -> int:
    """An execution that waits at a node of this session's own making."""
    queue.db.execute(_PROMPT)
    note = "insert into public.effects (event_id, note) values (:id, 'after')"
    seen = sql_node("seen", "select :answer as answer")
    seen["config"]["variables"] = [{"name": "answer", "value": "{{$jobsMapByNodeKey.ask.answer}}"}]
    queue.follow("asks", NOTE, {"key": "ask", "type": "output", "config": {}}, sql_node("after", note), seen)
    queue.write("a")
    assert queue.run() == 1
    return int(queue.value("select max(id) from orchestrator.executions"))


def test_waits_without_holding_anything(queue: Queue, prompting: int) -> None:
    assert queue.statuses() == [0]
    assert queue.rows("select id, node_key, status, meta from orchestrator.jobs order by id") == [
        (prompting * JOB + 1, "note", 1, None),
        (prompting * JOB + 2, "ask", 0, {"asked": True}),
    ]
    assert queue.value("select upstream_id from orchestrator.waiting_jobs") == prompting * JOB + 1
    assert queue.run() == 0


def test_resumes_where_it_waited(queue: Queue, prompting: int) -> None:
    created = queue.value("select created_at from orchestrator.waiting_jobs")
    queue.db.execute('select orchestrator.resume(%s, \'{"answer": "yes"}\')', [prompting * JOB + 2])
    assert queue.statuses() == [1]
    assert queue.rows("select id, node_key, status, result from orchestrator.jobs order by id") == [
        (prompting * JOB + 1, "note", 1, []),
        (prompting * JOB + 2, "ask", 1, {"answer": "yes"}),
        (prompting * JOB + 3, "after", 1, []),
        (prompting * JOB + 4, "seen", 1, [{"answer": "yes"}]),
    ]
    assert queue.value("select created_at from orchestrator.jobs where node_key = 'ask'") == created
    assert queue.rows("select * from orchestrator.waiting_jobs") == []
    assert queue.rows("select note from effects order by id") == [("a",), ("after",)]


def test_what_an_earlier_job_says_of_itself_outlives_a_resumption(queue: Queue, prompting: int) -> None:
    said = {"meta": {"m": 0}, "log": "said"} | {
        f"{what}At": f"2026-01-0{day}T00:00:00+00:00" for day, what in enumerate(("started", "created", "updated"), 1)
    }
    queue.db.execute(
        "update orchestrator.executions"
        " set jobs = jsonb_set(jsonb_set(jobs::jsonb, '{0,5}', 'null'), '{0,6}', %s)::json where id = %s",
        [json.dumps(said), prompting],
    )
    columns = "meta, log, started_at, created_at, updated_at"
    note = f"select {columns} from orchestrator.jobs where node_key = 'note'"
    ((meta, log, *times),) = queue.rows(note)
    assert (meta, log, [time.day for time in times]) == ({"m": 0}, "said", [1, 2, 3])
    queue.db.execute("select orchestrator.resume(%s, '{}')", [prompting * JOB + 2])
    assert queue.statuses() == [1]
    assert queue.rows(note) == [(meta, log, *times)]


def test_resumes_with_a_rejection(queue: Queue, prompting: int) -> None:
    queue.db.execute("select orchestrator.resume(%s, 'null', -5)", [prompting * JOB + 2])
    assert queue.statuses() == [-5]
    assert queue.rows("select node_key, status from orchestrator.jobs order by id") == [("note", 1), ("ask", -5)]


def test_resuming_with_zero_keeps_waiting(queue: Queue, prompting: int) -> None:
    queue.db.execute("select orchestrator.resume(%s, '{\"half\": 1}', 0)", [prompting * JOB + 2])
    assert queue.statuses() == [0]
    assert queue.rows("select result, meta from orchestrator.waiting_jobs") == [({"half": 1}, {"asked": True})]


def test_what_cannot_be_resumed_keeps_its_history(queue: Queue, waiting: int) -> None:
    """A statement is done at once: its node type knows no resuming."""
    queue.db.execute("select orchestrator.resume(%s, '1')", [waiting * JOB + 2])
    assert queue.rows("select status, reason from orchestrator.executions") == [(-2, "internal_error")]
    assert queue.rows("select node_key, status from orchestrator.jobs order by id") == [("note", 1), ("ask", -2)]
    assert queue.rows("select * from orchestrator.waiting_jobs") == []


def test_a_disabled_version_runs_by_hand_as_it_is_now(queue: Queue) -> None:
    queue.follow("note", sql_node("one", "select 'first' as word"), enabled=False)
    queue.db.execute(
        "update orchestrator.flow_nodes set config = jsonb_set(config, '{sql}', '\"select ''second'' as word\"')"
    )
    queue.value("select orchestrator.run('note')")
    assert queue.value("select result -> 0 ->> 'word' from orchestrator.jobs") == "second"


@pytest.mark.parametrize(
    ("change", "job", "expected"),
    [
        ("select 1", 3, ("WF404", "Job not found")),
        ("select 1", 1, ("WF422", "Job is not waiting")),
        ("update orchestrator.executions set status = -3", 2, ("WF422", "Execution is not running")),
        ("update orchestrator.executions set expires_at = now() - interval '1 s'", 2, ("WF422", "Execution timed out")),
    ],
)
def test_refuses_to_resume(queue: Queue, waiting: int, change: str, job: int, expected: tuple[str, str]) -> None:
    queue.db.execute(change.encode())
    with pytest.raises(psycopg.Error) as error:
        queue.db.execute("select orchestrator.resume(%s, '1')", [waiting * JOB + job])
    assert _sqlstate(error) == expected


def test_refuses_to_resume_what_is_being_processed(queue: Queue, waiting: int, dsn: str) -> None:
    with psycopg.connect(dsn) as other:
        other.execute("select from orchestrator.executions for update")
        with pytest.raises(psycopg.Error) as error:
            queue.db.execute("select orchestrator.resume(%s, '1')", [waiting * JOB + 2])
    assert _sqlstate(error) == ("WF409", "Execution is being processed")
