"""What tests of collections over HTTP share: a collection of these fields, and what its table is like."""

from __future__ import annotations

from typing import Any

from .conftest import Api

__all__ = ["ID", "authors", "columns_of", "keys_of", "make", "message_of"]


ID = {
    "name": "id",
    "type": "bigInt",
    "autoIncrement": True,
    "primaryKey": True,
    "allowNull": False,
    "interface": "integer",
    "uiSchema": {"type": "number", "title": "ID"},
}


def make(api: Api, name: str, *fields: Any, **options: Any) -> Any:
    response = api.root.post("/collections:create", json={"name": name, "fields": list(fields), **options})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def message_of(response: Any) -> str:
    return str(response.json()["errors"][0]["message"])


def columns_of(api: Api, table: str) -> dict[str, tuple[str, bool, str | None]]:
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


def keys_of(api: Api, table: str) -> list[tuple[str, str, str]]:
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


def authors() -> list[dict[str, Any]]:
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
