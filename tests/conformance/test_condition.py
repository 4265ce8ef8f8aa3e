"""condition, multi-conditions and the logic they share."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Node, Workflows, equal, node

BOTH = {1: [node("echo", "yes")], 0: [node("echo", "no")]}


def group(kind: str, *leaves: tuple[Any, Any]) -> dict[str, Any]:
    return {
        "group": {"type": kind, "calculations": [{"calculator": "equal", "operands": list(leaf)} for leaf in leaves]}
    }


def test_false_with_reject_fails_and_runs_no_branch(workflows: Workflows) -> None:
    run = workflows.run(
        node("condition", "c", BOTH, rejectOnFalse=True, calculation=equal(1, 2)), node("echo", "after")
    )
    assert run.status == -1
    assert run.jobs == [("c", -1, False)]


def test_true_with_reject_goes_on(workflows: Workflows) -> None:
    run = workflows.run(
        node("condition", "c", BOTH, rejectOnFalse=True, calculation=equal(1, 1)), node("echo", "after")
    )
    assert run.keys == ["c", "yes", "after"]


def test_false_runs_branch_0_alone_and_goes_on(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", BOTH, calculation=equal(1, 2)), node("echo", "after"))
    assert run.status == 1
    assert run.jobs == [("c", 1, False), ("no", 1, False), ("after", 1, False)]


def test_without_branches_the_line_goes_on_either_way(workflows: Workflows) -> None:
    for right in (1, 2):
        run = workflows.run(node("condition", "c", calculation=equal(1, right)), node("echo", "after"))
        assert run.keys == ["c", "after"]


def test_without_a_calculation_it_holds(workflows: Workflows) -> None:
    assert workflows.run(node("condition", "c", BOTH)).keys == ["c", "yes"]
    assert workflows.run(node("condition", "c", BOTH, calculation={})).keys == ["c", "yes"]


@pytest.mark.parametrize(
    ("calculation", "expected"),
    [
        (group("and", (1, 1), (2, 2)), True),
        (group("and", (1, 1), (2, 3)), False),
        (group("or", (1, 2), (2, 2)), True),
        (group("or", (1, 2), (2, 3)), False),
        (group("and"), True),
        (group("or"), False),
        ({"group": {"type": "and", "calculations": [group("or", (1, 2), (3, 3)), equal(1, 1)]}}, True),
        ({"group": {"type": "and", "calculations": [group("or", (1, 2), (3, 4)), equal(1, 1)]}}, False),
    ],
)
def test_groups_nest(workflows: Workflows, calculation: dict[str, Any], expected: bool) -> None:
    run = workflows.run(node("condition", "c", calculation=calculation))
    assert run.job("c") == (1, expected)


def test_a_variable_operand_keeps_its_type(workflows: Workflows) -> None:
    key = workflows.define(node("condition", "c", BOTH, calculation=equal("{{$context.data.read}}", 0)))
    assert workflows.start(key, {"data": {"read": 0}}).keys == ["c", "yes"]
    assert workflows.start(key, {"data": {"read": 1}}).keys == ["c", "no"]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (False, 0, True),
        ("1", 1, True),
        (None, 0, False),
        (None, "", False),
        (None, False, False),
        ("{{$context.nowhere}}", None, True),
        ("a", "A", False),
        (1.0, 1, True),
        ([1], [1], False),
    ],
)
def test_equality_is_javascripts_loose_one(workflows: Workflows, left: Any, right: Any, expected: bool) -> None:
    assert workflows.run(node("condition", "c", calculation=equal(left, right))).job("c") == (1, expected)


def test_now_is_compared_as_a_time(workflows: Workflows) -> None:
    leaf = {"calculator": "gt", "operands": ["{{$system.now}}", "2020-01-01T00:00:00.000Z"]}
    other = {"calculator": "equal", "operands": ["{{$system.now}}", None]}
    assert workflows.run(node("condition", "c", calculation=leaf)).job("c") == (1, True)
    assert workflows.run(node("condition", "c", calculation=other)).job("c") == (1, False)


@pytest.mark.parametrize("engine", ["math.js", "formula.js"])
def test_expressions_decide(workflows: Workflows, engine: str) -> None:
    run = workflows.run(node("condition", "c", BOTH, engine=engine, expression="1 == 1"))
    assert run.keys == ["c", "yes"]


@pytest.mark.parametrize(
    ("engine", "expression", "value"), [("math.js", "2 + 3", 5), ("string", "text", "text"), ("math.js", "[]", [])]
)
def test_a_truthy_value_that_is_no_boolean_runs_no_branch(
    workflows: Workflows, engine: str, expression: str, value: Any
) -> None:
    condition = {"engine": engine, "expression": expression}
    if engine == "string":
        condition = {"engine": "formula.js", "expression": "'text'"}
    run = workflows.run(node("condition", "c", BOTH, rejectOnFalse=True, **condition), node("echo", "after"))
    assert run.jobs == [("c", 1, value), ("after", 1, value)]


def test_an_expression_that_is_missing_or_wrong_is_an_error(workflows: Workflows) -> None:
    for config in ({"engine": "math.js"}, {"engine": "math.js", "expression": "1 +* 2"}):
        run = workflows.run(node("condition", "c", BOTH, **config), node("echo", "after"))
        assert run.status == -2
        assert run.keys == ["c"]
        assert isinstance(run.job("c")[1], str)


def test_a_failing_branch_is_handed_upwards_and_the_condition_stays_resolved(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", {1: [node("customizedError", "bad")]}), node("echo", "after"))
    assert run.status == -1
    assert run.jobs == [("c", 1, True), ("bad", -100, None)]


def test_a_waiting_branch_leads_back_to_the_line(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", {1: [node("pending", "p")]}), node("echo", "after"))
    assert run.status == 0
    run.resume("p", result="x")
    assert run.status == 1
    assert run.jobs == [("c", 1, True), ("p", 1, "x"), ("after", 1, True)]


def test_an_unknown_calculator_is_an_error(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", calculation={"calculator": "near", "operands": [1, 1]}))
    assert run.job("c") == (-2, 'Error: no calculator function registered for "near"')


def test_a_registered_calculator_is_used(workflows: Workflows) -> None:
    run = workflows.run(node("condition", "c", calculation={"calculator": "divisibleBy", "operands": [12, 4]}))
    assert run.job("c") == (1, True)


# -- multi-conditions --------------------------------------------------------------------------------------------------


def multi(conditions: list[dict[str, Any]], branches: dict[int, list[Node]] | None = None, **config: Any) -> Node:
    return node("multi-conditions", "m", branches, conditions=conditions, **config)


def holds(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"uid": str(n), "calculation": equal(left, right)} for n, (left, right) in enumerate(pairs)]


THREE = {0: [node("echo", "otherwise")], 1: [node("echo", "one")], 2: [node("echo", "two")]}


def test_the_first_match_wins(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 1), (2, 2)), THREE), node("echo", "after"))
    assert run.jobs == [("m", 1, True), ("one", 1, True), ("after", 1, True)]
    assert run.rows[0]["meta"] == {"conditions": [True]}


def test_the_second_match_runs_branch_2(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 2), (2, 2)), THREE))
    assert run.keys == ["m", "two"]
    assert run.rows[0]["meta"] == {"conditions": [False, True]}


def test_no_match_runs_otherwise_and_fails(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 2), (2, 3)), THREE), node("echo", "after"))
    assert run.status == -1
    assert run.jobs == [("m", -1, False), ("otherwise", 1, False)]


def test_no_match_runs_otherwise_and_goes_on_when_told(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 2)), {0: THREE[0]}, continueOnNoMatch=True), node("echo", "after"))
    assert run.status == 1
    assert run.jobs == [("m", 1, False), ("otherwise", 1, False), ("after", 1, False)]


def test_no_match_without_otherwise(workflows: Workflows) -> None:
    assert workflows.run(multi(holds((1, 2))), node("echo", "after")).jobs == [("m", -1, False)]
    run = workflows.run(multi(holds((1, 2)), continueOnNoMatch=True), node("echo", "after"))
    assert run.jobs == [("m", 1, False), ("after", 1, False)]


def test_an_outcome_that_is_text_is_an_error(workflows: Workflows) -> None:
    unknown = {"calculation": {"calculator": "near", "operands": [1, 1]}}
    run = workflows.run(multi([unknown, *holds((1, 1))], {1: THREE[1]}))
    assert run.status == -2
    assert run.jobs == [("m", -2, 'Error: no calculator function registered for "near"')]
    text = {"engine": "formula.js", "expression": "'text'"}
    assert workflows.run(multi([text], {0: THREE[0]})).jobs == [("m", -2, "text")]


def test_a_truthy_outcome_that_is_no_boolean_is_no_match(workflows: Workflows) -> None:
    run = workflows.run(multi([{"engine": "math.js", "expression": "5"}, *holds((1, 1))], THREE))
    assert run.keys == ["m", "two"]
    assert run.rows[0]["meta"] == {"conditions": [5, True]}


def test_a_waiting_branch_of_several_leads_back(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 1)), {1: [node("pending", "p")]}), node("echo", "after"))
    assert run.status == 0
    assert run.job("m") == (1, True)
    run.resume("p")
    assert run.status == 1
    assert run.jobs == [("m", 1, True), ("p", 1, None), ("after", 1, True)]


def test_a_waiting_otherwise_branch_fails_when_it_ends(workflows: Workflows) -> None:
    run = workflows.run(multi(holds((1, 2)), {0: [node("pending", "p")]}), node("echo", "after"))
    assert run.status == 0
    run.resume("p")
    assert run.status == -1
    assert run.jobs == [("m", -1, False), ("p", 1, None)]


@pytest.mark.parametrize("outer", ["loop", "parallel", "condition"])
def test_a_failing_branch_of_several_ends_the_whole_execution(workflows: Workflows, outer: str) -> None:
    inner = multi(holds((1, 1)), {1: [node("customizedError", "bad")]})
    around = {
        "loop": node("loop", "o", {0: [inner]}, target=3, exit=2),
        "parallel": node("parallel", "o", {0: [inner], 1: [node("echo", "side")]}, mode="allSettled"),
        "condition": node("condition", "o", {1: [inner]}),
    }[outer]
    run = workflows.run(around, node("echo", "after"))
    assert run.status == -1
    assert run.keys == ["o", "m", "bad"]
    assert run.job("m") == (1, True)


@pytest.mark.parametrize(
    ("outer", "status", "keys"),
    [
        ("loop", 1, ["o", "c", "bad", "c", "bad", "after"]),
        ("parallel", 1, ["o", "c", "bad", "side", "after"]),
        ("condition", -1, ["o", "c", "bad"]),
        ("multi", -1, ["o", "c", "bad"]),
    ],
)
def test_a_failing_branch_of_a_condition_is_for_the_node_around_it(
    workflows: Workflows, outer: str, status: int, keys: list[str]
) -> None:
    inner = node("condition", "c", {1: [node("customizedError", "bad")]})
    around = {
        "loop": node("loop", "o", {0: [inner]}, target=2, exit=2),
        "parallel": node("parallel", "o", {0: [inner], 1: [node("echo", "side")]}, mode="allSettled"),
        "condition": node("condition", "o", {1: [inner]}),
        "multi": node("multi-conditions", "o", {1: [inner]}, conditions=holds((1, 1))),
    }[outer]
    run = workflows.run(around, node("echo", "after"))
    assert run.status == status
    assert run.keys == keys
