"""Records: what is written, with everything nested in it, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from orchestrator.engine.port import StatementError
from orchestrator.engine.records import Records, open_records
from orchestrator.errors import InvalidError, NotFoundError

Connection = psycopg.Connection[Any]


@pytest.fixture
def tags(records: Records) -> list[int]:
    """Ids of three tags."""
    return [records.create("tags", {"name": name}, keys=["id"]).keys[0]["id"] for name in ("t1", "t2", "t3")]


def one(written: Any) -> dict[str, Any]:
    (row,) = written.rows()
    return dict(row)


def tag_ids(records: Records, post: int) -> list[int]:
    row = records.find_one("posts", filter_by_tk=post, appends=["tags"])
    assert row is not None
    return [tag["id"] for tag in row["tags"]]


# -- create ------------------------------------------------------------------------------------------------------------


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


# -- to-one relations --------------------------------------------------------------------------------------------------


def test_a_scalar_or_an_object_with_a_key_only_links_a_parent(records: Records) -> None:
    records.create("categories", {"name": "news"})
    for value in (1, {"id": 1}, {"id": 1, "name": "renamed"}):
        post = one(records.create("posts", {"category": value}))
        assert post["categoryId"] == 1 and "category" not in post
    assert records.find_one("categories", filter_by_tk=1, appends=[])["name"] == "news"  # type: ignore[index]  # it is there


def test_an_object_without_a_key_creates_the_parent_first(records: Records, port: Any) -> None:
    port.statements.clear()
    post = one(records.create("posts", {"title": "p", "category": {"name": "new", "parent": {"name": "top"}}}))

    assert post["categoryId"] == post["category"]["id"]
    assert post["category"]["parent"]["name"] == "top"
    inserts = [sql.split('"')[3] for sql in port.statements if sql.startswith("INSERT")]
    assert inserts == ["categories", "categories", "posts"]


def test_a_parent_is_changed_only_where_its_path_may_be(records: Records) -> None:
    records.create("categories", {"name": "top", "level": 1})
    records.create("categories", {"name": "news", "level": 2, "parent": 1})
    values = {"category": {"id": 2, "level": 9, "parent": {"id": 1, "level": 8}}}

    post = one(records.create("posts", values, update_association_values=["category"]))
    assert (post["category"]["level"], post["category"]["name"]) == (9, "news")
    assert records.count("categories", filter={"level": 1}) == 1

    records.update("posts", values, filter_by_tk=1, update_association_values=["category", "category.parent"])
    assert records.count("categories", filter={"level": 8}) == 1


def test_null_unlinks_and_a_list_is_refused(records: Records) -> None:
    records.create("posts", {"category": {"name": "c"}})
    assert one(records.update("posts", {"category": None}, filter_by_tk=1))["categoryId"] is None
    with pytest.raises(InvalidError, match="The value of 'category' cannot be in array format"):
        records.create("posts", {"category": [1]})


@pytest.mark.parametrize("values", [{"category": {"id": 77}}, {"tags": [{"id": 77}]}])
def test_an_object_with_the_key_of_no_row_is_refused(records: Records, values: Any) -> None:
    with pytest.raises(InvalidError, match="that does not exist"):
        records.create("posts", values)
    assert records.count("categories") == records.count("tags") == 0


def test_a_has_one_is_created_replaced_and_unlinked(records: Records) -> None:
    user = one(records.create("users", {"nickname": "u", "profiles": {"bio": "first"}}))
    assert user["profiles"]["bio"] == "first"

    records.update("users", {"profiles": {"bio": "second"}}, filter_by_tk=1)
    assert [p["user_id"] for p in records.find("profiles")] == [None, 1]

    records.update("users", {"profiles": 1}, filter_by_tk=1)
    assert [p["user_id"] for p in records.find("profiles")] == [1, None]

    records.update("users", {"profiles": 99}, filter_by_tk=1)
    assert [p["user_id"] for p in records.find("profiles")] == [1, None]

    records.update("users", {"profiles": None}, filter_by_tk=1)
    assert [p["user_id"] for p in records.find("profiles")] == [None, None]


# -- to-many relations -------------------------------------------------------------------------------------------------


def test_a_create_links_and_creates_what_is_nested(records: Records, tags: list[int]) -> None:
    post = one(records.create("posts", {"title": "p", "tags": [{"name": "t4"}, {"id": 1}, 2]}))

    assert post["tags"] == [
        {"id": 1},
        {"id": 2, "name": "t2", "color": None},
        {"id": 4, "name": "t4", "color": None},
    ]
    assert tag_ids(records, 1) == [1, 2, 4]


def test_an_update_replaces_the_whole_set(records: Records, tags: list[int]) -> None:
    records.create("posts", {"tags": [1, 2]})
    for value, expected in (
        ([2, 3], [2, 3]),
        ([{"id": 1}], [1]),
        ([99], []),
        ([3], [3]),
        (None, []),
        ([1], [1]),
        ([], []),
    ):
        records.update("posts", {"tags": value}, filter_by_tk=1)
        assert tag_ids(records, 1) == expected


def test_links_that_stay_are_not_written_again(records: Records, tags: list[int], blog: Connection) -> None:
    records.create("posts", {"tags": [1, 2]})
    ctid = 'select ctid::text from public."postsTags" where "tagId" = 2'
    before = blog.execute(ctid).fetchone()

    records.update("posts", {"tags": [2, 3]}, filter_by_tk=1)

    assert blog.execute(ctid).fetchone() == before


def test_values_of_the_link_are_stored_with_it(records: Records, tags: list[int]) -> None:
    records.create(
        "posts",
        {"tags": [{"id": 1, "postsTags": {"weight": 5, "postId": 9}}, {"name": "n", "postsTags": {"weight": 6}}]},
    )
    assert [link["weight"] for link in records.find("postsTags")] == [5, 6]

    records.update("posts", {"tags": [{"id": 1, "postsTags": {"weight": 7}}]}, filter_by_tk=1)
    assert [(link["tagId"], link["weight"]) for link in records.find("postsTags")] == [(1, 7)]


def test_has_many_rows_are_linked_created_and_let_go(records: Records) -> None:
    for title in ("a", "b"):
        records.create("posts", {"title": title})
    user = one(records.create("users", {"posts": [1, {"title": "c", "tags": [{"name": "deep"}]}]}))
    assert [post["title"] for post in user["posts"]] == ["a", "c"]
    assert user["posts"][1]["tags"][0]["name"] == "deep"

    values = {"posts": [{"id": 2, "title": "changed"}, {"id": 3, "title": "changed"}]}
    records.update("users", values, filter_by_tk=1)
    assert [(p["title"], p["author_id"]) for p in records.find("posts")] == [("a", None), ("b", 1), ("c", 1)]

    records.update("users", values, filter_by_tk=1, update_association_values=["posts"])
    assert [p["title"] for p in records.find("posts")] == ["a", "changed", "changed"]


def test_relations_of_several_rows_are_set_for_each(records: Records, tags: list[int]) -> None:
    records.create("posts", {"title": "a"})
    records.create("posts", {"title": "b"})

    written = records.update("posts", {"tags": [1, {"name": "own"}]}, filter={"title.$in": ["a", "b"]})

    assert written.count == 2
    assert (tag_ids(records, 1), tag_ids(records, 2)) == ([1, 4], [1, 5])


# -- update and destroy ------------------------------------------------------------------------------------------------


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


# -- relations by themselves -------------------------------------------------------------------------------------------


def test_relations_are_added_set_removed_and_toggled(records: Records, tags: list[int]) -> None:
    records.create("posts", {})

    def linked_after(how: Any, *items: Any) -> list[int]:
        records.associate("posts", 1, "tags", items, how)
        return tag_ids(records, 1)

    assert linked_after("add", 1, [3, {"weight": 4}], 99) == [1, 3]
    assert linked_after("add", 1) == [1, 3]
    assert linked_after("toggle", 1, 2) == [2, 3]
    assert linked_after("remove", 2) == [3]
    assert linked_after("set", 1, 2) == [1, 2]
    assert linked_after("set") == []


def test_foreign_keys_are_set_and_cleared(records: Records) -> None:
    records.create("users", {"nickname": "u"})
    for title in ("a", "b"):
        records.create("posts", {"title": title})

    def authors_after(how: Any, *items: Any) -> list[Any]:
        records.associate("users", 1, "posts", items, how)
        return [post["author_id"] for post in records.find("posts")]

    assert authors_after("add", 1) == [1, None]
    assert authors_after("set", 2) == [None, 1]
    assert authors_after("remove", 2) == [None, None]
    records.associate("posts", 1, "author", [1], "add")
    assert records.count("posts", filter={"author_id": 1}) == 0
    records.associate("posts", 1, "author", [1], "set")
    assert records.count("posts", filter={"author_id": 1}) == 1
    records.associate("posts", 1, "author", [], "remove")
    assert records.count("posts", filter={"author_id": 1}) == 0


def test_relations_of_a_record_that_is_not_there_are_not_found(records: Records) -> None:
    with pytest.raises(NotFoundError):
        records.associate("posts", 99, "tags", [1], "add")
    with pytest.raises(InvalidError, match='"posts" has no relation "nope"'):
        records.associate("posts", 99, "nope", [1], "add")
