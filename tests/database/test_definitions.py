"""Documents and rows in the database: versions, round trips, and that a change is published once or refused whole."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]

GUARD: dict[str, Any] = {
    "key": "limit",
    "title": "Refuse big ones",
    "type": "request-interception",
    "enabled": True,
    "config": {"collection": "expenses", "global": True, "actions": ["create"], "weight": 1.50},
    "options": {"timeout": 0, "note": "kept"},
    "nodes": [
        {
            "key": "ask",
            "type": "condition",
            "title": "Above?",
            "config": {"rejectOnFalse": False},
            "branches": {
                "1": [
                    {"key": "say", "type": "response-message", "config": {"message": "no"}},
                    {"key": "stop", "type": "end", "config": {"endStatus": -1}},
                ]
            },
        },
        {"key": "last", "type": "output", "config": {"value": None}},
    ],
}


class Definitions:
    """Short words for what these tests do."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def value(self, sql: str, *params: Any) -> Any:
        row = self.connection.execute(sql, params).fetchone()
        return None if row is None else row[0]

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, params).fetchall()

    def define(self, document: Any) -> int:
        return int(self.value("select orchestrator.define(%s)", Jsonb(document)))

    def document(self, key: str) -> Any:
        return self.value("select orchestrator.document(%s)", key)

    def published(self) -> list[list[str]]:
        """What was published since the last look."""
        return [row[0] for row in self.rows("with gone as (delete from publications returning id, collections)"
                                            " select collections from gone order by id")]  # fmt: skip

    def versions(self, key: str = "limit") -> list[tuple[int, bool, bool | None]]:
        return self.rows("select id, enabled, current from orchestrator.workflows where key = %s order by id", key)

    def everything(self) -> list[tuple[Any, ...]]:
        """All rows of definitions, with times and row versions."""
        return self.rows(
            "select w.ctid::text || w.xmin, to_jsonb(w) from orchestrator.workflows w"
            " union all select n.ctid::text || n.xmin, to_jsonb(n) from orchestrator.flow_nodes n order by 1"
        )

    def execute_once(self, workflow_id: int) -> None:
        self.connection.execute(
            "insert into orchestrator.execution_counts (workflow_id, key, executed) values (%s, 'limit', 1)",
            (workflow_id,),
        )


@pytest.fixture
def definitions(db: Connection) -> Definitions:
    """Two collections, and a publisher that only checks and takes notes: what is compiled is no matter here."""
    db.execute(
        """
        create table expenses (id bigint primary key);
        create table items (id bigint primary key);
        insert into orchestrator.collections (name, table_oid) values
            ('expenses', 'expenses'::regclass), ('items', 'items'::regclass);
        create table publications (id bigint generated always as identity, collections text[]);
        alter function orchestrator.publish(text[]) rename to publish_for_good;
        create function orchestrator.publish(p_collections text[]) returns void language plpgsql security definer
        set search_path = pg_catalog, pg_temp as $$
        begin
            insert into public.publications (collections) values (p_collections);
            perform orchestrator.check_workflow(w.id)
            from orchestrator.workflows w
            where w.enabled and orchestrator.collection_of(w.config) = any (p_collections);
        end
        $$;
        """
    )
    return Definitions(db)


def changed(**values: Any) -> dict[str, Any]:
    return {**GUARD, **values}


def refusal(definitions: Definitions, sql: str, *params: Any) -> psycopg.Error:
    """The error of a statement that must be refused and must change nothing."""
    before = definitions.everything()
    with pytest.raises(psycopg.Error) as caught:
        definitions.connection.execute(sql, params)
    assert definitions.everything() == before
    return caught.value


