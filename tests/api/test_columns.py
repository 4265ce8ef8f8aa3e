"""Fields over HTTP: columns with their types, defaults and rules."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .declaring import ID, authors, columns_of, keys_of, make, message_of


def test_every_type_has_the_column_of_its_name(api: Api) -> None:
    types: dict[str, tuple[dict[str, Any], str]] = {
        "string": ({}, "character varying(255)"),
        "short": ({"type": "string", "length": 40}, "character varying(40)"),
        "text": ({"length": "long"}, "text"),
        "integer": ({}, "integer"),
        "bigInt": ({}, "bigint"),
        "real": ({}, "real"),
        "float": ({}, "double precision"),
        "double": ({}, "double precision"),
        "decimal": ({}, "numeric"),
        "money": ({"type": "decimal", "precision": 10, "scale": 2}, "numeric(10,2)"),
        "boolean": ({}, "boolean"),
        "json": ({}, "json"),
        "binary": ({"type": "json", "jsonb": True}, "jsonb"),
        "jsonb": ({}, "jsonb"),
        "array": ({}, "jsonb"),
        "native": ({"type": "array", "dataType": "array", "elementType": "integer"}, "integer[]"),
        "date": ({}, "timestamp with time zone"),
        "datetime": ({}, "timestamp with time zone"),
        "datetimeTz": ({}, "timestamp with time zone"),
        "datetimeNoTz": ({}, "timestamp without time zone"),
        "dateOnly": ({}, "date"),
        "time": ({}, "time without time zone"),
        "uuid": ({}, "uuid"),
        "uid": ({}, "character varying(255)"),
        "nanoid": ({}, "character varying(255)"),
        "blob": ({}, "bytea"),
    }
    make(api, "types", *({"type": name, **options, "name": name} for name, (options, _) in types.items()))
    columns = columns_of(api, "types")
    assert {name: columns[name][0] for name in types} == {name: column for name, (_, column) in types.items()}
    assert "virtual" not in columns
    row = api.create(
        "types", {"money": "1.50", "native": [1, 2], "array": ["a"], "json": {"a": 1}, "dateOnly": "2026-01-02"}
    )
    assert (row["money"], row["native"], row["array"], row["json"]) == ("1.50", [1, 2], ["a"], {"a": 1})
    assert (len(row["uid"]), len(row["nanoid"]), len(row["uuid"])) == (11, 12, 36)


def test_defaults_and_rules_are_the_databases(api: Api) -> None:
    make(
        api,
        "rules",
        {"name": "code", "type": "string", "unique": True, "allowNull": False},
        {"name": "quote", "type": "string", "defaultValue": 'it\'s \\ "so"'},
        {"name": "count", "type": "integer", "defaultValue": 7},
        {"name": "on", "type": "boolean", "defaultValue": True},
        {"name": "data", "type": "json", "defaultValue": {"a": ["b"]}},
        {"name": "at", "type": "date", "defaultToCurrentTime": True},
    )
    row = api.create("rules", {"code": "a"})
    assert (row["quote"], row["count"], row["on"], row["data"]) == ('it\'s \\ "so"', 7, True, {"a": ["b"]})
    assert row["at"] is not None
    assert message_of(api.root.post("/rules:create", json={"code": "a"})) == "code already exists"
    assert message_of(api.root.post("/rules:create", json={})) == "code cannot be null"
    assert api.db.execute("insert into rules (code) values ('sql') returning count").fetchone() == (7,)


def test_times_of_change_are_kept_for_writes_in_sql_as_well(api: Api) -> None:
    make(api, "touched", {"name": "n", "type": "integer"}, createdAt=True, updatedAt=True)
    api.db.execute("insert into touched (n, \"createdAt\", \"updatedAt\") values (1, '2020-01-01', '2020-01-01')")
    api.db.execute("update touched set n = 2")
    ((created, updated),) = api.db.execute('select "createdAt", "updatedAt" from touched').fetchall()
    assert (created.year, updated.year > 2020) == (2020, True)
    assert [field["name"] for field in api.list("/collections/touched/fields:list")] == ["n"]


def test_new_rows_go_behind_the_others_of_their_scope(api: Api) -> None:
    make(
        api,
        "lines",
        {"name": "list", "type": "string"},
        {"name": "position", "type": "sort", "scopeKey": "list"},
    )
    api.create("lines", [{"list": "a"}, {"list": "b"}, {"list": "a"}])
    api.db.execute("insert into lines (list) values ('a'), ('a'), (null)")
    rows = api.db.execute("select list, position from lines order by id").fetchall()
    assert rows == [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("a", 4), (None, 1)]


def test_rows_that_are_there_get_positions_when_they_are_asked_for(api: Api) -> None:
    make(api, "unsorted", {"name": "n", "type": "string"})
    api.create("unsorted", [{"n": "a"}, {"n": "b"}])
    position = {"name": "position", "type": "sort"}
    assert api.root.post("/collections/unsorted/fields:create", json=position).status_code == 200
    assert api.root.post("/collections:update?filterByTk=unsorted", json={"sortable": True}).status_code == 200
    api.create("unsorted", {"n": "c"})
    rows = api.db.execute("select n, position, sort from unsorted order by id").fetchall()
    assert rows == [("a", 1, 1), ("b", 2, 2), ("c", 3, 3)]
    assert columns_of(api, "unsorted")["sort"] == ("bigint", False, None)


def test_fields_are_added_changed_and_dropped_with_their_columns(api: Api) -> None:
    make(api, "changing", {"name": "a", "type": "string"})
    color = {"name": "color", "type": "string", "interface": "input"}
    made = api.root.post("/collections/changing/fields:create", json=color).json()["data"]
    assert {**color, "collectionName": "changing", "key": made["key"]}.items() <= made.items()
    again = api.root.post("/collections/changing/fields:create", json=color)
    assert (again.status_code, message_of(again)) == (
        400,
        'Field name "color" already exists in collection "changing"',
    )
    assert api.create("changing", {"color": "red"})["color"] == "red"

    def update(**values: Any) -> Any:
        return api.root.post("/collections/changing/fields:update?filterByTk=color", json=values)

    (changed,) = update(uiSchema={"title": "Colour"}).json()["data"]
    assert (changed["uiSchema"], changed["key"]) == ({"title": "Colour"}, made["key"])
    assert update(unique=True, allowNull=False, defaultValue="blue").status_code == 200
    assert api.create("changing", {})["color"] == "blue"
    assert api.root.post("/changing:create", json={}).status_code == 400
    assert update(unique=False, allowNull=True, defaultValue=None).status_code == 200
    assert api.create("changing", {})["color"] is None
    assert columns_of(api, "changing")["color"] == ("character varying(255)", False, None)
    assert update(type="integer").status_code == 400
    assert update(name="colour").status_code == 400
    api.root.post(f"/fields:update?filterByTk={made['key']}", json={"description": "d"})
    assert api.root.get("/collections/changing/fields:get?filterByTk=color").json()["data"]["description"] == "d"
    assert api.root.post("/collections/changing/fields:destroy?filterByTk=color").json() == {"data": True}
    assert "color" not in columns_of(api, "changing")
    assert api.root.post("/collections/nosuch/fields:create", json=color).status_code == 404
    assert api.root.post("/collections/changing/fields:destroy?filterByTk=color").status_code == 404


def test_a_definition_sent_back_as_it_was_read_changes_nothing(api: Api) -> None:
    api.db.execute("create table found (id integer primary key, n integer not null default 3, at timestamptz)")
    api.db.execute("create table below (id integer primary key, found_id integer references found (id))")
    api.db.execute("select orchestrator.manage('found'), orchestrator.manage('below')")
    make(
        api,
        "made",
        ID,
        {"name": "s", "type": "string", "length": 10, "unique": True, "allowNull": False, "defaultValue": "x"},
        {"name": "found", "type": "belongsTo", "interface": "m2o", "target": "found", "foreignKey": "foundId"},
        *authors(),
        sortable=True,
        createdAt=True,
    )
    for name in ("found", "below", "made"):
        path = f"/collections:get?filterByTk={name}&appends=fields"
        columns, keys, shown = columns_of(api, name), keys_of(api, name), api.root.get(path).json()["data"]
        response = api.root.post(f"/collections:update?filterByTk={name}", json=shown)
        assert response.status_code == 200, response.text
        assert (columns_of(api, name), keys_of(api, name)) == (columns, keys)
        again = api.root.get(path).json()["data"]
        assert [field["name"] for field in again["fields"]] == [field["name"] for field in shown["fields"]]


def test_rules_have_the_names_of_the_wire(api: Api) -> None:
    make(api, "named", {"name": "a", "type": "string", "unique": True}, {"name": "b", "type": "string", "index": True})
    api.root.post("/collections/named/fields:create", json={"name": "c", "type": "string", "unique": True})
    names = api.db.execute(
        "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where indrelid = 'named'::regclass"
    )
    assert {name for (name,) in names} == {"named_pkey", "named_a_key", "named_b_idx", "named_c_uk"}
