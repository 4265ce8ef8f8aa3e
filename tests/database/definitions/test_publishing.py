"""Publishing: once a statement, in the same transaction, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.database.definitions.conftest import Definitions


@pytest.mark.parametrize(
    "statement",
    [
        "update orchestrator.workflows set enabled = false",
        "update orchestrator.workflows set options = '{\"stackLimit\": 2}'",
        'update orchestrator.workflows set config = config || \'{"actions": ["update"]}\'',
        "update orchestrator.flow_nodes set config = config || '{\"x\": 1}'",
        "delete from orchestrator.flow_nodes",
        "delete from orchestrator.workflows",
    ],
)
def test_a_plain_statement_publishes_once(definitions: Definitions, statement: str) -> None:
    definitions.define(definitions.guard())
    definitions.published()
    definitions.connection.execute(statement)
    assert definitions.published() == [["expenses"]]


def test_titles_publish_nothing(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    definitions.published()
    definitions.connection.execute("update orchestrator.workflows set title = 'x', description = 'y'")
    assert definitions.published() == []


def test_disabled_workflows_publish_nothing(definitions: Definitions) -> None:
    definitions.define(definitions.guard(enabled=False))
    definitions.connection.execute("update orchestrator.flow_nodes set title = 'x'")
    definitions.connection.execute("update orchestrator.workflows set config = '{}'")
    assert definitions.published() == []


def test_disabled_rows_may_be_anything(definitions: Definitions) -> None:
    definitions.connection.execute("insert into orchestrator.workflows (key, type) values ('k', 'webhook')")
    assert definitions.versions("k")[0][1:] == (False, True)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "insert into orchestrator.workflows (key, type, enabled) values ('k', 'webhook', true)",
            'type: Trigger type "webhook" is not registered',
        ),
        (
            'update orchestrator.workflows set config = config || \'{"collection": "no"}\'',
            'config.collection: Collection "no" does not exist in data source "main"',
        ),
        (
            "update orchestrator.workflows set config = config || '{\"actions\": []}'",
            "config.actions: At least one action is required in global mode",
        ),
        (
            "update orchestrator.flow_nodes set config = '{\"endStatus\": 7}' where type = 'end'",
            'nodes[0].branches.1[1].config.endStatus: "endStatus" must be one of [1, -1]',
        ),
        (
            "update orchestrator.flow_nodes set type = 'teleport' where key = 'last'",
            'nodes[1].type: Node type "teleport" is not registered',
        ),
        (
            "update orchestrator.flow_nodes set branch_index = 2 where branch_index = 1",
            'nodes[0].branches.2: node type "condition" has no branch 2',
        ),
        (
            "insert into orchestrator.flow_nodes (workflow_id, type, key) select id, 'end', 'lone'"
            " from orchestrator.workflows",
            'nodes: there must be one head, not 2: "ask", "lone"',
        ),
    ],
)
def test_bad_rows_of_enabled_workflows_are_refused(definitions: Definitions, statement: str, message: str) -> None:
    definitions.define(definitions.guard())
    error = definitions.refusal(statement)
    assert (error.sqlstate, error.diag.message_primary) == ("WF422", message)


def test_enabling_bad_rows_is_refused(definitions: Definitions) -> None:
    definitions.define(definitions.guard(enabled=False))
    definitions.connection.execute("update orchestrator.flow_nodes set branch_index = null, upstream_id = null")
    error = definitions.refusal("select orchestrator.enable('limit')")
    assert error.sqlstate == "WF422"


def test_rows_may_lack_what_has_a_default_at_run_time(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    definitions.connection.execute("update orchestrator.flow_nodes set config = '{}' where type = 'condition'")
    assert definitions.published()[-1] == ["expenses"]


def test_an_enabled_workflow_without_configuration_is_tolerated(definitions: Definitions) -> None:
    definitions.connection.execute(
        "insert into orchestrator.workflows (key, type, enabled) values ('k', 'collection', true)"
    )
    assert definitions.published() == []


def test_a_setting_holds_publishing_for_nobody_but_the_owner(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    definitions.published()
    with definitions.connection.transaction():
        definitions.connection.execute("set local role orchestrator_admin")
        definitions.connection.execute("set local orchestrator.publishing = 'held'")
        definitions.connection.execute("update orchestrator.workflows set enabled = false")
    assert definitions.published() == [["expenses"]]
