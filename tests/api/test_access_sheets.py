"""Imports and exports, for roles that do not see everything."""

from __future__ import annotations

import json
import secrets
from io import BytesIO
from typing import Any

import httpx
from openpyxl import Workbook, load_workbook

from .conftest import Api
from .restricted import (
    ALL,
    DENIED,
    LOW,
    Permit,
    data_of,
    insert,
    message_of,
    permit,
    restricted_tables,
)

#: fixtures
__all__ = ["permit", "restricted_tables"]


def _import(client: httpx.Client, columns: list[list[str]], *rows: list[Any]) -> httpx.Response:
    book, content = Workbook(), BytesIO()
    for row in [[".".join(path) for path in columns], *rows]:
        book.active.append(row)
    book.save(content)
    described = [{"dataIndex": path, "title": ".".join(path)} for path in columns]
    files = {"file": ("rows.xlsx", content.getvalue())}
    return client.post("/tasks:importXlsx", files=files, data={"columns": json.dumps(described)})


def test_an_import_needs_its_own_permission_and_has_its_whitelist(permit: Permit, api: Api) -> None:
    title = secrets.token_hex(4)
    columns = [["title"], ["level"]]
    assert message_of(_import(permit(strategy=["create", "view"]), columns, [title, 9])) == DENIED
    client = permit(tasks={"importXlsx": {"fields": ["title"]}, "view": ALL})
    assert data_of(_import(client, columns, [title, 9])) == {"successCount": 1}
    query = 'select level, "createdById" from tasks where title = %s'
    assert api.db.execute(query, (title,)).fetchone() == (1, client.id)


def test_an_import_names_only_records_that_are_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"importXlsx": ALL, "view": ALL}, lists={"view": {"scope": LOW}})
    low, high = secrets.token_hex(4), secrets.token_hex(4)
    insert(api, "lists", name=low)
    insert(api, "lists", name=high, level=9)
    columns = [["title"], ["list", "name"]]
    assert data_of(_import(client, columns, ["a", low])) == {"successCount": 1}
    hidden, missing = (message_of(_import(client, columns, ["a", name])) for name in (high, "nosuch"))
    assert hidden[0] == missing[0] == 400
    assert hidden[1].replace(high, "") == missing[1].replace("nosuch", "")


def test_an_import_tells_the_row_but_not_the_hidden_column(permit: Permit, api: Api) -> None:
    client = permit(tasks={"importXlsx": ALL, "view": {"fields": ["title"]}})
    secret = secrets.token_hex(4)
    insert(api, "tasks", secret=secret)
    answer = _import(client, [["title"], ["secret"]], ["a", "other"], ["b", secret])
    assert message_of(answer) == (400, "row 3: value already exists")


def test_an_export_shows_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(
        tasks={"export": ALL, "view": {"fields": ["title"], "scope": {"title": {"$startsWith": "exported"}}}}
    )
    other = permit(tasks={"view": ALL})
    insert(api, "tasks", title="exported", secret="s-exported")
    insert(api, "tasks", title="kept")
    body = {"columns": [{"dataIndex": ["title"], "title": "t"}]}
    assert message_of(other.post("/tasks:export", json=body)) == DENIED
    hidden = {"columns": [{"dataIndex": ["secret"], "title": "s"}]}
    assert client.post("/tasks:export", json=hidden).status_code == 400
    response = client.post("/tasks:export", json=body)
    assert response.status_code == 200
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [["t"], ["exported"]]
