"""list and get over managed tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Api


@pytest.fixture(scope="module", autouse=True)
def _rows(api: Api) -> None:
    api.create("categories", [{"name": "news", "level": 1}, {"name": "blog", "level": 2}])
    api.create(
        "posts",
        [
            {"title": "p1", "read": 1, "price": "1.50", "publishedAt": "2026-01-02T03:04:05.678+01:00"},
            {"title": "p2", "read": 2, "categoryId": 1},
            {"title": "p3", "read": 3, "categoryId": 1},
        ],
    )
    api.create("comments", [{"content": "c1", "postId": 2}, {"content": "c2", "postId": 2}])


def _titles(data: Any) -> list[str]:
    return [row["title"] for row in data]


def test_a_record_is_shown_as_the_wire_wants_it(api: Api) -> None:
    expected = {
        "id": 1,
        "title": "p1",
        "read": 1,
        "price": "1.50",
        "publishedAt": "2026-01-02T02:04:05.678Z",
        "categoryId": None,
    }
    for path in ("/posts:get?filterByTk=1", "/posts:get/1", "/posts/1", "/posts:get"):
        assert api.root.get(path).json() == {"data": expected}
    assert api.root.post("/posts:get/1", json={}).json() == {"data": expected}


def test_a_missing_record_is_null(api: Api) -> None:
    response = api.root.get("/posts:get?filterByTk=99999")
    assert (response.status_code, response.json()) == (200, {"data": None})


def test_the_querys_key_beats_the_paths(api: Api) -> None:
    assert api.root.get("/posts:get/1?filterByTk=2").json()["data"]["id"] == 2


def test_a_list_has_a_page_and_a_count(api: Api) -> None:
    assert api.root.get("/posts").json()["meta"] == {"count": 3, "page": 1, "pageSize": 20, "totalPage": 1}
    second = api.root.get("/posts:list?page=2&pageSize=2&fields=id").json()
    assert second == {"data": [{"id": 3}], "meta": {"count": 3, "page": 2, "pageSize": 2, "totalPage": 2}}
    beyond = api.root.get("/posts:list?page=50&pageSize=2").json()
    assert beyond == {"data": [], "meta": {"count": 3, "page": 50, "pageSize": 2, "totalPage": 2}}
    nothing = api.root.get('/posts:list?filter={"id":0}').json()
    assert nothing == {"data": [], "meta": {"count": 0, "page": 1, "pageSize": 20, "totalPage": 0}}


def test_a_list_without_pages_has_no_meta(api: Api) -> None:
    assert api.root.get("/posts:list?paginate=false&fields=id").json() == {"data": [{"id": 1}, {"id": 2}, {"id": 3}]}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ('filter={"title":"p2"}', ["p2"]),
        ("filter[title]=p2", ["p2"]),
        ("filter[read][$gt]=1", ["p2", "p3"]),
        ('filter={"$or":[{"read":1},{"category.name":"news"}]}', ["p1", "p2", "p3"]),
        ('filter={"category":{"name":"news"},"read":{"$lt":3}}', ["p2"]),
        ("filter=null", ["p1", "p2", "p3"]),
        ("sort=-read", ["p3", "p2", "p1"]),
        ("sort[]=categoryId&sort[]=-title", ["p3", "p2", "p1"]),
        # a list takes no key
        ("filterByTk=1", ["p1", "p2", "p3"]),
    ],
)
def test_filter_and_sort(api: Api, query: str, titles: list[str]) -> None:
    assert _titles(api.root.get(f"/posts:list?{query}").json()["data"]) == titles


def test_fields_except_and_appends(api: Api) -> None:
    assert api.list("/posts:list", fields="id,title", filterByTk=1)[0] == {"id": 1, "title": "p1"}
    assert "price" not in api.list("/posts:list", **{"except": "price"})[0]
    post = api.root.get("/posts:get/2?appends=category,comments").json()["data"]
    assert post["category"]["name"] == "news"
    assert [comment["content"] for comment in post["comments"]] == ["c1", "c2"]
    assert api.root.get("/posts:get/1?appends=category&appends=comments&appends=nope").json()["data"] | {} == {
        **api.root.get("/posts:get/1").json()["data"],
        "category": None,
        "comments": [],
    }


def test_related_records_below_their_source(api: Api) -> None:
    page = api.root.get("/categories/1/posts:list?fields=id").json()
    assert page == {"data": [{"id": 2}, {"id": 3}], "meta": {"count": 2, "page": 1, "pageSize": 20, "totalPage": 1}}
    assert api.root.get("/categories/1/posts/3").json()["data"]["title"] == "p3"
    assert api.root.get("/categories/2/posts/3").json()["data"] is None
    assert api.root.get("/categories/99/posts").json()["data"] == []
    assert len(api.root.get("/categories/_/posts").json()["data"]) == 3
    assert api.root.get("/posts/2/category").json()["data"]["name"] == "news"
    assert api.root.get("/posts/1/category:get").json()["data"] is None


def test_below_a_record_that_is_not_there_is_an_empty_page(api: Api) -> None:
    page = api.root.get("/categories/99/posts:list?pageSize=7").json()
    assert page == {"data": [], "meta": {"count": 0, "page": 1, "pageSize": 7, "totalPage": 0}}
    assert api.root.get("/categories/99/posts:get/2").json() == {"data": None}


def test_a_relation_to_one_can_be_listed_by_name(api: Api) -> None:
    listed = api.root.get("/posts/2/category:list").json()
    assert [row["name"] for row in listed["data"]] == ["news"]
    assert api.root.get("/posts/1/category:list").json()["data"] == []


def test_what_is_named_beats_what_is_excepted(api: Api) -> None:
    assert api.root.get("/posts:get/1?fields=id,title&except=title").json()["data"] == {"id": 1, "title": "p1"}
    below = api.root.get("/posts:get/2?fields=id&appends=category&except=category.id").json()["data"]
    assert below == {"id": 2, "category": {"name": "news", "level": 1}}


def test_counts_and_sums_are_no_actions_of_their_own(api: Api) -> None:
    for action in ("count", "aggregate", "find", "findOne", "createMany"):
        assert api.root.get(f"/posts:{action}").status_code == 404


def test_a_record_is_found_by_a_key_of_several_columns(api: Api) -> None:
    api.db.execute("create table shops (country text, city text, name text, primary key (country, city))")
    api.db.execute("grant all on shops to orchestrator_owner, orchestrator_runner; select orchestrator.manage('shops')")
    api.create("shops", [{"country": "de", "city": "ulm", "name": "a"}, {"country": "de", "city": "bonn", "name": "b"}])
    key = {"filterByTk": '{"country":"de","city":"bonn"}'}
    assert api.root.get("/shops:get", params=key).json()["data"]["name"] == "b"
    updated = api.root.post("/shops:update", params=key, json={"name": "c"}).json()["data"]
    assert [(row["city"], row["name"]) for row in updated] == [("bonn", "c")]
    assert api.root.post("/shops:destroy", params=key).json() == {"data": 1}
    assert api.list("/shops:list") == [{"country": "de", "city": "ulm", "name": "a"}]
    api.db.execute("drop table shops")


def test_more_than_a_hundred_keys_select_their_record(api: Api) -> None:
    query = "&".join(f"filterByTk[{index}]={index + 3}" for index in range(120))
    assert api.root.get(f"/posts:get?{query}").json()["data"]["id"] == 3


def test_parameters_may_be_the_body_in_the_legacy_form(api: Api) -> None:
    body = {"filter": {"read": {"$gte": 2}}, "fields": ["id"], "pageSize": 1}
    assert api.root.post("/resourcer/posts:list", json=body).json() == {
        "data": [{"id": 2}],
        "meta": {"count": 2, "page": 1, "pageSize": 1, "totalPage": 2},
    }
    assert api.root.post("/resourcer/posts:get", json={"resourceIndex": 3}).json()["data"]["id"] == 3
    below = api.root.post("/resourcer/categories.posts:list", json={"associatedIndex": 1, "fields": "id"})
    assert below.json()["data"] == [{"id": 2}, {"id": 3}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("filter=", '"filter" is not valid JSON'),
        ("filter={", '"filter" is not valid JSON'),
        ("page=0", '"page" must be a number from 1'),
        ("pageSize=0", '"pageSize" must be a number from 1'),
        ("pageSize=-1", '"pageSize" must be a number from 1'),
        ("pageSize=abc", '"pageSize" must be a number from 1'),
        ("fields=nope", "Invalid SQL column or table reference"),
        ("sort=nope", "Invalid SQL column or table reference"),
        ('filter={"nope":1}', "Invalid SQL column or table reference"),
        ('filter={"read":"abc"}', 'invalid input syntax for type integer: "abc"'),
    ],
)
def test_what_makes_no_sense_is_named(api: Api, query: str, message: str) -> None:
    response = api.root.get(f"/posts:list?{query}")
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})


@pytest.mark.parametrize(
    "query",
    [
        "filterByTk=abc",
        "filterByTk=99999999999999999999",
        'filterByTk={"id":1,"nope":2}',
        "filterByTk=[[1]]",
        'filter={"read":{"$nope":1}}',
        'filter={"read":{"a":1}}',
        'filter={"publishedAt":{"$dateOn":"x"}}',
        'filter={"$and":1}',
        'filter={"title":{"$regexp":"("}}',
        'filter={"title":"\\u0000"}',
        "filter[title]=%00",
        "fields[a][b]=1",
        "sort[a]=b",
        "appends[][x]=1",
        "page=999999999999",
        "page=2147483647&pageSize=2147483647",
        "except[$or]=1",
        "filter[$and][0][read][$gt]=x",
        "filter=" + json.dumps({"$and": [{"title": {"$includes": "x" * 500}}] * 20}),
    ],
)
def test_a_bad_parameter_is_never_an_internal_error(api: Api, query: str) -> None:
    response = api.root.get(f"/posts:get?{query}")
    assert response.status_code in (200, 400), response.text
    if response.status_code == 400:
        assert response.json()["errors"][0]["message"]
        assert "select" not in response.text.lower()
