"""Filters find what Python finds in the same rows: every operator, every kind of column, relations and logic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, RawCursor

from orchestrator.cluster import Cluster
from orchestrator.compiler.statements import compile_shape
from orchestrator.model.collection import Catalog
from orchestrator.model.shape import split

from .conditions import USER, WORLD
from .conftest import NOW, shared_database
from .filter_trees import MAKERS, ZONES, Node, leaves, trees
from .things import SCHEMA, TABLES


class Asked(NamedTuple):
    """A database with the rows of the world, and its catalog."""

    connection: Connection[Any]
    catalog: Catalog

    def find(self, node: Node) -> list[int]:
        request = {
            "kind": "select",
            "collection": "things",
            "filter": node.filter,
            "keys": ["id"],
            "now": NOW,
            "timezone": node.zone,
            "userId": USER,
        }
        shape, values = split(request)
        cursor = RawCursor(self.connection)
        cursor.execute(compile_shape(self.catalog, shape).encode(), values)
        return sorted(json.loads(row[0])["id"] for row in cursor)


@pytest.fixture(scope="module")
def asked(server: Cluster, template: str) -> Iterator[Asked]:
    """Things, and everything that they are related to."""
    with shared_database(server, template, SCHEMA, TABLES) as connection:
        for sql, rows in WORLD.inserts():
            connection.execute(sql.encode(), (rows,))
        connection.execute("update things set doc = null where doc = 'null'::jsonb")
        connection.execute("set search_path = pg_catalog, orchestrator, pg_temp")
        row = connection.execute("select orchestrator.catalog()::text").fetchone()
        assert row is not None
        yield Asked(connection, Catalog.from_json(row[0]))


def _expected(node: Node) -> list[int]:
    return [
        thing["id"]
        for thing in WORLD.things
        if any(node.test(rows) is True for rows in WORLD.joined(thing, {*node.relations}))
    ]


#: the same filters in every run; to search further, take more examples and leave out `derandomize`
_SETTINGS = {"derandomize": True, "deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("operator", sorted(MAKERS))
def test_an_operator_means_what_it_says(asked: Asked, operator: str) -> None:
    decided = []

    @settings(max_examples=15, **_SETTINGS)
    @given(st.sampled_from(sorted(ZONES, key=str)).flatmap(lambda zone: leaves(zone, operator)))
    def check(node: Node) -> None:
        found = asked.find(node)
        assert found == _expected(node)
        decided.append(0 < len(found) < len(WORLD.things))

    check()
    assert any(decided), "nothing was found, or always everything"


def test_conditions_together_mean_what_they_say(asked: Asked) -> None:
    decided = []

    @settings(max_examples=200, **_SETTINGS)
    @given(st.sampled_from(sorted(ZONES, key=str)).flatmap(trees))
    def check(node: Node) -> None:
        found = asked.find(node)
        assert found == _expected(node)
        decided.append(0 < len(found) < len(WORLD.things))

    check()
    assert sum(decided) > len(decided) // 4, "the filters decide nothing"
