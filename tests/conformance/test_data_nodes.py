"""create, update, destroy, query."""

from __future__ import annotations

from typing import Any

import pytest

from .vocabulary import Node, Workflows, in_backend, node


@pytest.fixture
def posts(workflows: Workflows) -> Workflows:
    """Three posts; the first two have category "news"."""
    workflows.db.execute("insert into categories (title) values ('news')")
    workflows.db.execute(
        """insert into posts (title, read, "categoryId") values ('a', 1, 1), ('b', 2, 1), ('c', 3, null)"""
    )
    return workflows


def titles(workflows: Workflows) -> list[str]:
    return [row[0] for row in workflows.db.execute("select title from posts order by id")]


def test_create_gives_the_record(workflows: Workflows) -> None:
    run = workflows.run(
        node("create", "c", collection="posts", params={"values": {"title": "{{$context.data.title}}", "score": 1.5}}),
        node("echo", "after"),
        context={"data": {"title": "t1"}},
    )
    status, record = run.job("c")
    assert status == 1
    assert (record["title"], record["published"], record["read"], str(record["score"])) == ("t1", False, 0, "1.5")
    assert record["id"] == workflows.value("select id from posts where title = 't1'")
    assert run.job("after") == (1, record)


def test_create_appends_relations(posts: Workflows) -> None:
    params = {"values": {"title": "t", "categoryId": 1}, "appends": ["category"]}
    record = posts.run(node("create", "c", collection="posts", params=params)).job("c")[1]
    assert record["category"]["title"] == "news"


def test_create_takes_the_name_with_its_data_source(workflows: Workflows) -> None:
    run = workflows.run(node("create", "c", collection="main:posts", params={"values": {"title": "t"}}))
    assert run.status == 1
    assert titles(workflows) == ["t"]


def test_create_writes_nested_records(workflows: Workflows) -> None:
    values = {"title": "t", "category": {"title": "new"}, "comments": [{"content": "c1"}, {"content": "c2"}]}
    run = workflows.run(node("create", "c", collection="posts", params={"values": values}))
    assert run.status == 1
    row = workflows.db.execute(
        """select c.title, (select count(*) from comments o where o."postId" = p.id)
           from posts p join categories c on c.id = p."categoryId" """
    ).fetchone()
    assert row == ("new", 2)


def test_an_undefined_value_leaves_the_column_to_its_default(workflows: Workflows) -> None:
    params = {"values": {"title": "t", "read": "{{$context.nowhere}}"}}
    assert workflows.run(node("create", "c", collection="posts", params=params)).job("c")[1]["read"] == 0


def test_create_against_a_constraint_is_an_error_and_the_rest_stays(posts: Workflows) -> None:
    run = posts.run(
        node("create", "ok", collection="posts", params={"values": {"title": "kept"}}),
        node("create", "bad", collection="posts", params={"values": {"title": "t", "categoryId": 99}}),
    )
    assert run.status == -2
    status, result = run.job("bad")
    assert (status, result["code"]) == (-2, "23503")
    assert "violates foreign key constraint" in result["message"]
    assert titles(posts) == ["a", "b", "c", "kept"]


def test_update_gives_how_many(posts: Workflows) -> None:
    params = {
        "filter": {"id": "{{$context.data.id}}"},
        "values": {"published": True, "title": "{{$context.data.title}}!"},
    }
    run = posts.run(node("update", "u", collection="posts", params=params), context={"data": {"id": 1, "title": "a"}})
    assert run.job("u") == (1, 1)
    assert posts.value("select title from posts where published") == "a!"
    params = {"filter": {"read.$gt": 1}, "values": {"read": 0}}
    assert posts.run(node("update", "u", collection="posts", params=params)).job("u") == (1, 2)
    params = {"filter": {"id": 99}, "values": {"read": 0}}
    assert posts.run(node("update", "u", collection="posts", params=params)).job("u") == (1, 0)


def test_destroy_gives_how_many(posts: Workflows) -> None:
    run = posts.run(node("destroy", "d", collection="posts", params={"filter": {"id": 2}}))
    assert run.job("d") == (1, 1)
    assert titles(posts) == ["a", "c"]


@pytest.mark.parametrize("kind", ["update", "destroy"])
@pytest.mark.parametrize("params", [{}, {"filter": {}}, {"filter": {"id": "{{$context.nowhere}}"}}])
def test_a_write_without_a_filter_touches_nothing(posts: Workflows, kind: str, params: dict[str, Any]) -> None:
    run = posts.run(node(kind, "n", collection="posts", params={**params, "values": {"title": "x"}}))
    assert run.status == -2
    assert titles(posts) == ["a", "b", "c"]


def test_query_one(posts: Workflows) -> None:
    run = posts.run(
        node("query", "q", collection="posts", params={"filter": {"title": "{{$context.t}}"}}), context={"t": "b"}
    )
    assert run.job("q")[1]["id"] == 2
    assert posts.run(node("query", "q", collection="posts", params={"filter": {"title": "x"}})).job("q") == (1, None)


