"""The action `query`: groups of records and what they amount to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from orchestrator.cluster import free_port

from .conftest import PASSWORD, Api, Serve

_ROWS = """
alter table posts add secret text, add meta json, add day date, add big bigint, add labels text[], add flag boolean;
update orchestrator.fields set options = options || '{"hidden": true}'
where collection_name = 'posts' and name = 'secret';
insert into categories (name, level) values ('news', 1), ('blog', 2);
insert into posts (title, read, price, "publishedAt", "categoryId", secret, meta, day, big, labels, flag) values
    ('a', 1, 1.50, '2026-01-31T23:30:00Z', 1, 's', '{"k": {"z": "x"}}', '2026-01-31', 9007199254740993, '{p,q}', true),
    ('b', 2, 2.25, '2026-02-01T00:30:00Z', 1, 's', '{"k": {"z": "y"}}', '2026-02-01', 2, '{p,q}', true),
    ('b', 3, null, '2026-02-14T12:00:00Z', 2, 't', null, '2026-02-14', 3, null, false),
    (null, 4, 10, null, null, null, '{"k": {"z": "x"}}', null, null, null, null);
insert into comments (content, "postId") values ('c1', 1), ('c2', 1), ('c3', 2);
"""


@pytest.fixture(scope="module", autouse=True)
def _rows(api: Api) -> None:
    api.db.execute(_ROWS)


def _query(api: Api, headers: dict[str, str] | None = None, **body: Any) -> Any:
    response = api.root.post("/posts:query", json=body, headers=headers)
    assert response.status_code == 200, response.text
    assert list(response.json()) == ["data"]
    return json.loads(response.text, parse_float=Decimal)["data"]


def _measure(field: Any, aggregation: str = "count", **more: Any) -> dict[str, Any]:
    return {"field": field, "aggregation": aggregation, **more}


def test_groups_are_counted_and_ordered(api: Api) -> None:
    rows = _query(
        api,
        measures=[_measure("id", alias="n")],
        dimensions=[{"field": "title"}],
        orders=[{"field": "id", "alias": "n", "order": "desc"}],
    )
    assert rows == [{"title": "b", "n": 2}, {"title": "a", "n": 1}, {"title": None, "n": 1}]


def test_results_are_numbers(api: Api) -> None:
    (row,) = _query(
        api,
        measures=[
            _measure("id", alias="n"),
            _measure("*", alias="all"),
            _measure("price", alias="priced"),
            _measure("title", distinct=True, alias="titles"),
            _measure("price", "sum", alias="sum"),
            _measure("price", "avg", alias="avg"),
            _measure("price", "max", alias="max"),
            _measure(["read"], "min", alias="min"),
            _measure("read", "avg"),
            _measure("big", "sum", alias="big"),
        ],
    )
    assert row == {
        "n": 4,
        "all": 4,
        "priced": 3,
        "titles": 2,
        "sum": Decimal("13.75"),
        "avg": Decimal("4.5833333333333333"),
        "max": 10,
        "min": 1,
        "read": Decimal("2.5"),
        "big": 9007199254740998,
    }


def test_dates_are_formatted_in_the_zone_of_the_request(api: Api) -> None:
    def months(zone: str | None, format_: str = "YYYY-MM", field: str = "publishedAt") -> dict[str, int]:
        rows = _query(
            api,
            {"X-Timezone": zone} if zone else None,
            measures=[_measure("id", alias="n")],
            dimensions=[{"field": field, "alias": "month", "format": format_}],
            filter={field: {"$ne": None}},
        )
        return {row["month"]: row["n"] for row in rows}

    assert months(None) == {"2026-01": 1, "2026-02": 2}
    assert months("+08:00") == months("Asia/Shanghai") == {"2026-02": 3}
    assert months("-01:00") == months("Atlantic/Azores") == {"2026-01": 2, "2026-02": 1}
    assert months("+05:30", "YYYY-MM-DD hh:mm:ss")["2026-02-01 05:00:00"] == 1
    assert months(None, '[it\'s "Q"]Q YY, [W]WW') == {'it\'s "Q"1 26, W05': 2, 'it\'s "Q"1 26, W07': 1}
    assert months("+08:00", "YYYYMM", "day") == {"202601": 1, "202602": 2}


def test_relations_are_one_step_away(api: Api) -> None:
    rows = _query(
        api,
        measures=[_measure("read", "sum", alias="reads")],
        dimensions=[{"field": "category.name"}],
        orders=[{"field": ["category", "name"], "order": "desc", "nulls": "first"}],
    )
    assert rows == [
        {"category.name": None, "reads": 4},
        {"category.name": "news", "reads": 3},
        {"category.name": "blog", "reads": 3},
    ]
    rows = _query(
        api,
        measures=[_measure(["comments", "id"], alias="comments")],
        dimensions=[{"field": "id"}],
        filter={"comments.content.$includes": "c"},
    )
    assert rows == [{"id": 1, "comments": 2}, {"id": 2, "comments": 1}]


def test_groups_may_be_of_anything_that_can_be_compared(api: Api) -> None:
    def names(field: str) -> list[Any]:
        return [
            row["v"]
            for row in _query(api, measures=[_measure("id", alias="n")], dimensions=[{"field": field, "alias": "v"}])
        ]

    assert names("meta.k.z") == ["x", "y", None]
    assert names("big") == [2, 3, "9007199254740993", None]
    assert names("labels") == [["p", "q"], None]
    assert names("flag") == [False, True, None]
    assert names("publishedAt")[0] == "2026-01-31T23:30:00.000Z"
    assert names("price") == [Decimal("1.5"), Decimal("2.25"), 10, None]
    assert {"k": {"z": "y"}} in names("meta")


def test_dimensions_alone_are_told_once_each(api: Api) -> None:
    assert _query(api, dimensions=[{"field": "title"}]) == [{"title": "a"}, {"title": "b"}, {"title": None}]


def test_measures_without_an_aggregation_are_rows(api: Api) -> None:
    rows = _query(api, measures=[{"field": "title"}, {"field": "read", "alias": "r"}], orders=[{"field": "id"}])
    assert rows == [
        {"title": "a", "r": 1},
        {"title": "b", "r": 2},
        {"title": "b", "r": 3},
        {"title": None, "r": 4},
    ]


def test_conditions_hold_for_rows_and_for_groups(api: Api) -> None:
    body: dict[str, Any] = {
        "measures": [_measure("id", alias="n"), _measure("price", "sum", alias="a.b")],
        "dimensions": [{"field": "category.name"}],
    }
    assert _query(api, **body, filter={"read.$gt": "{{$user.id}}"}, having={"n": 1}) == [
        {"category.name": "blog", "n": 1, "a.b": None},
        {"category.name": "news", "n": 1, "a.b": Decimal("2.25")},
        {"category.name": None, "n": 1, "a.b": 10},
    ]
    assert _query(api, **body, having={"$or": [{"a.b.$gt": 3.5, "n.$lte": 2}, {"category.name": "blog"}]}) == [
        {"category.name": "blog", "n": 1, "a.b": None},
        {"category.name": "news", "n": 2, "a.b": Decimal("3.75")},
        {"category.name": None, "n": 1, "a.b": 10},
    ]
    assert _query(api, **body, filter={"read": -1}) == []


def test_limit_and_offset_cut_the_groups(api: Api) -> None:
    body: dict[str, Any] = {"measures": [_measure("id", alias="n")], "dimensions": [{"field": "read"}]}
    assert [row["read"] for row in _query(api, **body, limit=2)] == [1, 2]
    assert [row["read"] for row in _query(api, **body, limit="2", offset=3)] == [4]
    assert [row["read"] for row in _query(api, **body, offset=1, orders=[{"field": "read", "order": "desc"}])] == [
        3, 2, 1,
    ]  # fmt: skip


def test_groups_are_two_thousand_unless_more_are_asked_for(api: Api) -> None:
    api.db.execute("create table numbers (n integer primary key); insert into numbers select generate_series(1, 2500)")
    api.db.execute("grant all on numbers to orchestrator_owner")
    api.db.execute("select orchestrator.manage('numbers')")

    def count(**body: Any) -> int:
        return len(api.root.post("/numbers:query", json=body).json()["data"])

    assert count(dimensions=[{"field": "n"}]) == 2000
    assert count(dimensions=[{"field": "n"}], limit=2400) == 2400
    assert count(measures=[{"field": "n"}]) == 2500


def test_no_more_rows_than_a_page_may_have(serve: Serve, login_dsn: str) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, max_page_size=2)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=20) as client:
        token = client.post("/auth:signIn", json={"account": "root", "password": PASSWORD}).json()["data"]["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for body in ({}, {"limit": 3}, {"limit": 1}):
            reply = client.post("/posts:query", json={"measures": [{"field": "id"}], **body}).json()
            assert len(reply["data"]) == min(2, body.get("limit", 2))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Query action requires at least one measure or dimension"),
        ([], "Query action requires at least one measure or dimension"),
        ({"measures": [], "dimensions": None}, "Query action requires at least one measure or dimension"),
        ({"measures": ["id"]}, '"measures" must be a list of objects'),
        ({"measures": [{"aggregation": "count"}]}, '"field" must be the name of a field'),
        ({"measures": [_measure("id", "median")]}, 'aggregation "median" does not exist'),
        ({"measures": [_measure("title", "sum")]}, '"title" is no number'),
        ({"measures": [_measure("flag", "max")]}, '"flag" has no max'),
        ({"measures": [_measure("nope")]}, "Invalid SQL column or table reference"),
        ({"measures": [_measure("secret", "max")]}, "Invalid SQL column or table reference"),
        ({"measures": [_measure("category")]}, "Invalid SQL column or table reference"),
        ({"measures": [_measure("title.x")]}, "Invalid SQL column or table reference"),
        ({"measures": [_measure("comments.post.id")]}, '"comments.post.id" goes over more than one relation'),
        ({"measures": [_measure("id"), _measure("id", "max")]}, '"id" is asked for twice'),
        ({"measures": [_measure("id", alias="ä" * 40)]}, f'"{"ä" * 40}" is no name for a column'),
        ({"dimensions": [{"field": "title", "format": "YYYY"}]}, '"title" is no date'),
        ({"dimensions": [{"field": "day", "format": "nope"}]}, 'Invalid format "nope"'),
        ({"dimensions": [{"field": "day", "format": "YYYY[x"}]}, 'Invalid format "YYYY[x"'),
        ({"measures": [_measure("id")], "orders": [{"field": "title"}]}, "Invalid SQL column or table reference"),
        (
            {"measures": [_measure("id")], "orders": [{"field": "id", "order": "up"}]},
            '"order" must be asc or desc, not "up"',
        ),
        ({"measures": [_measure("id")], "having": {"title": 1}}, "Invalid SQL column or table reference"),
        ({"measures": [_measure("id")], "having": "{"}, '"filter" is not valid JSON'),
        ({"measures": [_measure("id")], "limit": -1}, '"limit" must be a number from 1'),
        ({"measures": [_measure("id")], "limit": 1e300}, '"limit" must be a number from 1'),
        ({"measures": [_measure("id")], "offset": "x"}, '"offset" must be a number from 0'),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict | list) else None,
)
def test_what_makes_no_sense_is_named(api: Api, body: Any, message: str) -> None:
    response = api.root.post("/posts:query", json=body)
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})


@pytest.mark.parametrize("zone", ["nope", "+99:99", "../etc/passwd", "+1:00"])
def test_a_zone_that_there_is_not_is_named(api: Api, zone: str) -> None:
    body = {"dimensions": [{"field": "day", "format": "YYYY"}]}
    response = api.root.post("/posts:query", json=body, headers={"X-Timezone": zone})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": f'Invalid time zone "{zone}"'}]})


def test_names_and_formats_cannot_leave_their_quotes(api: Api) -> None:
    evil = "x\"; drop table posts; --'"
    rows = _query(
        api,
        dimensions=[{"field": "day", "alias": evil, "format": '["; drop]YYYY\\"'}],
        filter={"read": 1},
        having={evil: {"$ne": evil}},
    )
    assert rows == [{evil: '"; drop2026\\"'}]


def test_relations_of_a_record_cannot_be_queried(api: Api) -> None:
    response = api.root.post("/posts/1/comments:query", json={"dimensions": [{"field": "content"}]})
    message = "Query action does not support association resources"
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})


def test_who_may_not_read_may_not_query(api: Api) -> None:
    api.add_user("reader", "member")
    body = {"measures": [_measure("id")]}
    assert api.guest.post("/posts:query", json=body).status_code == 401
    with api.client("reader") as client:
        assert client.post("/posts:query", json=body).status_code == 403
