"""What tests of sheets share: columns, workbooks, and what comes of them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import httpx
from openpyxl import Workbook, load_workbook

from .conftest import Api

__all__ = [
    "CATEGORY",
    "READ",
    "TITLE",
    "assert_imported",
    "assert_refused",
    "book",
    "export",
    "import_rows",
    "permit",
    "rows_of",
    "titles_like",
]


TITLE = {"dataIndex": ["title"], "defaultTitle": "Title"}


READ = {"dataIndex": ["read"], "defaultTitle": "Read", "title": "Times read"}


CATEGORY = {"dataIndex": ["category", "name"], "defaultTitle": "Category"}


def rows_of(response: httpx.Response) -> list[list[Any]]:
    assert response.status_code == 200, response.text
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def export(api: Api, path: str, columns: list[dict[str, Any]], **params: Any) -> list[list[Any]]:
    return rows_of(api.root.post(f"/{path}:export", params=params, json={"columns": columns}))


def book(*rows: list[Any]) -> bytes:
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def import_rows(
    api: Api, path: str, columns: list[dict[str, Any]], *rows: list[Any], content: bytes | None = None, **more: Any
) -> httpx.Response:
    return api.root.post(
        f"/{path}:importXlsx",
        files={"file": ("rows.xlsx", book(*rows) if content is None else content)},
        data={"columns": json.dumps(columns), **more.pop("data", {})},
        **more,
    )


def assert_imported(response: httpx.Response, count: int) -> None:
    assert (response.status_code, response.json()) == (
        200,
        {"data": {"successCount": count}, "meta": {"successCount": count}},
    )


def assert_refused(response: httpx.Response, message: str) -> None:
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})


def titles_like(api: Api, like: str) -> list[str]:
    rows = api.list("/posts:list", filter=json.dumps({"title": {"$startsWith": like}}), sort="title")
    return [row["title"] for row in rows]


def permit(api: Api, role: str, resource: str, **actions: Any) -> None:
    """Give a role permissions for a resource; scopes are filters."""
    given = []
    for name, action in actions.items():
        scope = None
        if "scope" in action:
            values = {"name": f"{role} {name}", "resourceName": resource, "scope": action["scope"]}
            scope = api.create("dataSourcesRolesResourcesScopes", values)["id"]
        given.append({"name": name, "fields": action.get("fields", []), "scopeId": scope})
    response = api.root.post(
        f"/roles/{role}/resources:create", json={"name": resource, "usingActionsConfig": True, "actions": given}
    )
    assert response.status_code == 200, response.text
