"""loop: rounds, conditions, failing and waiting bodies."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Node, Workflows, equal, in_backend, node, outside

ITEM = "{{$scopes.l.item}}"


def loop(target: Any, *body: Node, **config: Any) -> Node:
    return node("loop", "l", {0: list(body)} if body else None, target=target, **config)


def echo(what: str = ITEM) -> Node:
    return node("echoVariable", "e", variable=what)


def not_two(checkpoint: int, **config: Any) -> dict[str, Any]:
    leaf = {"calculator": "notEqual", "operands": [ITEM, 2]}
    return {"checkpoint": checkpoint, "engine": "basic", "calculation": leaf, **config}


def never(checkpoint: int) -> dict[str, Any]:
    return {"checkpoint": checkpoint, "engine": "basic", "calculation": equal(1, 2)}


def test_no_branch_is_no_round(workflows: Workflows) -> None:
    run = workflows.run(loop(2), node("echo", "after"))
    assert run.jobs == [("l", 1, {"looped": 0, "done": 0}), ("after", 1, {"looped": 0, "done": 0})]


@pytest.mark.parametrize("target", [None, [], 0, "{{$context.nowhere}}"])
def test_nothing_to_go_through_passes_on(workflows: Workflows, target: Any) -> None:
    run = workflows.run(loop(target, echo()), node("echo", "after"))
    assert run.keys == ["l", "after"]
    assert run.job("l") == (1, {"looped": 0, "done": 0})


def test_an_absent_target_passes_on(workflows: Workflows) -> None:
    assert workflows.run(node("loop", "l", {0: [echo()]})).job("l") == (1, {"looped": 0, "done": 0})


def test_a_number_is_floored_and_its_items_are_indices(workflows: Workflows) -> None:
    run = workflows.run(loop(2.5, echo()), node("echo", "after"))
    assert run.jobs[1:3] == [("e", 1, 0), ("e", 1, 1)]
    assert run.job("l") == (1, {"looped": 2, "done": 2})


def test_a_negative_number_is_an_error(workflows: Workflows) -> None:
    run = workflows.run(loop(-1, echo()))
    assert run.status == -2
    assert run.jobs == [("l", -2, {"message": "Loop target in number type must be greater than 0"})]


def test_an_array_gives_its_items(workflows: Workflows) -> None:
    run = workflows.run(loop("{{$context.list}}", echo()), context={"list": [{"a": 1}, "b"]})
    assert run.jobs[1:] == [("e", 1, {"a": 1}), ("e", 1, "b")]


@pytest.mark.parametrize("target", ["text", {"a": 1}, True])
def test_anything_else_is_one_item(workflows: Workflows, target: Any) -> None:
    run = workflows.run(loop("{{$context.it}}", echo()), context={"it": target})
    assert run.jobs == [("l", 1, {"looped": 1, "done": 1}), ("e", 1, target)]


def test_nulls_count_but_items_move_up(workflows: Workflows) -> None:
    run = workflows.run(loop("{{$context.list}}", echo()), context={"list": [1, None, 3]})
    assert [result for key, _, result in run.jobs if key == "e"] == [1, 3, None]
    assert run.job("l") == (1, {"looped": 3, "done": 3})


def test_the_scope_has_item_index_sequence_and_length(workflows: Workflows) -> None:
    scope = {name: f"{{{{$scopes.l.{name}}}}}" for name in ("item", "index", "sequence", "length")}
    run = workflows.run(loop(["a", "b"], node("variable", "v", value=scope)))
    assert [result for key, _, result in run.jobs if key == "v"] == [
        {"item": "a", "index": 0, "sequence": 1, "length": 2},
        {"item": "b", "index": 1, "sequence": 2, "length": 2},
    ]


def test_loops_nest_and_the_inner_one_sees_both_scopes(workflows: Workflows) -> None:
    inner = node("loop", "inner", {0: [node("variable", "v", value=[ITEM, "{{$scopes.inner.item}}"])]}, target=2)
    run = workflows.run(loop(["a", "b"], inner))
    assert [r for k, _, r in run.jobs if k == "v"] == [["a", 0], ["a", 1], ["b", 0], ["b", 1]]


@pytest.mark.parametrize("checkpoint", [0, 1])
def test_an_empty_condition_always_holds(workflows: Workflows, checkpoint: int) -> None:
    run = workflows.run(loop([1, 2], echo(), condition={"checkpoint": checkpoint, "calculation": {}}))
    assert run.job("l") == (1, {"looped": 2, "done": 2})


def test_an_empty_list_is_no_false_condition(workflows: Workflows) -> None:
    condition = {"checkpoint": 0, "engine": "math.js", "expression": "[]"}
    assert workflows.run(loop([1, 2], echo(), condition=condition)).job("l") == (1, {"looped": 2, "done": 2})


def test_false_before_the_first_round(workflows: Workflows) -> None:
    run = workflows.run(loop([1, 2], echo(), condition=never(0)), node("echo", "after"))
    assert run.status == 1
    assert run.keys == ["l", "after"]
    assert run.job("l") == (1, {"looped": 1, "done": 0, "broken": True})


def test_false_after_the_first_round(workflows: Workflows) -> None:
    run = workflows.run(loop([1, 2], echo(), condition=never(1)), node("echo", "after"))
    assert run.keys == ["l", "e", "after"]
    assert run.job("l") == (1, {"looped": 1, "done": 1, "broken": True})


def test_false_before_a_later_round_stops(workflows: Workflows) -> None:
    run = workflows.run(loop([1, 2, 3], echo(), condition=not_two(0)))
    assert run.job("l") == (1, {"looped": 1, "done": 1, "broken": True})


def test_false_skips_a_round_when_told_to_continue(workflows: Workflows) -> None:
    run = workflows.run(loop([1, 2], echo(), condition=not_two(0, continueOnFalse=True)))
    assert run.job("l") == (1, {"looped": 2, "done": 1})
    run = workflows.run(loop([1, 2, 3], echo(), condition=not_two(0, continueOnFalse=True)))
    assert [r for k, _, r in run.jobs if k == "e"] == [1, 3]
    assert run.job("l") == (1, {"looped": 3, "done": 2})


def test_a_condition_that_raises_is_an_error(workflows: Workflows) -> None:
    broken = {"checkpoint": 0, "calculation": {"calculator": "near", "operands": [1, 1]}}
    run = workflows.run(loop([1], echo(), condition=broken), node("echo", "after"))
    assert run.status == -2
    assert run.jobs == [("l", -2, {"message": 'Error: no calculator function registered for "near"'})]


def test_a_condition_that_raises_after_a_wait_is_an_error_of_the_loop(workflows: Workflows) -> None:
    broken = {"checkpoint": 1, "calculation": {"calculator": "near", "operands": [1, 1]}}
    run = workflows.run(loop(2, node("pending", "p"), condition=broken), node("echo", "after")).resume("p")
    assert run.status == -2
    assert run.keys == ["l", "p"]
    assert run.job("l")[0] == -2


@pytest.mark.parametrize(
    ("exit_mode", "status", "result", "keys"),
    [
        (0, -2, {"looped": 1, "done": 0}, ["l", "e", "bad"]),
        (1, 1, {"looped": 1, "done": 0, "broken": True}, ["l", "e", "bad", "after"]),
        (2, 1, {"looped": 2, "done": 2}, ["l", "e", "bad", "e", "bad", "after"]),
    ],
)
def test_a_failing_round(
    workflows: Workflows, exit_mode: int, status: int, result: dict[str, Any], keys: list[str]
) -> None:
    run = workflows.run(loop(2, echo(), node("error", "bad"), exit=exit_mode), node("echo", "after"))
    assert run.status == status
    assert run.keys == keys
    assert run.job("l") == (status, result)


def test_a_waiting_round_goes_on_when_resumed(workflows: Workflows) -> None:
    run = workflows.run(loop(["a", "b"], node("pending", "p"), echo()), node("echo", "after"))
    assert run.jobs == [("l", 0, {"looped": 0, "done": 0}), ("p", 0, None)]
    run.resume("p")
    assert run.job("l") == (0, {"looped": 1, "done": 1})
    assert run.jobs[-2:] == [("e", 1, "a"), ("p", 0, None)]
    run.resume("p")
    assert run.status == 1
    assert run.jobs[-2:] == [("e", 1, "b"), ("after", 1, {"looped": 2, "done": 2})]
    assert run.job("l") == (1, {"looped": 2, "done": 2})


def test_failing_waits_with_continue_leave_one_pending_job_a_round(workflows: Workflows) -> None:
    run = workflows.run(loop(2, node("prompt->error", "p"), exit=2), node("echo", "after"))
    run.resume("p")
    assert [status for key, status, _ in run.jobs if key == "p"] == [-2, 0]
    assert run.status == 0
    run.resume("p")
    assert run.status == 1
    assert run.job("l") == (1, {"looped": 2, "done": 2})


def test_a_failing_wait_fails_the_loop(workflows: Workflows) -> None:
    run = workflows.run(loop(2, node("pending", "p")), node("echo", "after")).resume("p", status=-5)
    assert run.status == -5
    assert run.job("l") == (-5, {"looped": 1, "done": 0})


def test_the_condition_is_checked_after_a_resumed_round(workflows: Workflows) -> None:
    run = workflows.run(loop(2, node("pending", "p"), condition=never(1))).resume("p")
    assert run.status == 1
    assert run.job("l") == (1, {"looped": 1, "done": 1, "broken": True})


def test_late_events_of_a_loop_that_ended_are_ignored(workflows: Workflows) -> None:
    """Two waits in one round: the failing one ends the loop, the other one comes too late."""
    inner = node("parallel", "p", {0: [node("pending", "a")], 1: [node("pending", "b")]})
    run = workflows.run(loop(2, inner, exit=1), node("pending", "hold"))
    run.resume("a", status=-1)
    assert run.job("l") == (1, {"looped": 1, "done": 0, "broken": True})
    before = len(run.jobs)
    run.resume("b")
    assert run.status == 0
    assert len(run.jobs) == before
    assert run.job("p") == (-1, [-1, None])
    assert run.resume("hold").status == 1


@pytest.mark.parametrize("target", [0, 2])
def test_a_loop_in_a_condition(workflows: Workflows, target: int) -> None:
    run = workflows.run(node("condition", "c", {1: [loop(target, echo())]}), node("echo", "after"))
    assert run.status == 1
    assert run.keys == ["c", "l", *["e"] * target, "after"]
    assert run.job("after") == (1, True)


def test_the_target_is_looked_at_anew_each_round(workflows: Workflows) -> None:
    run = workflows.run(
        node("variable", "v", value=1),
        loop("{{$jobsMapByNodeKey.v}}", node("condition", "c", {1: [node("variable", "grow", target="v", value=3)]},
             calculation=equal(ITEM, 0))),
    )  # fmt: skip
    assert run.job("l") == (1, {"looped": 3, "done": 3})


def test_a_loop_limit_ends_a_loop_that_wants_more(workflows: Workflows, loop_limit: int) -> None:
    run = workflows.run(loop(loop_limit + 1, echo()), node("echo", "after"))
    assert run.status == -2
    assert run.job("l") == (-2, {"looped": loop_limit, "done": loop_limit, "exceeded": True})
    run = workflows.run(loop(loop_limit, echo()))
    assert run.job("l") == (1, {"looped": loop_limit, "done": loop_limit})


@outside
def test_a_loop_ends_before_job_numbers_run_out(workflows: Workflows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.instructions.loop.JOB_LIMIT", 5)
    run = workflows.run(loop(10**9, echo(), echo("{{$scopes.l.index}}") | {"key": "f"}))
    assert run.status == -2
    assert run.job("l") == (-2, {"looped": 2, "done": 2, "exceeded": True})


@in_backend
def test_an_endless_loop_is_stopped_by_its_processor_time(workflows: Workflows) -> None:
    """A loop that writes no jobs of its own, so that the test stays small: nothing but skipped rounds."""
    skipped = {"checkpoint": 0, "continueOnFalse": True, "calculation": equal(1, 2)}
    run = workflows.run(loop(10**9, echo(), condition=skipped), node("echo", "after"))
    assert run.status == -2
    assert run.keys == ["l"]
    assert run.job("l") == (-2, {"message": "the run used more than 1 s of processor time"})


def test_scopes_are_there_again_after_a_resume(workflows: Workflows) -> None:
    inner = node(
        "loop",
        "inner",
        {0: [node("pending", "p"), node("variable", "v", value=[ITEM, "{{$scopes.inner.index}}"])]},
        target=2,
    )
    run = workflows.run(loop(["x"], inner)).resume("p").resume("p")
    assert run.status == 1
    assert [r for k, _, r in run.jobs if k == "v"] == [["x", 0], ["x", 1]]


def test_a_late_event_of_an_earlier_round_leaves_the_present_one_alone(workflows: Workflows) -> None:
    lines = {0: [node("pending", "a")], 1: [node("pending", "b"), echo()]}
    run = workflows.run(loop(["x", "y"], node("parallel", "p", lines), exit=2), node("echo", "after"))
    run.resume("a", status=-1)
    assert [(status, result) for key, status, result in run.jobs if key == "p"] == [(-1, [-1, None]), (0, [None, None])]
    run.resume("b")
    assert run.keys == ["l", "p", "a", "b", "p", "a", "b", "e"]
    assert [(status, result) for key, status, result in run.jobs if key == "p"] == [(-1, [-1, None]), (0, [None, None])]
    assert run.job("l") == (0, {"looped": 1, "done": 1})
    run.resume("a").resume("b")
    assert run.job("e") == (1, "y")
    assert run.status == 1
    assert run.job("l") == (1, {"looped": 2, "done": 2})


def test_assigning_to_the_loop_itself_does_not_stop_it(workflows: Workflows) -> None:
    assign = node("variable", "set", target="l", value="mine")
    run = workflows.run(loop(2, assign, node("pending", "p")), node("echo", "after")).resume("p").resume("p")
    assert run.status == 1
    assert run.rows[0]["result"] == {"looped": 2, "done": 2}
