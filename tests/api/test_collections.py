"""Collections and fields over HTTP: tables are made, changed and dropped, each request as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.schema import installer

from .conftest import Api

ID = {
    "name": "id",
    "type": "bigInt",
    "autoIncrement": True,
    "primaryKey": True,
    "allowNull": False,
    "interface": "integer",
    "uiSchema": {"type": "number", "title": "ID"},
}


def _make(api: Api, name: str, *fields: Any, **options: Any) -> Any:
    response = api.root.post("/collections:create", json={"name": name, "fields": list(fields), **options})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def _message(response: Any) -> str:
    return str(response.json()["errors"][0]["message"])


def _columns(api: Api, table: str) -> dict[str, tuple[str, bool, str | None]]:
    rows = api.db.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = format('%%I', %s::text)::regclass and a.attnum > 0 and not a.attisdropped
        """,
        (table,),
    )
    return {name: (type_, not_null, default) for name, type_, not_null, default in rows}


def _keys(api: Api, table: str) -> list[tuple[str, str, str]]:
    return [
        (column, target, rule)
        for column, target, rule in api.db.execute(
            """
            select a.attname, k.confrelid::regclass::text, k.confdeltype::text
            from pg_constraint k
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
            where k.conrelid = format('%%I', %s::text)::regclass and k.contype = 'f'
            order by a.attname
            """,
            (table,),
        )
    ]


def _authors() -> list[dict[str, Any]]:
    """Times and authors as clients of the wire declare them."""
    return [
        *({"name": name, "type": "date", "interface": name, "field": name} for name in ("createdAt", "updatedAt")),
        *(
            {
                "name": n,
                "type": "belongsTo",
                "interface": n,
                "target": "users",
                "foreignKey": f"{n}Id",
                "targetKey": "id",
            }
            for n in ("createdBy", "updatedBy")
        ),
    ]


def test_a_collection_is_a_table_and_a_resource_in_the_same_second(api: Api) -> None:
    made = _make(
        api,
        "goods",
        ID,
        {"name": "name", "type": "string", "interface": "input"},
        {"name": "stock", "type": "integer", "interface": "integer"},
        title="Goods",
        template="general",
        autoGenId=False,
        createdAt=True,
        updatedAt=True,
        createdBy=True,
        updatedBy=True,
        sortable=True,
    )
    assert {"name": "goods", "title": "Goods", "inherit": False, "hidden": False, "description": None}.items() <= (
        made.items()
    )
    assert (made["filterTargetKey"], made["unavailableActions"], made["template"]) == ("id", [], "general")
    assert len(made["key"]) == 11
    (id_, name, stock) = made["fields"]
    assert {key: value for key, value in id_.items() if key != "key"} == {
        **ID,
        "collectionName": "goods",
        "description": None,
        "parentKey": None,
        "reverseKey": None,
    }
    assert set(name) == {
        "key", "name", "type", "interface", "collectionName", "description", "parentKey", "reverseKey"
    }  # fmt: skip
    assert stock["type"] == "integer"
    row = api.create("goods", {"name": "pen", "stock": 3})
    assert (row["id"], row["name"], row["stock"], row["createdById"], row["updatedById"]) == (1, "pen", 3, 1, 1)
    assert row["createdAt"] == row["updatedAt"]
    assert "sort" not in row


def test_without_a_name_or_fields_it_gets_an_id_and_nothing_else(api: Api) -> None:
    made = api.root.post("/collections:create", json={"title": "noname"}).json()["data"]
    assert made["name"].startswith("t_") and len(made["name"]) == 13
    assert "fields" not in made
    assert [made[name] for name in ("createdAt", "createdBy", "updatedAt", "updatedBy")] == [False] * 4
    assert api.create(made["name"], {}) == {"id": 1}


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
    _make(api, "types", *({"type": name, **options, "name": name} for name, (options, _) in types.items()))
    columns = _columns(api, "types")
    assert {name: columns[name][0] for name in types} == {name: column for name, (_, column) in types.items()}
    assert "virtual" not in columns
    row = api.create(
        "types", {"money": "1.50", "native": [1, 2], "array": ["a"], "json": {"a": 1}, "dateOnly": "2026-01-02"}
    )
    assert (row["money"], row["native"], row["array"], row["json"]) == ("1.50", [1, 2], ["a"], {"a": 1})
    assert (len(row["uid"]), len(row["nanoid"]), len(row["uuid"])) == (11, 12, 36)


