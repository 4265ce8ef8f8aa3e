"""What tests of definitions share: a document, short words, and a publisher that only takes notes."""

from __future__ import annotations

import copy
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]

GUARD: dict[str, Any] = {
    "key": "limit",
    "title": "Refuse big ones",
    "type": "request-interception",
    "enabled": True,
    "config": {"collection": "expenses", "global": True, "actions": ["create"], "weight": 1.50},
    "options": {"timeout": 0, "note": "kept"},
    "nodes": [
        {
            "key": "ask",
            "type": "condition",
            "title": "Above?",
            "config": {"rejectOnFalse": False},
            "branches": {
                "1": [
                    {"key": "say", "type": "response-message", "config": {"message": "no"}},
                    {"key": "stop", "type": "end", "config": {"endStatus": -1}},
                ]
            },
        },
        {"key": "last", "type": "output", "config": {"value": None}},
    ],
}


class Definitions:
    """Short words for what these tests do."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def value(self, sql: str, *params: Any) -> Any:
        row = self.connection.execute(sql, params).fetchone()
        return None if row is None else row[0]

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, params).fetchall()

    def define(self, document: Any) -> int:
        return int(self.value("select orchestrator.define(%s)", Jsonb(document)))

    def document(self, key: str) -> Any:
        return self.value("select orchestrator.document(%s)", key)

    def published(self) -> list[list[str]]:
        """What was published since the last look."""
        return [row[0] for row in self.rows("with gone as (delete from publications returning id, collections)"
                                            " select collections from gone order by id")]  # fmt: skip

    def versions(self, key: str = "limit") -> list[tuple[int, bool, bool | None]]:
        return self.rows("select id, enabled, current from orchestrator.workflows where key = %s order by id", key)

    def everything(self) -> list[tuple[Any, ...]]:
        """All rows of definitions, with times and row versions."""
        return self.rows(
            "select w.ctid::text || w.xmin, to_jsonb(w) from orchestrator.workflows w"
            " union all select n.ctid::text || n.xmin, to_jsonb(n) from orchestrator.flow_nodes n order by 1"
        )

    def execute_once(self, workflow_id: int) -> None:
        self.connection.execute(
            "insert into orchestrator.execution_counts (workflow_id, key, executed) values (%s, 'limit', 1)",
            (workflow_id,),
        )

    def guard(self, **values: Any) -> dict[str, Any]:
        """The document that most tests begin with, and what they change in it."""
        return copy.deepcopy(GUARD) | values

    def refusal(self, sql: str, *params: Any) -> psycopg.Error:
        """The error of a statement that must be refused and must change nothing."""
        before = self.everything()
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(sql, params)
        assert self.everything() == before
        return caught.value


@pytest.fixture
def definitions(db: Connection) -> Definitions:
    """Two collections, and a publisher that only checks and takes notes: what is compiled is no matter here."""
    db.execute(
        """
        create table expenses (id bigint primary key);
        create table items (id bigint primary key);
        insert into orchestrator.collections (name, table_oid) values
            ('expenses', 'expenses'::regclass), ('items', 'items'::regclass);
        create table publications (id bigint generated always as identity, collections text[]);
        alter function orchestrator.publish(text[]) rename to publish_for_good;
        create function orchestrator.publish(p_collections text[]) returns void language plpgsql security definer
        set search_path = pg_catalog, pg_temp as $$
        begin
            insert into public.publications (collections) values (p_collections);
            perform orchestrator.check_workflow(w.id)
            from orchestrator.workflows w
            where w.enabled and orchestrator.collection_of(w.config) = any (p_collections);
        end
        $$;
        """
    )
    return Definitions(db)
