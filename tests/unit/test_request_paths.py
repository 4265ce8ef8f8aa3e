"""Paths: every form, and the action that a method means where the path names none."""

from __future__ import annotations

import pytest

from api.errors import NotFound
from api.request import Target, parse_path
from api.resources import choose_action


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("posts", Target("posts")),
        ("posts/", Target("posts")),
        ("posts/1", Target("posts", record_id="1")),
        ("posts:act", Target("posts", action="act")),
        ("posts:act/1", Target("posts", action="act", record_id="1")),
        ("posts/1/tags", Target("posts", "tags", source_id="1")),
        ("posts/1/tags/2", Target("posts", "tags", source_id="1", record_id="2")),
        ("posts/1/tags:act", Target("posts", "tags", "act", source_id="1")),
        ("posts/1/tags:act/2", Target("posts", "tags", "act", source_id="1", record_id="2")),
        ("posts.tags:act", Target("posts", "tags", "act")),
        ("resourcer/posts:act", Target("posts", action="act", legacy=True)),
        ("resourcer/posts.tags:act", Target("posts", "tags", "act", legacy=True)),
        ("resourcer/1", Target("resourcer", record_id="1")),
        # the action belongs to the resource, not to the record
        ("posts/1:update", Target("posts", record_id="1:update")),
        ("posts/1,2", Target("posts", record_id="1,2")),
        ("posts/_/tags:list", Target("posts", "tags", "list", source_id="_")),
        # reserved escapes stay in a record's id; a source's id is decoded once more
        ("posts/a%2Fb", Target("posts", record_id="a%2Fb")),
        ("posts/a%20b", Target("posts", record_id="a b")),
        ("posts/%E2%82%AC", Target("posts", record_id="€")),
        ("posts/a%2Fb/tags", Target("posts", "tags", source_id="a/b")),
        ("posts/a%252Fb/tags", Target("posts", "tags", source_id="a/b")),
        ("posts/%7B%22a%22%3A1%7D/tags", Target("posts", "tags", source_id='{"a":1}')),
    ],
)
def test_every_form_has_its_target(path: str, target: Target) -> None:
    assert parse_path(path) == target


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "a//b",
        "a/1/b/2/c",
        "posts:",
        ":list",
        "posts:act/1/tags",
        "posts/1/tags.x",
        "a.b.c:list",
        "a.:list",
        "posts/%FF",
        "posts/%00",
    ],
)
def test_other_paths_address_nothing(path: str) -> None:
    with pytest.raises(NotFound):
        parse_path(path)


@pytest.mark.parametrize(
    ("path", "method", "action"),
    [
        ("posts", "GET", "list"),
        ("posts", "POST", "create"),
        ("posts", "DELETE", "destroy"),
        ("posts/1", "GET", "get"),
        ("posts/1", "PUT", "update"),
        ("posts/1", "PATCH", "update"),
        ("posts/1", "DELETE", "destroy"),
        ("posts/1/tags", "GET", "list"),
        ("posts/1/tags", "POST", "create"),
        ("posts/1/tags/2", "POST", "create"),
        ("posts/1/tags/2", "PATCH", "update"),
        # a named action wins, whatever the method
        ("posts:list", "POST", "list"),
        ("posts:create", "GET", "create"),
        ("posts:nope", "PUT", "nope"),
    ],
)
def test_the_method_chooses_where_the_path_names_no_action(path: str, method: str, action: str) -> None:
    assert choose_action(parse_path(path), method) == action


@pytest.mark.parametrize(("path", "method"), [("posts/1", "POST"), ("posts", "PUT"), ("posts", "PATCH")])
def test_some_methods_mean_nothing(path: str, method: str) -> None:
    with pytest.raises(NotFound):
        choose_action(parse_path(path), method)
