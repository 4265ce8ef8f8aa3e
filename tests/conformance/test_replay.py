"""A stored execution once more, outside, leaving nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import NotFoundError
from orchestrator.hosts.replay import Outcome, replay

from .vocabulary import Run, Workflows, in_backend, node


def shown(outcome: Outcome) -> list[tuple[str, int, Any]]:
    return [(job["nodeKey"], job["status"], job["result"]) for job in outcome.jobs]


def replayed(run: Run) -> Outcome:
    return replay(run.engine.db, run.id)


@in_backend
def test_a_replay_comes_to_the_same(workflows: Workflows) -> None:
    run = workflows.run(
        node("variable", "v", value="{{$system.now}}"),
        node("calculation", "c", expression="{{$context.n}} / 3"),
        node("condition", "if", {1: [node("output", "o", value="{{$jobsMapByNodeKey.c}}")]}),
        node("response-message", "m", message="said"),
        context={"n": 1},
    )
    outcome = replayed(run)
    assert outcome.status == run.status == 1
    assert str(outcome.output) == str(run.output) == "0.333333333"
    assert outcome.messages == [{"message": "said"}]
    assert [job["nodeKey"] for job in outcome.jobs] == run.keys
    assert abs((outcome.jobs[0]["result"] - workflows.value(
        "select started_at from orchestrator.executions where id = %s", run.id)).total_seconds()) < 1e-3  # fmt: skip


@in_backend
def test_a_replay_leaves_nothing_behind(workflows: Workflows) -> None:
    run = workflows.run(
        node("create", "c", collection="posts", params={"values": {"title": "t"}}),
        node("sql", "s", sql="insert into public.plain values ((select count(*)::int from public.plain), 'x')"),
    )
    tables = ("posts", "plain", "orchestrator.executions")
    count = "select " + ", ".join(f"(select count(*) from {table})" for table in tables)
    before = workflows.db.execute(count).fetchone()
    outcome = replayed(run)
    assert outcome.status == 1
    assert workflows.db.execute(count).fetchone() == before
    assert workflows.value("select current_user::text") == "postgres"


@in_backend
def test_an_error_comes_with_its_traceback(workflows: Workflows) -> None:
    outcome = replayed(workflows.run(node("error", "e")))
    assert outcome.status == -2
    assert isinstance(outcome.error, ValueError)
    assert outcome.error.__traceback__ is not None


@in_backend
def test_answers_are_given_again(workflows: Workflows) -> None:
    lines = {0: [node("pending", "a"), node("echo", "x")], 1: [node("prompt", "b")]}
    run = workflows.run(node("loop", "l", {0: [node("parallel", "p", lines)]}, target=2), node("echo", "after"))
    for round_number in range(2):
        run.resume("b", result=f"b{round_number}").resume("a", result=f"a{round_number}")
    assert run.status == 1
    outcome = replayed(run)
    assert outcome.status == 1
    assert sorted(shown(outcome), key=str) == sorted(run.jobs, key=str)


@in_backend
def test_a_replay_waits_where_the_execution_waits(workflows: Workflows) -> None:
    run = workflows.run(node("pending", "a"), node("pending", "b")).resume("a", result=1)
    outcome = replayed(run)
    assert outcome.status == 0
    assert shown(outcome) == run.jobs


@in_backend
def test_what_is_not_there_cannot_be_replayed(workflows: Workflows) -> None:
    with pytest.raises(NotFoundError, match=f"execution {2**40} does not exist"):
        replay(workflows.db, 2**40)
