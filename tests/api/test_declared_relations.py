"""Relations over HTTP: foreign keys with their rules, trees."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .declaring import keys_of, make, message_of


def test_relations_are_foreign_keys_with_the_rule_that_was_declared(api: Api) -> None:
    make(api, "tags", {"name": "name", "type": "string"})
    make(
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
    make(api, "topics", {"name": "name", "type": "string"})
    make(api, "notes", {"name": "text", "type": "text"})
    assert keys_of(api, "entries") == [
        ("createdById", "orchestrator.users", "n"),
        ("ownerId", "orchestrator.users", "r"),
        ("topicId", "topics", "n"),
    ]
    assert keys_of(api, "entriesTags") == [("entryId", "entries", "c"), ("tagId", "tags", "c")]
    assert keys_of(api, "notes") == [("entryId", "entries", "c")]

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
    assert message_of(api.root.post("/entries:create", json={"topicId": 99})).startswith("insert or update on table")
    api.root.post(f"/entries:destroy?filterByTk={row['id']}")
    assert api.db.execute("select count(*) from notes").fetchone() == (0,)
    assert api.db.execute('select count(*) from "entriesTags"').fetchone() == (0,)
    # nobody asked for the other side
    names = [field["name"] for field in api.list("/collections/tags/fields:list")]
    assert names == ["name"]
    shown = {field["name"]: field for field in api.list("/collections/entries/fields:list")}
    assert set(shown) == {"title", "topic", "owner", "tags", "notes", "topicId"}
    assert shown["topicId"]["isForeignKey"] is True


def test_a_relation_never_changes_tables_of_users_and_roles(api: Api) -> None:
    make(api, "owners", {"name": "name", "type": "string"})
    api.create("owners", [{"name": str(number)} for number in range(20)])
    link = {"type": "belongsToMany", "target": "roles", "foreignKey": "userId", "otherKey": "roleName"}
    users, roles = 'collection "users" cannot be changed', 'collection "roles" cannot be changed'
    for field, message in (
        ({"type": "hasOne", "target": "users", "foreignKey": "id", "onDelete": "CASCADE"}, users),
        ({"type": "hasMany", "target": "users", "foreignKey": "id"}, users),
        ({"type": "hasMany", "target": "roles", "foreignKey": "name", "sourceKey": "name"}, roles),
        ({**link, "target": "owners", "through": "users", "foreignKey": "id", "otherKey": "id"}, users),
        ({**link, "through": "rolesUsers"}, "Collection named rolesUsers already exists"),
        ({**link, "through": "workflows"}, "Collection named workflows already exists"),
    ):
        response = api.root.post("/collections/owners/fields:create", json={"name": "theirs", **field})
        assert (response.status_code, message_of(response)) == (400, message), field
    foreign = "select from pg_constraint where confrelid = 'owners'::regclass"
    assert api.db.execute(foreign).fetchall() == []
    assert api.db.execute("""select to_regclass('"rolesUsers"') is null""").fetchone() == (True,)


def test_keys_that_are_not_named_are_drawn_and_indexed(api: Api) -> None:
    make(api, "ones", {"name": "n", "type": "string"})
    make(
        api,
        "others",
        {"name": "ref", "type": "belongsTo", "target": "ones"},
        {"name": "owned", "type": "hasMany", "target": "ones"},
        {"name": "linked", "type": "belongsToMany", "target": "ones"},
    )
    shown = {field["name"]: field for field in api.list("/collections/others/fields:list")}
    keys = [shown["ref"]["foreignKey"], shown["owned"]["foreignKey"]]
    keys += [shown["linked"][name] for name in ("foreignKey", "otherKey")]
    assert all(key.startswith("f_") and len(key) == 13 for key in keys)
    assert shown["linked"]["through"].startswith("t_") and len(shown["linked"]["through"]) == 13
    assert (shown["owned"]["sourceKey"], shown["owned"]["targetKey"]) == ("id", "id")
    indexed = {
        column
        for (column,) in api.db.execute(
            "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]"
        )
    }
    assert {*keys[:3]} <= indexed
    made = api.create("others", {"owned": [{"n": "a"}], "linked": [{"n": "b"}], "ref": {"n": "c"}})
    pivot = api.list(f"/{shown['linked']['through']}:list")
    assert [row[keys[2]] for row in pivot] == [made["id"]]


def test_the_same_rule_from_both_sides_is_one_foreign_key(api: Api) -> None:
    make(api, "parents", {"name": "n", "type": "string"})
    make(api, "kids", {"name": "parent", "type": "belongsTo", "target": "parents", "foreignKey": "parentId"})
    response = api.root.post(
        "/collections/parents/fields:create",
        json={"name": "kids", "type": "hasMany", "target": "kids", "foreignKey": "parentId", "onDelete": "CASCADE"},
    )
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    assert (data["sourceKey"], data["targetKey"], data["collectionName"]) == ("id", "id", "parents")
    assert keys_of(api, "kids") == [("parentId", "parents", "c")]
    api.create("parents", {"n": "a", "kids": [{}, {}]})
    assert len(api.list("/parents/1/kids:list")) == 2
    assert api.root.post("/collections/parents/fields:destroy?filterByTk=kids").json() == {"data": True}
    assert keys_of(api, "kids") == [("parentId", "parents", "c")]
    assert api.root.post("/collections/kids/fields:destroy?filterByTk=parent").json() == {"data": True}
    assert keys_of(api, "kids") == []


def test_reverse_field_makes_the_other_side(api: Api) -> None:
    make(api, "teams", {"name": "n", "type": "string"})
    make(api, "players", {"name": "n", "type": "string"})
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


def test_only_a_relation_has_another_side(api: Api) -> None:
    make(api, "sides", {"name": "plain", "type": "string", "reverseField": {"name": "back", "type": "string"}})
    assert [field["name"] for field in api.list("/collections/sides/fields:list")] == ["plain"]
    field = {"name": "self", "type": "belongsTo", "target": "sides", "reverseField": "back"}
    response = api.root.post("/collections/sides/fields:create", json=field)
    assert (response.status_code, message_of(response)) == (400, '"reverseField" of field "self" must be an object')


def test_a_column_that_is_a_key_of_a_relation_is_kept(api: Api) -> None:
    make(api, "shelves", {"name": "n", "type": "string"})
    make(
        api,
        "books",
        {"name": "shelfId", "type": "bigInt"},
        {"name": "shelf", "type": "belongsTo", "target": "shelves", "foreignKey": "shelfId"},
    )
    refused = api.root.post("/collections/books/fields:destroy?filterByTk=shelfId")
    assert (refused.status_code, message_of(refused)) == (
        400,
        'field "shelfId" is a key of relation "shelf" of collection "books"',
    )


def test_a_collection_goes_with_its_table_and_the_relations_that_led_to_it(api: Api) -> None:
    make(api, "gone", {"name": "n", "type": "string"})
    make(api, "left", {"name": "gone", "type": "belongsTo", "target": "gone", "foreignKey": "goneId"})
    api.create("left", {"gone": {"n": "x"}})
    assert api.root.post("/collections:destroy?filterByTk=gone").status_code == 200
    assert api.db.execute("select to_regclass('gone')").fetchone() == (None,)
    assert api.root.get("/gone:list").status_code == 404
    assert [row["goneId"] for row in api.list("/left:list")] == [1]
    assert "gone" not in {field["name"] for field in api.list("/collections/left/fields:list")}
    for protected in ("users", "roles", "rolesUsers"):
        assert api.root.post(f"/collections:destroy?filterByTk={protected}").status_code == 403


def test_a_tree_stays_a_tree(api: Api) -> None:
    make(api, "nodes_of_a_tree", {"name": "n", "type": "string"}, tree="adjacency-list")
    api.create("nodes_of_a_tree", {"n": "root", "children": [{"n": "child", "children": [{"n": "leaf"}]}]})

    def move(node: int, parent: int) -> Any:
        return api.root.post(f"/nodes_of_a_tree:update?filterByTk={node}", json={"parentId": parent})

    rows = {row["n"]: row for row in api.list("/nodes_of_a_tree:list")}
    root, child, leaf = (rows[name]["id"] for name in ("root", "child", "leaf"))
    assert message_of(move(root, root)) == "Cannot set itself as the parent node"
    assert message_of(move(root, leaf)) == "Cannot set a descendant node as the parent node"
    assert move(leaf, root).status_code == 200
    (top,) = api.list("/nodes_of_a_tree:list", tree="true", appends="children")
    assert sorted(node["n"] for node in top["children"]) == ["child", "leaf"]
    assert child
