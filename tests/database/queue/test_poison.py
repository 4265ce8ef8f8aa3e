"""Poison: one execution that cannot end well harms no other one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from psycopg.conninfo import conninfo_to_dict

from orchestrator.worker.rhythm import Rhythm

from .conftest import NOTE, Queue, sql_node, wait_until

Start = Callable[..., object]


def _limit(queue: Queue, api_dsn: str, setting: str, value: str) -> None:
    """What a DBA sets for the workers' login."""
    login, database = (conninfo_to_dict(api_dsn)[key] for key in ("user", "dbname"))
    queue.db.execute(f'alter role "{login}" in database "{database}" set {setting} = \'{value}\''.encode())


def _poisoned(queue: Queue) -> list[tuple[object, ...]]:
    return queue.rows(
        "select context -> 'data' ->> 'title', status, reason, attempts from orchestrator.executions"
        " where key = 'poison' and (status < 0 or status is null)"
    )


def test_an_execution_beyond_a_limit_of_the_login_becomes_a_dead_letter(
    queue: Queue, api_dsn: str, start_worker: Start
) -> None:
    _limit(queue, api_dsn, "temp_file_limit", "1MB")
    greedy = sql_node(
        "greedy",
        "select count(distinct n) from generate_series(1, case :title when 'poison' then 1000000 else 1 end) n",
    )
    queue.follow("note", NOTE)
    queue.follow("poison", greedy)
    queue.write("a", "poison", "b")
    start_worker(Rhythm(poll=3600, linger=0.02))
    wait_until(lambda: queue.open_count() == 0, 20)
    assert _poisoned(queue) == [("poison", -2, "dead_letter", 3)]
    assert queue.effects() == [1, 2, 3]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "1ms"),
        ("lock_timeout", "1ms"),
        ("default_transaction_read_only", "on"),
        ("temp_file_limit", "0"),
        ("role", "none"),
    ],
)
def test_what_an_execution_sets_for_its_session_is_not_there_for_the_next(
    queue: Queue, start_worker: Start, setting: str, value: str
) -> None:
    queue.follow("poison", sql_node("set", f"select set_config('{setting}', '{value}', false)"))
    start_worker()
    wait_until(queue.asleep)
    queue.write("a")
    wait_until(lambda: queue.open_count() == 0)
    queue.db.execute("select orchestrator.disable('poison')")
    queue.follow("note", sql_node("wait", "select pg_sleep(0.01)"), NOTE)
    queue.write("b", "c")
    wait_until(lambda: queue.open_count() == 0)
    assert queue.effects() == [2, 3]


@pytest.mark.parametrize("sync", [False, True])
def test_a_result_nested_too_deeply_to_be_told_is_null(queue: Queue, sync: bool) -> None:
    nest = {"key": "nest", "type": "variable", "config": {"target": "all", "value": ["{{$jobsMapByNodeKey.all}}"]}}
    document = {
        "key": "poison",
        "title": "poison",
        "type": "collection",
        "sync": sync,
        "enabled": True,
        "config": {"collection": "events", "mode": 1},
        "nodes": [
            {"key": "all", "type": "variable", "config": {"value": 1}},
            {"key": "each", "type": "loop", "config": {"target": 1200}, "branches": {"0": [nest]}},
        ],
    }
    queue.db.execute("select orchestrator.define(%s)", [json.dumps(document)])
    queue.follow("note", NOTE)
    queue.write("a")
    assert queue.run() == (1 if sync else 2)
    assert queue.rows("select key, status from orchestrator.executions order by key") == [("note", 1), ("poison", 1)]
    assert queue.rows("select result from orchestrator.jobs where node_key = 'nest' order by id desc limit 1") == [
        (None,)
    ]
    assert queue.effects() == [1]


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("collection", {"collection": "events", "mode": 1}),
        ("request-interception", {"collection": "events", "global": True, "actions": ["create"]}),
    ],
)
def test_a_history_that_takes_long_to_write_does_not_fail_the_write(
    queue: Queue, kind: str, config: dict[str, object]
) -> None:
    again = {"key": "again", "type": "variable", "config": {"value": "{{$jobsMapByNodeKey.all}}"}}
    document = {
        "key": "long",
        "title": "long",
        "type": kind,
        "sync": True,
        "enabled": True,
        "config": config,
        "nodes": [
            {"key": "all", "type": "variable", "config": {"value": list(range(30_000))}},
            {"key": "each", "type": "loop", "config": {"target": 220}, "branches": {"0": [again]}},
        ],
    }
    queue.db.execute("select orchestrator.define(%s)", [json.dumps(document)])
    queue.write("a")
    assert queue.statuses() == [1]
