"""Statements: what is selected, how it is written out, and how often it is compiled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import pytest

from orchestrator.engine.records import open_records
from orchestrator.engine.statements import open_statements
from orchestrator.errors import InvalidError
from orchestrator.model.shape import split

Connection = psycopg.Connection[Any]
Ask = Callable[..., Any]

POSTS = """
insert into public.users (nickname) values ('ann'), ('bob');
insert into public.categories (name, level, "parentId", "createdAt") values
    ('news', 1, null, '2026-01-01T00:00:00.1234Z'), ('sport', 2, 1, '2026-01-01'), ('ball', 3, 2, '2026-01-01');
insert into public.posts (title, read, "categoryId", author_id) values
    ('one', 3, 1, 2), ('two', 1, 3, null), ('three', 2, null, 1), (null, 2, 1, 1);
insert into public.tags (name, color) values ('red', 'warm'), ('blue', 'cold');
insert into public."postsTags" values (1, 2, 7), (1, 1, 8), (2, 2, 9);
"""


@pytest.fixture(scope="module")
def shared(shared_port: Any) -> Any:
    """The port of a blog with four posts, which nothing here changes."""
    shared_port.connection.execute(POSTS)
    return shared_port


@pytest.fixture
def ask(shared: Any) -> Ask:
    """The answer to a select, parsed."""

    def select(collection: str, **request: Any) -> Any:
        shape, values = split({"kind": "select", "collection": collection, "rendering": "wire", **request})
        rows = shared.fetch(open_statements(shared).sql(shape), values)
        if "keys" in request or "single" in request:
            return [json.loads(row["data"]) for row in rows]
        return json.loads(rows[0]["data"])

    return select


def ids(rows: list[Mapping[str, Any]]) -> list[Any]:
    return [row["id"] for row in rows]


def test_without_fields_all_columns_come_in_the_order_of_the_table(ask: Ask) -> None:
    (post,) = ask("posts", filterByTk=1)
    assert list(post) == [
        "id", "title", "read", "published", "meta", "labels", "categoryId", "author_id", "createdAt", "createdById",
        "updatedById",
    ]  # fmt: skip


def test_fields_are_exactly_those_named_and_the_key_is_not_added(ask: Ask) -> None:
    assert ask("posts", filterByTk=1, fields=["title", "read"]) == [{"title": "one", "read": 3}]
    assert ask("posts", filterByTk=1, fields="title,read") == [{"title": "one", "read": 3}]


def test_relations_within_fields_are_appended(ask: Ask) -> None:
    assert ask("posts", filterByTk=1, fields=["id", "category.name", "tags"]) == [
        {
            "id": 1,
            "category": {"name": "news"},
            "tags": [
                {"id": 1, "name": "red", "color": "warm", "postsTags": {"postId": 1, "tagId": 1, "weight": 8}},
                {"id": 2, "name": "blue", "color": "cold", "postsTags": {"postId": 1, "tagId": 2, "weight": 7}},
            ],
        }
    ]


def test_unknown_fields_are_refused_and_unknown_appends_passed_over(ask: Ask) -> None:
    with pytest.raises(InvalidError, match="Invalid SQL column or table reference"):
        ask("posts", fields=["nope"])
    assert "nope" not in ask("posts", filterByTk=1, appends=["nope", "tags.nope"])[0]


def test_except_leaves_out_columns_also_of_appended_relations(ask: Ask) -> None:
    (post,) = ask("posts", filterByTk=1, appends=["category"], **{"except": ["meta", "category.createdAt"]})
    assert "meta" not in post and "title" in post
    assert "createdAt" not in post["category"] and "name" in post["category"]


def test_a_dotted_append_loads_nothing_else_of_what_lies_between(ask: Ask) -> None:
    assert ask("posts", filterByTk=2, fields=["id"], appends=["category.parent.parent"]) == [
        {"id": 2, "category": {"parent": {"parent": ask("categories", filterByTk=1)[0]}}}
    ]
    both = ask("posts", filterByTk=2, appends=["category", "category.parent"])[0]["category"]
    assert both["name"] == "ball" and both["parent"]["name"] == "sport"


def test_missing_relations_are_null_or_an_empty_list(ask: Ask) -> None:
    (post,) = ask("posts", filterByTk=3, appends=["category", "tags"])
    assert post["category"] is None and post["tags"] == []


def test_an_append_may_be_sorted_and_followed_to_its_end(ask: Ask) -> None:
    (post,) = ask("posts", filterByTk=1, appends=["tags(sort=-id)"])
    assert ids(post["tags"]) == [2, 1]
    (ball,) = ask("categories", filterByTk=3, appends=["parent(recursively=true)"], fields=["id"])
    assert ball["parent"]["name"] == "sport" and ball["parent"]["parent"]["name"] == "news"
    assert ball["parent"]["parent"]["parent"] is None


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, [1, 2, 3, 4]),
        (["read"], [2, 3, 4, 1]),
        (["-read", "-id"], [1, 4, 3, 2]),
        ("-title", [2, 3, 1, 4]),
        (["title"], [1, 3, 2, 4]),
        (["category.name"], [2, 1, 4, 3]),
        (["-category.parent.name"], [2, 1, 3, 4]),
        ([{"field": "read", "direction": "desc"}], [1, 3, 4, 2]),
    ],
)
def test_sorts_with_nulls_last_and_the_key_as_tie_breaker(ask: Ask, sort: Any, order: list[int]) -> None:
    assert ids(ask("posts", sort=sort)) == order


@pytest.mark.parametrize("sort", ["nope", "tags.name", "category", "category.nope", "title.x"])
def test_refuses_to_sort_by_what_has_no_single_value(ask: Ask, sort: str) -> None:
    with pytest.raises(InvalidError, match="Invalid SQL column or table reference"):
        ask("posts", sort=[sort])


def test_a_page_knows_how_many_there_are_in_the_same_statement(shared: Any) -> None:
    shape, values = split(
        {
            "kind": "select", "collection": "posts", "rendering": "wire", "filter": {"tags.name.$in": ["red", "blue"]},
            "fields": ["id"], "limit": 1, "offset": 1, "count": True,
        }
    )  # fmt: skip
    (page,) = shared.fetch(open_statements(shared).sql(shape), values)
    assert (page["data"], page["count"]) == ('[{"id":2}]', "2")


def test_rows_reached_through_a_join_table_show_the_link(ask: Ask) -> None:
    of_one = {"collection": "posts", "name": "tags", "key": 1}
    red, blue = ask("tags", association=of_one)
    assert red["postsTags"] == {"postId": 1, "tagId": 1, "weight": 8} and red["_pivot_"] is None
    assert blue["name"] == "blue"
    assert ask("tags", association=of_one, fields=["name"])[0] == {"name": "red", "_pivot_": None}
    assert ask("tags", association={**of_one, "key": 99}) == []


def test_rows_reached_through_foreign_keys_are_those_of_the_source(ask: Ask) -> None:
    assert ids(ask("posts", association={"collection": "categories", "name": "posts", "key": 1})) == [1, 4]
    assert ids(ask("users", association={"collection": "posts", "name": "author", "key": 1})) == [2]
    with pytest.raises(InvalidError, match='"posts" has no relation "author" to "tags"'):
        ask("tags", association={"collection": "posts", "name": "author", "key": 1})


@pytest.mark.parametrize(
    ("key", "found"),
    [(2, [2]), ("2", [2]), ([1, "3", 99], [1, 3]), ([], []), ({"id": 3}, [3]), ([{"id": 1}, {"id": 2}], [1, 2])],
)
def test_rows_are_addressed_in_every_form_of_a_key(ask: Ask, key: Any, found: list[int]) -> None:
    assert ids(ask("posts", filterByTk=key)) == found


@pytest.mark.parametrize("key", [1, [1], {"nope": 1}, [{"number": 1}, {"maker": "x"}], {"number": None}])
def test_refuses_what_is_no_key_of_the_table(ask: Ask, key: Any) -> None:
    with pytest.raises(InvalidError):
        ask("parts", filterByTk=key)


def test_values_are_written_out_as_the_wire_and_as_contexts_want_them(
    db: Connection, manage: Callable[..., None], blog: Connection, port: Any
) -> None:
    db.execute("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set bytea_output = 'escape'")
    db.execute(
        """
        create table public.kinds (
            id int primary key, big bigint, huge bigint, bigs bigint[], amount numeric(10, 2), ratio float8,
            at timestamptz, ats timestamptz[], local timestamp, day date, hour time, doc json, docb jsonb,
            raw bytea, mood public.mood, moods public.mood[], key uuid, ok boolean, gap text
        );
        insert into public.kinds values (
            1, 5, 9007199254740993, '{1,9007199254740993}', 1.5, 0.1,
            '2026-01-01T10:00:00.1239+01', '{2026-01-01T00:00Z}',
            '2026-01-01 23:30:01.5', '2026-01-31', '03:04:05',
            '{"z":1,"a":[ 2 ]}', '{"z":1,"a":2}',
            'hello', 'ok', '{sad,ok}', '00000000-0000-0000-0000-00000000000a', true, null
        )
        """
    )
    manage("public.kinds")
    records = open_records(port)

    def shown(rendering: Any) -> Any:
        return json.loads(records.find_text("kinds", rendering=rendering))[0]

    wire = {
        "id": 1, "big": 5, "huge": "9007199254740993", "bigs": ["1", "9007199254740993"], "amount": "1.50",
        "ratio": 0.1, "at": "2026-01-01T09:00:00.123Z", "ats": ["2026-01-01T00:00:00.000Z"],
        "local": "2026-01-01 23:30:01", "day": "2026-01-31", "hour": "03:04:05",
        "doc": {"z": 1, "a": [2]}, "docb": {"a": 2, "z": 1},
        "raw": "aGVsbG8=", "mood": "ok", "moods": ["sad", "ok"], "key": "00000000-0000-0000-0000-00000000000a",
        "ok": True, "gap": None,
    }  # fmt: skip
    assert shown("wire") == wire
    assert list(shown("wire")["doc"]) == ["z", "a"]
    exact = {"huge": 9007199254740993, "bigs": [1, 9007199254740993], "amount": 1.5}
    assert shown("context") == {**wire, **exact}


def test_columns_of_any_name_and_number_can_be_read_and_written(
    db: Connection, manage: Callable[..., None], blog: Connection, port: Any
) -> None:
    columns = ['we"ird', "a b", "it's", "Größe", *(f"c{number}" for number in range(120))]
    spelled = ", ".join('"' + name.replace('"', '""') + '" int' for name in columns)
    db.execute(f"create table public.wide (id int primary key, {spelled})".encode())
    manage("public.wide")
    records = open_records(port)

    written = {"id": 1, **{name: number for number, name in enumerate(columns)}}
    assert records.create_record("wide", written) == written
    assert records.find("wide", filter={'we"ird': 0, "it's.$in": [2], "a b.$gt": 0}, sort=["-Größe"]) == [written]


def test_comparisons_follow_the_operators_of_a_type_wherever_it_is_installed(
    db: Connection, manage: Callable[..., None], blog: Connection, port: Any
) -> None:
    db.execute("create schema extensions; create extension citext schema extensions")
    db.execute(
        "create table public.mails (id extensions.citext primary key); insert into public.mails values ('Ann@x.org')"
    )
    manage("public.mails")
    records = open_records(port)

    for filter_ in ({"id": "ann@X.org"}, {"id.$in": ["ANN@x.org"]}, {"id.$between": ["ANN", "ann@y"]}):
        assert records.count("mails", filter=filter_) == 1
    assert records.count("mails", filter_by_tk="ANN@X.ORG") == 1
    assert records.count("mails", filter={"id.$ne": "ann@x.org"}) == 0


def test_requests_that_differ_in_values_alone_share_a_shape() -> None:
    def shape(**request: Any) -> str:
        return split({"kind": "select", "collection": "posts", "rendering": "wire", **request})[0]

    assert shape(filter={"a": 1, "b.$in": [1]}, limit=1) == shape(filter={"b.$in": [2, 3], "a": 2}, limit=9)
    assert shape(filter={"a": 1}) != shape(filter={"a": None})
    assert shape(fields="a,b") == shape(fields=["b", "a", "a"])


def test_a_shape_is_compiled_once_and_again_only_when_the_tables_change(blog: Connection, port: Any) -> None:
    stored = "select count(*) from orchestrator.compiled_statements"
    shape, _ = split({"kind": "select", "collection": "tags", "rendering": "wire"})

    first = open_statements(port)
    sql = first.sql(shape)
    assert first.sql(shape) == sql and open_statements(port) is first
    assert blog.execute(stored).fetchone() == (1,)
    port.statements.clear()
    another = type(port)(blog)
    assert open_statements(another).sql(shape) == sql
    assert blog.execute(stored).fetchone() == (1,)

    blog.execute("alter table public.tags add size integer")
    blog.execute("select orchestrator.refresh_fields('tags')")

    assert '"size"' in open_statements(port).sql(shape)
    assert open_statements(port) is not first


def test_a_session_never_waits_for_another_to_store_a_statement(blog: Connection, dsn: str) -> None:
    remember = "select orchestrator.remember_statement('shape', '{}')"
    with psycopg.connect(dsn) as writing:
        writing.execute(remember)
        blog.execute("set statement_timeout = '2s'")
        blog.execute(remember)
        writing.rollback()
    blog.execute("set default_transaction_read_only = on")
    blog.execute(remember)


def test_aggregates(shared: Any) -> None:
    records = open_records(shared)
    assert records.aggregate("posts", "sum", "read") == 8
    assert records.aggregate("posts", "count", "author_id", distinct=True) == 2
    assert records.aggregate("posts", "max", "title") == "two"
    assert records.aggregate("posts", "min", "read", filter={"tags.name": "red"}) == 3
    assert records.aggregate("posts", "avg", "read", filter={"id": 99}) is None
    of_one = {"collection": "categories", "name": "posts", "key": 1}
    assert records.aggregate("posts", "sum", "read", association=of_one) == 5
    with pytest.raises(InvalidError):
        records.aggregate("posts", "pg_sleep", "read")


def test_only_the_newest_compiled_statements_are_kept(db: Connection) -> None:
    """Clients choose the shapes, and there is no end of them."""
    for number in range(5):
        db.execute(
            "insert into orchestrator.compiled_statements values (%s, '{}', now() + make_interval(secs => %s))",
            (f"shape {number}", number),
        )
    db.execute("select orchestrator.forget_statements(10)")
    assert db.execute("select count(*) from orchestrator.compiled_statements").fetchone() == (5,)
    assert db.execute("select orchestrator.forget_statements(2)").fetchone() == (3,)
    left = db.execute("select shape from orchestrator.compiled_statements order by shape").fetchall()
    assert left == [("shape 3",), ("shape 4",)]