class TestDefine:
    def test_writes_nodes_in_document_order(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
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

    def test_publishes_once(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        assert definitions.published() == [["expenses"]]

    def test_publishes_nothing_while_disabled(self, definitions: Definitions) -> None:
        definitions.define(changed(enabled=False))
        assert definitions.published() == []

    def test_the_first_version_is_current_though_disabled(self, definitions: Definitions) -> None:
        workflow = definitions.define(changed(enabled=False))
        assert definitions.versions() == [(workflow, False, True)]

    def test_begins_statistics_at_zero(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        assert definitions.rows("select key, executed from orchestrator.workflow_stats") == [("limit", 0)]
        assert definitions.rows("select id, executed from orchestrator.workflow_version_stats") == [(workflow, 0)]

    def test_makes_up_keys(self, definitions: Definitions) -> None:
        workflow = definitions.define({"type": "action", "nodes": [{"type": "end"}, {"type": "end"}]})
        key = definitions.value("select key from orchestrator.workflows where id = %s", workflow)
        node_keys = [key for (key,) in definitions.rows("select key from orchestrator.flow_nodes")]
        assert {len(k) for k in [key, *node_keys]} == {11}
        assert len(set(node_keys)) == 2

    def test_the_same_document_again_changes_nothing(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        definitions.published()
        before = definitions.everything()
        assert definitions.define(GUARD) == workflow
        assert definitions.everything() == before
        assert definitions.published() == []

    def test_the_same_document_without_node_keys_changes_nothing(self, definitions: Definitions) -> None:
        document = changed(nodes=[{"type": "output"}, {"type": "loop", "branches": {"0": [{"type": "end"}]}}])
        definitions.define(document)
        before = definitions.everything()
        definitions.define(document)
        assert definitions.everything() == before

    def test_what_is_read_back_changes_nothing(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        before = definitions.everything()
        definitions.define(definitions.document("limit"))
        assert definitions.everything() == before

    def test_reads_back_what_was_written(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        assert definitions.document("limit") == GUARD | {"sync": True}
        assert definitions.value("select orchestrator.document('limit') #>> '{config,weight}'") == "1.5"

    def test_numbers_keep_their_digits(self, definitions: Definitions) -> None:
        text = (
            '{"key": "n", "type": "action", "nodes": [{"type": "output", "config": {"value": 0.12345678901234567890}}]}'
        )
        definitions.value("select orchestrator.define(%s::jsonb)", text)
        stored = definitions.value("select config ->> 'value' from orchestrator.flow_nodes")
        assert stored == "0.12345678901234567890"

    def test_changes_an_unused_version_in_place(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        definitions.published()
        assert definitions.define(changed(title="Other", nodes=GUARD["nodes"][1:])) == workflow
        assert definitions.versions() == [(workflow, True, True)]
        assert definitions.rows("select key from orchestrator.flow_nodes") == [("last",)]
        assert definitions.published() == [["expenses"]]

    def test_an_unused_version_may_get_another_type(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        config = {"collection": "items", "mode": 1}
        assert definitions.define(changed(type="collection", sync=True, config=config)) == workflow
        assert definitions.rows("select type, sync from orchestrator.workflows") == [("collection", True)]

    def test_moving_to_another_collection_publishes_both_at_once(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        definitions.published()
        definitions.define(changed(config={"collection": "main:items"}))
        assert definitions.published() == [["expenses", "items"]]

    def test_an_executed_version_gets_a_successor_with_the_same_node_keys(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        definitions.published()
        nodes = definitions.rows("select id, key from orchestrator.flow_nodes order by id")
        second = definitions.define(changed(title="Other"))
        assert definitions.versions() == [(first, False, None), (second, True, True)]
        assert definitions.rows("select id, key from orchestrator.flow_nodes order by id")[:4] == nodes
        keys = definitions.rows("select key from orchestrator.flow_nodes where workflow_id = %s order by id", second)
        assert keys == [(key,) for _, key in nodes]
        assert definitions.published() == [["expenses"]]

    def test_an_executed_version_keeps_the_keys_that_a_document_does_not_name(self, definitions: Definitions) -> None:
        first = definitions.define(changed(nodes=[{"type": "output"}, {"type": "end"}]))
        definitions.execute_once(first)
        definitions.define(changed(nodes=[{"type": "output", "config": {"value": 1}}, {"type": "variable"}]))
        keys = [key for (key,) in definitions.rows("select key from orchestrator.flow_nodes order by id")]
        assert keys[0] == keys[2]
        assert keys[3] not in keys[:3]

    def test_a_disabled_successor_publishes_that_the_old_version_is_gone(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        definitions.published()
        second = definitions.define(changed(title="Other", enabled=False))
        assert definitions.versions() == [(first, False, None), (second, False, True)]
        assert definitions.published() == [["expenses"]]

    def test_enabled_alone_makes_no_revision(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        definitions.execute_once(workflow)
        definitions.published()
        assert definitions.define(changed(enabled=False)) == workflow
        assert definitions.versions() == [(workflow, False, True)]
        assert definitions.published() == [["expenses"]]

    def test_a_document_that_does_not_say_enabled_leaves_it(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        silent = {name: value for name, value in GUARD.items() if name != "enabled"}
        definitions.define(silent)
        definitions.define({**silent, "title": "Other"})
        assert definitions.versions() == [(workflow, True, True)]

    def test_mends_a_broken_graph(self, definitions: Definitions) -> None:
        workflow = definitions.define(changed(enabled=False))
        definitions.connection.execute("update orchestrator.flow_nodes set upstream_id = null, branch_index = null")
        assert definitions.define(GUARD) == workflow
        assert definitions.document("limit")["nodes"] == GUARD["nodes"]

    def test_a_bad_document_stores_nothing(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        bad = json.loads(json.dumps(GUARD))
        bad["nodes"][0]["branches"]["1"][1]["config"]["endStatus"] = 7
        bad["options"]["timeout"] = -1
        error = refusal(definitions, "select orchestrator.define(%s)", Jsonb(bad))
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

    def test_an_unknown_collection_is_refused(self, definitions: Definitions) -> None:
        error = refusal(definitions, "select orchestrator.define(%s)", Jsonb(changed(config={"collection": "no"})))
        assert error.diag.message_primary == ('config.collection: Collection "no" does not exist in data source "main"')

    def test_a_draft_comes_back(self, definitions: Definitions) -> None:
        definitions.connection.execute("insert into orchestrator.workflows (key, type) values ('draft', 'action')")
        before = definitions.everything()
        definitions.define(definitions.document("draft"))
        assert definitions.everything() == before

    def test_rows_laxer_than_documents_come_back(self, definitions: Definitions) -> None:
        workflow = definitions.define(changed(nodes=[]))
        definitions.connection.execute(
            "insert into orchestrator.flow_nodes (workflow_id, type) values (%s, 'condition')", (workflow,)
        )
        before = definitions.everything()
        assert definitions.define(definitions.document("limit")) == workflow
        assert definitions.everything() == before


class TestVersions:
    def test_a_key_is_made_up(self, definitions: Definitions) -> None:
        key = definitions.value("insert into orchestrator.workflows (type) values ('action') returning key")
        assert len(key) == 11

    def test_disabling_keeps_current(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        definitions.connection.execute("update orchestrator.workflows set enabled = false, current = null")
        assert definitions.versions() == [(workflow, False, True)]

    def test_enabling_another_version_demotes_the_current_one_and_publishes_once(
        self, definitions: Definitions
    ) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        second = definitions.define(changed(config={"collection": "items"}))
        definitions.published()
        definitions.connection.execute("update orchestrator.workflows set enabled = true where id = %s", (first,))
        assert definitions.versions() == [(first, True, True), (second, False, None)]
        assert definitions.published() == [["expenses", "items"]]

    def test_a_second_version_starts_aside(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
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
    def test_identity_is_immutable(self, definitions: Definitions, change: str, message: str) -> None:
        definitions.define(GUARD)
        error = refusal(definitions, f"update orchestrator.workflows set {change}")
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
    def test_executed_versions_are_frozen(self, definitions: Definitions, statement: str, message: str) -> None:
        definitions.execute_once(definitions.define(GUARD))
        error = refusal(definitions, statement)
        assert (error.sqlstate, error.diag.message_primary) == ("WF422", message)

    def test_folded_counts_freeze_as_well(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        definitions.connection.execute("update orchestrator.workflow_version_stats set executed = 3000000000")
        error = refusal(definitions, "delete from orchestrator.flow_nodes")
        assert error.sqlstate == "WF422"

    def test_executed_versions_keep_what_is_editable(self, definitions: Definitions) -> None:
        definitions.execute_once(definitions.define(GUARD))
        definitions.connection.execute(
            "update orchestrator.workflows set title = 't', description = 'd', trigger_title = 'c', config = config,"
            " options = '{\"stackLimit\": 3}', enabled = false"
        )
        assert definitions.value("select title from orchestrator.workflows") == "t"

    def test_a_changed_node_touches_its_workflow(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        before = definitions.value("select updated_at from orchestrator.workflows")
        definitions.connection.execute("update orchestrator.flow_nodes set title = 'x' where key = 'last'")
        assert definitions.value("select updated_at from orchestrator.workflows") > before

    def test_deleting_the_current_version_deletes_the_lineage(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        second = definitions.define(changed(title="Other"))
        definitions.published()
        definitions.connection.execute("delete from orchestrator.workflows where id = %s", (second,))
        assert definitions.everything() == []
        assert definitions.rows("select key from orchestrator.workflow_stats") == []
        assert definitions.rows("select id from orchestrator.workflow_version_stats") == []
        assert definitions.published() == [["expenses"]]

    def test_deleting_another_version_deletes_it_alone(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        second = definitions.define(changed(title="Other"))
        definitions.published()
        definitions.connection.execute("delete from orchestrator.workflows where id = %s", (first,))
        assert definitions.versions() == [(second, True, True)]
        assert definitions.rows("select key from orchestrator.workflow_stats") == [("limit",)]
        assert definitions.published() == []


class TestPublishing:
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
    def test_a_plain_statement_publishes_once(self, definitions: Definitions, statement: str) -> None:
        definitions.define(GUARD)
        definitions.published()
        definitions.connection.execute(statement)
        assert definitions.published() == [["expenses"]]

    def test_titles_publish_nothing(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        definitions.published()
        definitions.connection.execute("update orchestrator.workflows set title = 'x', description = 'y'")
        assert definitions.published() == []

    def test_disabled_workflows_publish_nothing(self, definitions: Definitions) -> None:
        definitions.define(changed(enabled=False))
        definitions.connection.execute("update orchestrator.flow_nodes set title = 'x'")
        definitions.connection.execute("update orchestrator.workflows set config = '{}'")
        assert definitions.published() == []

    def test_disabled_rows_may_be_anything(self, definitions: Definitions) -> None:
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
    def test_bad_rows_of_enabled_workflows_are_refused(
        self, definitions: Definitions, statement: str, message: str
    ) -> None:
        definitions.define(GUARD)
        error = refusal(definitions, statement)
        assert (error.sqlstate, error.diag.message_primary) == ("WF422", message)

    def test_enabling_bad_rows_is_refused(self, definitions: Definitions) -> None:
        definitions.define(changed(enabled=False))
        definitions.connection.execute("update orchestrator.flow_nodes set branch_index = null, upstream_id = null")
        error = refusal(definitions, "select orchestrator.enable('limit')")
        assert error.sqlstate == "WF422"

    def test_rows_may_lack_what_has_a_default_at_run_time(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        definitions.connection.execute("update orchestrator.flow_nodes set config = '{}' where type = 'condition'")
        assert definitions.published()[-1] == ["expenses"]

    def test_an_enabled_workflow_without_configuration_is_tolerated(self, definitions: Definitions) -> None:
        definitions.connection.execute(
            "insert into orchestrator.workflows (key, type, enabled) values ('k', 'collection', true)"
        )
        assert definitions.published() == []

    def test_a_setting_holds_publishing_for_nobody_but_the_owner(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        definitions.published()
        with definitions.connection.transaction():
            definitions.connection.execute("set local role orchestrator_admin")
            definitions.connection.execute("set local orchestrator.publishing = 'held'")
            definitions.connection.execute("update orchestrator.workflows set enabled = false")
        assert definitions.published() == [["expenses"]]


class TestSwitches:
    def test_enable_and_disable_publish_once(self, definitions: Definitions) -> None:
        workflow = definitions.define(GUARD)
        definitions.published()
        definitions.connection.execute("select orchestrator.disable('limit')")
        assert definitions.versions() == [(workflow, False, True)]
        definitions.connection.execute("select orchestrator.disable('limit')")
        assert definitions.published() == [["expenses"]]
        definitions.connection.execute("select orchestrator.enable('limit')")
        assert definitions.versions() == [(workflow, True, True)]
        assert definitions.published() == [["expenses"]]

    def test_rollback_makes_a_version_current_and_enabled(self, definitions: Definitions) -> None:
        first = definitions.define(GUARD)
        definitions.execute_once(first)
        second = definitions.define(changed(title="Other"))
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
    def test_what_does_not_exist_is_said(self, definitions: Definitions, call: str, message: str) -> None:
        definitions.define(GUARD)
        error = refusal(definitions, f"select orchestrator.{call}")
        assert (error.sqlstate, error.diag.message_primary) == ("WF404", message)

    @pytest.mark.parametrize(
        "call",
        ["define('{}')", "document('k')", "diagram('k')", "enable('k')", "disable('k')", "rollback('k', 1)"],
    )
    def test_an_ordinary_login_may_not(self, definitions: Definitions, plain: Connection, call: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            plain.execute(f"select orchestrator.{call}")

    def test_an_administrator_may(self, definitions: Definitions) -> None:
        with definitions.connection.transaction():
            definitions.connection.execute("set local role orchestrator_admin")
            workflow = definitions.define(GUARD)
            definitions.connection.execute("update orchestrator.workflows set enabled = false")
            definitions.connection.execute("update orchestrator.flow_nodes set title = 'x' where key = 'last'")
            definitions.connection.execute("select orchestrator.enable('limit')")
            assert definitions.versions() == [(workflow, True, True)]
            assert "x" in definitions.value("select orchestrator.diagram('limit')")


class TestDiagram:
    def test_reads_well_in_a_terminal(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        assert definitions.value("select orchestrator.diagram('limit')").splitlines() == [
            "limit: Refuse big ones",
            "request-interception on expenses (create) global [enabled]",
            "├─ ask (condition): Above?",
            "│  └─ [yes]",
            "│     ├─ say (response-message)",
            "│     └─ stop (end) → failed",
            "└─ last (output)",
        ]

    def test_mermaid(self, definitions: Definitions) -> None:
        definitions.define(changed(title='Say "no" <b>'))
        assert definitions.value("select orchestrator.diagram('limit', 'mermaid')").splitlines() == [
            "flowchart TD",
            '    start(["Say #quot;no#quot; #lt;b#gt;<br/>request-interception on expenses (create) global"])',
            '    n1{"ask (condition): Above?"}',
            '    n2["say (response-message)"]',
            '    n3(["stop (end) → failed"])',
            '    n4["last (output)"]',
            "    start --> n1",
            '    n1 -->|"yes"| n2',
            "    n1 --> n4",
            "    n2 --> n3",
        ]

    def test_another_format_is_refused(self, definitions: Definitions) -> None:
        definitions.define(GUARD)
        assert refusal(definitions, "select orchestrator.diagram('limit', 'svg')").sqlstate == "WF422"
