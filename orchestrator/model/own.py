"""Our own tables as collections: views of the schema `orchestrator`, described by the types of their columns."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.model.collection import Association, Collection, Field

__all__ = ["TIMES", "joined", "own_collection"]

_INSTANT = "timestamp with time zone"
_WIRE_TYPES = {
    "bigint": "bigInt",
    "integer": "integer",
    "smallint": "integer",
    "text": "string",
    "boolean": "boolean",
    "json": "json",
    "jsonb": "jsonb",
    _INSTANT: "datetimeTz",
}
TIMES = {"createdAt": _INSTANT, "updatedAt": _INSTANT}


def own_collection(
    name: str,
    view: str,
    key: str | tuple[str, ...],
    columns: Mapping[str, str],
    *associations: Association,
    read_only: bool = False,
) -> Collection:
    """A resource over a view; columns by name with their PostgreSQL type."""
    keys = (key,) if isinstance(key, str) else key
    return Collection(
        name=name,
        schema="orchestrator",
        table=view,
        oid=0,
        filter_target_key=key,
        fields={
            column: Field(name=column, type=_WIRE_TYPES[pg_type], pg_type=pg_type, primary_key=column in keys)
            for column, pg_type in columns.items()
        },
        associations={association.name: association for association in associations},
        read_only=read_only,
    )


def joined(name: str, target: str, keys: tuple[str, str], foreign: tuple[str, str], through: str) -> Association:
    """Two sides of a join table, seen from one of them: keys of both, and the join table's columns for them."""
    return Association(
        name=name,
        type="belongsToMany",
        target=target,
        source_key=keys[0],
        target_key=keys[1],
        foreign_key=foreign[0],
        other_key=foreign[1],
        through=through,
    )
