"""What workers do now and then besides draining the queue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from .conftest import RHYTHM, Queue, wait_until

_GUARD = {
    "key": "kept",
    "title": "kept",
    "type": "request-interception",
    "enabled": True,
    "config": {"collection": "events", "global": True, "actions": ["create"]},
    "nodes": [],
}


def _is_closed(queue: Queue) -> bool:
    query = "select count(*) from pg_trigger where tgrelid = 'events'::regclass and tgname = 'zz_orchestrator_close'"
    return bool(queue.value(query))


def test_statements_are_closed_that_a_publish_had_to_leave_open(
    queue: Queue, start_worker: Callable[..., object]
) -> None:
    with queue.db.transaction():
        queue.value("select orchestrator.define(%s)", json.dumps(_GUARD))
    assert not _is_closed(queue)
    start_worker(rhythm=replace(RHYTHM, poll=0.2, sweep=0.2))
    wait_until(lambda: _is_closed(queue))
    queue.write("a", "b")
    assert queue.statuses() == [1, 1]
