"""Chains: what executions cause knows its causes, across transactions."""

from __future__ import annotations

import json
from typing import Any

from .conftest import Queue


def _create(key: str, collection: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"key": key, "type": "create", "config": {"collection": collection, "params": {"values": values}}}


def _drain(queue: Queue) -> int:
    rounds = 0
    while queue.run():
        rounds += 1
        assert rounds < 10, "workflows start each other for ever"
    return rounds


def test_a_workflow_that_writes_to_its_own_table_does_not_start_itself(queue: Queue) -> None:
    queue.follow("again", _create("one", "events", {"title": "again"}))
    queue.write("a")
    assert _drain(queue) == 1
    assert queue.statuses() == [1]
    assert queue.rows("select title from events order by id") == [("a",), ("again",)]


def test_two_workflows_do_not_start_each_other_for_ever(queue: Queue) -> None:
    queue.db.execute("select orchestrator.manage('effects')")
    queue.follow("there", _create("one", "effects", {"note": "there"}))
    back = {
        "key": "back",
        "title": "back",
        "type": "collection",
        "enabled": True,
        "config": {"collection": "effects", "mode": 1},
        "nodes": [_create("one", "events", {"title": "back"})],
    }
    queue.db.execute("select orchestrator.define(%s)", [json.dumps(back)])
    queue.write("a")
    assert _drain(queue) == 2
    (there, no_stack), (_, stack) = queue.rows("select id, stack from orchestrator.executions order by id")
    assert no_stack is None
    assert stack == [there]
    assert queue.rows("select title from events order by id") == [("a",), ("back",)]


def test_the_stack_limit_counts_along_the_chain(queue: Queue) -> None:
    queue.follow("again", _create("one", "events", {"title": "again"}), stackLimit=3)
    queue.write("a")
    assert _drain(queue) == 3
    assert [len(row[0] or []) for row in queue.rows("select stack from orchestrator.executions order by id")] == [
        0,
        1,
        2,
    ]
