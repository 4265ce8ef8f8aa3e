"""The catalog: what PostgreSQL knows of a table, under the names of the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from orchestrator.model.collection import Catalog

Read = Callable[[], Catalog]
Manage = Callable[..., None]
Connection = psycopg.Connection[Any]


def test_columns_keep_their_names_letter_for_letter_and_get_wire_types(
    db: Connection, manage: Manage, catalog: Read
) -> None:
    db.execute(
        """
        create schema "Odd Schema";
        create domain positive as numeric(10, 2) check (value > 0);
        create type mood as enum ('sad', 'happy');
        create table "Odd Schema"."odd "" table" (
            id bigint generated always as identity primary key,
            "createdAt" timestamptz default now(), title varchar(3), code char(4), amount positive, mood mood,
            tags varchar(9)[], doc jsonb, born date, seen timestamp, at time, key uuid, raw bytea, ok boolean,
            ratio real, doubled integer generated always as (2) stored
        )
        """
    )
    manage('"Odd Schema"."odd "" table"', name="odd")

    odd = catalog().collections["odd"]

    assert (odd.schema, odd.table, odd.filter_target_key) == ("Odd Schema", 'odd " table', "id")
    assert {f.name: (f.type, f.pg_type) for f in odd.fields.values()} == {
        "id": ("bigInt", "bigint"),
        "createdAt": ("datetimeTz", "timestamp with time zone"),
        "title": ("string", "character varying"),
        "code": ("string", "bpchar"),
        "amount": ("decimal", "numeric"),
        "mood": ("string", "public.mood"),
        "tags": ("array", "character varying[]"),
        "doc": ("json", "jsonb"),
        "born": ("dateOnly", "date"),
        "seen": ("datetimeNoTz", "timestamp without time zone"),
        "at": ("time", "time without time zone"),
        "key": ("uuid", "uuid"),
        "raw": ("blob", "bytea"),
        "ok": ("boolean", "boolean"),
        "ratio": ("float", "real"),
        "doubled": ("integer", "integer"),
    }
    assert [f.name for f in odd.fields.values() if not f.writable] == ["id", "doubled"]
    assert odd.fields["id"].primary_key and not odd.fields["id"].allow_null
    assert odd.fields["createdAt"].has_default and odd.fields["tags"].array


def test_foreign_keys_are_relations_of_both_sides(blog: Connection, catalog: Read) -> None:
    collections = catalog().collections

    def relations(name: str) -> dict[str, tuple[str, ...]]:
        return {
            a.name: (a.type, a.target, a.foreign_key, a.source_key, a.target_key)
            for a in collections[name].associations.values()
        }

    assert relations("posts") == {
        "category": ("belongsTo", "categories", "categoryId", "id", "id"),
        "author": ("belongsTo", "users", "author_id", "id", "id"),
        "postsTags": ("hasMany", "postsTags", "postId", "id", "id"),
        "tags": ("belongsToMany", "tags", "postId", "id", "id"),
    }
    assert relations("users") == {
        "posts": ("hasMany", "posts", "author_id", "id", "id"),
        "profiles": ("hasOne", "profiles", "user_id", "id", "id"),
    }
    assert relations("categories")["parent"][0] == "belongsTo"
    assert relations("categories")["categories"][0] == "hasMany"
    tags = collections["posts"].associations["tags"]
    assert (tags.through, tags.other_key) == ("postsTags", "tagId")
    assert collections["posts"].associations["category"].on_delete == "SET NULL"


def test_relations_appear_whichever_side_is_managed_first(db: Connection, manage: Manage, catalog: Read) -> None:
    db.execute(
        "create table a (id int primary key); create table b (id int primary key);"
        "create table a_b (a_id int references a, b_id int references b, primary key (a_id, b_id))"
    )
    manage("a", "a_b")
    assert "b" not in catalog().collections["a"].associations

    manage("b")

    assert catalog().collections["a"].associations["b"].type == "belongsToMany"
    assert catalog().collections["a_b"].associations["b"].type == "belongsTo"


def test_two_foreign_keys_to_one_table_get_two_names(db: Connection, manage: Manage, catalog: Read) -> None:
    db.execute(
        "create table people (id int primary key);"
        "create table letters (id int primary key, sender int references people, recipient int references people)"
    )
    manage("people", "letters")

    collections = catalog().collections
    assert set(collections["letters"].associations) == {"people", "people_sender"}
    assert set(collections["people"].associations) == {"letters", "letters_sender"}
    assert {a.foreign_key for a in collections["people"].associations.values()} == {"sender", "recipient"}


def test_a_renamed_column_stays_the_same_field(blog: Connection, catalog: Read) -> None:
    keys = "select name, key from orchestrator.fields where collection_name = 'tags' and attnum is not null"
    before = dict(blog.execute(keys).fetchall())

    for old, new in (("name", "swap"), ("color", "name"), ("swap", "color")):
        blog.execute(f"alter table tags rename {old} to {new}".encode())
        blog.execute("select orchestrator.refresh_fields('tags')")

    after = dict(blog.execute(keys).fetchall())
    assert (after["name"], after["color"], after["id"]) == (before["color"], before["name"], before["id"])


def test_fields_follow_added_dropped_and_retyped_columns(blog: Connection, catalog: Read) -> None:
    blog.execute(
        "update orchestrator.fields set type = 'password', options = options || '{\"hidden\": true}'"
        " where name = 'nickname'"
    )
    blog.execute("alter table tags add size integer, drop color, alter name type integer using null")
    blog.execute("alter table users add email text")
    blog.execute("select orchestrator.refresh_fields('tags'), orchestrator.refresh_fields('users')")

    collections = catalog().collections
    assert {f.name: f.type for f in collections["tags"].fields.values()} == {
        "id": "bigInt",
        "name": "integer",
        "size": "integer",
    }
    # what somebody chose stays
    assert collections["users"].fields["nickname"].type == "password"
    assert collections["users"].fields["nickname"].hidden


def test_the_revision_changes_with_every_change_and_with_nothing_else(blog: Connection, catalog: Read) -> None:
    first = catalog().revision
    assert catalog().revision == first

    blog.execute("alter table notes add more text")
    blog.execute("select orchestrator.refresh_fields('notes')")

    assert catalog().revision != first


@pytest.mark.parametrize(
    ("ddl", "key"),
    [
        ("create table t (a int, b text, primary key (b, a))", ("b", "a")),
        ("create table t (a int, b int not null unique)", "b"),
        ("create table t (a int unique)", None),
        ("create table t (a int, k int, primary key (a, k)) partition by list (k)", ("a", "k")),
        ("create table base (a int primary key, b text); create view t as select a, b from base", "a"),
        ("create table base (a int primary key, b text); create view t as select b from base", None),
        (
            "create table base (a int primary key); create view t as select a from base union all select a from base",
            None,
        ),
    ],
)
def test_rows_are_addressed_by_primary_key_or_else_a_unique_column(
    db: Connection, manage: Manage, catalog: Read, ddl: str, key: Any
) -> None:
    db.execute(ddl.encode())
    manage("t")

    assert catalog().collections["t"].filter_target_key == key


def test_a_taken_name_asks_for_another_one(db: Connection, manage: Manage) -> None:
    db.execute("create schema other; create table notes (id int); create table other.notes (id int)")
    manage("notes")

    with pytest.raises(psycopg.Error, match="a collection named 'notes' already exists") as caught:
        manage("other.notes")

    assert caught.value.sqlstate == "WF409"
    assert "another name" in (caught.value.diag.message_hint or "")


def test_managing_grants_the_table_to_nodes_and_unmanaging_takes_it_back(db: Connection, manage: Manage) -> None:
    db.execute('create schema closed; create table closed.t (id serial primary key, "N" int default 1)')
    privilege = (
        "select has_table_privilege('orchestrator_runner', 'closed.t', 'insert'),"
        " has_table_privilege('orchestrator_api', 'closed.t', 'select')"
    )

    manage("closed.t")
    db.execute("set role orchestrator_runner")
    db.execute("insert into closed.t default values")
    db.execute("reset role")
    assert db.execute(privilege).fetchone() == (True, True)

    db.execute("select orchestrator.unregister_collection('closed.t'::regclass)")
    assert db.execute(privilege).fetchone() == (False, False)


def test_unmanaging_removes_the_relations_of_others_too(blog: Connection, catalog: Read) -> None:
    blog.execute("select orchestrator.unregister_collection('tags'::regclass)")

    collections = catalog().collections
    assert "tags" not in collections["posts"].associations
    assert "tag" not in collections["postsTags"].associations


def test_a_renamed_collection_keeps_its_relations(blog: Connection, catalog: Read) -> None:
    fields = "select key from orchestrator.fields where collection_name = 'posts' and name = 'tags'"
    before = blog.execute(fields).fetchone()

    blog.execute("""select orchestrator.register_collection('"postsTags"'::regclass, 'links', null)""")

    assert catalog().collections["posts"].associations["tags"].through == "links"
    assert blog.execute(fields).fetchone() == before


def test_relations_defined_by_hand_stay_and_are_not_made_twice(blog: Connection, catalog: Read) -> None:
    blog.execute("delete from orchestrator.fields where collection_name = 'posts' and name = 'category'")
    blog.execute(
        "insert into orchestrator.fields (collection_name, name, type, options)"
        """ values ('posts', 'section', 'belongsTo', '{"target": "categories", "foreignKey": "categoryId"}')"""
    )
    blog.execute("select orchestrator.refresh_fields('posts')")

    relations = catalog().collections["posts"].associations
    assert relations["section"].target_key == "id"
    assert "category" not in relations


def test_ddl_of_the_table_is_never_changed(db: Connection, manage: Manage) -> None:
    db.execute("create table t (a int not null default 3 check (a > 0), b varchar(3))")
    shape = (
        "select attname, attnotnull, atthasdef, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = 't'::regclass and attnum > 0"
    )
    before = db.execute(shape).fetchall()

    manage("t")

    assert db.execute(shape).fetchall() == before
