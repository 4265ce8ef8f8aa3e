"""The document of roles, and its revision."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[tuple[Any, ...]]


def _document(db: Connection, *roles: str) -> Any:
    (text,) = db.execute("select orchestrator.access_document(%s)", (list(roles),)).fetchone() or ("",)
    return json.loads(text)


def _revision(db: Connection) -> int:
    (revision,) = db.execute("select orchestrator.access_revision()").fetchone() or (0,)
    return int(revision)


def _resource(db: Connection, role: str = "member", name: str = "posts", *, used: bool = True) -> int:
    (id_,) = db.execute(
        "insert into orchestrator.data_sources_roles_resources (role_name, name, using_actions_config)"
        " values (%s, %s, %s) returning id",
        (role, name, used),
    ).fetchone() or (0,)
    return int(id_)


def _action(db: Connection, resource: int, name: str, fields: Any = None, scope: str | None = None) -> None:
    db.execute(
        "insert into orchestrator.data_sources_roles_resources_actions (roles_resource_id, name, fields, scope_id)"
        " values (%s, %s, %s, (select id from orchestrator.data_sources_roles_resources_scopes where key = %s))",
        (resource, name, None if fields is None else Jsonb(fields), scope),
    )


def _scope(db: Connection, key: str, scope: Any) -> None:
    db.execute(
        "insert into orchestrator.data_sources_roles_resources_scopes (key, scope) values (%s, %s)", (key, Jsonb(scope))
    )


def test_a_role_has_its_strategy_and_snippets(db: Connection) -> None:
    assert _document(db, "member")["roles"] == [
        {
            "name": "member",
            "strategy": {"actions": ["view:own"]},
            "snippets": ["!pm", "!pm.*", "!ui.*"],
            "allowConfigure": None,
            "resources": {},
        }
    ]


def test_roles_come_in_the_order_in_which_they_were_asked_for(db: Connection) -> None:
    assert [role["name"] for role in _document(db, "member", "admin")["roles"]] == ["member", "admin"]
    assert [role["name"] for role in _document(db, "admin", "member")["roles"]] == ["admin", "member"]


def test_a_role_that_does_not_exist_is_left_out(db: Connection) -> None:
    assert _document(db, "ghost")["roles"] == []
    assert _document(db)["roles"] == []


def test_permissions_of_a_resource_have_their_fields_and_scopes(db: Connection) -> None:
    posts = _resource(db)
    _scope(db, "open", {"status": "open"})
    _action(db, posts, "create")
    _action(db, posts, "view", ["title"], "open")
    _action(db, posts, "update", [], "own")
    _action(db, posts, "destroy", None, "all")
    assert _document(db, "member")["roles"][0]["resources"] == {
        "posts": {
            "create": {"fields": None, "scope": None},
            "view": {"fields": ["title"], "scope": {"status": "open"}},
            "update": {"fields": [], "scope": "own"},
            "destroy": {"fields": None, "scope": None},
        }
    }


def test_a_resource_without_a_permission_denies_all(db: Connection) -> None:
    _resource(db)
    assert _document(db, "member")["roles"][0]["resources"] == {"posts": {}}


def test_permissions_that_are_not_in_use_do_not_count(db: Connection) -> None:
    _action(db, _resource(db, used=False), "view")
    assert _document(db, "member")["roles"][0]["resources"] == {}


def test_another_data_source_does_not_count(db: Connection) -> None:
    _resource(db)
    db.execute("update orchestrator.data_sources_roles_resources set data_source_key = 'other'")
    assert _document(db, "member")["roles"][0]["resources"] == {}


def test_a_scope_in_use_cannot_be_deleted(db: Connection) -> None:
    _scope(db, "open", {"status": "open"})
    _action(db, _resource(db), "view", None, "open")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.execute("delete from orchestrator.data_sources_roles_resources_scopes where key = 'open'")


def test_fields_are_a_list(db: Connection) -> None:
    posts = _resource(db)
    with pytest.raises(psycopg.errors.CheckViolation):
        _action(db, posts, "view", {"title": True})


def test_the_strategy_of_the_main_data_source_has_one_place(db: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("insert into orchestrator.data_sources_roles (data_source_key, role_name) values ('main', 'member')")


def test_a_deleted_role_takes_its_permissions_along(db: Connection) -> None:
    db.execute("insert into orchestrator.roles (name) values ('temp')")
    _action(db, _resource(db, "temp"), "view")
    db.execute("delete from orchestrator.roles where name = 'temp'")
    assert db.execute("select from orchestrator.data_sources_roles_resources_actions").fetchall() == []


def test_a_renamed_role_keeps_them(db: Connection) -> None:
    db.execute("insert into orchestrator.roles (name) values ('temp')")
    _action(db, _resource(db, "temp"), "view")
    db.execute("update orchestrator.roles set name = 'permanent' where name = 'temp'")
    assert list(_document(db, "permanent")["roles"][0]["resources"]) == ["posts"]


@pytest.mark.parametrize(
    "change",
    [
        "update orchestrator.roles set strategy = null where name = 'member'",
        "insert into orchestrator.roles (name) values ('new')",
        "delete from orchestrator.roles where name = 'member'",
        "insert into orchestrator.data_sources_roles (data_source_key, role_name) values ('other', 'member')",
        "update orchestrator.data_sources_roles_resources set using_actions_config = false",
        "delete from orchestrator.data_sources_roles_resources",
        "update orchestrator.data_sources_roles_resources_actions set fields = '[]'",
        "update orchestrator.data_sources_roles_resources_actions set scope_id = null",
        "truncate orchestrator.data_sources_roles_resources_actions",
        """update orchestrator.data_sources_roles_resources_scopes set scope = '{"a": 1}' where key = 'open'""",
    ],
)
def test_every_change_has_another_revision_and_is_announced(db: Connection, change: str) -> None:
    _scope(db, "open", {"status": "open"})
    _action(db, _resource(db), "view", ["title"], "open")
    before = _revision(db)
    db.execute("listen orchestrator_identity")
    db.execute(change.encode())
    assert _revision(db) > before
    assert _document(db, "admin")["revision"] == _revision(db)
    assert [note.payload for note in db.notifies(timeout=5, stop_after=1)] == [""]


def test_who_has_a_role_does_not_change_what_it_may(db: Connection) -> None:
    before = _revision(db)
    db.execute("insert into orchestrator.users (id) values (7)")
    db.execute("insert into orchestrator.roles_users (user_id, role_name) values (7, 'member')")
    assert _revision(db) == before


def test_api_logins_read_the_document_and_nothing_else(api_dsn: str) -> None:
    with psycopg.connect(api_dsn, autocommit=True) as api:
        assert _document(api, "admin")["roles"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute("select from orchestrator.data_sources_roles_resources")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute("update orchestrator.access_state set revision = 0")


def test_the_public_does_not_read_it(plain: Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _document(plain, "admin")
