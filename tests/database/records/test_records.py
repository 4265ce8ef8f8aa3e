"""Records: what is written, with everything nested in it, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.engine.port import StatementError
from orchestrator.engine.records import Records, open_records
from orchestrator.errors import InvalidError

from .conftest import Connection, one


def test_create_returns_the_whole_row_with_defaults_and_passes_over_unknown_names(records: Records) -> None:
    post = one(records.create("posts", {"title": "p", "nope": 1, "meta": {"z": 1, "a": [2]}, "labels": ["x"]}))

    assert (post["id"], post["title"], post["read"], post["labels"]) == (1, "p", 0, ["x"])
    assert list(post["meta"]) == ["z", "a"]
    assert post["createdAt"] is not None and post["createdById"] is None and "nope" not in post


def test_create_without_values_writes_a_row_of_defaults(records: Records) -> None:
    assert one(records.create("posts"))["id"] == 1
    assert one(records.create("posts", {"nope": 1}))["id"] == 2


def test_create_keeps_a_key_that_was_given_and_exact_numbers(
    db: Connection, manage: Callable[..., None], blog: Connection, port: Any
) -> None:
    db.execute("create table public.sums (id bigint primary key, amount numeric(40, 20), whole integer)")
    manage("public.sums")
    records = open_records(port)
    amount = Decimal("12345678901234567890.12345678901234567890")

    written = records.create("sums", {"id": 9007199254740993, "amount": amount, "whole": 3.0})

    assert one(written) == {"id": "9007199254740993", "amount": str(amount), "whole": 3}
    assert records.find_one("sums", filter_by_tk="9007199254740993") == {
        "id": 9007199254740993,
        "amount": amount,
        "whole": 3,
    }


def test_a_value_that_does_not_fit_is_refused_by_postgresql(records: Records) -> None:
    with pytest.raises(StatementError, match="value too long"):
        records.create("categories", {"name": "x" * 21})


def test_whitelist_and_blacklist_choose_among_the_values(records: Records) -> None:
    values = {"title": "p", "read": 3, "category": {"name": "c"}}
    post = one(records.create("posts", values, whitelist=["title", "category.name"]))
    assert (post["read"], post["category"]["name"]) == (0, "c")
    post = one(records.create("posts", values, blacklist=["category", "read"]))
    assert (post["read"], post["categoryId"]) == (0, None)


def test_who_created_and_who_changed_comes_from_the_user_and_not_from_the_values(records: Records) -> None:
    created = one(records.create("posts", {"title": "p", "createdById": 9, "category": {"name": "c"}}, user_id=1))
    assert (created["createdById"], created["updatedById"], created["category"]["createdById"]) == (1, 1, 1)

    updated = one(records.update("posts", {"title": "q", "createdById": 9}, filter_by_tk=1, user_id=2))
    assert (updated["createdById"], updated["updatedById"]) == (1, 2)

    untouched = one(records.update("posts", {}, filter_by_tk=1, user_id=3))
    assert untouched["updatedById"] == 2


def test_without_a_user_the_values_say_who_created(records: Records) -> None:
    assert one(records.create("posts", {"createdById": 9}))["createdById"] == 9


def test_update_returns_every_row_in_the_order_of_keys_and_never_moves_a_key(records: Records) -> None:
    for number in range(3):
        records.create("posts", {"title": f"p{number}"})

    written = records.update("posts", {"read": 5, "id": 99}, filter={"title.$ne": "p1"})

    assert [(row["id"], row["read"]) for row in written.rows()] == [(1, 5), (3, 5)]
    assert written.keys == [{"id": 1}, {"id": 3}] and written.count == 2
    assert records.update("posts", {"read": 6}, filter_by_tk=99).text == "[]"
    assert records.update("posts", {"read": 7}, filter_by_tk=[1, 3], filter={"title": "p0"}).count == 1


@pytest.mark.parametrize(
    "request_", [{}, {"filter": {}}, {"filter": {"$and": [{}]}}, {"filter_by_tk": ""}, {"filter_by_tk": []}]
)
def test_nothing_is_changed_or_removed_without_a_filter(records: Records, request_: Any) -> None:
    records.create("posts", {})
    with pytest.raises(InvalidError, match="to do update action, filter or filterByTk is required"):
        records.update("posts", {"read": 1}, **request_)
    with pytest.raises(InvalidError, match="to do destroy action, filter or filterByTk is required"):
        records.destroy("posts", **request_)


def test_rows_are_changed_and_removed_below_their_source(records: Records) -> None:
    records.create("users", {"profiles": {"bio": "a"}, "posts": [{"title": "p"}, {"title": "q"}]})
    records.create("users", {"profiles": {"bio": "b"}})
    profile, posts = ({"collection": "users", "name": name, "key": 1} for name in ("profiles", "posts"))

    assert one(records.update("profiles", {"bio": "c"}, association=profile))["id"] == 1
    assert records.update("posts", {"read": 1}, association=posts, filter={"title": "p"}).count == 1
    with pytest.raises(InvalidError, match="filter or filterByTk is required"):
        records.destroy("posts", association=posts)
    assert records.destroy("profiles", association=profile).count == 1
    assert [row["bio"] for row in records.find("profiles")] == ["b"]


def test_destroy_counts_and_shows_what_it_removed(records: Records) -> None:
    for number in range(3):
        records.create("posts", {"title": f"p{number}"})
    assert records.destroy("posts", filter_by_tk=[1, 2, 99]).count == 2
    removed = records.destroy("posts", filter={"title": "p2"}, rendering="context")
    assert (removed.count, one(removed)["title"]) == (1, "p2")
    assert records.destroy("posts", filter_by_tk=1).count == 0


def test_tables_without_a_key_and_with_a_key_of_several_columns(records: Records) -> None:
    assert one(records.create("notes", {"body": "n", "size": 1})) == {"body": "n", "size": 1}
    assert one(records.update("notes", {"size": 2}, filter={"body": "n"})) == {"body": "n", "size": 2}
    with pytest.raises(InvalidError, match="filterByTk invalid"):
        records.update("notes", {"size": 3}, filter_by_tk=1)
    assert one(records.destroy("notes", filter={"size": 2}, rendering="wire"))["body"] == "n"

    records.create("parts", {"maker": "m", "number": 1})
    key = {"maker": "m", "number": 1}
    assert one(records.update("parts", {"label": "l", "number": 9}, filter_by_tk=key)) == {**key, "label": "l"}
    assert records.destroy("parts", filter_by_tk=[key, {"maker": "x", "number": 1}]).count == 1


def test_updatable_views_and_partitioned_tables_are_written_like_tables(
    db: Connection, manage: Callable[..., None], blog: Connection, port: Any
) -> None:
    db.execute(
        """
        create view public.drafts as select id, title from public.posts where published is null;
        create table public.logs (id int, k int, v text, primary key (id, k)) partition by list (k);
        create table public.logs_1 partition of public.logs for values in (1);
        create table public.logs_2 partition of public.logs for values in (2);
        """
    )
    manage("public.drafts", "public.logs")
    records = open_records(port)

    records.create("drafts", {"title": "d"})
    assert one(records.update("drafts", {"title": "e"}, filter_by_tk=1)) == {"id": 1, "title": "e"}
    assert records.destroy("drafts", filter_by_tk=1).count == 1

    records.create("logs", {"id": 1, "k": 1})
    assert one(records.update("logs", {"v": "x"}, filter={"id": 1}))["v"] == "x"


def test_a_row_that_a_trigger_leaves_out_is_not_counted_and_nothing_is_written_behind_it(
    blog: Connection, records: Records
) -> None:
    blog.execute(
        "create function public.skip() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger skip before insert on public.posts for each row execute function public.skip()"
    )
    written = records.create("posts", {"title": "p", "tags": [{"name": "t"}]})
    assert (written.count, written.text) == (0, "[]")
    assert records.count("tags") == 0
    assert records.create_record("posts", {"title": "p"}) is None


def test_only_the_statement_of_the_row_itself_runs_inside_around(records: Records, port: Any, tags: list[int]) -> None:
    inside: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        first = len(port.statements)
        yield
        inside.extend(port.statements[first:])

    values = {"title": "p", "category": {"name": "c"}, "tags": [1, {"name": "n"}]}
    records.create("posts", values, around=around)
    records.update("posts", values | {"category": 1}, filter_by_tk=1, around=around)
    records.update("posts", {"tags": [2]}, filter_by_tk=1, around=around)
    records.destroy("posts", filter_by_tk=1, around=around)

    assert [sql.partition('"public"."posts"')[0].split()[-2:] for sql in inside] == [
        ["INSERT", "INTO"],
        ["AS", "(UPDATE"],
        ["DELETE", "FROM"],
    ]


def test_data_nodes_get_records_and_counts(records: Records) -> None:
    record = records.create_record("posts", {"title": "p", "category": {"name": "c"}}, appends=["category", "tags"])
    assert record is not None and record["category"]["name"] == "c" and record["tags"] == []
    assert records.update_records("posts", {"title": "q"}, filter={"id": 1}) == 1
    assert records.update_records("posts", {"tags": [{"name": "n"}]}, filter={"id": 1}) == 1
    assert records.matches("posts", 1, {"tags.name": "n"}) and not records.matches("posts", 1, {"title": "p"})
    assert records.destroy_records("posts", filter={"title": "q"}) == 1
    with pytest.raises(InvalidError, match='collection "nowhere" does not exist'):
        records.find("nowhere")


def test_a_path_of_to_one_relations_leads_to_one_record(records: Records) -> None:
    post = one(records.create("posts", {"category": {"name": "c", "parent": {"name": "top"}}}, rendering="context"))
    found = records.related("posts", post, ["category", "parent"], "categories", appends=["categories"])
    assert found is not None and found["name"] == "top" and found["categories"][0]["name"] == "c"
    assert records.related("posts", post, ["category"], "users") is None
    assert records.related("posts", post, ["tags"], "tags") is None
    assert records.related("posts", {**post, "categoryId": None}, ["category", "parent"], "categories") is None
