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
        "set": ({}, "jsonb"),
        "radio": ({}, "boolean"),
        "sort": ({}, "bigint"),
        "unixTimestamp": ({}, "bigint"),
        "snowflakeId": ({}, "bigint"),
        "password": ({}, "character varying(255)"),
        "context": ({"dataIndex": "state.currentRole"}, "character varying(255)"),
    }
    make(api, "types", *({"type": name, **options, "name": name} for name, (options, _) in types.items()))
    columns = columns_of(api, "types")
    assert {name: columns[name][0] for name in types} == {name: column for name, (_, column) in types.items()}
    assert "virtual" not in columns
    row = api.create("types", {"money": "1.50", "native": [1, 2], "array": ["a"], "json": {"a": 1}, "blob": "aGk="})
    assert (row["money"], row["native"], row["array"], row["json"]) == ("1.50", [1, 2], ["a"], {"a": 1})
    assert (len(row["uid"]), len(row["nanoid"]), len(row["uuid"])) == (11, 12, 36)
    assert row["blob"] == "aGk="
    assert api.db.execute("select blob from types").fetchone() == (b"hi",)


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


def test_a_field_is_declared_by_the_name_of_its_collection_and_needs_none_of_its_own(api: Api) -> None:
    make(api, "bare", {"name": "a", "type": "string"})
    made = api.root.post("/fields:create", json={"collectionName": "bare", "name": "extra", "type": "integer"})
    assert made.json()["data"]["collectionName"] == "bare"
    unnamed = api.root.post("/collections/bare/fields:create", json={"type": "string"}).json()["data"]["name"]
    assert unnamed.startswith("f_") and len(unnamed) == 13
    assert {"extra", unnamed} <= set(columns_of(api, "bare"))
    assert api.create("bare", {"extra": 1, unnamed: "x"})[unnamed] == "x"


def test_hidden_fields_are_not_shown_and_can_be_asked_for(api: Api) -> None:
    make(api, "veils", {"name": "a", "type": "string"}, {"name": "secret", "type": "string", "hidden": True})
    made = api.create("veils", [{"a": "x", "secret": "2"}, {"a": "y", "secret": "1"}])
    assert made == api.list("/veils:list") == [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}]
    assert api.list("/veils:list", fields="id,secret") == [{"id": 1}, {"id": 2}]
    assert [row["id"] for row in api.list("/veils:list", filter='{"secret":"2"}')] == [1]
    assert [row["id"] for row in api.list("/veils:list", sort="secret")] == [2, 1]


def test_a_value_that_is_taken_is_told_by_the_title_of_its_field(api: Api) -> None:
    make(
        api,
        "badges",
        {"name": "no", "type": "string", "unique": True, "uiSchema": {"title": 'Badge (no. "x"), new'}},
        {"name": "plain", "type": "string", "unique": True},
        {"name": "code", "type": "string", "unique": True, "uiSchema": {"title": '{{t("Code")}}'}},
    )
    api.create("badges", {"no": "1", "plain": "1", "code": "1"})
    for values, label in (({"no": "1"}, 'Badge (no. "x"), new'), ({"plain": "1"}, "plain"), ({"code": "1"}, "Code")):
        refused = api.root.post("/badges:create", json=values)
        assert (refused.status_code, message_of(refused)) == (400, f"{label} already exists")
    assert api.root.post("/badges:update?filterByTk=1", json={"no": "2"}).status_code == 200
    api.db.execute("create unique index on badges (no, plain)")
    api.db.execute("drop index badges_no_plain_idx; alter table badges drop constraint badges_no_key")
    api.db.execute("alter table badges drop constraint badges_plain_key, add unique (no, plain)")
    response = api.root.post("/badges:create", json={"no": "2", "plain": "1"})
    assert [entry["message"] for entry in response.json()["errors"]] == [
        'Badge (no. "x"), new already exists',
        "plain already exists",
    ]


def test_a_text_that_is_too_long_is_the_clients_error(api: Api) -> None:
    make(api, "shorts", {"name": "a", "type": "string", "length": 3})
    refused = api.root.post("/shorts:create", json={"a": "abcd"})
    assert (refused.status_code, message_of(refused)) == (400, "value too long for type character varying(3)")


def test_the_time_of_change_is_that_of_the_record_alone(api: Api) -> None:
    make(api, "stamps", {"name": "n", "type": "string"})
    make(
        api,
        "letters",
        {"name": "n", "type": "string"},
        {"name": "stamps", "type": "belongsToMany", "target": "stamps"},
        {"name": "read", "type": "date", "defaultToCurrentTime": True, "onUpdateToCurrentTime": True},
        updatedAt=True,
    )
    before = api.create("letters", {"n": "a"})
    (linked,) = api.root.post("/letters:update/1", json={"stamps": [{"n": "x"}]}).json()["data"]
    assert (linked["updatedAt"], len(linked["stamps"])) == (before["updatedAt"], 1)
    (changed,) = api.root.post("/letters:update/1", json={"n": "b"}).json()["data"]
    assert changed["updatedAt"] > before["updatedAt"] and changed["read"] > before["read"]


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
