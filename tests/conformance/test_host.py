"""The port itself: parameters, savepoints, errors, time, history."""

from __future__ import annotations

import json

import psycopg
import pytest

from orchestrator.hosts.psycopg_host import PsycopgHost

from .vocabulary import Connection, Workflows, node


def test_every_parameter_is_text_and_cast_in_sql(workflows: Workflows) -> None:
    sql = "select pg_typeof($1)::text as t, $2::int8 + 1 as n, $3 is null as nothing"
    [row] = workflows.engine.call("fetch", sql, json.dumps(["a", "41", None]))
    assert row == [["t", "str", "'text'"], ["n", "int", "42"], ["nothing", "bool", "True"]]


def test_the_server_chooses_types_when_asked_to(workflows: Workflows) -> None:
    [row] = workflows.engine.call("fetch", "select 40 + $1 as n", json.dumps(["2"]), "infer")
    assert row == [["n", "int", "42"]]


def test_run_tells_how_many_rows_it_touched(workflows: Workflows) -> None:
    insert = "insert into public.plain select g, $1 from generate_series(1, 3) g"
    assert workflows.engine.call("run_count", insert, json.dumps(["x"])) == 3
    assert workflows.engine.call("run_count", "update public.plain set note = null where id < $1::int", '["3"]') == 2
    assert workflows.engine.call("run_count", "delete from public.plain where id = 99") == 0


def test_a_write_without_returning_has_no_rows(workflows: Workflows) -> None:
    assert workflows.engine.call("fetch", "insert into public.plain values (1, 'a')") == []


def test_an_error_keeps_code_message_detail_and_hint(workflows: Workflows) -> None:
    error = workflows.engine.call(
        "fetch",
        "do $$ begin raise exception 'no way' using errcode = 'WF409', detail = 'because', hint = 'Try later.'; end $$",
    )
    assert error == {"sqlstate": "WF409", "message": "no way", "detail": "because", "hint": "Try later."}


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("insert into public.plain values (1), (1)", ["public", "plain", None]),
        ("insert into public.plain values (null)", ["public", "plain", "id"]),
    ],
)
def test_a_violated_constraint_says_where(workflows: Workflows, sql: str, place: list[str]) -> None:
    assert workflows.engine.call("fetch", sql)["place"] == place


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("selec 1", "42601"),
        ("select 1 / 0", "22012"),
        ("select $1::int", "22P02"),
        ("insert into public.plain values (1), (1)", "23505"),
        ("copy public.plain to stdout", None),
    ],
)
def test_errors_have_the_same_code_on_both_hosts(workflows: Workflows, sql: str, sqlstate: str | None) -> None:
    error = workflows.engine.call("fetch", sql, json.dumps(["x"]) if "$1" in sql else "[]")
    assert "message" in error
    if sqlstate is not None:
        assert error["sqlstate"] == sqlstate


def test_a_savepoint_takes_back_what_was_written_in_it_and_the_transaction_goes_on(workflows: Workflows) -> None:
    found = workflows.engine.call("survive", "insert into public.plain values (1, 'a')", "select 1 / 0")
    assert found == ["22012", 1]
    assert workflows.value("select count(*) from plain") == 0


def test_a_failed_statement_alone_leaves_the_transaction_usable(workflows: Workflows) -> None:
    found = workflows.engine.call("go_on", "insert into public.plain values (1, 'a')", "select 1 / 0")
    assert found == ["22012", 1]
    assert workflows.value("select count(*) from plain") == 1


def test_the_clock_is_the_databases(workflows: Workflows) -> None:
    workflows.value("select set_config('orchestrator.fake_now', '2026-11-21 03:41:43.866123+02', false)")
    try:
        assert workflows.engine.call("clock") == ["2026-11-21T01:41:43.866123+00:00", True]
    finally:
        workflows.value("select set_config('orchestrator.fake_now', '', false)")


def test_history_is_written_set_wise(workflows: Workflows) -> None:
    key = workflows.define(node("echo", "a"), enabled=True)
    own = workflows.engine.call("write_history", workflows.program_id(key))
    rows = workflows.db.execute(
        "select status, output, stack, id = %s, context from orchestrator.executions where key = %s"
        " order by status nulls last, id <> %s, id",
        [own, key, own],
    ).fetchall()
    assert [row[:4] for row in rows] == [
        (-1, "out", [1, 2], True),
        (-1, None, None, False),
        (1, None, None, False),
        (None, None, [3], False),
        (None, None, [3], False),
    ]
    assert rows[2][4] == {"text": 'a "quoted" \\ {brace}, comma'}
    assert [row[4]["data"] for row in rows[3:]] == [{"a": 1}, {"a": "{,}"}]


def test_a_program_that_is_not_there_is_a_conflict_with_a_publisher(workflows: Workflows) -> None:
    assert workflows.engine.call("missing_program") == "40001"


def test_outside_a_transaction_there_is_no_host(conformance_db: Connection) -> None:
    with pytest.raises(ValueError, match="in no transaction"):
        PsycopgHost(conformance_db)


def test_settings_and_role_end_with_the_transaction(conformance_db: Connection) -> None:
    query = "select current_user::text, current_setting('search_path'), current_setting('bytea_output')"
    before = conformance_db.execute(query).fetchone()
    with conformance_db.transaction():
        PsycopgHost(conformance_db)
        assert conformance_db.execute(query).fetchone() != before
    assert conformance_db.execute(query).fetchone() == before


def test_a_lost_connection_is_no_failed_node(conformance_db: Connection, server: object) -> None:
    with psycopg.connect(conformance_db.info.dsn, password=conformance_db.info.password) as other:
        host = PsycopgHost(other)
        conformance_db.execute("select pg_terminate_backend(%s)", [other.info.backend_pid])
        with pytest.raises(Exception) as raised:
            for _ in range(100):
                host.fetch("select pg_sleep(0.05)")
        assert str(getattr(raised.value, "sqlstate", "")).startswith("57")
        other.close()
