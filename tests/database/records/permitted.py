"""Rows that may not all be seen, and statements asked in roles: what tests of permissions share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection, RawCursor

from orchestrator.cluster import Cluster
from orchestrator.compiler.statements import compile_shape
from orchestrator.model.aggregation import split_query
from orchestrator.model.collection import Catalog
from orchestrator.model.shape import split

from .conftest import NOW, shared_database

__all__ = ["BAD", "MINE", "Asked", "asked"]

BAD = "Invalid SQL column or table reference"

SCHEMA = """
create table teams (
    id integer primary key, name text, secret text, "parentId" integer references teams (id)
);
create table docs (
    id integer primary key, title text, secret text, "createdById" bigint, "teamId" integer references teams (id)
);
create table notes (id integer primary key, body text, "docId" integer references docs (id) on delete cascade);
create table tags (id integer primary key, name text);
create table lists (id integer primary key, "tagIds" integer[]);
create table "docsTags" (
    "docId" integer references docs (id) on delete cascade,
    "tagId" integer references tags (id),
    weight integer,
    primary key ("docId", "tagId")
);
insert into teams values (1, 'red', 'r', null), (2, 'blue', 'b', 1), (3, 'green', 'g', 2), (4, 'grey', 'g', 3);
insert into docs values
    (1, 'one', 'x', 1, 1), (2, 'two', 'y', 1, 2), (3, 'three', 'z', 2, 1), (4, 'four', 'z', 2, null);
insert into notes values (1, 'of one', 1), (2, 'of three', 3), (3, 'of three as well', 3);
insert into tags values (1, 'a'), (2, 'b');
insert into lists values (1, '{2,1}'), (2, '{2}');
insert into "docsTags" values (1, 1, 10), (1, 2, 20), (3, 1, 30);
"""
TABLES = ("teams", "docs", "notes", "tags", "lists", '"docsTags"')
MINE = {"createdById": 1}


class Asked:
    """The tables, and statements over them, each undone again."""

    def __init__(self, connection: Connection[Any], catalog: Catalog) -> None:
        self.connection = connection
        self.catalog = catalog

    def statement(self, collection: str, **request: Any) -> tuple[str, list[str | None]]:
        whole = {"kind": "select", "collection": collection, "rendering": "wire", "now": NOW, **request}
        shape, values = split_query(whole) if whole["kind"] == "query" else split(whole)
        return compile_shape(self.catalog, shape), values

    def rows(self, collection: str, **request: Any) -> list[Any]:
        sql, values = self.statement(collection, **request)
        cursor = RawCursor(self.connection)
        with self.connection.transaction(force_rollback=True):
            # as after some executions: the planner knows no values, and what fails does so when it meets a row
            self.connection.execute("set local plan_cache_mode = force_generic_plan")
            cursor.execute(sql.encode(), values, prepare=True)
            return cursor.fetchall() if cursor.description else [cursor.rowcount]

    def data(self, collection: str, **request: Any) -> Any:
        """What is shown: a list, or objects where keys are asked for."""
        rows = self.rows(collection, **request)
        return [json.loads(row[0]) for row in rows] if "keys" in request else json.loads(rows[0][0])

    def ids(self, collection: str, **request: Any) -> list[int]:
        return [row["id"] for row in self.data(collection, **request)]


@pytest.fixture(scope="module")
def asked(server: Cluster, template: str) -> Iterator[Asked]:
    with shared_database(server, template, SCHEMA, TABLES) as connection:
        connection.execute("set search_path = pg_catalog, orchestrator, pg_temp")
        row = connection.execute("select orchestrator.catalog()::text").fetchone()
        assert row is not None
        yield Asked(connection, Catalog.from_json(row[0]))
