"""The filter language: every operator once; what they mean together is in test_filter_meaning."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from orchestrator.engine.records import Records, open_records
from orchestrator.errors import InvalidError

Connection = psycopg.Connection[Any]


POSTS = """
insert into public.users (nickname) values ('ann'), (null);
insert into public.categories (name, level, "parentId") values ('news', 1, null), ('sport', 2, 1), ('ball', null, 2);
insert into public.posts (title, read, published, meta, labels, "categoryId", author_id, "createdAt") values
    ('Alpha', 1, true, '{"k": 1, "deep": {"x": "y"}}', '{a,b}', 1, 1, '2026-01-01T10:00:00Z'),
    ('beta_50%', 2, false, '{"k": "one"}', '{b}', 2, 2, '2026-01-31T23:30:00Z'),
    ('', 3, null, '[1, 2]', '{}', 3, null, '2026-02-01T00:00:00Z'),
    (null, 4, true, null, null, null, null, '2026-11-20T12:00:00Z'),
    ('GAMMA', 5, false, '"plain"', '{c,a}', null, 1, '2026-11-21T01:00:00Z');
insert into public.tags (name, color) values ('red', 'warm'), ('blue', 'cold'), ('grey', null);
insert into public."postsTags" values (1, 1), (1, 2), (2, 2), (3, 3);
"""


@pytest.fixture(scope="module")
def shared(shared_port: Any) -> Records:
    """Records of five posts that nothing here changes."""
    shared_port.connection.execute(POSTS)
    return open_records(shared_port)


@pytest.fixture
def found(shared: Records) -> Callable[..., list[int]]:
    """Ids of the posts that a filter finds."""

    def find(filter_: Any, **request: Any) -> list[int]:
        return [row["id"] for row in shared.find("posts", filter=filter_, fields=["id"], **request)]

    return find


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"title": "Alpha"}, [1]),
        ({"title": None}, [4]),
        ({"read": [1, 3, None]}, [1, 3]),
        ({"read": "2"}, [2]),
        ({"read": 2.0}, [2]),
        ({"read": {"$gt": 1, "$lt": 4}}, [2, 3]),
        ({"read.$gte": 4}, [4, 5]),
        ({"read": {"$or": [{"$lt": 2}, {"$gt": 4}]}}, [1, 5]),
        ({"$or": [{"read": 1}, {"$and": [{"read": 2}, {"published": False}]}]}, [1, 2]),
        ({"$or": {"read": 1}}, [1]),
        ({"$or": [], "$and": [], "read": 1}, [1]),
        ({"$and": [{}]}, [1, 2, 3, 4, 5]),
        ({"$not": {"published": True}}, [2, 5]),
        ({"title.$ne": "Alpha"}, [2, 3, 4, 5]),
        ({"title.$ne": None}, [1, 2, 3, 5]),
        ({"published.$not": None}, [1, 2, 4, 5]),
        ({"published.$is": True}, [1, 4]),
        ({"published.$not": True}, [2, 3, 5]),
        ({"title.$in": None}, []),
        ({"title.$in": []}, []),
        ({"title.$in": "Alpha"}, [1]),
        ({"title.$notIn": ["Alpha"]}, [2, 3, 4, 5]),
        ({"title.$notIn": []}, [1, 2, 3, 4, 5]),
        ({"read.$between": [2, 3]}, [2, 3]),
        ({"read.$not_between": [2, 3]}, [1, 4, 5]),
        ({"title.$includes": "ALP"}, [1]),
        ({"title.$includes": "0%"}, [2]),
        ({"title.$includes": "a_5"}, [2]),
        ({"title.$includes": "\\"}, []),
        ({"title.$includes": ["alp", "gam"]}, [1, 5]),
        ({"title.$includes": None}, [4]),
        ({"read.$includes": 3}, [3]),
        ({"title.$notIncludes": "a"}, [3]),
        ({"title.$notIncludes": ["alp", "gam"]}, [2, 3]),
        ({"title.$startsWith": "b"}, [2]),
        ({"title.$notStartsWith": "b"}, [1, 3, 5]),
        ({"title.$endWith": "A"}, [1, 5]),
        ({"title.$endsWith": "A"}, [5]),
        ({"title.$notEndWith": "A"}, [2, 3]),
        ({"title.$substring": "ph"}, [1]),
        ({"title.$like": "%MM%"}, [5]),
        ({"title.$notLike": "%MM%"}, [1, 2, 3]),
        ({"title.$i_like": "g%"}, [5]),
        ({"title.$notILike": "g%"}, [1, 2, 3]),
        ({"title.$regexp": "^[A-Z]+$"}, [5]),
        ({"title.$iRegexp": "^[A-Z]+$"}, [1, 5]),
        ({"title.$notRegexp": "^[A-Z]*$"}, [1, 2]),
        ({"title.$empty": False}, [3, 4]),
        ({"title.$notEmpty": True}, [1, 2, 5]),
        ({"labels.$empty": True}, [3, 4]),
        ({"published.$isTruly": True}, [1, 4]),
        ({"published.$isTruly": "false"}, [2, 3, 5]),
        ({"published.$isFalsy": True}, [2, 3, 5]),
        ({"labels.$anyOf": ["a"]}, [1, 5]),
        ({"labels.$noneOf": ["a"]}, [2, 3, 4]),
        ({"labels.$match": ["a", "c"]}, [5]),
        ({"labels.$notMatch": ["a", "c"]}, [1, 2, 3]),
        ({"labels.$arrayEmpty": True}, [3, 4]),
        ({"labels.$arrayNotEmpty": True}, [1, 2, 5]),
        ({"labels.$contains": ["a", "b"]}, [1]),
        ({"labels.$contained": ["a", "b"]}, [1, 2, 3]),
        ({"labels.$overlap": ["c"]}, [5]),
        ({"meta.k": 1}, [1]),
        ({"meta.k": {"$gt": 0}}, [1]),
        ({"meta.k": "one"}, [2]),
        ({"meta": {"deep": {"x": "y"}}}, [1]),
        ({"meta.nothing": None, "read": 1}, [1]),
        ({"meta": "plain"}, [5]),
        ({"meta.$anyOf": [2, 3]}, [3]),
        ({"read": {"$eq": {"$col": "id"}}}, [1, 2, 3, 4, 5]),
        ({"read": {"$gt": {"$col": "posts.id"}}}, []),
        ({"meta.k": {"$eq": {"$col": "read"}}}, [1]),
        ({"category.name": "sport"}, [2]),
        ({"category": {"parent": {"name": "news"}}}, [2]),
        ({"category.parent.parent.name.$includes": "new"}, [3]),
        ({"category.name.$ne": "news"}, [2, 3, 4, 5]),
        ({"author.nickname": None}, [2, 3, 4]),
        ({"author.id.$exists": True}, [1, 2, 5]),
        ({"author.id.$notExists": True}, [3, 4]),
        ({"tags.name.$includes": "r"}, [1, 3]),
        ({"tags.name": "red", "tags.color": "cold"}, []),
        ({"tags.name.$in": ["red", "blue"]}, [1, 2]),
        ({"tags.name.$ne": "red"}, [1, 2, 3, 4, 5]),
        ({"tags.color.$notIn": ["warm", "cold"]}, [3, 4, 5]),
        ({"$not": {"tags.name": "blue"}}, [1, 3]),
        ({"$or": [{"tags.name": "grey"}, {"read": 5}]}, [3, 5]),
        ({"$not": {"$or": [{"tags.name": "blue"}, {"read": 3}]}}, [1]),
        ({"tags.name": "blue", "$or": [{"tags.color": "warm"}, {"read": 2}]}, [2]),
        ({"category.id.$childIn": [1]}, [2, 3]),
        ({"category.id.$childNotIn": [1]}, [1]),
        ({"createdAt.$dateOn": "2026-01"}, [1, 2]),
        ({"createdAt.$dateOn": "2026-01-31"}, [2]),
        ({"createdAt.$dateOn": "2026-02-01+08:00"}, [2, 3]),
        ({"createdAt.$dateNotOn": "2026"}, []),
        ({"createdAt.$dateOn": "2026Q1"}, [1, 2, 3]),
        ({"createdAt.$dateOn": "2026W05"}, [2, 3]),
        ({"createdAt.$dateOn": "2026-01-31T23:30:00.000Z"}, [2]),
        ({"createdAt.$dateBefore": "2026-02"}, [1, 2]),
        ({"createdAt.$dateNotBefore": "2026-02"}, [3, 4, 5]),
        ({"createdAt.$dateAfter": "2026-01-31"}, [3, 4, 5]),
        ({"createdAt.$dateNotAfter": "2026-01-31"}, [1, 2]),
        ({"createdAt.$dateBetween": ["2026-01-01", "2026-01-31"]}, [1, 2]),
        ({"createdAt.$dateBetween": "[2026-01-01,2026-01-31)"}, [1]),
        ({"createdAt.$dateBetween": ["2026-01-01", "2026-02-01", "(]"]}, [2, 3]),
        ({"createdAt.$dateOn": {"type": "today"}}, [5]),
        ({"createdAt.$dateOn": {"type": "yesterday"}}, [4]),
        ({"createdAt.$dateOn": {"type": "past", "unit": "day", "number": 7}}, [4]),
        ({"createdAt.$dateOn": {"type": "thisWeek"}}, [4, 5]),
        ({"createdAt.$dateOn": {"type": "lastQuarter"}}, []),
        ({"createdAt.$gt": "2026-11-01T00:00:00Z"}, [4, 5]),
        ({"createdAt.$dateBetween": ["2026-01-31T23:30:00.000Z", "2026-02-01T00:00:00.000Z"]}, [2]),
        ({"createdAt.$dateBetween": ["2026-01-31", "2026-02-01", "[]", "+08:00"]}, [2, 3]),
        ({"createdAt.$dateOn": "2026w05"}, [2, 3]),
        ({"createdAt.$dateOn": "2026-01-31 23"}, [2]),
        ({"createdAt.$dateOn": "2026-01-31T23:30"}, [2]),
        ({"createdAt.$dateOn": "2026-01-31 23:30:00"}, [2]),
        ({"createdAt.$dateOn": "2026-02-01T07:30+08:00"}, [2]),
        # other spellings of the same operators
        ({"title.$startswith": "b"}, [2]),
        ({"title.$starts_with": "b"}, [2]),
        ({"title.$notin": ["Alpha"]}, [2, 3, 4, 5]),
        ({"title.$not_in": ["Alpha"]}, [2, 3, 4, 5]),
        ({"labels.$any_of": ["a"]}, [1, 5]),
        ({"createdAt.$date_on": "2026-01-31"}, [2]),
        ({"author.id.$isCurrentUser": True}, []),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_finds(found: Callable[..., list[int]], filter_: Any, ids: list[int]) -> None:
    assert found(filter_) == ids


def test_dates_are_read_in_the_zone_of_the_request(found: Callable[..., list[int]]) -> None:
    assert found({"createdAt.$dateOn": "2026-02-01"}, timezone="+08:00") == [2, 3]
    assert found({"createdAt.$dateOn": "2026-02-01"}, timezone="Asia/Shanghai") == [2, 3]
    assert found({"createdAt.$dateOn": {"type": "today"}}, timezone="-05:00") == [4, 5]


def test_dates_without_a_zone_ignore_it(blog: Connection, records: Records) -> None:
    blog.execute(
        "create table public.days (id int primary key, d date, t timestamp);"
        "insert into public.days values (1, '2026-01-31', '2026-01-31 23:30'), (2, '2026-02-01', '2026-02-01 00:00')"
    )
    blog.execute("select orchestrator.register_collection('public.days'::regclass, null, null)")
    records = open_records(records._port)
    for column in ("d", "t"):
        rows = records.find("days", filter={f"{column}.$dateOn": "2026-02-01"}, timezone="+08:00")
        assert [row["id"] for row in rows] == [2]


def test_the_current_user_is_the_requests(found: Callable[..., list[int]]) -> None:
    assert found({"author.id.$isCurrentUser": True}, userId=1) == [1, 5]
    assert found({"author.id.$isNotCurrentUser": True}, userId=1) == [2, 3, 4]


@pytest.mark.parametrize("operator", ["$isCurrentUser", "$isNotCurrentUser", "$isVar"])
def test_without_a_current_user_nothing_is_found(found: Callable[..., list[int]], operator: str) -> None:
    assert found({f"author.id.{operator}": True}) == []
    assert found({f"id.{operator}": True}) == []


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"nope": 1}, "Invalid SQL column or table reference"),
        ({"author": 1}, "undefined neither author's association nor author's attribute"),
        ({"tags.nope": 1}, "nope neither tags's association nor tags's attribute"),
        ({"title": {"$foo": 1}}, r"Invalid value { '\$foo': 1 }"),
        ({"title": {"k": 1}}, "Invalid value"),
        ({"createdAt.$dateOn": "soon"}, 'Invalid Date "soon"'),
        ({"createdAt.$dateOn": None}, 'Invalid Date "null"'),
        ({"createdAt.$dateBetween": ["2026-01-01", None]}, 'Invalid Date "null"'),
        ({"$nor": [{"read": 1}]}, "Invalid value"),
        ({"read.$nin": [1]}, "Invalid value"),
        ({"createdAt.$dateOn": {"type": "someday"}}, "Unsupported type: someday"),
        ({"title.$dateOn": "2026"}, '"title" is no date'),
        ({"$gt": 1}, "Invalid value"),
        ({"meta.it's\\": 1}, "Invalid SQL column or table reference"),
        ("title", "Invalid value"),
        ([1], "Invalid value"),
    ],
)
def test_refuses(found: Callable[..., list[int]], filter_: Any, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        found(filter_)


def test_a_deeply_nested_filter_is_refused(found: Callable[..., list[int]]) -> None:
    filter_: Any = {"read": 1}
    for _ in range(500):
        filter_ = {"$not": filter_}
    with pytest.raises(InvalidError, match="nested too deeply"):
        found(filter_)


def test_values_never_become_part_of_the_statement(found: Callable[..., list[int]], shared_port: Any) -> None:
    evil = "x'; drop table public.posts; --"
    assert found({"title": evil, "$or": [{"title.$includes": [evil]}, {"meta.a'b": evil}]}) == []
    assert len(found({})) == 5
    assert not any("drop" in sql for sql in shared_port.statements)
