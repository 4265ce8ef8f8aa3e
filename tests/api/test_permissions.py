"""A role learns nothing by reading: two databases that differ in what it does not see answer the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.cluster import Cluster

from .conftest import Serve
from .twins import ROLES, Twins, open_twins


@pytest.fixture(scope="module")
def twins(server: Cluster, template: str, serve: Serve) -> Iterator[Twins]:
    """Two servers that look the same to who does not see all."""
    with open_twins(server, template, serve) as both:
        yield both


# -- reading: asked for by name ----------------------------------------------------------------------------------------

#: names that a client can put anywhere, whether it may see them or not
_PATHS = [
    "id",
    "title",
    "body",
    "secret",
    "data.a",
    "tags",
    "price",
    "createdById",
    "deptId",
    "unheardOf",
    "dept",
    "dept.name",
    "dept.budget",
    "dept.articles.secret",
    "dept.articles.title",
    "parent.title",
    "parent.secret",
    "parent.dept.budget",
    "articles.title",
    "remarks",
    "remarks.text",
    "remarks.note",
    "remarks.public",
    "remarks.article.secret",
    "labels.name",
    "labels.rank",
    "labels.articles.title",
    "articlesLabels.weight",
    "vaults",
    "vaults.code",
    "createdBy.nickname",
]


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("role", ["reader", "owner"])
def test_a_name_anywhere_tells_nothing(twins: Twins, role: str, path: str) -> None:
    conditions: list[Any] = [
        {path: "s1"},
        {path: {"$ne": None}},
        {path: {"$empty": True}},
        {path: {"$exists": True}},
        {path: {"$notExists": True}},
        {path: {"$gt": {"$col": "secret"}}},
        {"price": {"$lt": {"$col": path}}},
        {"$not": {path: {"$includes": "o"}}},
        {"$or": [{"title": "one"}, {path: {"$notEmpty": True}}]},
        {path: {"$isVar": True}},
    ]
    for condition in conditions:
        for action in ("list", "get"):
            twins.ask(role, "GET", f"/articles:{action}", params={"filter": json.dumps(condition)})
    for params in (
        {"sort": path},
        {"sort": f"-{path}"},
        {"fields": path},
        {"fields": f"title,{path}"},
        {"except": path},
        {"appends": path},
        {"appends": f"{path}(sort=-id)"},
        {"appends": path.partition(".")[0], "except": path},
    ):
        twins.ask(role, "GET", "/articles:list", params=params)
    for body in (
        {"dimensions": [{"field": path.split(".")}]},
        {"dimensions": [{"field": "title"}], "measures": [{"field": path, "aggregation": "count"}]},
        {"measures": [{"field": path, "aggregation": "max", "alias": "m"}]},
        {"dimensions": [{"field": "status"}], "orders": [{"field": path, "order": "desc"}]},
        {"measures": [{"field": "id", "aggregation": "count", "alias": "n"}], "filter": {path: {"$ne": None}}},
        {
            "dimensions": [{"field": "title"}],
            "measures": [{"field": "price", "aggregation": "sum", "alias": "n"}],
            "having": {path: {"$gt": 1}},
        },
    ):
        twins.ask(role, "POST", "/articles:query", json=body)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("key", [1, 3, 11, 12, 999])
@pytest.mark.parametrize(
    "relation", ["dept", "parent", "articles", "remarks", "labels", "articlesLabels", "vaults", "createdBy", "nope"]
)
def test_a_path_through_a_relation_tells_nothing(twins: Twins, role: str, key: int, relation: str) -> None:
    for path in (
        f"/articles/{key}/{relation}:list",
        f"/articles/{key}/{relation}:list?paginate=false",
        f"/articles/{key}/{relation}:get",
        f"/articles/{key}/{relation}:get/11",
        f"/articles/{key}/{relation}:list?appends=article,articles,vaults&sort=-id",
        f"/articles/{key}/tags:list",
    ):
        twins.ask(role, "GET", path)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", ["articles", "remarks", "labels", "depts", "articlesLabels", "vaults", "users"])
def test_every_table_from_its_own_side_tells_nothing(twins: Twins, role: str, table: str) -> None:
    headers = {"X-With-ACL-Meta": "true"}
    for query in (
        "",
        "paginate=false",
        "page=1&pageSize=2",
        "page=9",
        "appends=articles,remarks,labels,vaults,article,dept,parent,articlesLabels,createdBy,roles",
        "appends=articles.vaults,articles.remarks,article.dept,articles.parent.remarks",
        "appends=articles(recursively=true),parent(recursively=true)",
        "tree=true",
        "sort=-id",
    ):
        twins.ask(role, "GET", f"/{table}:list?{query}", headers=headers)
    for key in (1, 2, 3, 11, 12, 13, 14, 999):
        twins.ask(role, "GET", f"/{table}:get/{key}?appends=articles,remarks,labels,article", headers=headers)
        twins.ask(role, "GET", f"/{table}:get/{key}?isTemplate=true", headers=headers)


# -- reading: what is seen ---------------------------------------------------------------------------------------------


def test_rows_and_columns_that_may_be_seen_are_seen(twins: Twins) -> None:
    rows = twins.json("reader", "/articles:list", sort="id")
    assert [row["id"] for row in rows] == [1, 2, 3, 4]
    assert rows[0] == {
        "id": 1,
        "title": "one",
        "body": None,
        "status": "open",
        "price": 5,
        "data": {"a": 1},
        "createdById": 2,
        "deptId": 1,
        "parentId": None,
    }
    answer = json.loads(twins.ask("reader", "GET", "/articles:list").body)
    assert answer["meta"]["count"] == 4


def test_what_relations_lead_to_has_its_own_permissions(twins: Twins) -> None:
    one = twins.json("reader", "/articles:get/1", appends="dept,remarks,labels,vaults,articles")
    assert one["dept"] == {"id": 1, "name": "sales"}
    assert [(row["id"], row["text"]) for row in one["remarks"]] == [(1, "fine"), (2, "well")]
    assert all("note" not in row and "public" not in row for row in one["remarks"])
    assert [row["name"] for row in one["labels"]] == ["red", "blue"]
    assert all("rank" not in row for row in one["labels"])
    assert all("weight" not in json.dumps(row) for row in one["labels"])
    assert "vaults" not in one
    assert "articles" not in one


def test_rows_that_are_not_in_view_are_as_good_as_missing(twins: Twins) -> None:
    for key in (11, 999):
        assert twins.json("reader", f"/articles:get/{key}") is None
        assert twins.json("reader", f"/articles/{key}/remarks:list") == []
        assert twins.json("reader", "/articles:list", filter={"id": key}) == []
    assert [row["id"] for row in twins.json("reader", "/remarks:list", sort="id")] == [1, 2, 3]


@pytest.mark.parametrize(
    "params",
    [
        {"filter": '{"secret":"s1"}'},
        {"filter": '{"remarks":{"note":"n1"}}'},
        {"filter": '{"vaults":{"code":"c"}}'},
        {"filter": '{"dept":{"budget":{"$gt":1}}}'},
        {"sort": "secret"},
        {"sort": "dept.budget"},
        {"fields": "secret"},
        {"fields": "title,secret"},
    ],
)
def test_what_may_not_be_seen_is_as_good_as_unheard_of(twins: Twins, params: dict[str, str]) -> None:
    known = next(name for name in ("secret", "note", "code", "budget") if name in "".join(params.values()))
    unheard = {name: value.replace(known, "zz") for name, value in params.items()}
    told = twins.ask("reader", "GET", "/articles:list", params=params)
    told_of_nothing = twins.ask("reader", "GET", "/articles:list", params=unheard)
    assert told.status == told_of_nothing.status
    assert told.body.replace(known.encode(), b"zz") == told_of_nothing.body


def test_the_description_of_the_api_is_of_what_may_be_seen(twins: Twins) -> None:
    answer = twins.ask("reader", "GET", "/openapi.json")
    document = json.loads(answer.body)
    assert {path.partition(":")[0] for path in document["paths"]} == {
        "/auth",
        "/articles",
        "/articles/{sourceId}/dept",
        "/articles/{sourceId}/labels",
        "/articles/{sourceId}/parent",
        "/articles/{sourceId}/remarks",
        "/depts",
        "/depts/{sourceId}/articles",
        "/labels",
        "/labels/{sourceId}/articles",
        "/remarks",
        "/remarks/{sourceId}/article",
    }
    actions = {path.partition(":")[2].partition("/")[0] for path in document["paths"]}
    assert actions == {"signIn", "check", "list", "get"}
    assert document["components"]["schemas"]["remarks"]["properties"].keys() == {"id", "text", "articleId", "article"}
    assert "secret" not in answer.body.decode()


def test_who_may_view_everything_sees_the_difference(twins: Twins) -> None:
    """Else the two databases would prove nothing."""
    plain, more = (api.root.get("/articles:list?paginate=false").json()["data"] for api in twins.apis)
    assert (len(plain), len(more)) == (4, 7)
    assert plain[0]["secret"] != more[0]["secret"]
    plain, more = (client.get("/articles:list?sort=id").json() for client in twins.clients["viewer"])
    assert plain != more


# -- reading: anything -------------------------------------------------------------------------------------------------

_VALUES = st.sampled_from(
    [
        "s1",
        "one",
        "fine",
        "n1",
        "(",
        "2026-01-01",
        1,
        5,
        11,
        None,
        True,
        "%",
        ["s1", "x"],
        [1, 11],
        [1, 9],
        {"$col": "price"},
    ]
)
_OPERATORS = st.sampled_from(
    [
        *(
            "$eq",
            "$ne",
            "$is",
            "$not",
            "$in",
            "$notIn",
            "$gt",
            "$lte",
            "$between",
            "$notBetween",
            "$isTruly",
            "$isFalsy",
        ),
        *("$includes", "$notIncludes", "$startsWith", "$endWith", "$iLike", "$regexp", "$notRegexp"),
        *("$empty", "$notEmpty", "$exists", "$notExists", "$anyOf", "$noneOf", "$match", "$arrayEmpty", "$contains"),
        *("$childIn", "$childNotIn", "$dateOn", "$dateBefore", "$isCurrentUser", "$isNotCurrentUser"),
    ]
)
#: those that a reader may name
_SEEN = [
    *(
        "id",
        "title",
        "body",
        "data.a",
        "price",
        "createdById",
        "deptId",
        "parentId",
        "dept.name",
        "dept.articles.title",
    ),
    *("parent.title", "parent.dept.name", "remarks", "remarks.text", "remarks.article.price", "labels.name"),
    *("labels.articles.title", "labels.articles.remarks.text", "dept", "parent", "labels"),
]


def _filters(paths: list[str]) -> st.SearchStrategy[Any]:
    leaves = st.builds(lambda path, op, value: {path: {op: value}}, st.sampled_from(paths), _OPERATORS, _VALUES)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda a, b: {"$and": [a, b]}, inner, inner),
            st.builds(lambda a, b: {"$or": [a, b]}, inner, inner),
            st.builds(lambda a: {"$not": a}, inner),
            st.builds(
                lambda relation, a: {relation: a}, st.sampled_from(["dept", "remarks", "parent", "labels"]), inner
            ),
        ),
        max_leaves=4,
    )


def _requests(paths: list[str]) -> st.SearchStrategy[dict[str, str]]:
    names = st.lists(st.sampled_from(paths), max_size=3, unique=True).map(",".join)
    return st.fixed_dictionaries(
        {},
        optional={
            "filter": _filters(paths).map(json.dumps),
            "sort": names,
            "fields": names,
            "except": names,
            "appends": names,
            "page": st.sampled_from(["1", "2"]),
            "paginate": st.sampled_from(["false"]),
        },
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    role=st.sampled_from(["reader", "owner"]),
    path=st.sampled_from(
        ["/articles:list", "/articles:get", "/remarks:list", "/depts/1/articles:list", "/labels:list"]
    ),
    params=_requests(_PATHS) | _requests(_SEEN),
)
def test_whatever_is_asked_both_answer_the_same(twins: Twins, role: str, path: str, params: dict[str, str]) -> None:
    twins.ask(role, "GET", path, params=params)
