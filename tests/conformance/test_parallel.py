"""parallel: four modes, waiting branches, late events."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Node, Workflows, node

OK, BAD, WAIT = "ok", "bad", "wait"


def branch(kind: str, index: int) -> list[Node]:
    types = {OK: "echo", BAD: "error", WAIT: "pending"}
    return [node(types[kind], f"{kind}{index}")]


def parallel(mode: str | None, *kinds: str) -> Node:
    config = {"mode": mode} if mode else {}
    return node("parallel", "p", {n: branch(kind, n) for n, kind in enumerate(kinds)}, **config)


@pytest.mark.parametrize(
    ("mode", "kinds", "status", "result", "job_count"),
    [
        (None, (OK, OK), 1, [1, 1], 3),
        ("all", (OK, OK), 1, [1, 1], 3),
        ("all", (BAD, OK), -2, [-2, None], 2),
        ("all", (OK, BAD), -2, [1, -2], 3),
        ("all", (WAIT, OK), 0, [None, 1], 3),
        ("all", (WAIT, BAD, OK), -2, [None, -2, None], 3),
        ("any", (BAD, OK), 1, [-2, 1], 3),
        ("any", (OK, OK), 1, [1, None], 2),
        ("any", (BAD, BAD), -1, [-2, -2], 3),
        ("any", (WAIT, OK), 1, [None, 1], 3),
        ("any", (WAIT, BAD), 0, [None, -2], 3),
        ("race", (OK, OK), 1, [1, None], 2),
        ("race", (BAD, OK), -2, [-2, None], 2),
        ("race", (WAIT, OK), 1, [None, 1], 3),
        ("race", (WAIT, WAIT), 0, [None, None], 3),
        ("allSettled", (BAD, OK), 1, [-2, 1], 3),
        ("allSettled", (OK, WAIT), 0, [1, None], 3),
        ("allSettled", (BAD, BAD), 1, [-2, -2], 3),
    ],
)
def test_modes(
    workflows: Workflows, mode: str | None, kinds: tuple[str, ...], status: int, result: list[Any], job_count: int
) -> None:
    run = workflows.run(parallel(mode, *kinds))
    assert run.status == status
    assert run.job("p") == (status, result)
    assert len(run.jobs) == job_count


def test_a_failing_status_is_kept_by_race_and_all_but_not_by_any(workflows: Workflows) -> None:
    for mode, status in (("all", -5), ("race", -5), ("any", -1)):
        line = {0: [node("pending", "x")]}
        run = workflows.run(node("parallel", "p", line, mode=mode)).resume("x", status=-5)
        assert run.status == status, mode
        assert run.job("p") == (status, [-5])


def test_no_branches_is_success(workflows: Workflows) -> None:
    run = workflows.run(node("parallel", "p"), node("echo", "after"))
    assert run.status == 1
    assert run.keys == ["p", "after"]


def test_indices_may_have_gaps_and_run_in_their_order(workflows: Workflows) -> None:
    lines = {7: [node("echo", "late")], 2: [node("echo", "early"), node("echo", "second")]}
    run = workflows.run(node("parallel", "p", lines), node("echo", "after"))
    assert run.keys == ["p", "early", "second", "late", "after"]


def test_downstream_gets_the_statuses(workflows: Workflows) -> None:
    run = workflows.run(parallel("all", OK, OK), node("echo", "after"))
    assert run.status == 1
    assert run.job("after") == (1, [1, 1])


def test_a_resumed_branch_leads_downstream(workflows: Workflows) -> None:
    run = workflows.run(parallel("all", WAIT, OK), node("echo", "after"))
    assert run.status == 0
    run.resume("wait0", result=5)
    assert run.status == 1
    assert run.job("p") == (1, [1, 1])
    assert run.keys == ["p", "wait0", "ok1", "after"]


def test_all_settled_waits_for_the_rest_of_a_resumed_branch(workflows: Workflows) -> None:
    lines = {0: [node("echo", "a")], 1: [node("prompt", "b"), node("echo", "c")]}
    run = workflows.run(node("parallel", "p", lines, mode="allSettled"), node("echo", "after"))
    assert run.job("p") == (0, [1, None])
    run.resume("b")
    assert run.status == 1
    assert run.keys == ["p", "a", "b", "c", "after"]
    assert run.job("p") == (1, [1, 1])


def test_a_failing_resume_decides_all_but_not_any(workflows: Workflows) -> None:
    lines = {0: [node("prompt->error", "a")], 1: [node("pending", "b")]}
    run = workflows.run(node("parallel", "p", lines, mode="all"), node("echo", "after")).resume("a")
    assert run.status == -2
    assert run.job("p") == (-2, [-2, None])
    run = workflows.run(node("parallel", "p", lines, mode="any"), node("echo", "after")).resume("a")
    assert run.status == 0
    assert run.resume("b").status == 1
    assert run.job("p") == (1, [-2, 1])


def test_a_decided_parallel_ignores_the_branch_that_comes_late(workflows: Workflows) -> None:
    run = workflows.run(parallel("race", WAIT, OK), node("pending", "hold"), node("echo", "after"))
    assert run.job("p") == (1, [None, 1])
    run.resume("wait0")
    assert run.status == 0
    assert run.job("p") == (1, [None, 1])
    assert run.keys == ["p", "wait0", "ok1", "hold"]
    assert run.resume("hold").keys == ["p", "wait0", "ok1", "hold", "after"]


def test_a_waiting_parallel_in_a_condition(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", {1: [parallel("all", OK, WAIT)]}), node("echo", "after"))
    assert run.status == 0
    run.resume("wait1")
    assert run.status == 1
    assert run.keys == ["c", "p", "ok0", "wait1", "after"]


def test_a_condition_in_a_branch_resumes_its_own_branch(workflows: Workflows) -> None:
    lines = {
        0: [node("condition", "c", {1: [node("pending", "a")]}), node("echo", "behind")],
        1: [node("loop", "l", {0: [node("pending", "b")]}, target=1)],
    }
    run = workflows.run(node("parallel", "p", lines))
    run.resume("b")
    assert run.job("p") == (0, [None, 1])
    run.resume("a")
    assert run.job("p") == (1, [1, 1])
    assert run.status == 1


def test_a_nested_parallel_reports_to_the_branch_it_is_in(workflows: Workflows) -> None:
    inner = node("parallel", "inner", {0: [node("pending", "a")], 5: [node("pending", "b")]}, mode="any")
    run = workflows.run(node("parallel", "p", {0: [node("echo", "x")], 1: [inner, node("echo", "behind")]}))
    run.resume("b")
    assert run.job("inner") == (1, [None, 1])
    assert run.job("p") == (1, [1, 1])
    assert run.status == 1


@pytest.mark.parametrize("mode", ["some", "", 1])
def test_other_modes_are_refused(workflows: Workflows, mode: Any) -> None:
    with pytest.raises(Exception, match="mode"):
        workflows.define(node("parallel", "p", {0: [node("echo", "a")]}, mode=mode))
