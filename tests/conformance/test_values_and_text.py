"""variable, calculation, output, end, response-message, and the templates in their configurations."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Workflows, equal, node

# -- variable ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, "a", None, True, 1.5, [1, None], {"a": {"b": []}}])
def test_a_declared_variable_is_its_value(workflows: Workflows, value: Any) -> None:
    run = workflows.run(
        node("variable", "v", value=value), node("echoVariable", "e", variable="{{$jobsMapByNodeKey.v}}")
    )
    assert run.jobs == [("v", 1, value), ("e", 1, value)]


def test_a_variable_without_a_value_is_null(workflows: Workflows) -> None:
    assert workflows.run(node("variable", "v")).jobs == [("v", 1, None)]
    assert workflows.run(node("variable", "v", target=None, value="{{$context.nowhere}}")).jobs == [("v", 1, None)]


def test_an_assignment_adds_a_job_for_its_target(workflows: Workflows) -> None:
    run = workflows.run(
        node("variable", "v", value=1),
        node("variable", "set", target="v", value="{{$context.data}}"),
        node("echoVariable", "e", variable="{{$jobsMapByNodeKey.v}}"),
        context={"data": 2},
    )
    assert run.jobs == [("v", 1, 1), ("v", 1, 2), ("set", 1, 2), ("e", 1, 2)]


def test_an_assignment_is_seen_after_a_resume(workflows: Workflows) -> None:
    run = workflows.run(
        node("variable", "v", value=1),
        node("variable", "set", target="v", value=2),
        node("pending", "p"),
        node("echoVariable", "e", variable="{{$jobsMapByNodeKey.v}}"),
    ).resume("p")
    assert run.job("e") == (1, 2)


def test_an_assignment_to_nowhere_is_an_error(workflows: Workflows) -> None:
    run = workflows.run(node("variable", "set", target="nowhere", value=1), node("echo", "after"))
    assert run.status == -2
    assert run.keys == ["set"]


# -- calculation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "status", "result"),
    [
        ({"engine": "math.js", "expression": "{{$context.data.read}} + 1"}, 1, 3),
        ({"expression": "1 + 1"}, 1, 2),
        ({"engine": "formula.js", "expression": "SUM(1, {{$context.data.read}})"}, 1, 3),
        ({"engine": "formula.js", "expression": "CONCATENATE('a','{{$context.data.read}}')"}, 1, "a$$0"),
        ({"engine": "string", "expression": "a {{$context.data.read}} {{$context.nowhere}}."}, 1, "a 2 ."),
        ({"engine": "formula.js", "expression": "{{$system.no1}} + 1"}, 1, 2),
        ({"engine": "math.js", "expression": "{{$system.instanceId}} * 0"}, 1, 0),
        ({"engine": "math.js", "expression": ""}, 1, None),
        ({"engine": "math.js"}, 1, None),
        ({"engine": "math.js", "expression": "1 / 0"}, 1, None),
        ({"engine": "math.js", "expression": "0.1 + 0.2"}, 1, "0.3"),
    ],
)
def test_calculations(workflows: Workflows, config: dict[str, Any], status: int, result: Any) -> None:
    run = workflows.run(node("calculation", "c", **config), context={"data": {"read": 2}})
    found = run.job("c")
    if result == "0.3":
        found = (found[0], str(found[1]))
    assert found == (status, result)


@pytest.mark.parametrize("engine", ["math.js", "formula.js"])
def test_a_syntax_error_is_the_result(workflows: Workflows, engine: str) -> None:
    run = workflows.run(node("calculation", "c", engine=engine, expression="1 +* 2"), node("echo", "after"))
    status, result = run.job("c")
    assert status == -2
    assert result.startswith("SyntaxError: ")
    assert run.keys == ["c"]


def test_a_calculation_reads_earlier_results(workflows: Workflows) -> None:
    run = workflows.run(
        node("variable", "v", value={"n": 20}), node("calculation", "c", expression="{{$jobsMapByNodeKey.v.n}} * 2")
    )
    assert run.job("c") == (1, 40)


# -- functions of $system ----------------------------------------------------------------------------------------------


def test_registered_functions_are_called(workflows: Workflows) -> None:
    run = workflows.run(node("echoVariable", "e", variable="{{$system.no1}}"))
    assert run.job("e") == (1, 1)


def test_a_function_is_told_execution_and_node(workflows: Workflows) -> None:
    told = "{{$system.conformance.caller}}"
    run = workflows.run(
        node("echoVariable", "a", variable=told),
        node("loop", "l", {0: [node("echoVariable", "b", variable=told)]}, target=2,
             condition={"checkpoint": 1, "calculation": equal(told, "l")}),
        node("echoVariable", "c", variable=[told]),
    )  # fmt: skip
    assert [(key, result) for key, _, result in run.jobs if key != "l"] == [
        ("a", "a"),
        ("b", "b"),
        ("b", "b"),
        ("c", ["c"]),
    ]
    assert run.job("l")[1] == {"looped": 2, "done": 2}


def test_now_is_one_time_for_the_whole_run(workflows: Workflows) -> None:
    sleep = node("sql", "s", sql="select pg_sleep(0.01)")
    now = [node("echoVariable", key, variable="{{$system.now}}") for key in ("a", "b")]
    run = workflows.run(now[0], sleep, now[1])
    assert run.job("a") == run.job("b")
    assert run.job("a")[1].endswith("Z")


def test_snowflake_ids_and_date_ranges(workflows: Workflows) -> None:
    names = {"id": "{{$system.genSnowflakeId}}", "today": "{{$system.dateRange.today}}", "epoch": "{{$system.epoch}}"}
    result = workflows.run(node("variable", "v", value=names)).job("v")[1]
    assert isinstance(result["id"], int)
    assert result["epoch"] == 1605024000
    assert result["today"] == workflows.value("select to_char(now() at time zone 'UTC', 'YYYY-MM-DD') || '+00:00'")


# -- templates ---------------------------------------------------------------------------------------------------------

CONTEXT = {
    "data": {"n": 1, "s": "x", "o": {"a": 1}, "l": [1, 2], "z": None, "t": True, "a.b": "dotted"},
    "money": "$& $1 $$",
    "orders": [{"items": [{"price": 1}, {"price": 2}]}, {"items": [{"price": 3}]}],
    "holes": [{"a": 1}, None],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{$context.data.n}}", 1),
        ("{{ $context.data.n }}", 1),
        ("{{ctx.$context.data.n}}", 1),
        (" {{$context.data.n}}", " 1"),
        ("{{$context.data.n}}{{$context.data.s}}", "1x"),
        ("{{$context.data.o}}", {"a": 1}),
        ("o: {{$context.data.o}}", "o: [object Object]"),
        ("l: {{$context.data.l}}", "l: 1,2"),
        ("t: {{$context.data.t}} z: {{$context.data.z}} u: {{$context.u}}.", "t: true z:  u: ."),
        ("{{$context.data.z}}", None),
        ("{{$context.u:none}}", "none"),
        ("{{$context.data.z:none}}", None),
        ("a {{$context.u:b c}} d", "a b c d"),
        ("{{$context.data.n}}x}}", 1),
        ("{{$context['data']}}", "{{$context['data']}}"),
        ("{{ünïcode}}", "{{ünïcode}}"),
        ("{{}}", "{{}}"),
        ("pay {{$context.money}}", "pay $& $1 $$"),
        ("{{$context.orders.items.price}}", [1, 2, 3]),
        ("{{$context.orders.0.items.1.price}}", 2),
        ("{{$context.orders.length}}", 2),
        ({"{{$context.data.s}}": "{{$context.data.n}}", "gone": "{{$context.u}}"}, {"x": 1}),
        (["{{$context.u}}", "{{$context.data.n}}"], [None, 1]),
        (5, 5),
    ],
)
def test_templates(workflows: Workflows, value: Any, expected: Any) -> None:
    run = workflows.run(node("variable", "v", value=value), context=CONTEXT)
    assert run.job("v") == (1, expected)


def test_flattening_over_a_null_is_an_error_of_the_node(workflows: Workflows) -> None:
    run = workflows.run(node("variable", "v", value="{{$context.holes.a}}"), context=CONTEXT)
    assert run.status == -2
    assert "message" in run.job("v")[1]


def test_expressions_have_narrower_tokens_than_templates(workflows: Workflows) -> None:
    run = workflows.run(
        node("calculation", "c", engine="string", expression="{{$context.u:1}} {{a b}}"), context=CONTEXT
    )
    assert run.job("c") == (1, "{{$context.u:1}} {{a b}}")


# -- output ------------------------------------------------------------------------------------------------------------


def test_output_is_the_executions(workflows: Workflows) -> None:
    run = workflows.run(node("output", "o", value={"a": "{{$context.data}}"}), context={"data": 1})
    assert (run.status, run.output, run.job("o")) == (1, {"a": 1}, (1, {"a": 1}))


def test_the_last_output_wins_also_after_a_resume(workflows: Workflows) -> None:
    run = workflows.run(node("output", "o1", value=1), node("pending", "p"), node("output", "o2", value=[2]))
    assert run.output == 1
    assert run.resume("p").output == [2]


# -- end ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("config", "status"), [({}, 1), ({"endStatus": 1}, 1), ({"endStatus": -1}, -1)])
def test_end_ends(workflows: Workflows, config: dict[str, int], status: int) -> None:
    run = workflows.run(node("end", "e", **config), node("echo", "after"))
    assert run.status == status
    assert run.jobs == [("e", status, None)]


def test_other_end_statuses_are_refused_in_documents(workflows: Workflows) -> None:
    with pytest.raises(Exception, match="endStatus"):
        workflows.define(node("end", "e", endStatus=-5))


@pytest.mark.parametrize("status", [1, -1])
@pytest.mark.parametrize("outer", ["condition", "multi", "loop", "parallel"])
def test_end_tells_no_node_around_it(workflows: Workflows, outer: str, status: int) -> None:
    line = [node("end", "e", endStatus=status)]
    around = {
        "condition": node("condition", "o", {1: line}),
        "multi": node("multi-conditions", "o", {1: line}, conditions=[{"calculation": equal(1, 1)}]),
        "loop": node("loop", "o", {0: line}, target=3, exit=2),
        "parallel": node("parallel", "o", {0: line, 1: [node("echo", "side")]}, mode="allSettled"),
    }[outer]
    talk = workflows.converse(around, node("echo", "after"))
    assert talk["status"] == status
    assert talk["last"] == "end"
    assert [key for key, _, _ in talk["jobs"]] == ["o", "e"]


def test_end_after_a_wait_in_a_branch_ends_everything(workflows: Workflows) -> None:
    lines = {0: [node("pending", "p"), node("end", "e", endStatus=-1)], 1: [node("pending", "q")]}
    run = workflows.run(node("parallel", "o", lines), node("echo", "after")).resume("p")
    assert run.status == -1
    assert run.jobs == [("o", 0, [None, None]), ("p", 1, None), ("q", 0, None), ("e", -1, None)]
    assert workflows.value("select count(*) from orchestrator.waiting_jobs where execution_id = %s", run.id) == 0


def test_a_finished_branch_makes_the_branching_node_the_last_one(workflows: Workflows) -> None:
    talk = workflows.converse(node("condition", "c", {1: [node("echo", "a")]}))
    assert talk["last"] == "condition"


# -- response-message --------------------------------------------------------------------------------------------------


def test_messages_come_together_for_whoever_asked(workflows: Workflows) -> None:
    talk = workflows.converse(
        node("response-message", "m1", message="Hello {{$context.user.nickname}}"),
        node("response-message", "m2", message=""),
        node("response-message", "m3", message="{{$context.amount}}"),
        context={"user": {"nickname": "Ada"}, "amount": 5},
    )
    assert talk["messages"] == [{"message": "Hello Ada"}, {"message": "5"}]
    assert talk["jobs"] == [["m1", 1, "Hello Ada"], ["m2", 1, None], ["m3", 1, "5"]]


def test_without_a_request_there_is_no_message(workflows: Workflows) -> None:
    assert workflows.run(node("response-message", "m", message="Hello")).jobs == [("m", 1, None)]
