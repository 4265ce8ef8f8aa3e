"""Records nested in what is written: parents, children, and what is behind a join table."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.engine.records import Records
from orchestrator.errors import InvalidError, NotFoundError

from .conftest import Connection, one, tag_ids


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
