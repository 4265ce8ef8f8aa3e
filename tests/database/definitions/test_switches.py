"""enable, disable, rollback, and who may call them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.database.definitions.conftest import Connection, Definitions


def test_enable_and_disable_publish_once(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    definitions.published()
    definitions.connection.execute("select orchestrator.disable('limit')")
    assert definitions.versions() == [(workflow, False, True)]
    definitions.connection.execute("select orchestrator.disable('limit')")
    assert definitions.published() == [["expenses"]]
    definitions.connection.execute("select orchestrator.enable('limit')")
    assert definitions.versions() == [(workflow, True, True)]
    assert definitions.published() == [["expenses"]]


def test_rollback_makes_a_version_current_and_enabled(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    second = definitions.define(definitions.guard(title="Other"))
    definitions.published()
    definitions.connection.execute("select orchestrator.rollback('limit', %s)", (first,))
    assert definitions.versions() == [(first, True, True), (second, False, None)]
    assert definitions.document("limit")["title"] == "Refuse big ones"
    assert definitions.published() == [["expenses"]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("enable('no')", 'workflow "no" does not exist'),
        ("disable('no')", 'workflow "no" does not exist'),
        ("document('no')", 'workflow "no" does not exist'),
        ("diagram('no')", 'workflow "no" does not exist'),
        ("rollback('limit', 0)", 'workflow "limit" has no version 0'),
    ],
)
def test_what_does_not_exist_is_said(definitions: Definitions, call: str, message: str) -> None:
    definitions.define(definitions.guard())
    error = definitions.refusal(f"select orchestrator.{call}")
    assert (error.sqlstate, error.diag.message_primary) == ("WF404", message)


@pytest.mark.parametrize(
    "call",
    ["define('{}')", "document('k')", "diagram('k')", "enable('k')", "disable('k')", "rollback('k', 1)"],
)
def test_an_ordinary_login_may_not(definitions: Definitions, plain: Connection, call: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.execute(f"select orchestrator.{call}")


def test_an_administrator_may(definitions: Definitions) -> None:
    with definitions.connection.transaction():
        definitions.connection.execute("set local role orchestrator_admin")
        workflow = definitions.define(definitions.guard())
        definitions.connection.execute("update orchestrator.workflows set enabled = false")
        definitions.connection.execute("update orchestrator.flow_nodes set title = 'x' where key = 'last'")
        definitions.connection.execute("select orchestrator.enable('limit')")
        assert definitions.versions() == [(workflow, True, True)]
        assert "x" in definitions.value("select orchestrator.diagram('limit')")


def test_concurrent_publishers_wait_for_each_other(definitions: Definitions, dsn: str) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    second = definitions.define(definitions.guard(title="Other"))

    def publish(number: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for turn in range(5):
                version = (first, second)[(number + turn) % 2]
                if number % 2:
                    connection.execute("select orchestrator.rollback('limit', %s)", (version,))
                else:
                    connection.execute("update orchestrator.workflows set enabled = true where id = %s", (version,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, range(4)))
    assert sorted(state[1:] for state in definitions.versions()) == [(False, None), (True, True)]
