"""Versions: one current a key, executed ones frozen, a lineage goes with its current one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.database.definitions.conftest import Definitions


def test_a_key_is_made_up(definitions: Definitions) -> None:
    key = definitions.value("insert into orchestrator.workflows (type) values ('action') returning key")
    assert len(key) == 11


def test_disabling_keeps_current(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    definitions.connection.execute("update orchestrator.workflows set enabled = false, current = null")
    assert definitions.versions() == [(workflow, False, True)]


def test_enabling_another_version_demotes_the_current_one_and_publishes_once(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    second = definitions.define(definitions.guard(config={"collection": "items"}))
    definitions.published()
    definitions.connection.execute("update orchestrator.workflows set enabled = true where id = %s", (first,))
    assert definitions.versions() == [(first, True, True), (second, False, None)]
    assert definitions.published() == [["expenses", "items"]]


def test_a_second_version_starts_aside(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    second = definitions.value(
        "insert into orchestrator.workflows (key, type, current) values ('limit', 'action', false) returning id"
    )
    assert definitions.versions() == [(first, True, True), (second, False, None)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("key = 'other'", "id and key of workflow can not be changed"),
        ("id = id + 100", "id and key of workflow can not be changed"),
        ("type = 'action'", "type and sync of workflow can not be changed"),
        ("sync = false", "type and sync of workflow can not be changed"),
    ],
)
def test_identity_is_immutable(definitions: Definitions, change: str, message: str) -> None:
    definitions.define(definitions.guard())
    error = definitions.refusal(f"update orchestrator.workflows set {change}")
    assert (error.sqlstate, error.diag.message_primary) == ("WF422", message)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "update orchestrator.workflows set config = config || '{\"a\": 1}'",
            "config of executed workflow can not be updated",
        ),
        (
            "insert into orchestrator.flow_nodes (workflow_id, type) select id, 'end' from orchestrator.workflows",
            "Node could not be created in executed workflow",
        ),
        (
            "update orchestrator.flow_nodes set title = 'x'",
            "Nodes in executed workflow could not be reconfigured",
        ),
        (
            "update orchestrator.flow_nodes set branch_index = 0 where branch_index = 1",
            "Nodes in executed workflow could not be moved",
        ),
        ("delete from orchestrator.flow_nodes", "Nodes in executed workflow could not be deleted"),
    ],
)
def test_executed_versions_are_frozen(definitions: Definitions, statement: str, message: str) -> None:
    definitions.execute_once(definitions.define(definitions.guard()))
    error = definitions.refusal(statement)
    assert (error.sqlstate, error.diag.message_primary) == ("WF422", message)


def test_folded_counts_freeze_as_well(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    definitions.connection.execute("update orchestrator.workflow_version_stats set executed = 3000000000")
    error = definitions.refusal("delete from orchestrator.flow_nodes")
    assert error.sqlstate == "WF422"


def test_executed_versions_keep_what_is_editable(definitions: Definitions) -> None:
    definitions.execute_once(definitions.define(definitions.guard()))
    definitions.connection.execute(
        "update orchestrator.workflows set title = 't', description = 'd', trigger_title = 'c', config = config,"
        " options = '{\"stackLimit\": 3}', enabled = false"
    )
    assert definitions.value("select title from orchestrator.workflows") == "t"


def test_a_changed_node_touches_its_workflow(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    before = definitions.value("select updated_at from orchestrator.workflows")
    definitions.connection.execute("update orchestrator.flow_nodes set title = 'x' where key = 'last'")
    assert definitions.value("select updated_at from orchestrator.workflows") > before


def test_deleting_the_current_version_deletes_the_lineage(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    second = definitions.define(definitions.guard(title="Other"))
    definitions.published()
    definitions.connection.execute("delete from orchestrator.workflows where id = %s", (second,))
    assert definitions.everything() == []
    assert definitions.rows("select key from orchestrator.workflow_stats") == []
    assert definitions.rows("select id from orchestrator.workflow_version_stats") == []
    assert definitions.published() == [["expenses"]]


def test_deleting_another_version_deletes_it_alone(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    second = definitions.define(definitions.guard(title="Other"))
    definitions.published()
    definitions.connection.execute("delete from orchestrator.workflows where id = %s", (first,))
    assert definitions.versions() == [(second, True, True)]
    assert definitions.rows("select key from orchestrator.workflow_stats") == [("limit",)]
    assert definitions.published() == []
