"""How an execution is walked: lines, branches, waits, errors; what a node may return."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from .vocabulary import Workflows, equal, node


@pytest.fixture
def large_ids(workflows: Workflows) -> Iterator[None]:
    """Execution ids whose jobs have ids beyond 2^53."""
    before = workflows.value("select last_value from orchestrator.execution_id_seq")
    workflows.value(
        "select setval('orchestrator.execution_id_seq', greatest(%s, (select max(id) from orchestrator.executions)))",
        2**34,
    )
    yield
    workflows.value("select setval('orchestrator.execution_id_seq', %s)", before)


def test_one_node_is_one_job_whose_input_is_the_context(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a"), context={"data": 1})
    assert run.status == 1
    assert run.jobs == [("a", 1, {"data": 1})]


def test_no_nodes_is_success(workflows: Workflows) -> None:
    run = workflows.run()
    assert (run.status, run.jobs) == (1, [])


def test_the_next_node_gets_the_result_of_the_one_before(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a", path="data"), node("echo", "b"), context={"data": {"x": [1, None]}})
    assert run.jobs == [("a", 1, {"x": [1, None]}), ("b", 1, {"x": [1, None]})]
    first, second = run.rows
    assert first["upstream_id"] is None
    assert second["upstream_id"] == first["id"]


def test_a_job_may_have_an_id_beyond_2_to_the_53(workflows: Workflows, large_ids: None) -> None:
    run = workflows.run(node("pending", "a"), node("echo", "b"))
    assert run.rows[0]["id"] > 2**53
    run.resume("a", result=9)
    assert run.jobs == [("a", 1, 9), ("b", 1, 9)]
    assert [row["id"] - run.id * 2**20 for row in run.rows] == [1, 2]


@pytest.mark.parametrize(("node_type", "raw", "sign"), [("customizedSuccess", 100, 1), ("customizedError", -100, -1)])
def test_an_unknown_status_counts_as_its_sign_and_ends_the_line(
    workflows: Workflows, node_type: str, raw: int, sign: int
) -> None:
    run = workflows.run(node(node_type, "a"), node("echo", "b"))
    assert run.status == sign
    assert run.jobs == [("a", raw, None)]


def test_an_error_is_a_job_with_its_message_and_nothing_follows(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a"), node("error", "b"), node("echo", "c"))
    assert run.status == -2
    assert run.job("b") == (-2, {"message": "definite error"})
    assert run.keys == ["a", "b"]


def test_a_waiting_node_leaves_the_execution_started(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a"), node("echo", "b"))
    assert run.status == 0
    assert run.jobs == [("a", 0, None)]


def test_a_resumed_node_hands_on_what_it_was_resumed_with(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a"), node("echo", "b")).resume("a", result=123)
    assert run.status == 1
    assert run.jobs == [("a", 1, 123), ("b", 1, 123)]


def test_resuming_with_status_0_goes_on_waiting(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a")).resume("a", result="half", status=0)
    assert run.status == 0
    assert run.jobs == [("a", 0, "half")]
    assert run.resume("a", result="whole").job("a") == (1, "whole")
    assert run.status == 1


def test_resuming_with_a_rejection_rejects_the_execution(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a"), node("echo", "b")).resume("a", status=-5)
    assert run.status == -5
    assert run.keys == ["a"]


def test_a_node_decides_its_status_when_it_is_resumed(workflows: Workflows) -> None:
    run = workflows.run(node("prompt", "a"), node("echo", "b")).resume("a", status=-1)
    assert run.status == 1
    assert run.keys == ["a", "b"]


def test_an_error_while_resuming_is_written_to_the_same_job(workflows: Workflows) -> None:
    run = workflows.run(node("prompt->error", "a"), node("echo", "b")).resume("a")
    assert run.status == -2
    assert run.jobs == [("a", -2, {"message": "input failed"})]


def test_an_error_while_resuming_in_a_branch_reaches_the_execution(workflows: Workflows) -> None:
    run = workflows.run(
        node("condition", "c", {1: [node("prompt->error", "p"), node("echo", "in")]}), node("echo", "after")
    )
    run.resume("p")
    assert run.status == -2
    assert run.keys == ["c", "p"]


def test_a_branch_gets_the_branching_nodes_result(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", {1: [node("echo", "yes")], 0: [node("echo", "no")]}))
    assert run.jobs == [("c", 1, True), ("yes", 1, True)]


def test_a_node_that_saves_its_job_and_returns_null_waits_with_all_it_saved(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a"), node("wait", "b"), node("echo", "c"))
    assert run.status == 0
    row = run.rows[1]
    assert (row["status"], row["result"], row["meta"], row["log"]) == (0, "saved", {"by": "wait"}, "line")
    assert row["started_at"] is not None
    assert run.resume("b", result="told").jobs[1:] == [("b", 1, "told"), ("c", 1, "told")]
    assert run.rows[1]["meta"] == {"by": "wait"}
    assert run.rows[1]["log"] == "line"


def test_a_node_that_returns_nothing_leaves_the_execution_as_it_is(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a"), node("silent", "b"), node("echo", "c"))
    assert run.status == 0
    assert run.keys == ["a"]


def test_a_node_that_cannot_be_resumed_ends_its_execution_as_an_error(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "before"), node("irresumable", "a"), node("echo", "b")).resume("a")
    assert run.status == -2
    assert "b" not in run.keys
    assert run.job("before") == (1, {})


def test_an_ended_execution_is_not_resumed(workflows: Workflows) -> None:
    run = workflows.run(node("parallel", "p", {0: [node("pending", "a")], 1: [node("echo", "b")]}, mode="race"))
    assert run.status == 1
    before = run.rows
    with (
        pytest.raises(psycopg.Error, match="Execution is not running")
        if workflows.host == "plpy"
        else pytest.raises(Exception, match="Execution is not running")
    ):
        run.resume("a")
    assert run.rows == before


def test_a_finished_job_is_not_resumed_again(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a"), node("pending", "b")).resume("a")
    with pytest.raises(Exception, match="Job is not waiting"):
        workflows.engine.resume(run.rows[0]["id"], "null", 1)
    assert run.status == 0


def test_expiry_aborts_execution_and_waiting_jobs(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "done"), node("pending", "a"), options={"timeout": 300})
    db = workflows.db
    db.execute("select set_config('orchestrator.fake_now', (now() + interval '1 hour')::text, false)")
    try:
        with pytest.raises(Exception, match="Execution timed out"):
            run.resume("a")
        workflows.value("select orchestrator.abort_expired()")
    finally:
        db.execute("select set_config('orchestrator.fake_now', '', false)")
    assert run.status == -3
    assert workflows.value("select reason from orchestrator.executions where id = %s", run.id) == "timeout"
    assert run.jobs == [("done", 1, {}), ("a", -3, None)]


def test_a_queued_execution_runs_and_is_deleted_when_the_workflow_wants_that(workflows: Workflows) -> None:
    kept = workflows.define(node("echo", "a"))
    deleted = workflows.define(node("echo", "a"), options={"deleteExecutionOnStatus": [1]})
    for key in (kept, deleted):
        workflows.value("select orchestrator.enable(%s)", key)
        workflows.db.execute(
            "insert into orchestrator.executions (workflow_id, key, context)"
            " select id, key, '{\"data\": 7}' from orchestrator.workflows where key = %s",
            [key],
        )
    assert workflows.engine.run_executions() == 2
    rows = workflows.db.execute(
        "select key, status, jobs -> 0 -> 4 from orchestrator.executions where key = any (%s)", [[kept, deleted]]
    ).fetchall()
    assert rows == [(kept, 1, {"data": 7})]


def test_an_error_of_sql_in_a_node_leaves_the_transaction_usable(workflows: Workflows) -> None:
    run = workflows.run(
        node("parallel", "p", {
            0: [node("sql", "bad", sql="insert into public.plain values (1, 'lost'), (1, 'twice')")],
            1: [node("sql", "good", sql="insert into public.plain values (2, 'kept')")],
        }, mode="allSettled"),
    )  # fmt: skip
    assert run.status == 1
    status, result = run.job("bad")
    assert status == -2
    assert result["message"] == 'duplicate key value violates unique constraint "plain_pkey"'
    assert result["code"] == "23505"
    assert workflows.db.execute("select * from plain").fetchall() == [(2, "kept")]


def test_what_a_failed_execution_wrote_before_stays(workflows: Workflows) -> None:
    run = workflows.run(node("sql", "write", sql="insert into public.plain values (1, 'kept')"), node("error", "e"))
    assert run.status == -2
    assert workflows.value("select note from plain") == "kept"


def test_a_node_key_outside_main_line_depth_is_resumed_in_its_own_branch(workflows: Workflows) -> None:
    """Four kinds of branches around one wait; the way out passes each of them."""
    run = workflows.run(
        node("condition", "c", {1: [
            node("loop", "l", {0: [
                node("parallel", "p", {0: [
                    node("multi-conditions", "m", {1: [node("pending", "wait"), node("echo", "inner")]},
                         conditions=[{"calculation": equal(1, 1)}]),
                    node("echo", "behind_m"),
                ], 3: [node("echo", "side")]}),
                node("echo", "behind_p"),
            ]}, target=2),
            node("echo", "behind_l"),
        ]}),
        node("echo", "last"),
    )  # fmt: skip
    assert run.status == 0
    run.resume("wait", result="first")
    assert run.status == 0
    assert run.job("l") == (0, {"looped": 1, "done": 1})
    run.resume("wait", result="second")
    assert run.status == 1
    round_keys = ["p", "m", "wait", "side", "inner", "behind_m", "behind_p"]
    assert run.keys == ["c", "l", *round_keys, *round_keys, "behind_l", "last"]
    assert run.job("p") == (1, [1, 1])
    assert run.job("l") == (1, {"looped": 2, "done": 2})
