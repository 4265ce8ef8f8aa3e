"""Every object of ours is described, pinned, and closed to the public."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from orchestrator.schema.files import sql_directory
from orchestrator.schema.script import contents

Connection = psycopg.Connection[tuple[object, ...]]

_OURS = "n.nspname in ('orchestrator', 'orchestrator_hooks')"


def _names(db: Connection, query: str) -> list[object]:
    return [row[0] for row in db.execute(query).fetchall()]


def test_every_file_of_sql_is_listed_once() -> None:
    listed = [file.name for file in contents()]
    present = {path.relative_to(sql_directory()).as_posix() for path in sql_directory().rglob("*.sql")}
    elsewhere = {name for name in present if name.startswith(("setup/", "queries/"))}
    assert sorted(listed) == sorted(present - elsewhere - {"install.sql"})


def test_a_function_file_is_named_after_its_function() -> None:
    for file in contents():
        if file.name.startswith("functions/"):
            name = Path(file.name).stem
            assert re.match(rf"-- orchestrator(_hooks)?\.{name}\b", file.read()), file.name
            assert re.search(rf"create or replace (function|procedure) orchestrator(_hooks)?\.{name}\(", file.read()), (
                file.name
            )


def test_every_function_has_a_comment(db: Connection) -> None:
    query = """
        select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'orchestrator' and obj_description(p.oid, 'pg_proc') is null
    """
    assert _names(db, query) == []


def test_every_table_and_view_has_a_comment(db: Connection) -> None:
    query = f"""
        select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where {_OURS} and c.relkind in ('r', 'p', 'v') and obj_description(c.oid, 'pg_class') is null
    """
    assert _names(db, query) == []


def test_the_public_may_execute_guards_alone(db: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        where {_OURS} and a.grantee = 0 and not (n.nspname = 'orchestrator_hooks' and p.proname ~ '_guard|^few_rows$')
    """
    assert _names(db, query) == []


def test_the_public_has_no_right_on_tables_and_schemas(db: Connection) -> None:
    query = f"""
        select c.oid::regclass::text
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        cross join lateral aclexplode(c.relacl) as a
        where {_OURS} and a.grantee = 0
        union all
        select n.nspname from pg_namespace n cross join lateral aclexplode(n.nspacl) as a
        where {_OURS} and a.grantee = 0
    """
    assert _names(db, query) == []


def test_every_function_pins_its_search_path(db: Connection) -> None:
    query = """
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = 'orchestrator'::regnamespace
            and not exists (
                select from unnest(p.proconfig) as setting
                where setting = 'search_path=pg_catalog, orchestrator, pg_temp'
            )
    """
    assert _names(db, query) == []


def test_python_bodies_are_shims(db: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        join pg_language l on l.oid = p.prolang
        where {_OURS} and l.lanname = 'plpython3u'
            and array_length(string_to_array(trim(e'\\n' from p.prosrc), e'\\n'), 1) > 8
    """
    assert _names(db, query) == []


def test_every_body_is_valid(db: Connection) -> None:
    """The installer reads bodies unchecked, so that their order is free."""
    functions = db.execute(
        f"""
        select p.oid, p.oid::regprocedure::text, l.lanvalidator::regproc::text
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        join pg_language l on l.oid = p.prolang
        where {_OURS} and l.lanname <> 'plpython3u'
        """
    ).fetchall()
    broken = []
    for oid, name, validator in functions:
        try:
            db.execute(f"select {validator}({oid})")
        except psycopg.Error as error:
            broken.append(f"{name}: {error}")
    assert broken == []


def test_our_owner_has_no_superuser_rights_and_nobody_can_be_him(db: Connection) -> None:
    query = """
        select rolname from pg_roles
        where rolname like 'orchestrator\\_%'
            and (rolsuper or rolcanlogin or rolcreaterole or rolcreatedb or rolbypassrls)
    """
    assert _names(db, query) == []