def test_defaults_and_rules_are_the_databases(api: Api) -> None:
    _make(
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
    assert _message(api.root.post("/rules:create", json={"code": "a"})) == "code already exists"
    assert _message(api.root.post("/rules:create", json={})) == "code cannot be null"
    assert api.db.execute("insert into rules (code) values ('sql') returning count").fetchone() == (7,)


def test_times_of_change_are_kept_for_writes_in_sql_as_well(api: Api) -> None:
    _make(api, "touched", {"name": "n", "type": "integer"}, createdAt=True, updatedAt=True)
    api.db.execute("insert into touched (n, \"createdAt\", \"updatedAt\") values (1, '2020-01-01', '2020-01-01')")
    api.db.execute("update touched set n = 2")
    ((created, updated),) = api.db.execute('select "createdAt", "updatedAt" from touched').fetchall()
    assert (created.year, updated.year > 2020) == (2020, True)
    assert [field["name"] for field in api.list("/collections/touched/fields:list")] == ["n"]


def test_new_rows_go_behind_the_others_of_their_scope(api: Api) -> None:
    _make(
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
    _make(api, "unsorted", {"name": "n", "type": "string"})
    api.create("unsorted", [{"n": "a"}, {"n": "b"}])
    position = {"name": "position", "type": "sort"}
    assert api.root.post("/collections/unsorted/fields:create", json=position).status_code == 200
    assert api.root.post("/collections:update?filterByTk=unsorted", json={"sortable": True}).status_code == 200
    api.create("unsorted", {"n": "c"})
    rows = api.db.execute("select n, position, sort from unsorted order by id").fetchall()
    assert rows == [("a", 1, 1), ("b", 2, 2), ("c", 3, 3)]
    assert _columns(api, "unsorted")["sort"] == ("bigint", False, None)


def test_names_are_checked_with_the_words_of_the_wire(api: Api) -> None:
    def refused(**values: Any) -> tuple[int, str]:
        response = api.root.post("/collections:create", json=values)
        return response.status_code, _message(response)

    assert refused(name="a b") == (400, "collections.name can only include letters, digits, _ - * $")
    assert refused(name="a" * 64) == (400, f"Identifier {'a' * 64} is too long")
    assert refused(name="posts") == (400, "Collection named posts already exists")
    assert refused(name="users") == (400, "Collection named users already exists")
    assert refused(name="odd", fields=[{"name": "x", "type": "nonsense"}]) == (400, "unsupported field type nonsense")
    assert api.db.execute("select to_regclass('odd')").fetchone() == (None,)


def test_a_request_that_fails_late_leaves_nothing(api: Api) -> None:
    fields = [
        {"name": "n", "type": "integer"},
        {"name": "posts", "type": "hasMany", "target": "posts", "foreignKey": "title", "sourceKey": "id"},
    ]
    response = api.root.post("/collections:create", json={"name": "half", "fields": fields})
    assert response.status_code == 400, response.text
    assert 'column "title" of "posts" is of type "text"' in _message(response)
    assert api.db.execute("select to_regclass('half')").fetchone() == (None,)
    assert api.root.get("/collections:get?filterByTk=half").json()["data"] is None
    assert api.root.get("/half:list").status_code == 404


def test_relations_are_foreign_keys_with_the_rule_that_was_declared(api: Api) -> None:
    _make(api, "tags", {"name": "name", "type": "string"})
    _make(
        api,
        "entries",
        {"name": "title", "type": "string"},
        {"name": "topic", "type": "belongsTo", "interface": "m2o", "target": "topics", "foreignKey": "topicId"},
        {"name": "owner", "type": "belongsTo", "target": "users", "foreignKey": "ownerId", "onDelete": "RESTRICT"},
        {
            "name": "tags",
            "type": "belongsToMany",
            "interface": "m2m",
            "target": "tags",
            "through": "entriesTags",
            "foreignKey": "entryId",
            "otherKey": "tagId",
        },
        {"name": "notes", "type": "hasMany", "target": "notes", "foreignKey": "entryId", "onDelete": "CASCADE"},
        createdBy=True,
    )
    # what is declared before its other side exists is made true when that does
    _make(api, "topics", {"name": "name", "type": "string"})
    _make(api, "notes", {"name": "text", "type": "text"})
    assert _keys(api, "entries") == [
        ("createdById", "orchestrator.users", "n"),
        ("ownerId", "orchestrator.users", "r"),
        ("topicId", "topics", "n"),
    ]
    assert _keys(api, "entriesTags") == [("entryId", "entries", "c"), ("tagId", "tags", "c")]
    assert _keys(api, "notes") == [("entryId", "entries", "c")]

    row = api.create(
        "entries",
        {
            "title": "a",
            "topic": {"name": "news"},
            "tags": [{"name": "x"}, {"name": "y"}],
            "notes": [{"text": "n"}],
            "ownerId": 1,
        },
    )
    (found,) = api.list("/entries:list", appends="topic,tags,notes,owner,createdBy")
    assert found["topic"]["name"] == "news"
    assert {tag["name"] for tag in found["tags"]} == {"x", "y"}
    assert [note["text"] for note in found["notes"]] == ["n"]
    assert (found["owner"]["username"], found["createdBy"]["username"]) == ("root", "root")
    api.root.post(f"/topics:destroy?filterByTk={found['topicId']}")
    assert api.list("/entries:list")[0]["topicId"] is None
    assert _message(api.root.post("/entries:create", json={"topicId": 99})).startswith("insert or update on table")
    api.root.post(f"/entries:destroy?filterByTk={row['id']}")
    assert api.db.execute("select count(*) from notes").fetchone() == (0,)
    assert api.db.execute('select count(*) from "entriesTags"').fetchone() == (0,)
    # nobody asked for the other side
    names = [field["name"] for field in api.list("/collections/tags/fields:list")]
    assert names == ["name"]
    shown = {field["name"]: field for field in api.list("/collections/entries/fields:list")}
    assert set(shown) == {"title", "topic", "owner", "tags", "notes", "topicId"}
    assert shown["topicId"]["isForeignKey"] is True


def test_the_same_rule_from_both_sides_is_one_foreign_key(api: Api) -> None:
    _make(api, "parents", {"name": "n", "type": "string"})
    _make(api, "kids", {"name": "parent", "type": "belongsTo", "target": "parents", "foreignKey": "parentId"})
    response = api.root.post(
        "/collections/parents/fields:create",
        json={"name": "kids", "type": "hasMany", "target": "kids", "foreignKey": "parentId", "onDelete": "CASCADE"},
    )
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    assert (data["sourceKey"], data["targetKey"], data["collectionName"]) == ("id", "id", "parents")
    assert _keys(api, "kids") == [("parentId", "parents", "c")]
    api.create("parents", {"n": "a", "kids": [{}, {}]})
    assert len(api.list("/parents/1/kids:list")) == 2
    assert api.root.post("/collections/parents/fields:destroy?filterByTk=kids").json() == {"data": True}
    assert _keys(api, "kids") == [("parentId", "parents", "c")]
    assert api.root.post("/collections/kids/fields:destroy?filterByTk=parent").json() == {"data": True}
    assert _keys(api, "kids") == []


def test_reverse_field_makes_the_other_side(api: Api) -> None:
    _make(api, "teams", {"name": "n", "type": "string"})
    _make(api, "players", {"name": "n", "type": "string"})
    response = api.root.post(
        "/collections/players/fields:create",
        json={
            "name": "team",
            "type": "belongsTo",
            "interface": "m2o",
            "target": "teams",
            "reverseField": {"name": "players", "type": "hasMany", "interface": "o2m"},
        },
    )
    assert response.status_code == 200, response.text
    key = response.json()["data"]["foreignKey"]
    assert key.startswith("f_")
    (reverse,) = [f for f in api.list("/collections/teams/fields:list") if f["name"] == "players"]
    assert (reverse["type"], reverse["target"], reverse["foreignKey"]) == ("hasMany", "players", key)
    (team,) = [f for f in api.list("/collections/players/fields:list") if f["name"] == "team"]
    assert (team["reverseKey"], reverse["reverseKey"]) == (reverse["key"], team["key"])
    assert response.json()["data"]["reverseKey"] == reverse["key"]
    api.create("teams", {"players": [{"n": "a"}]})
    assert [row["n"] for row in api.list("/teams/1/players:list")] == ["a"]


def test_fields_are_added_changed_and_dropped_with_their_columns(api: Api) -> None:
    _make(api, "changing", {"name": "a", "type": "string"})
    color = {"name": "color", "type": "string", "interface": "input"}
    made = api.root.post("/collections/changing/fields:create", json=color).json()["data"]
    assert {**color, "collectionName": "changing", "key": made["key"]}.items() <= made.items()
    again = api.root.post("/collections/changing/fields:create", json=color)
    assert (again.status_code, _message(again)) == (
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
    assert _columns(api, "changing")["color"] == ("character varying(255)", False, None)
    assert update(type="integer").status_code == 400
    assert update(name="colour").status_code == 400
    api.root.post(f"/fields:update?filterByTk={made['key']}", json={"description": "d"})
    assert api.root.get("/collections/changing/fields:get?filterByTk=color").json()["data"]["description"] == "d"
    assert api.root.post("/collections/changing/fields:destroy?filterByTk=color").json() == {"data": True}
    assert "color" not in _columns(api, "changing")
    assert api.root.post("/collections/nosuch/fields:create", json=color).status_code == 404
    assert api.root.post("/collections/changing/fields:destroy?filterByTk=color").status_code == 404


def test_a_definition_sent_back_as_it_was_read_changes_nothing(api: Api) -> None:
    api.db.execute("create table found (id integer primary key, n integer not null default 3, at timestamptz)")
    api.db.execute("create table below (id integer primary key, found_id integer references found (id))")
    api.db.execute("select orchestrator.manage('found'), orchestrator.manage('below')")
    _make(
        api,
        "made",
        ID,
        {"name": "s", "type": "string", "length": 10, "unique": True, "allowNull": False, "defaultValue": "x"},
        {"name": "found", "type": "belongsTo", "interface": "m2o", "target": "found", "foreignKey": "foundId"},
        *_authors(),
        sortable=True,
        createdAt=True,
    )
    for name in ("found", "below", "made"):
        path = f"/collections:get?filterByTk={name}&appends=fields"
        columns, keys, shown = _columns(api, name), _keys(api, name), api.root.get(path).json()["data"]
        response = api.root.post(f"/collections:update?filterByTk={name}", json=shown)
        assert response.status_code == 200, response.text
        assert (_columns(api, name), _keys(api, name)) == (columns, keys)
        again = api.root.get(path).json()["data"]
        assert [field["name"] for field in again["fields"]] == [field["name"] for field in shown["fields"]]


def test_odd_names_and_options_do_no_harm(api: Api) -> None:
    _make(api, "a-*$B", {"name": "c-*$D", "type": "string"}, hidden="perhaps", description=[1])
    assert api.root.post("/a-*$B:create", json={"c-*$D": "x"}).json()["data"] == {"id": 1, "c-*$D": "x"}
    assert api.root.get("/collections:list?paginate=false").status_code == 200
    assert _message(api.root.post("/collections:create", json={"fields": [{"name": "ctid", "type": "text"}]})) == (
        'column name "ctid" conflicts with a system column name'
    )
    for body in ([], {"fields": {}}, {"fields": [1]}, {"name": 5}, {"fields": [{"name": "x"}]}, {"tableName": "posts"}):
        assert api.root.post("/collections:create", json=body).status_code == 400


def test_a_column_that_is_a_key_of_a_relation_is_kept(api: Api) -> None:
    _make(api, "shelves", {"name": "n", "type": "string"})
    _make(
        api,
        "books",
        {"name": "shelfId", "type": "bigInt"},
        {"name": "shelf", "type": "belongsTo", "target": "shelves", "foreignKey": "shelfId"},
    )
    refused = api.root.post("/collections/books/fields:destroy?filterByTk=shelfId")
    assert (refused.status_code, _message(refused)) == (
        400,
        'field "shelfId" is a key of relation "shelf" of collection "books"',
    )


def test_a_collection_goes_with_its_table_and_the_relations_that_led_to_it(api: Api) -> None:
    _make(api, "gone", {"name": "n", "type": "string"})
    _make(api, "left", {"name": "gone", "type": "belongsTo", "target": "gone", "foreignKey": "goneId"})
    api.create("left", {"gone": {"n": "x"}})
    assert api.root.post("/collections:destroy?filterByTk=gone").status_code == 200
    assert api.db.execute("select to_regclass('gone')").fetchone() == (None,)
    assert api.root.get("/gone:list").status_code == 404
    assert [row["goneId"] for row in api.list("/left:list")] == [1]
    assert "gone" not in {field["name"] for field in api.list("/collections/left/fields:list")}
    assert api.root.post("/collections:destroy?filterByTk=users").status_code == 403


def test_a_table_that_was_taken_over_is_let_go_as_it_is(api: Api) -> None:
    api.db.execute("create table theirs (id integer primary key, n integer not null default 3)")
    api.db.execute("select orchestrator.manage('theirs')")
    shown = api.root.get("/collections:get?filterByTk=theirs&appends[]=fields").json()["data"]
    assert (shown["from"], shown["autoGenId"], shown["tableName"], shown["filterTargetKey"]) == (
        "dbsync",
        False,
        "theirs",
        "id",
    )
    fields = {field["name"]: field for field in shown["fields"]}
    assert (fields["n"]["type"], fields["n"]["rawType"], fields["n"]["allowNull"]) == ("integer", "integer", False)
    before = _columns(api, "theirs")
    assert api.root.post("/collections/theirs/fields:update?filterByTk=n", json={"interface": "x"}).status_code == 200
    assert api.root.post("/collections:update?filterByTk=theirs", json={"title": "T"}).json()["data"][0]["title"] == "T"
    assert api.root.post("/collections:destroy?filterByTk=theirs").status_code == 200
    assert _columns(api, "theirs") == before
    assert api.root.get("/theirs:list").status_code == 404


def test_tables_are_loaded_as_they_are(api: Api) -> None:
    api.db.execute("create table heads (id uuid primary key, n integer not null default 3)")
    api.db.execute('create table tails (id integer primary key, "headId" uuid references heads (id))')
    before = _columns(api, "heads")
    found = api.root.post("/dataSources:readTables", json={"dataSourceKey": "main"}).json()["data"]
    assert [row for row in found if row["name"] in {"heads", "tails"}] == [{"name": "heads"}, {"name": "tails"}]
    body = {"dataSourceKey": "main", "tables": ["heads", "tails"]}
    assert api.root.post("/dataSources:loadTables", json=body).json() == {}
    assert _columns(api, "heads") == before
    assert api.root.post("/heads:create", json={"n": 1}).status_code == 400
    shown = {field["name"]: field for field in api.list("/collections/tails/fields:list")}
    assert (shown["head"]["type"], shown["head"]["target"]) == ("belongsTo", "heads")
    update = api.root.post("/collections/tails/fields:update?filterByTk=head", json={"interface": "m2o", "x": 1})
    assert update.json()["data"][0]["x"] == 1
    assert _keys(api, "tails") == [("headId", "heads", "a")]
    assert api.root.post("/dataSources:loadTables", json={"tables": ["pg_class"]}).status_code == 404
    assert api.root.post("/dataSources:loadTables", json={"dataSourceKey": "x", "tables": []}).status_code == 404
    assert api.root.post("/mainDataSource:syncFields").json() == {}


def test_a_tree_stays_a_tree(api: Api) -> None:
    _make(api, "nodes_of_a_tree", {"name": "n", "type": "string"}, tree="adjacency-list")
    api.create("nodes_of_a_tree", {"n": "root", "children": [{"n": "child", "children": [{"n": "leaf"}]}]})

    def move(node: int, parent: int) -> Any:
        return api.root.post(f"/nodes_of_a_tree:update?filterByTk={node}", json={"parentId": parent})

    rows = {row["n"]: row for row in api.list("/nodes_of_a_tree:list")}
    root, child, leaf = (rows[name]["id"] for name in ("root", "child", "leaf"))
    assert _message(move(root, root)) == "Cannot set itself as the parent node"
    assert _message(move(root, leaf)) == "Cannot set a descendant node as the parent node"
    assert move(leaf, root).status_code == 200
    (top,) = api.list("/nodes_of_a_tree:list", tree="true", appends="children")
    assert sorted(node["n"] for node in top["children"]) == ["child", "leaf"]
    assert child


def test_what_addresses_rows_is_kept_and_the_last_column_takes_the_table(api: Api) -> None:
    _make(api, "keyed", ID, {"name": "n", "type": "string"})
    refused = api.root.post("/collections/keyed/fields:destroy?filterByTk=id")
    assert _message(refused) == 'field "id" is the key of collection "keyed"'
    api.root.post("/collections/keyed/fields:destroy?filterByTk=n")
    assert api.root.post("/collections/keyed/fields:destroy?filterByTk=id").json() == {"data": True}
    assert api.db.execute("select to_regclass('keyed')").fetchone() == (None,)


def test_definitions_are_listed_filtered_and_described(api: Api) -> None:
    _make(api, "listed", {"name": "a", "type": "string"}, title="Listed")
    (found,) = api.list(
        "/collections:list", **{"filter": '{"name.$in":["listed"]}', "appends[]": "fields", "fields[]": "name"}
    )
    assert set(found) == {"name", "fields", "filterTargetKey", "unavailableActions"}
    assert [field["name"] for field in found["fields"]] == ["a"]
    body = api.root.get("/collections:list?pageSize=1&sort=name").json()
    assert (len(body["data"]), body["meta"]["pageSize"], body["meta"]["count"] > 3) == (1, 1, True)
    listed = [row["name"] for row in api.list("/fields:list", filter='{"collectionName":"listed"}')]
    assert listed == ["a"]
    meta = {row["name"]: row for row in api.root.get("/collections:listMeta").json()["data"]}
    assert [field["name"] for field in meta["listed"]["fields"]] == ["a"]
    (updated,) = api.root.post("/collections:update?filterByTk=listed", json={"title": "Other"}).json()["data"]
    assert (updated["title"], "fields" in updated) == ("Other", False)
    assert api.root.post("/collections:update?filterByTk=listed", json={"name": "renamed"}).status_code == 400
    assert (
        api.root.post(
            "/collections:setFields?filterByTk=listed", json={"fields": [{"name": "b", "type": "text"}]}
        ).json()
        == {}
    )
    assert set(_columns(api, "listed")) == {"id", "b"}


def test_any_user_lists_and_root_alone_changes(api: Api) -> None:
    api.add_user("reader", "member")
    with api.client("reader") as reader:
        assert reader.get("/collections:list").status_code == 200
        assert reader.get("/collections:listMeta").status_code == 200
        for path in (
            "collections:create",
            "collections:update?filterByTk=posts",
            "collections:destroy?filterByTk=posts",
        ):
            assert reader.post(f"/{path}", json={"name": "mine"}).status_code == 403
        assert reader.post("/collections/posts/fields:create", json={"name": "x", "type": "text"}).status_code == 403
    assert api.guest.get("/collections:list").status_code == 401


def test_nothing_of_a_definition_reaches_the_server_as_sql(api: Api) -> None:
    name = 'x"; drop table posts; --'
    for field in (
        {"name": "ref", "type": "belongsTo", "target": "posts", "foreignKey": name},
        {"name": "plain", "type": "string", "defaultValue": "'; drop table posts; --"},
        {"name": "other", "type": "string", "defaultValue": "\\'; drop table posts; --"},
        {"name": "uid", "type": "uid", "prefix": "'); drop table posts; --"},
    ):
        _make(api, f"attack{field['name']}", field, {"name": "n", "type": "integer", "rawType": "x) y"})
    assert name in _columns(api, "attackref")
    assert api.create("attackplain", {"n": 1})["plain"] == "'; drop table posts; --"
    assert api.create("attackother", {})["other"] == "\\'; drop table posts; --"
    assert api.create("attackuid", {})["uid"].startswith("'); drop")
    for bad in (
        {"name": "d", "type": "array", "dataType": "array", "elementType": "int); drop table posts; --"},
        {"name": "d", "type": "string", "length": "1); drop"},
        {"name": "d", "type": "belongsTo", "target": "posts", "onDelete": "CASCADE; drop table posts"},
        {"name": 'd"', "type": "string"},
    ):
        assert api.root.post("/collections/posts/fields:create", json=bad).status_code == 400
    assert api.db.execute("select to_regclass('posts') is not null").fetchone() == (True,)


def test_the_steps_of_the_peers_own_client(api: Api) -> None:
    flags = dict.fromkeys(("createdAt", "updatedAt", "createdBy", "updatedBy", "sortable", "logging"), True)
    made = _make(api, "labels", ID, {"name": "name", "type": "string"}, *_authors(), autoGenId=False, **flags)
    assert [field["name"] for field in made["fields"]] == [
        "id",
        "name",
        "createdAt",
        "updatedAt",
        "createdBy",
        "updatedBy",
    ]
    _make(
        api,
        "papers",
        ID,
        {"name": "title", "type": "string"},
        {
            "name": "labels",
            "type": "belongsToMany",
            "interface": "m2m",
            "target": "labels",
            "through": "papersLabels",
            "foreignKey": "paperId",
            "otherKey": "labelId",
            "sourceKey": "id",
            "targetKey": "id",
        },
        *_authors(),
        autoGenId=False,
        **flags,
    )
    body = api.root.get("/collections/labels/fields:list?sort=sort").json()
    assert (body["meta"]["count"], body["data"][0]["name"]) == (6, "id")
    label = api.create("labels", {"name": "news"})
    assert set(label) == {"id", "name", "createdAt", "updatedAt", "createdById", "updatedById"}
    paper = api.create("papers", {"title": "a", "labels": [{"name": "x"}]})
    assert [row["name"] for row in paper["labels"]] == ["x"]
    (found,) = api.list("/papers:list", filter='{"labels.name":"x"}', appends="labels,createdBy")
    pivot = found["labels"][0]["papersLabels"]
    assert (pivot["paperId"], pivot["labelId"], pivot["createdAt"] is not None) == (paper["id"], 2, True)
    assert found["createdBy"]["id"] == 1
    assert api.root.post(f"/papers/{paper['id']}/labels:add", json=[label["id"]]).json() == {}
    assert len(api.list(f"/papers/{paper['id']}/labels:list")) == 2
    assert api.root.post(f"/papers/{paper['id']}/labels:remove", json=[2]).json() == {}
    assert api.root.post(f"/papers:destroy?filterByTk={paper['id']}").json() == {"data": 1}
    assert api.root.get("/collections/papersLabels/fields:list").json()["meta"]["count"] == 4


def test_rules_have_the_names_of_the_wire(api: Api) -> None:
    _make(api, "named", {"name": "a", "type": "string", "unique": True}, {"name": "b", "type": "string", "index": True})
    api.root.post("/collections/named/fields:create", json={"name": "c", "type": "string", "unique": True})
    names = api.db.execute(
        "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid where indrelid = 'named'::regclass"
    )
    assert {name for (name,) in names} == {"named_pkey", "named_a_key", "named_b_idx", "named_c_uk"}


def test_workflows_guard_a_table_that_was_made_over_http(api: Api) -> None:
    _make(api, "guarded", {"name": "n", "type": "integer"})
    document = {
        "key": "small",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": "guarded", "global": True, "actions": ["create"]},
        "nodes": [{"key": "no", "type": "end", "config": {"endStatus": -1}}],
    }
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))
    assert api.root.post("/guarded:create", json={"n": 11}).status_code == 400
    with pytest.raises(psycopg.Error):
        api.db.execute("insert into guarded (n) values (11)")
    assert api.list("/guarded:list") == []
    # the table goes with the triggers that guarded it
    assert api.root.post("/collections:destroy?filterByTk=guarded").status_code == 200


def test_the_apis_login_alone_may_change_collections(api: Api) -> None:
    _make(api, "owned")
    rows = api.db.execute(
        """
        select r.rolname from pg_roles r
        where has_function_privilege(r.oid, 'orchestrator.change_collection(text)', 'execute')
            and not r.rolsuper and r.rolname !~ '^pg_'
        """
    ).fetchall()
    assert {name for (name,) in rows} <= {"orchestrator_api", "orchestrator_owner", "api_login"}
    owner = api.db.execute("select relowner::regrole::text from pg_class where oid = 'owned'::regclass").fetchone()
    assert (
        owner
        == api.db.execute(
            "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
        ).fetchone()
    )


_TYPES = (
    "string",
    "text",
    "integer",
    "bigInt",
    "float",
    "decimal",
    "boolean",
    "json",
    "date",
    "dateOnly",
    "uuid",
    "uid",
)


_NAMES = st.from_regex(r"[A-Za-z_$*\-][A-Za-z0-9_$*\-]{0,20}", fullmatch=True)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.from_regex(r"[A-Za-z_$*\-][A-Za-z0-9_$*\-]{0,20}", fullmatch=True),
                "type": st.sampled_from(_TYPES),
            },
            optional={
                "interface": st.sampled_from(["input", "x"]),
                "index": st.booleans(),
                "description": st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])),
            },
        ),
        unique_by=lambda field: field["name"],
        max_size=6,
    )
)
def test_what_was_declared_is_read_back_and_goes_without_a_trace(api: Api, fields: list[dict[str, Any]]) -> None:
    assume(all(not (field.get("index") and field["type"] == "json") for field in fields))
    before = api.db.execute("select count(*) from pg_class").fetchone()
    made = api.root.post("/collections:create", json={"fields": fields}).json()["data"]
    found = api.root.get(f"/collections:get?filterByTk={made['name']}&appends=fields").json()["data"]
    assert found == made
    assert [{key: shown[key] for key in field} for field, shown in zip(fields, found["fields"], strict=True)] == fields
    api.create(made["name"], {})
    assert len(api.list(f"/{made['name']}:list")) == 1
    assert api.root.post(f"/collections:destroy?filterByTk={made['name']}").json() == {"data": 1}
    assert api.db.execute("select count(*) from pg_class").fetchone() == before


def test_tables_outlive_an_uninstall(new_database: Callable[..., str], template: str) -> None:
    with psycopg.connect(new_database(template=template), autocommit=True) as connection:
        fields = [{"name": "n", "type": "integer"}, {"name": "at", "type": "sort"}]
        values = {"name": "kept", "fields": fields, "createdBy": True, "updatedAt": True, "tree": "adjacency-list"}
        request = {"resource": "collections", "action": "create", "reserved": [], "values": values}
        connection.execute("select orchestrator.change_collection(%s)", (json.dumps(request),))
        installer.uninstall(connection)
        connection.execute("insert into kept (n) values (1)")
        connection.execute("update kept set n = 2")
        assert connection.execute('select n, at, "createdById" from kept').fetchone() == (2, None, None)
