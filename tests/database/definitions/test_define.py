"""Documents: written once, read back as they were, refused whole."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from tests.database.definitions.conftest import Definitions


def test_writes_nodes_in_document_order(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    assert definitions.rows(
        """
        select n.key, u.key, d.key, n.branch_index, n.workflow_id
        from orchestrator.flow_nodes n
        left join orchestrator.flow_nodes u on u.id = n.upstream_id
        left join orchestrator.flow_nodes d on d.id = n.downstream_id
        order by n.id
        """
    ) == [
        ("ask", None, "last", None, workflow),
        ("say", "ask", "stop", 1, workflow),
        ("stop", "say", None, None, workflow),
        ("last", "ask", None, None, workflow),
    ]


def test_publishes_once(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    assert definitions.published() == [["expenses"]]


def test_publishes_nothing_while_disabled(definitions: Definitions) -> None:
    definitions.define(definitions.guard(enabled=False))
    assert definitions.published() == []


def test_the_first_version_is_current_though_disabled(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard(enabled=False))
    assert definitions.versions() == [(workflow, False, True)]


def test_begins_statistics_at_zero(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    assert definitions.rows("select key, executed from orchestrator.workflow_stats") == [("limit", 0)]
    assert definitions.rows("select id, executed from orchestrator.workflow_version_stats") == [(workflow, 0)]


def test_makes_up_keys(definitions: Definitions) -> None:
    workflow = definitions.define({"type": "action", "nodes": [{"type": "end"}, {"type": "end"}]})
    key = definitions.value("select key from orchestrator.workflows where id = %s", workflow)
    node_keys = [key for (key,) in definitions.rows("select key from orchestrator.flow_nodes")]
    assert {len(k) for k in [key, *node_keys]} == {11}
    assert len(set(node_keys)) == 2


def test_the_same_document_again_changes_nothing(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    definitions.published()
    before = definitions.everything()
    assert definitions.define(definitions.guard()) == workflow
    assert definitions.everything() == before
    assert definitions.published() == []


def test_the_same_document_without_node_keys_changes_nothing(definitions: Definitions) -> None:
    document = definitions.guard(nodes=[{"type": "output"}, {"type": "loop", "branches": {"0": [{"type": "end"}]}}])
    definitions.define(document)
    before = definitions.everything()
    definitions.define(document)
    assert definitions.everything() == before


def test_what_is_read_back_changes_nothing(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    before = definitions.everything()
    definitions.define(definitions.document("limit"))
    assert definitions.everything() == before


def test_reads_back_what_was_written(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    assert definitions.document("limit") == definitions.guard() | {"sync": True}
    assert definitions.value("select orchestrator.document('limit') #>> '{config,weight}'") == "1.5"


def test_numbers_keep_their_digits(definitions: Definitions) -> None:
    text = '{"key": "n", "type": "action", "nodes": [{"type": "output", "config": {"value": 0.12345678901234567890}}]}'
    definitions.value("select orchestrator.define(%s::jsonb)", text)
    stored = definitions.value("select config ->> 'value' from orchestrator.flow_nodes")
    assert stored == "0.12345678901234567890"


def test_changes_an_unused_version_in_place(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    definitions.published()
    assert definitions.define(definitions.guard(title="Other", nodes=definitions.guard()["nodes"][1:])) == workflow
    assert definitions.versions() == [(workflow, True, True)]
    assert definitions.rows("select key from orchestrator.flow_nodes") == [("last",)]
    assert definitions.published() == [["expenses"]]


def test_an_unused_version_may_get_another_type(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    config = {"collection": "items", "mode": 1}
    assert definitions.define(definitions.guard(type="collection", sync=True, config=config)) == workflow
    assert definitions.rows("select type, sync from orchestrator.workflows") == [("collection", True)]


def test_moving_to_another_collection_publishes_both_at_once(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    definitions.published()
    definitions.define(definitions.guard(config={"collection": "main:items"}))
    assert definitions.published() == [["expenses", "items"]]


def test_an_executed_version_gets_a_successor_with_the_same_node_keys(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    definitions.published()
    nodes = definitions.rows("select id, key from orchestrator.flow_nodes order by id")
    second = definitions.define(definitions.guard(title="Other"))
    assert definitions.versions() == [(first, False, None), (second, True, True)]
    assert definitions.rows("select id, key from orchestrator.flow_nodes order by id")[:4] == nodes
    keys = definitions.rows("select key from orchestrator.flow_nodes where workflow_id = %s order by id", second)
    assert keys == [(key,) for _, key in nodes]
    assert definitions.published() == [["expenses"]]


def test_an_executed_version_keeps_the_keys_that_a_document_does_not_name(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard(nodes=[{"type": "output"}, {"type": "end"}]))
    definitions.execute_once(first)
    definitions.define(definitions.guard(nodes=[{"type": "output", "config": {"value": 1}}, {"type": "variable"}]))
    keys = [key for (key,) in definitions.rows("select key from orchestrator.flow_nodes order by id")]
    assert keys[0] == keys[2]
    assert keys[3] not in keys[:3]


def test_a_disabled_successor_publishes_that_the_old_version_is_gone(definitions: Definitions) -> None:
    first = definitions.define(definitions.guard())
    definitions.execute_once(first)
    definitions.published()
    second = definitions.define(definitions.guard(title="Other", enabled=False))
    assert definitions.versions() == [(first, False, None), (second, False, True)]
    assert definitions.published() == [["expenses"]]


def test_enabled_alone_makes_no_revision(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    definitions.execute_once(workflow)
    definitions.published()
    assert definitions.define(definitions.guard(enabled=False)) == workflow
    assert definitions.versions() == [(workflow, False, True)]
    assert definitions.published() == [["expenses"]]


def test_a_document_that_does_not_say_enabled_leaves_it(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard())
    silent = {name: value for name, value in definitions.guard().items() if name != "enabled"}
    definitions.define(silent)
    definitions.define({**silent, "title": "Other"})
    assert definitions.versions() == [(workflow, True, True)]


def test_mends_a_broken_graph(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard(enabled=False))
    definitions.connection.execute("update orchestrator.flow_nodes set upstream_id = null, branch_index = null")
    assert definitions.define(definitions.guard()) == workflow
    assert definitions.document("limit")["nodes"] == definitions.guard()["nodes"]


def test_a_bad_document_stores_nothing(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    bad = definitions.guard()
    bad["nodes"][0]["branches"]["1"][1]["config"]["endStatus"] = 7
    bad["options"]["timeout"] = -1
    error = definitions.refusal("select orchestrator.define(%s)", Jsonb(bad))
    assert error.sqlstate == "WF422"
    assert error.diag.message_primary == ('options.timeout: "options.timeout" must be greater than or equal to 0')
    assert json.loads(error.diag.message_detail or "") == {
        "errors": [
            {"path": "options.timeout", "message": '"options.timeout" must be greater than or equal to 0'},
            {
                "path": "nodes[0].branches.1[1].config.endStatus",
                "message": '"endStatus" must be one of [1, -1]',
            },
        ]
    }


def test_an_unknown_collection_is_refused(definitions: Definitions) -> None:
    error = definitions.refusal("select orchestrator.define(%s)", Jsonb(definitions.guard(config={"collection": "no"})))
    assert error.diag.message_primary == ('config.collection: Collection "no" does not exist in data source "main"')


def test_a_draft_comes_back(definitions: Definitions) -> None:
    definitions.connection.execute("insert into orchestrator.workflows (key, type) values ('draft', 'action')")
    before = definitions.everything()
    definitions.define(definitions.document("draft"))
    assert definitions.everything() == before


def test_rows_laxer_than_documents_come_back(definitions: Definitions) -> None:
    workflow = definitions.define(definitions.guard(nodes=[]))
    definitions.connection.execute(
        "insert into orchestrator.flow_nodes (workflow_id, type) values (%s, 'condition')", (workflow,)
    )
    before = definitions.everything()
    assert definitions.define(definitions.document("limit")) == workflow
    assert definitions.everything() == before


def test_a_document_nested_too_deeply_is_refused(definitions: Definitions) -> None:
    opening, closing = '[{"type": "parallel", "branches": {"0": ', "}}]"
    text = f'{{"type": "action", "nodes": {opening * 400}[]{closing * 400}}}'
    error = definitions.refusal("select orchestrator.define(%s::jsonb)", text)
    assert (error.sqlstate, error.diag.message_primary) == ("WF422", "the document is nested too deeply")


def test_concurrent_definitions_of_one_document_make_one_version(definitions: Definitions, dsn: str) -> None:
    def define(_: int) -> int:
        with psycopg.connect(dsn, autocommit=True) as connection:
            row = connection.execute("select orchestrator.define(%s)", (Jsonb(definitions.guard()),)).fetchone()
            assert row is not None
            return int(row[0])

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(define, range(4)))
    assert [version[0] for version in definitions.versions()] == list(ids)
