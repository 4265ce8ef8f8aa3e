"""sql: placeholders are parameters and nothing else; unsafe mode is text."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Run, Workflows, node


def run_sql(workflows: Workflows, sql: str, /, **values: Any) -> Run:
    """A safe statement whose variables come from the context."""
    variables = [{"name": name, "value": f"{{{{$context.{name}}}}}"} for name in values]
    return workflows.run(node("sql", "s", sql=sql, variables=variables), context=values)


def rows_of(workflows: Workflows, sql: str, /, **values: Any) -> Any:
    status, result = run_sql(workflows, sql, **values).job("s")
    assert status == 1, result
    return result


def test_rows_are_an_array(workflows: Workflows) -> None:
    assert rows_of(workflows, "select 1 as a, 'x' as b, null as c") == [{"a": 1, "b": "x", "c": None}]


def test_a_statement_without_rows_gives_an_empty_array(workflows: Workflows) -> None:
    assert rows_of(workflows, "insert into public.plain values (1, 'a')") == []
    assert rows_of(workflows, "select 1 where false") == []
    assert workflows.value("select note from plain") == "a"


def test_returning_gives_rows(workflows: Workflows) -> None:
    assert rows_of(workflows, "insert into public.plain values (1, 'a') returning id, note") == [{"id": 1, "note": "a"}]


@pytest.mark.parametrize("sql", ["", "  \n ", None])
def test_an_empty_statement_does_nothing(workflows: Workflows, sql: str | None) -> None:
    assert workflows.run(node("sql", "s", sql=sql)).jobs == [("s", 1, None)]


def test_with_meta_gives_rows_and_meta(workflows: Workflows) -> None:
    rows, meta = workflows.run(node("sql", "s", sql="select 1 as a", withMeta=True)).job("s")[1]
    assert rows == [{"a": 1}]
    assert isinstance(meta, dict)


def test_an_error_is_the_jobs_message_and_code(workflows: Workflows) -> None:
    run = run_sql(workflows, "select * from public.nowhere")
    assert run.status == -2
    assert run.job("s") == (-2, {"message": 'relation "public.nowhere" does not exist', "code": "42P01"})


@pytest.mark.parametrize(
    "payload",
    [
        "' or '1'='1",
        "x' union select id, note from public.plain --",
        "'; drop table public.plain; --",
        "x'/* ",
        "\\'; drop table public.plain; --",
        "$$; drop table public.plain; $$",
        ":id $1 {{$context.id}} %s",
    ],
)
def test_values_are_data_whatever_they_say(workflows: Workflows, payload: str) -> None:
    workflows.db.execute("insert into plain values (1, 'secret')")
    assert rows_of(workflows, "select id, note from public.plain where note = :note", note=payload) == []
    rows_of(workflows, "insert into public.plain values (:id, :note)", id=2, note=payload)
    assert rows_of(workflows, "select id from public.plain where note = :note", note=payload) == [{"id": 2}]
    assert workflows.db.execute("select note from plain order by id").fetchall() == [("secret",), (payload,)]


def test_safe_mode_does_not_template_the_text(workflows: Workflows) -> None:
    assert rows_of(workflows, "select '{{$context.id}}' as t", id=7) == [{"t": "{{$context.id}}"}]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select :a::text as v", "7"),
        ("select cast(:a as integer) as v", 7),
        ("select ':a' as v", ":a"),
        ("select 'it''s :a' as v", "it's :a"),
        ("select e'\\':a' as v", "':a"),
        ("select $$:a$$ as v", ":a"),
        ("select $x$ $$ :a $x$ as v", " $$ :a "),
        ("select 1 /* :a */ as v -- :a", 1),
        ('select 1 as "v" where 1 < :a::int', 1),
        ("select '2020-01-01 10:00'::timestamp::text as v", "2020-01-01 10:00:00"),
        ("select (array[1,2,3])[1:2] as v", [1, 2]),
        ("select 1::int::text as v", "1"),
    ],
)
def test_only_placeholders_are_replaced(workflows: Workflows, sql: str, expected: Any) -> None:
    assert rows_of(workflows, sql, a=7) == [{"v": expected}]


def test_an_unknown_name_is_left_to_the_server(workflows: Workflows) -> None:
    run = run_sql(workflows, "select :b as v", a=1)
    assert run.job("s")[0] == -2
    assert run.job("s")[1]["code"] == "42601"


def test_a_placeholder_takes_the_type_of_where_it_stands(workflows: Workflows) -> None:
    rows_of(workflows, "insert into public.plain values (:v, :v)", v=5)
    assert workflows.db.execute("select id, note from plain").fetchall() == [(5, "5")]
    assert rows_of(workflows, "select note from public.plain where id = :v and note = :v", v=5) == [{"note": "5"}]


@pytest.mark.parametrize(
    ("sql", "value", "expected"),
    [
        ("select :v::boolean as v", True, True),
        ("select :v::integer as v", None, None),
        ("select :v as v", "text", "text"),
        ("select :v::jsonb as v", {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
        ("select :v::jsonb as v", [1, "b"], [1, "b"]),
        ("select 2 < :v as v", 2.5, True),
        ("select :v + 1 as v", 2, 3),
        ("select :v::bigint as v", 2**53 + 1, 2**53 + 1),
        ("select 'b' in (:v) as v", ["a", "b"], True),
        ("select 3 not in (:v) as v", [1, 2], True),
        ("select 1 in ( :v ) as v", 1, True),
        ("select count(*)::int as v from public.plain where id in (:v)", [], 0),
    ],
)
def test_values_travel_by_their_kind(workflows: Workflows, sql: str, value: Any, expected: Any) -> None:
    assert rows_of(workflows, sql, v=value) == [{"v": expected}]


def test_unsafe_mode_templates_the_text(workflows: Workflows) -> None:
    workflows.db.execute("insert into plain values (1, 'a'), (2, 'b')")
    run = workflows.run(
        node("sql", "now", sql="select '{{$system.now}}'::timestamptz > '2020-01-01' as later", unsafeInjection=True),
        node("sql", "s", sql="delete from public.plain where id = {{$context.id}}", unsafeInjection=True),
        context={"id": 2},
    )
    assert run.job("now") == (1, [{"later": True}])
    assert workflows.db.execute("select id from plain").fetchall() == [(1,)]


def test_several_statements_without_values_give_the_last_ones_rows(workflows: Workflows) -> None:
    sql = "insert into public.plain values (1, 'a;b'); /* ; */ select note from public.plain; "
    assert rows_of(workflows, sql) == [{"note": "a;b"}]


@pytest.mark.parametrize("sql", ["commit", "rollback", "/* x */ ( commit", "select 1; commit", "savepoint x", "begin"])
def test_a_statement_cannot_leave_the_transaction(workflows: Workflows, sql: str) -> None:
    run = workflows.run(node("sql", "w", sql="insert into public.plain values (1, 'a')"), node("sql", "s", sql=sql))
    assert run.status == -2
    assert run.keys == ["w", "s"]
    assert workflows.value("select count(*) from plain") == 1


_WHO = """
select current_user::text as who, current_setting('TimeZone') as zone, current_setting('DateStyle') as style,
    current_setting('search_path') as path, current_setting('row_security') as rls
"""


def test_it_runs_as_the_runner_under_pinned_settings(workflows: Workflows) -> None:
    workflows.db.execute("set timezone = 'Asia/Tokyo'")
    workflows.db.execute("set datestyle = 'SQL, DMY'")
    try:
        key = workflows.define(node("sql", "s", sql=_WHO))
        run = workflows.start(key)
        assert workflows.value("select current_user::text || current_setting('TimeZone')") == "postgresAsia/Tokyo"
    finally:
        workflows.db.execute("reset timezone")
        workflows.db.execute("reset datestyle")
    assert run.job("s")[1][0] == {
        "who": "orchestrator_runner",
        "zone": "UTC",
        "style": "ISO, MDY",
        "path": "pg_catalog, orchestrator, pg_temp",
        "rls": "off",
    }


def test_it_may_not_read_what_the_runner_may_not(workflows: Workflows) -> None:
    assert run_sql(workflows, "select * from orchestrator.users").job("s")[1]["code"] == "42501"
