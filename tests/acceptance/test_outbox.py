"""What follows a write: queued with it or not at all, for the right writes, with the data as it was."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from .conftest import Connection, Ledger, Node, end, follower, note, refusal, say, sql, when

INSERT = "insert into expenses (title, amount) values ('a', 1)"
TITLE = "{{$context.data.title}}"


def create_expense(title: str, key: str = "again") -> Node:
    """A node that writes another expense."""
    values = {"title": title, "amount": 1}
    return {"key": key, "type": "create", "config": {"collection": "expenses", "params": {"values": values}}}


def test_of_ten_thousand_writes_exactly_the_committed_ones_are_followed(ledger: Ledger) -> None:
    ledger.define(follower(note(), deleteExecutionOnStatus=[1]))
    expected = []
    number = 0

    def rows(count: int) -> tuple[str, list[str]]:
        nonlocal number
        titles = [str(number + n) for n in range(count)]
        number += count
        listed = ", ".join(f"('{title}', 1)" for title in titles)
        return f"insert into expenses (title, amount) values {listed}", titles

    for round_ in range(50):
        commits = round_ % 2 == 0
        with ledger.db.transaction(force_rollback=not commits):
            statement, titles = rows(50)
            ledger.run(statement)
            if commits:
                expected += titles
            for inner in range(5):
                statement, titles = rows(25)
                try:
                    with ledger.db.transaction():
                        ledger.run(statement)
                        if inner % 2:
                            ledger.run("select 1 / 0")
                except psycopg.errors.DivisionByZero:
                    continue
                if commits:
                    expected += titles
            # and what is rolled back by hand, after a statement that failed
            ledger.run("savepoint mine")
            statement, _ = rows(25)
            ledger.run(statement)
            ledger.run("rollback to mine")
    assert number == 10_000
    assert ledger.value("select count(*) from orchestrator.executions") == len(expected) == len(ledger.amounts())
    assert ledger.drain() == len(expected)
    assert sorted(ledger.notes(), key=int) == sorted(expected, key=int)
    assert ledger.value("select count(*) from orchestrator.executions") == 0


def test_a_refused_statement_queues_nothing(limit: Ledger) -> None:
    limit.define(follower(note()))
    assert refusal(limit.db, "insert into expenses (amount) values (1), (900)")[0] == "WF400"
    assert limit.act("expenses", "create", values=[{"amount": 1}, {"amount": 900}])[0] == 400
    assert [key for key, _, _ in limit.executions()] == ["limit"]


def test_every_door_queues(ledger: Ledger) -> None:
    ledger.define(follower(note(), config={"mode": 3}))
    ledger.run("insert into expenses (id, title, amount) values (1000, 'values', 1)")
    ledger.run("insert into expenses (title, amount) select 'select ' || g, 1 from generate_series(1, 2) g")
    with ledger.db.cursor().copy("copy expenses (title, amount) from stdin") as copy:
        copy.write_row(("copy", 1))
    ledger.run("insert into expenses (id, title, amount) values (1000, 'x', 1)"
               " on conflict (id) do update set title = 'conflict'")  # fmt: skip
    ledger.run(
        "merge into expenses e using (values (1000)) s (id) on e.id = s.id when matched then update set title = 'merge'"
    )
    ledger.run("with w as (insert into expenses (title, amount) values ('cte', 1) returning id) select from w")
    ledger.act("expenses", "create", values={"title": "http", "amount": 1})
    ledger.run("set session_replication_role = replica; insert into expenses (title, amount) values ('replica', 1)")
    ledger.drain()
    assert ledger.notes() == ["values", "select 1", "select 2", "copy", "conflict", "merge", "cte", "http", "replica"]


def test_partitions_queue_once_a_row_whichever_way_they_are_written(ledger: Ledger) -> None:
    ledger.run(
        "create table bills (id int, title text) partition by range (id);"
        "create table bills_low partition of bills for values from (0) to (10);"
        "create table bills_high partition of bills for values from (10) to (20)"
    )
    ledger.manage("bills")
    ledger.define(follower(note(), collection="bills", config={"mode": 3}))
    ledger.run("insert into bills values (1, 'parent'), (11, 'parent')")
    ledger.run("insert into bills_low values (2, 'direct')")
    ledger.run("update bills set title = 'moved' , id = 12 where id = 2")
    ledger.drain()
    assert ledger.notes()[:3] == ["parent", "parent", "direct"]
    # a row that moves is deleted and inserted to the table's own triggers
    assert set(ledger.notes()[3:]) == {"moved"}


def test_the_context_keeps_user_role_and_relations_as_they_were(ledger: Ledger, api_dsn: str) -> None:
    ledger.run(
        "create table categories (id bigint primary key, name text);"
        "create table articles (id bigint primary key, title text, category_id bigint references categories);"
        "insert into categories values (1, 'books');"
        'insert into orchestrator.roles (name, strategy) values (\'editor\', \'{"actions": ["create", "view"]}\')'
    )
    ledger.manage("categories", "articles")
    relation = ledger.value(
        "select name from orchestrator.fields where collection_name = 'articles' and type = 'belongsTo'"
    )
    user = ledger.value(
        "insert into orchestrator.users (nickname, username, password) values ('Ann', 'ann', 'secret') returning id"
    )
    seen = f"{{{{$context.user.nickname}}}}, {{{{$context.roleName}}}}, {{{{$context.data.{relation}.name}}}}"
    ledger.define(follower(note(seen), collection="articles", config={"mode": 1, "appends": [relation]}))
    with psycopg.connect(api_dsn, autocommit=True) as session:
        api = Ledger(session)
        values = {"id": 1, "title": "a", "category_id": 1}
        status, _ = api.act("articles", "create", values=values, userId=user, roleName="editor")
        assert status == 200
    ledger.run(
        "update orchestrator.users set nickname = 'Beth';"
        "update categories set name = 'renamed';"
        "delete from articles; delete from categories"
    )
    assert ledger.drain() == 1
    assert ledger.notes() == ["Ann, editor, books"]
    ((_, status, context),) = ledger.executions("follow")
    assert status == 1
    assert context["data"]["title"] == "a" and context["data"][relation]["name"] == "books"
    assert context["user"]["id"] == user and "password" not in context["user"]
    assert "secret" not in str(context)
    assert context["dbUser"] == "api_login"


def test_a_login_that_is_a_known_user_is_that_user(ledger: Ledger, plain: Connection) -> None:
    ledger.run(
        "insert into orchestrator.users (nickname, db_role) values ('Will', 'writer');"
        "insert into orchestrator.roles (name) values ('clerk');"
        "insert into orchestrator.roles_users (user_id, role_name) select id, 'clerk' from orchestrator.users;"
        "grant insert on expenses to writer"
    )
    ledger.define(follower(note("{{$context.user.nickname}}, {{$context.roleName}}, {{$context.dbUser}}")))
    plain.execute(INSERT.encode())
    ledger.run(INSERT)
    ledger.drain()
    assert ledger.notes() == ["Will, clerk, writer", ", , postgres"]


@pytest.mark.parametrize(
    ("mode", "expected"), [(1, ["new"]), (2, ["changed"]), (3, ["new", "changed"]), (4, ["changed"])]
)
@pytest.mark.parametrize("sync", [True, False])
def test_a_mode_says_which_writes_are_followed(ledger: Ledger, mode: int, expected: list[str], sync: bool) -> None:
    ledger.define(follower(note(), sync=sync, config={"mode": mode}))
    ledger.run("insert into expenses (title, amount) values ('new', 1)")
    ledger.run("update expenses set title = 'changed'")
    ledger.run("delete from expenses")
    ledger.drain()
    assert ledger.notes() == expected


@pytest.mark.parametrize("sync", [True, False])
def test_changed_listens_to_the_columns_it_names(ledger: Ledger, sync: bool) -> None:
    ledger.define(follower(note(), sync=sync, config={"mode": 3, "changed": ["amount", "nothing"]}))
    ledger.run("insert into expenses (title, amount) values ('created', 1)")
    ledger.run("update expenses set title = 'renamed'")
    ledger.run("update expenses set amount = 1")
    ledger.run("update expenses set amount = 1.00, title = 'same'")
    ledger.run("update expenses set amount = 2")
    ledger.drain()
    assert ledger.notes() == ["created", "same"]


def test_changed_without_a_column_never_fires_for_updates(ledger: Ledger) -> None:
    ledger.define(follower(note(), config={"mode": 2, "changed": ["nothing"]}))
    ledger.run(INSERT)
    ledger.run("update expenses set title = 'b', amount = 2")
    assert ledger.drain() == 0


@pytest.mark.parametrize("sync", [True, False])
def test_a_condition_is_asked_of_the_written_record(ledger: Ledger, sync: bool) -> None:
    condition = {"$and": [{"amount": {"$gt": 10}}, {"title": {"$ne": "no"}}]}
    ledger.define(follower(note(), sync=sync, config={"mode": 3, "condition": condition}))
    ledger.run("insert into expenses (title, amount) values ('small', 1), ('big', 11), ('no', 12), (null, 1)")
    ledger.run("update expenses set amount = amount + 5, title = 'grown ' || title where title in ('small', 'big')")
    ledger.drain()
    assert ledger.notes() == ["big", "grown big"]


@pytest.mark.parametrize("condition", [{}, {"$and": []}, {"$or": [{}]}, None])
def test_an_empty_condition_is_none(ledger: Ledger, condition: Any) -> None:
    ledger.define(follower(note(), config={"mode": 1, "condition": condition}))
    ledger.run(INSERT)
    assert ledger.drain() == 1


def test_a_deleted_record_is_told_as_it_was(ledger: Ledger) -> None:
    ledger.run(INSERT)
    ledger.define(follower(note("{{$context.data.title}} {{$context.data.amount}}"), config={"mode": 4}))
    ledger.run("delete from expenses")
    ledger.drain()
    assert ledger.notes() == ["a 1"]


def test_a_failing_sync_event_undoes_itself_and_not_the_write(ledger: Ledger) -> None:
    ledger.define(follower(note("undone"), sql("select 1 / 0"), sync=True))
    ledger.run(INSERT)
    assert ledger.act("expenses", "create", values={"amount": 2})[0] == 200
    assert ledger.amounts() == [1, 2]
    assert ledger.notes() == []
    assert [status for _, status, _ in ledger.executions()] == [-2, -2]


@pytest.mark.parametrize("last", ["end", "error"])
def test_rollback_on_failure_takes_the_write_back(ledger: Ledger, last: str) -> None:
    failing = end() if last == "end" else sql("select 1 / 0")
    document = follower(note("undone"), failing, key="strict", sync=True, config={"mode": 1, "rollbackOnFailure": True})
    ledger.define(document)
    sqlstate, message, detail = refusal(ledger.db, INSERT)
    assert (sqlstate, detail["workflow"]) == ("WF421", "strict")
    status, body = ledger.act("expenses", "create", values={"amount": 2})
    assert (status, body) == (422, {"errors": [{"message": message, "code": "WORKFLOW_ROLLBACK_ON_FAILURE"}]})
    assert ledger.amounts() == []
    assert ledger.notes() == []
    # over HTTP the history stays
    assert [status for _, status, _ in ledger.executions()] == [-1 if last == "end" else -2]


def test_rollback_on_failure_lets_a_write_through_that_succeeds(ledger: Ledger) -> None:
    ledger.define(follower(note(), sync=True, config={"mode": 1, "rollbackOnFailure": True}))
    ledger.run(INSERT)
    assert ledger.act("expenses", "create", values={"title": "b", "amount": 2})[0] == 200
    assert ledger.notes() == ["a", "b"]


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize(("limit_", "runs"), [(None, 1), (3, 3)])
def test_a_workflow_that_causes_itself_stops_at_its_stack_limit(
    ledger: Ledger, sync: bool, limit_: int | None, runs: int
) -> None:
    options = {} if limit_ is None else {"stackLimit": limit_}
    ledger.define(follower(create_expense("made"), note(), sync=sync, **options))
    ledger.run(INSERT)
    ledger.drain()
    assert len(ledger.executions("follow")) == runs
    assert len(ledger.amounts()) == runs + 1
    ledger.run(INSERT)
    ledger.drain()
    assert len(ledger.executions("follow")) == 2 * runs


def test_the_stack_names_the_executions_that_led_there(ledger: Ledger) -> None:
    ledger.define(follower(create_expense("made"), stackLimit=3))
    ledger.run(INSERT)
    ledger.drain()
    rows = ledger.rows("select id, stack from orchestrator.executions order by id")
    ids = [row[0] for row in rows]
    assert [row[1] for row in rows] == [None, ids[:1], ids[:2]]


@pytest.mark.parametrize("sync", [True, False])
def test_two_workflows_that_cause_each_other_stop(ledger: Ledger, sync: bool) -> None:
    ledger.define(follower(note("ping"), key="ping", sync=sync))
    back = create_expense("pong")
    ledger.define(follower(back, key="pong", collection="notes", sync=sync))
    ledger.run(INSERT)
    ledger.drain()
    assert ledger.notes() == ["ping"]
    assert len(ledger.amounts()) == 2


def update_titles(**params: Any) -> Node:
    """A node that renames what is titled "b"."""
    config = {"collection": "expenses", "params": {"filter": {"title": "b"}, "values": {"title": "done"}, **params}}
    return {"key": "rename", "type": "update", "config": config}


@pytest.mark.parametrize(
    ("params", "followed"), [({}, 2), ({"individualHooks": True}, 2), ({"individualHooks": False}, 0)]
)
def test_individual_hooks_false_starts_no_other_workflow(ledger: Ledger, params: dict[str, Any], followed: int) -> None:
    ledger.run("insert into expenses (title, amount) values ('b', 1), ('b', 2)")
    ledger.define(follower(update_titles(**params), key="rename"))
    ledger.define(follower(note(), key="told", config={"mode": 2}))
    ledger.run(INSERT)
    ledger.drain()
    assert ledger.value("select count(*) from expenses where title = 'done'") == 2
    assert ledger.notes() == ["done"] * followed


def sync_action(*nodes: Node, key: str, sync: bool = True) -> dict[str, Any]:
    """An after-action workflow on every create."""
    return follower(*nodes, key=key, type="action", sync=sync, config={"global": True, "actions": ["create"]})


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_sync_end_stops_the_rest(ledger: Ledger, door: str) -> None:
    stop = when("{{$context.data.title}}", "equal", "a", say("stopped"), end(1))
    ledger.define(sync_action(note("first"), key="first"))
    ledger.define(sync_action(stop, key="second"))
    ledger.define(sync_action(note("third"), key="third"))
    ledger.define(sync_action(note("later"), key="later", sync=False))
    if door == "sql":
        ledger.run(INSERT)
        assert ledger.notices == ["stopped"]
    else:
        status, body = ledger.act("expenses", "create", values={"title": "a", "amount": 1})
        assert (status, body["messages"], body["data"]["title"]) == (200, [{"message": "stopped"}], "a")
    assert ledger.drain() == 0
    assert ledger.notes() == ["first"]
    ledger.run("insert into expenses (title, amount) values ('b', 1)")
    assert ledger.drain() == 1
    assert ledger.notes() == ["first", "first", "third", "later"]


def test_after_actions_do_not_follow_what_workflows_write(ledger: Ledger) -> None:
    ledger.define(follower(create_expense("made"), key="maker", collection="notes"))
    ledger.define(sync_action(note("action"), key="action"))
    ledger.define(follower(sql("select 1"), key="event"))
    ledger.run("insert into notes (text) values ('go')")
    ledger.drain()
    assert ledger.notes() == ["go"]
    assert [key for key, _, _ in ledger.executions()] == ["maker", "event"]


def test_what_is_associated_in_a_request_is_there_when_workflows_start(ledger: Ledger) -> None:
    ledger.run(
        "create table orders (id bigint generated by default as identity primary key, title text);"
        "create table items (id bigint generated by default as identity primary key,"
        " order_id bigint references orders, name text)"
    )
    ledger.manage("orders", "items")
    relation = ledger.value(
        "select name from orchestrator.fields where collection_name = 'orders' and type = 'hasMany'"
    )
    count = sql("select count(*)::int as n from public.items where order_id = :id", id="{{$context.data.id}}")
    seen = note("{{$jobsMapByNodeKey.sql.0.n}}")
    ledger.define(follower(count, seen, collection="orders", sync=True))
    values = {"title": "o", relation: [{"name": "x"}, {"name": "y"}]}
    assert ledger.act("orders", "create", values=values)[0] == 200
    assert ledger.notes() == ["2"]


def test_a_disabled_workflow_keeps_its_queue_until_it_is_enabled(ledger: Ledger) -> None:
    ledger.define(follower(note()))
    ledger.run(INSERT)
    ledger.run("update orchestrator.workflows set enabled = false")
    assert ledger.drain() == 0
    ledger.run("update orchestrator.workflows set enabled = true")
    assert ledger.drain() == 1
    assert ledger.notes() == ["a"]


def test_a_follower_of_a_table_is_found_by_sessions_that_were_open_before(ledger: Ledger, plain: Connection) -> None:
    ledger.run("grant insert on expenses to writer")
    plain.execute(INSERT.encode())
    ledger.define(follower(note()))
    plain.execute(INSERT.encode())
    assert ledger.drain() == 1
