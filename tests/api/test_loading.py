"""Tables that exist become collections: what their columns are called, and what addresses their rows."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api
from .declaring import message_of

_TABLES = """
create table zoo (
    id integer primary key,
    c1 varchar(10), c2 char(3), c3 text, c4 smallint, c5 integer, c6 bigint, c7 numeric(8, 2), c8 real,
    c9 double precision, c10 boolean, c11 date, c12 time, c13 timestamp, c14 timestamptz, c15 uuid, c16 json, c17 jsonb,
    c18 integer[], c19 point, c20 bytea, c21 inet
);
create table pairs (a integer, b integer, n text, primary key (a, b));
create table singles (a integer, code text unique not null);
create table heaps (a integer);
"""


@pytest.fixture(scope="module", autouse=True)
def _loaded(api: Api) -> None:
    api.db.execute(_TABLES)
    body = {"dataSourceKey": "main", "tables": ["zoo", "pairs", "singles", "heaps"]}
    assert api.root.post("/dataSources:loadTables", json=body).json() == {}


def _shown(api: Api, name: str) -> Any:
    return api.root.get(f"/collections:get?filterByTk={name}").json()["data"]


def test_each_type_of_a_column_is_one_of_the_wire(api: Api) -> None:
    fields = {field["name"]: field for field in api.list("/collections/zoo/fields:list", paginate="false")}
    assert [fields[f"c{number}"]["type"] for number in range(1, 22)] == [
        "string", "string", "text", "integer", "integer", "bigInt", "decimal", "float", "float", "boolean", "dateOnly",
        "time", "datetimeNoTz", "datetimeTz", "uuid", "json", "json", "array", "string", "blob", "string",
    ]  # fmt: skip
    first = fields["c1"]
    told = {name: first[name] for name in ("interface", "rawType", "field", "allowNull")}
    assert told == {"interface": "input", "rawType": "character varying", "field": "c1", "allowNull": True}
    assert (fields["id"]["primaryKey"], fields["id"]["allowNull"]) == (True, False)


def test_a_collection_says_that_its_table_was_there(api: Api) -> None:
    shown = _shown(api, "zoo")
    told = {name: shown[name] for name in ("from", "autoGenId", "timestamps", "underscored", "tableName")}
    assert told == {
        "from": "dbsync",
        "autoGenId": False,
        "timestamps": False,
        "underscored": False,
        "tableName": "zoo",
    }


def test_rows_are_addressed_by_what_is_unique_of_them(api: Api) -> None:
    keys = [_shown(api, name)["filterTargetKey"] for name in ("zoo", "pairs", "singles", "heaps")]
    assert keys == ["id", ["a", "b"], "code", None]
    api.create("singles", {"a": 1, "code": "x"})
    assert api.root.get("/singles:get/x").json()["data"]["a"] == 1
    api.create("pairs", {"a": 1, "b": 2, "n": "n"})
    assert api.root.get("/pairs:get", params={"filterByTk": '{"a":1,"b":2}'}).json()["data"]["n"] == "n"


def test_without_a_key_rows_are_found_by_filters_alone(api: Api) -> None:
    api.create("heaps", [{"a": 1}, {"a": 2}])
    for response in (
        api.root.get("/heaps:get/1"),
        api.root.post("/heaps:update?filterByTk=1", json={"a": 3}),
        api.root.post("/heaps:destroy/1"),
    ):
        assert (response.status_code, message_of(response)) == (400, "filterByTk invalid")
    assert api.root.get('/heaps:get?filter={"a":2}').json() == {"data": {"a": 2}}
    assert len(api.list("/heaps:list")) == 2


def test_columns_are_read_again_on_demand(api: Api) -> None:
    for action in ("syncFields", "refresh"):
        assert api.root.post(f"/mainDataSource:{action}").json() == {}
