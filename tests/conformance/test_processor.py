"""How an execution is walked: the PRO lines of the checklist, and what a node may return."""

from __future__ import annotations

import psycopg
import pytest
from .vocabulary import Workflows, equal, node


def test_one_node_is_one_job(workflows: Workflows) -> None:
    run = workflows.run(node("echo", "a"), context={"data": 1})
    assert run.status == 1
    assert run.jobs == [("a", 1, {"data": 1})]


def test_no_nodes_is_success(workflows: Workflows) -> None:
    run = workflows.run()
    assert (run.status, run.jobs) == (1, [])
