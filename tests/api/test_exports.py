"""export: records as a sheet."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from .conftest import Api
from .sheets import (
    CATEGORY,
    READ,
    TITLE,
    assert_refused,
    export,
    permit,
    rows_of,
)


def test_export_shows_the_columns_of_what_was_selected(api: Api) -> None:
    api.create("posts", [{"title": "x b", "read": 2, "category": {"name": "sheet news"}}, {"title": "x a"}])
    api.create("posts", {"title": "not meant"})
    rows = export(api, "posts", [TITLE, READ, CATEGORY], filter='{"title.$startsWith": "x "}', sort="-title")
    assert rows == [["Title", "Times read", "Category"], ["x b", 2, "sheet news"], ["x a", 0, None]]


def test_export_is_a_file(api: Api) -> None:
    response = api.root.post("/posts:export", params={"title": 'Beiträge "1"'}, json={"columns": [TITLE]})
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == (
        "attachment; filename=\"Beitr_ge _1_.xlsx\"; filename*=UTF-8''Beitr%C3%A4ge%20%221%22.xlsx"
    )
    assert response.headers["x-request-id"]


def test_export_shows_values_as_spreadsheets_have_them(api: Api) -> None:
    post = api.create("posts", {"title": "typed", "price": "12.50", "publishedAt": "2024-01-02T23:30:00Z"})
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("price", "publishedAt")]
    request = {"params": {"filter": json.dumps({"id": post["id"]})}, "json": {"columns": columns}}
    assert rows_of(api.root.post("/posts:export", **request))[1] == [12.5, datetime(2024, 1, 2, 23, 30)]
    response = api.root.post("/posts:export", **request, headers={"X-Timezone": "+08:00"})
    assert rows_of(response)[1] == [12.5, datetime(2024, 1, 3, 7, 30)]


def test_export_without_columns_shows_every_field(api: Api) -> None:
    post = api.create("categories", {"name": "every field", "level": 3})
    rows = rows_of(api.root.get("/categories:export", params={"filter": json.dumps({"id": post["id"]})}))
    assert rows == [["id", "name", "level"], [post["id"], "every field", 3]]


def test_export_joins_what_is_behind_a_relation_to_many(api: Api) -> None:
    post = api.create("posts", {"title": "joined", "comments": [{"content": "one"}, {"content": "two"}]})
    columns = [{"dataIndex": ["comments", "content"], "defaultTitle": "Comments"}]
    rows = export(api, "posts", columns, filter=json.dumps({"id": post["id"]}))
    assert rows == [["Comments"], ["one, two"]]
    rows = export(api, f"posts/{post['id']}/comments", [{"dataIndex": ["content"], "title": "C"}], sort="-id")
    assert rows == [["C"], ["two"], ["one"]]


def test_exported_texts_are_no_formulas(api: Api) -> None:
    post = api.create("posts", {"title": '=HYPERLINK("http://evil.example")'})
    response = api.root.post(
        "/posts:export", params={"filter": json.dumps({"id": post["id"]})}, json={"columns": [TITLE]}
    )
    cell = load_workbook(BytesIO(response.content)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (post["title"], "s", True)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([{"dataIndex": ["nope"]}], '"nope" is not a column of "posts"'),
        ([{"dataIndex": ["category", "nope"]}], '"category.nope" is not a column of "posts"'),
        ([{"dataIndex": []}], 'each of the columns must have a "dataIndex"'),
        (["title"], 'each of the columns must have a "dataIndex"'),
        ({"title": 1}, '"columns" must be a list of at most 500 columns'),
        ("[", '"columns" is not valid JSON'),
    ],
)
def test_columns_that_do_not_exist_are_refused(api: Api, columns: Any, message: str) -> None:
    for action in ("export", "downloadXlsxTemplate"):
        assert_refused(api.root.post(f"/posts:{action}", json={"columns": columns}), message)


def test_one_export_of_a_collection_at_a_time(api: Api) -> None:
    api.create("categories", [{"level": 4} for _ in range(1500)])
    columns = [{"dataIndex": ["level"], "defaultTitle": "Level"}]

    def ask(_: int) -> int:
        return api.root.post("/categories:export", json={"columns": columns * 20}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    assert set(answers) == {200, 409}
    assert ask(0) == 200


def test_a_role_exports_what_it_may_export_and_view(api: Api) -> None:
    api.create("roles", {"name": "exporter", "strategy": {"actions": []}})
    permit(
        api,
        "exporter",
        "posts",
        view={"fields": ["title", "category"], "scope": {"title": {"$startsWith": "shown"}}},
        export={"fields": ["title", "read", "category"], "scope": {"read": {"$gt": 1}}},
    )
    permit(api, "exporter", "categories", view={"fields": ["name"]})
    category = api.create("categories", {"name": "exported", "level": 9})
    rows = [("shown 1", 1), ("shown 2", 2), ("hidden 3", 3), ("shown 4", 4)]
    api.create("posts", [{"title": title, "read": read, "categoryId": category["id"]} for title, read in rows])
    api.add_user("ella", "exporter")
    with api.client("ella") as client:
        sheet = rows_of(client.post("/posts:export", json={"columns": [TITLE, CATEGORY]}))
        assert sheet == [["Title", "Category"], ["shown 2", "exported"], ["shown 4", "exported"]]
        every = rows_of(client.post("/posts:export"))
        assert (every[0], [row[-1] for row in every[1:]]) == (["id", "title"], ["shown 2", "shown 4"])
        unknown = client.post("/posts:export", json={"columns": [{"dataIndex": ["nope"]}]})
        for path in (["read"], ["category", "level"], ["comments", "content"]):
            hidden = client.post("/posts:export", json={"columns": [{"dataIndex": path}]})
            assert hidden.status_code == 400
            assert hidden.text == unknown.text.replace("nope", ".".join(path))
            for columns in ([{"dataIndex": path}, TITLE], [TITLE, {"dataIndex": ["nope"]}]):
                assert rows_of(client.post("/posts:export", json={"columns": columns}))[0] == ["Title"]
        by_filter = client.post("/posts:export", params={"filter": '{"read": 4}'}, json={"columns": [TITLE]})
        assert by_filter.status_code == 400
        assert client.post("/categories:export").status_code == 403
        assert client.post("/comments:export").status_code == 403
        assert client.post("/posts:downloadXlsxTemplate", json={"columns": [TITLE]}).status_code == 403


def test_who_may_export_but_not_view_exports_nothing(api: Api) -> None:
    api.create("roles", {"name": "blind", "strategy": {"actions": ["export"]}})
    api.add_user("finn", "blind")
    with api.client("finn") as client:
        assert client.post("/posts:export", json={"columns": [TITLE]}).status_code == 403