def test_query_many(posts: Workflows) -> None:
    def found(**config: Any) -> list[str]:
        run = posts.run(node("query", "q", collection="posts", multiple=True, **config))
        return [row["title"] for row in run.job("q")[1]]

    assert found(params={"sort": [{"field": "id", "direction": "desc"}]}) == ["c", "b", "a"]
    assert found(params={"filter": {"title": "x"}}) == []
    assert found(params={"filter": {"category.title": "news"}, "sort": [{"field": "id", "direction": "asc"}]}) == [
        "a",
        "b",
    ]
    assert found(params={"sort": [{"field": "id"}], "page": 2, "pageSize": 2}) == ["c"]
    assert found(params={"sort": [{"field": "id"}], "page": "{{$context.nowhere}}", "pageSize": "2"}) == ["a", "b"]


def test_query_of_one_honours_the_page_as_an_offset(posts: Workflows) -> None:
    params = {"sort": [{"field": "id", "direction": "asc"}], "page": 2, "pageSize": 2}
    assert posts.run(node("query", "q", collection="posts", params=params)).job("q")[1]["title"] == "c"


def test_query_appends_relations(posts: Workflows) -> None:
    params = {"filter": {"id": 1}, "appends": ["category"]}
    record = posts.run(node("query", "q", collection="posts", params=params)).job("q")[1]
    assert record["category"] == {**record["category"], "id": 1, "title": "news"}


@pytest.mark.parametrize(("multiple", "empty"), [(False, None), (True, [])])
def test_fail_on_empty(posts: Workflows, multiple: bool, empty: Any) -> None:
    config: dict[str, Any] = {"collection": "posts", "multiple": multiple, "params": {"filter": {"title": "x"}}}
    run = posts.run(node("query", "q", **config, failOnEmpty=True), node("echo", "after"))
    assert run.status == -1
    assert run.jobs == [("q", -1, empty)]
    assert posts.run(node("query", "q", **config)).job("q") == (1, empty)


def test_a_result_flattens_for_later_nodes(posts: Workflows) -> None:
    run = posts.run(
        node("query", "q", collection="posts", multiple=True, params={"sort": [{"field": "id"}]}),
        node("update", "u", collection="posts", params={"filter": {"id": {"$in": "{{$jobsMapByNodeKey.q.id}}"}},
                                                         "values": {"read": 9}}),
    )  # fmt: skip
    assert run.job("u") == (1, 3)


@pytest.mark.parametrize("kind", ["create", "update", "destroy", "query"])
def test_a_collection_is_needed(workflows: Workflows, kind: str) -> None:
    with pytest.raises(Exception, match="Collection is not configured"):
        workflows.define(node(kind, "n", params={}))
    with pytest.raises(Exception, match='Collection "nowhere" does not exist'):
        workflows.define(node(kind, "n", collection="nowhere"))


def follow(workflows: Workflows, mode: int, *nodes: Node, **document: Any) -> str:
    """The key of a synchronous workflow on events of posts, enabled during the test."""
    return workflows.define(*nodes, sync=True, enabled=True, config={"collection": "posts", "mode": mode}, **document)


def events(workflows: Workflows, key: str) -> list[Any]:
    """Titles that a workflow was started with, in order."""
    rows = workflows.db.execute(
        "select context -> 'data' ->> 'title' from orchestrator.executions where key = %s order by id", [key]
    )
    return [row[0] for row in rows]


def test_writes_of_nodes_are_events(posts: Workflows) -> None:
    key = follow(posts, 3, node("echo", "seen"))
    posts.run(
        node("create", "c", collection="posts", params={"values": {"title": "t"}}),
        node("update", "u", collection="posts", params={"filter": {"id": [1, 2]}, "values": {"read": 5}}),
        node("query", "q", collection="posts"),
    )
    assert sorted(events(posts, key)) == ["a", "b", "t"]


def test_destroying_is_an_event(posts: Workflows) -> None:
    key = follow(posts, 4, node("echo", "seen"))
    posts.run(node("destroy", "d", collection="posts", params={"filter": {"id": 3}}))
    assert events(posts, key) == ["c"]


@in_backend
@pytest.mark.parametrize(("individual", "expected"), [(None, ["a", "b"]), (True, ["a", "b"]), (False, [])])
def test_no_events_without_individual_hooks(posts: Workflows, individual: bool | None, expected: list[str]) -> None:
    key = follow(posts, 2, node("echo", "seen"))
    params: dict[str, Any] = {"filter": {"id": [1, 2]}, "values": {"read": 5}}
    if individual is not None:
        params["individualHooks"] = individual
    posts.run(node("update", "u", collection="posts", params=params))
    assert sorted(events(posts, key)) == expected


@in_backend
@pytest.mark.parametrize(("limit", "runs"), [(None, 1), (3, 3)])
def test_a_workflow_enters_itself_as_often_as_its_stack_limit_says(
    posts: Workflows, limit: int | None, runs: int
) -> None:
    key = follow(
        posts,
        1,
        node("create", "again", collection="posts", params={"values": {"title": "again"}}),
        options={"stackLimit": limit} if limit else {},
    )
    for _ in range(2):
        posts.db.execute("insert into posts (title) values ('first')")
    assert sorted(events(posts, key)) == sorted(["first", *["again"] * (runs - 1)] * 2)
    stacks = posts.db.execute(
        "select coalesce(jsonb_array_length(stack), 0) from orchestrator.executions where key = %s order by 1", [key]
    ).fetchall()
    assert [depth for (depth,) in stacks] == sorted([*range(runs)] * 2)
