"""What a role may write: columns by whitelist, nested records reduced to keys where more is not permitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.access.grant import Grant
from orchestrator.access.writes import WriteRules
from orchestrator.errors import ForbiddenError
from orchestrator.model.collection import Association, Catalog, Collection, Field


def _table(name: str, columns: str, *associations: Association) -> Collection:
    fields = {column: Field(name=column, type="string", pg_type="text") for column in columns.split()}
    return Collection(
        name=name,
        schema="public",
        table=name,
        oid=1,
        filter_target_key="id",
        fields=fields,
        associations={a.name: a for a in associations},
    )


def _relation(name: str, kind: Any, target: str, **more: Any) -> Association:
    columns = {"foreign_key": f"{name}Id", "source_key": "id", "target_key": "id"} | more
    return Association(name=name, type=kind, target=target, **columns)


_CATALOG = Catalog(
    revision=1,
    collections={
        "posts": _table(
            "posts",
            "id title read categoryId",
            _relation("category", "belongsTo", "categories"),
            _relation("comments", "hasMany", "comments", foreign_key="postId"),
            _relation("profile", "hasOne", "profiles", foreign_key="postId"),
            _relation("tags", "belongsToMany", "tags", foreign_key="postId", other_key="tagId", through="postsTags"),
        ),
        "comments": _table("comments", "id content stars postId", _relation("author", "belongsTo", "authors")),
        "authors": _table("authors", "id name email"),
        "categories": _table("categories", "id name"),
        "profiles": _table("profiles", "id bio postId"),
        "tags": _table("tags", "id name code"),
        "postsTags": _table("postsTags", "id postId tagId note secret"),
    },
)
_ALL = "all"


def _rules(inside: set[Any] | None = None, **permissions: Any) -> WriteRules:
    """Permissions as ``posts_create="title tags"``: names that may be written, or all."""

    def grant_of(collection: str, action: str) -> Grant | None:
        given = permissions.get(f"{collection}_{action}")
        if given is None:
            return None
        names, scopes = given if isinstance(given, tuple) else (given, None)
        return Grant(None if names == _ALL else frozenset(names.split()), scopes=scopes)

    def is_inside(_collection: str, key: Mapping[str, Any]) -> bool:
        return key["id"] in (inside or set())

    return WriteRules(grant_of, _CATALOG, is_inside)


def test_values_that_are_not_in_the_whitelist_are_left_out() -> None:
    rules = _rules(posts_create="title")
    assert rules.values("posts", "create", {"title": "a", "read": 1, "nosuch": 2, "tags": [1]}) == {"title": "a"}


def test_without_a_whitelist_every_value_stays() -> None:
    values = {"title": "a", "read": 1, "nosuch": 2}
    assert _rules(posts_create=_ALL).values("posts", "create", values) == values


def test_a_missing_permission_is_refused() -> None:
    with pytest.raises(ForbiddenError):
        _rules(posts_create=_ALL).values("posts", "update", {})


def test_the_key_of_an_update_stays_and_that_of_a_create_does_not() -> None:
    rules = _rules(posts_create="title", posts_update="title")
    values = {"id": 5, "title": "a"}
    assert rules.values("posts", "update", values) == values
    assert rules.values("posts", "create", values) == {"title": "a"}


def test_columns_that_identify_the_record_stay() -> None:
    rules = _rules(posts_create="read")
    values = {"title": "a", "read": 1, "category": 2}
    kept = rules.values("posts", "create", values, keep=("title", "category"))
    assert kept == {"title": "a", "read": 1}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ([{"id": 1, "content": "x"}, {"content": "new"}, 3], [{"id": 1}, 3]),
        ([], []),
        ([1, 2], [1, 2]),
        (None, None),
    ],
)
def test_items_that_may_only_be_linked_are_reduced_to_their_keys(given: Any, written: Any) -> None:
    rules = _rules(posts_update=_ALL, comments_update=_ALL, comments_create=_ALL)
    assert rules.values("posts", "update", {"comments": given}) == {"comments": written}


def test_a_list_of_new_items_alone_is_left_out_and_unlinks_nothing() -> None:
    rules = _rules(posts_update=_ALL)
    assert rules.values("posts", "update", {"title": "a", "comments": [{"content": "new"}]}) == {"title": "a"}


@pytest.mark.parametrize(
    ("name", "given", "written"),
    [
        ("category", {"id": 1, "name": "x"}, {"id": 1}),
        ("profile", {"id": 1, "bio": "x"}, {"id": 1}),
        ("category", 1, 1),
        ("profile", None, None),
    ],
)
def test_a_to_one_item_is_reduced_as_well(name: str, given: Any, written: Any) -> None:
    rules = _rules(posts_update=_ALL, categories_update=_ALL, profiles_update=_ALL)
    assert rules.values("posts", "update", {name: given}) == {name: written}


@pytest.mark.parametrize("name", ["category", "profile"])
def test_a_new_to_one_item_is_left_out(name: str) -> None:
    assert _rules(posts_update=_ALL).values("posts", "update", {name: {"name": "new"}}) == {}


def test_items_of_updatable_relations_need_update_or_create_on_their_own_collection() -> None:
    given = {"comments": [{"id": 1, "content": "x"}, {"content": "new"}]}
    changes = _rules(posts_update=_ALL, comments_update=_ALL)
    creates = _rules(posts_update=_ALL, comments_create=_ALL)
    both = _rules(posts_update=_ALL, comments_update=_ALL, comments_create=_ALL)
    assert changes.values("posts", "update", given, updatable=["comments"]) == {"comments": [{"id": 1, "content": "x"}]}
    assert creates.values("posts", "update", given, updatable=["comments"]) == {
        "comments": [{"id": 1}, {"content": "new"}]
    }
    assert both.values("posts", "update", given, updatable=["comments"]) == given


def test_items_outside_the_scope_are_reduced_to_their_keys() -> None:
    rules = _rules({1}, posts_update=_ALL, comments_update=(_ALL, ({"stars": 5},)))
    given = {"comments": [{"id": 1, "content": "x"}, {"id": 2, "content": "y"}]}
    written = rules.values("posts", "update", given, updatable=["comments"])
    assert written == {"comments": [{"id": 1, "content": "x"}, {"id": 2}]}


def test_nobody_is_asked_where_no_row_is_in_scope() -> None:
    rules = _rules({1}, posts_update=_ALL, comments_update=(_ALL, ()))
    given = {"comments": [{"id": 1, "content": "x"}]}
    assert rules.values("posts", "update", given, updatable=["comments"]) == {"comments": [{"id": 1}]}


def test_items_have_the_whitelist_of_their_own_collection_and_keep_their_keys() -> None:
    rules = _rules(posts_update=_ALL, comments_update="content", comments_create="stars")
    given = {"comments": [{"id": 1, "content": "x", "stars": 1}, {"content": "new", "stars": 2}]}
    written = rules.values("posts", "update", given, updatable=["comments"])
    assert written == {"comments": [{"id": 1, "content": "x"}, {"stars": 2}]}


def test_the_rule_recurses() -> None:
    given = {"comments": [{"content": "new", "author": {"id": 3, "name": "x", "email": "y"}}]}
    rules = _rules(posts_create=_ALL, comments_create="content author", authors_update="name")
    linked = rules.values("posts", "create", given, updatable=["comments"])
    changed = rules.values("posts", "create", given, updatable=["comments", "comments.author"])
    assert linked == {"comments": [{"content": "new", "author": {"id": 3}}]}
    assert changed == {"comments": [{"content": "new", "author": {"id": 3, "name": "x"}}]}
    hidden = _rules(posts_create=_ALL, comments_create="content", authors_update=_ALL)
    assert hidden.values("posts", "create", given, updatable=["comments", "comments.author"]) == {
        "comments": [{"content": "new"}]
    }


def test_values_of_a_link_need_permissions_on_the_join_table() -> None:
    given = {"tags": [{"id": 1, "postsTags": {"note": "n", "secret": "s"}}, {"name": "t", "postsTags": {"note": "m"}}]}
    tags = {"posts_update": _ALL, "tags_update": _ALL, "tags_create": _ALL}
    without = _rules(**tags)
    with_some = _rules(**tags, postsTags_create="note secret", postsTags_update="note")
    assert without.values("posts", "update", given, updatable=["tags"]) == {
        "tags": [{"id": 1, "postsTags": {}}, {"name": "t", "postsTags": {}}]
    }
    assert with_some.values("posts", "update", given, updatable=["tags"]) == {
        "tags": [{"id": 1, "postsTags": {"note": "n"}}, {"name": "t", "postsTags": {"note": "m"}}]
    }
    assert with_some.values("posts", "update", given) == {"tags": [{"id": 1}]}


def test_values_of_the_link_on_the_path_come_among_those_of_the_record() -> None:
    rules = _rules(tags_update="name", postsTags_update="note")
    given = {"name": "t", "code": "c", "postsTags": {"note": "n", "secret": "s"}}
    written = rules.values("tags", "update", given, through="postsTags")
    assert written == {"name": "t", "postsTags": {"note": "n"}}
