"""export, downloadXlsxTemplate and importXlsx: records as sheets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from orchestrator.cluster import free_port

from .conftest import Api, Serve

_TITLE = {"dataIndex": ["title"], "defaultTitle": "Title"}
_READ = {"dataIndex": ["read"], "defaultTitle": "Read", "title": "Times read"}
_CATEGORY = {"dataIndex": ["category", "name"], "defaultTitle": "Category"}


def _rows(response: httpx.Response) -> list[list[Any]]:
    assert response.status_code == 200, response.text
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def _export(api: Api, path: str, columns: list[dict[str, Any]], **params: Any) -> list[list[Any]]:
    return _rows(api.root.post(f"/{path}:export", params=params, json={"columns": columns}))


def _book(*rows: list[Any]) -> bytes:
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def _import(
    api: Api, path: str, columns: list[dict[str, Any]], *rows: list[Any], content: bytes | None = None, **more: Any
) -> httpx.Response:
    return api.root.post(
        f"/{path}:importXlsx",
        files={"file": ("rows.xlsx", _book(*rows) if content is None else content)},
        data={"columns": json.dumps(columns), **more.pop("data", {})},
        **more,
    )


def _imported(response: httpx.Response, count: int) -> None:
    assert (response.status_code, response.json()) == (
        200,
        {"data": {"successCount": count}, "meta": {"successCount": count}},
    )


def _refused(response: httpx.Response, message: str) -> None:
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})


def _titles(api: Api, like: str) -> list[str]:
    rows = api.list("/posts:list", filter=json.dumps({"title": {"$startsWith": like}}), sort="title")
    return [row["title"] for row in rows]


def test_export_shows_the_columns_of_what_was_selected(api: Api) -> None:
    api.create("posts", [{"title": "x b", "read": 2, "category": {"name": "sheet news"}}, {"title": "x a"}])
    api.create("posts", {"title": "not meant"})
    rows = _export(api, "posts", [_TITLE, _READ, _CATEGORY], filter='{"title.$startsWith": "x "}', sort="-title")
    assert rows == [["Title", "Times read", "Category"], ["x b", 2, "sheet news"], ["x a", 0, None]]


def test_export_is_a_file(api: Api) -> None:
    response = api.root.post("/posts:export", params={"title": 'Beiträge "1"'}, json={"columns": [_TITLE]})
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == (
        "attachment; filename=\"Beitr_ge _1_.xlsx\"; filename*=UTF-8''Beitr%C3%A4ge%20%221%22.xlsx"
    )
    assert response.headers["x-request-id"]


def test_export_shows_values_as_spreadsheets_have_them(api: Api) -> None:
    post = api.create("posts", {"title": "typed", "price": "12.50", "publishedAt": "2024-01-02T23:30:00Z"})
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("price", "publishedAt")]
    request = {"params": {"filter": json.dumps({"id": post["id"]})}, "json": {"columns": columns}}
    assert _rows(api.root.post("/posts:export", **request))[1] == [12.5, datetime(2024, 1, 2, 23, 30)]
    response = api.root.post("/posts:export", **request, headers={"X-Timezone": "+08:00"})
    assert _rows(response)[1] == [12.5, datetime(2024, 1, 3, 7, 30)]


def test_export_without_columns_shows_every_field(api: Api) -> None:
    post = api.create("categories", {"name": "every field", "level": 3})
    rows = _rows(api.root.get("/categories:export", params={"filter": json.dumps({"id": post["id"]})}))
    assert rows == [["id", "name", "level"], [post["id"], "every field", 3]]


def test_export_joins_what_is_behind_a_relation_to_many(api: Api) -> None:
    post = api.create("posts", {"title": "joined", "comments": [{"content": "one"}, {"content": "two"}]})
    columns = [{"dataIndex": ["comments", "content"], "defaultTitle": "Comments"}]
    rows = _export(api, "posts", columns, filter=json.dumps({"id": post["id"]}))
    assert rows == [["Comments"], ["one, two"]]
    rows = _export(api, f"posts/{post['id']}/comments", [{"dataIndex": ["content"], "title": "C"}], sort="-id")
    assert rows == [["C"], ["two"], ["one"]]


def test_exported_texts_are_no_formulas(api: Api) -> None:
    post = api.create("posts", {"title": '=HYPERLINK("http://evil.example")'})
    response = api.root.post(
        "/posts:export", params={"filter": json.dumps({"id": post["id"]})}, json={"columns": [_TITLE]}
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
        _refused(api.root.post(f"/posts:{action}", json={"columns": columns}), message)


def test_a_template_has_an_explanation_and_titles(api: Api) -> None:
    body = {"columns": [_TITLE, _READ], "title": "Template", "explain": "Fill in"}
    response = api.root.post("/posts:downloadXlsxTemplate", json=body)
    assert _rows(response) == [["Fill in", None], ["Title", "Times read"]]
    assert 'filename="Template.xlsx"' in response.headers["content-disposition"]
    filled = _book(*_rows(response), ["from template", 4])
    _imported(_import(api, "posts", [_TITLE, _READ], content=filled, data={"explain": "Fill in"}), 1)
    assert _titles(api, "from template") == ["from template"]


def test_import_creates_a_record_for_each_row(api: Api) -> None:
    rows = [
        ["Times read", "Title", "more"],
        [1, "imported 1", "ignored"],
        [None, "imported 2"],
        [],
        [3.0, "imported 3"],
    ]
    _imported(_import(api, "posts", [_TITLE, _READ], *rows), 3)
    found = api.list("/posts:list", filter='{"title.$startsWith": "imported"}', sort="title")
    assert [(row["title"], row["read"]) for row in found] == [("imported 1", 1), ("imported 2", 0), ("imported 3", 3)]


def test_imported_values_have_their_columns_type(api: Api) -> None:
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("title", "price", "publishedAt")]
    when = datetime(2024, 1, 3, 7, 30)
    rows = [["title", "price", "publishedAt"], [7, 1.1, when], ["2.0", "3.25", "2024-01-02T00:00:00Z"]]
    _imported(_import(api, "posts", columns, *rows, headers={"X-Timezone": "+08:00"}), 2)
    (first,) = api.list("/posts:list", filter='{"price": 1.1, "title": "7"}')
    assert first["publishedAt"] == "2024-01-02T23:30:00.000Z"
    (second,) = api.list("/posts:list", filter='{"price": 3.25, "title": "2.0"}')
    assert second["publishedAt"] == "2024-01-02T00:00:00.000Z"


def test_imported_records_are_related_to_those_that_are_named(api: Api) -> None:
    category = api.create("categories", {"name": "imported category"})
    one, two = api.create("comments", [{"content": "import one"}, {"content": "import two"}])
    columns = [_TITLE, _CATEGORY, {"dataIndex": ["comments", "content"], "defaultTitle": "Comments"}]
    header = ["Title", "Category", "Comments"]
    rows = [["related 1", "imported category", "import one, import two"], ["related 2"]]
    _imported(_import(api, "posts", columns, header, *rows), 2)
    first, second = api.list("/posts:list", filter='{"title.$startsWith": "related "}', appends="comments", sort="id")
    assert (first["categoryId"], second["categoryId"]) == (category["id"], None)
    assert sorted(comment["id"] for comment in first["comments"]) == [one["id"], two["id"]]
    refused = _import(api, "posts", columns, header, ["related 3", "nowhere"])
    _refused(refused, 'row 2: no record has "nowhere" in "Category"')
    api.create("comments", {"content": "import one"})
    refused = _import(api, "posts", columns, header, ["related 3", None, "import one"])
    _refused(refused, 'row 2: several records have "import one" in "Comments"')


def test_import_below_a_record(api: Api) -> None:
    post = api.create("posts", {"title": "import below"})
    columns = [{"dataIndex": ["content"], "defaultTitle": "Content"}]
    _imported(_import(api, f"posts/{post['id']}/comments", columns, ["Content"], ["a"], ["b"]), 2)
    assert len(api.list(f"/posts/{post['id']}/comments:list")) == 2


def test_one_bad_row_undoes_all_and_is_named(api: Api) -> None:
    api.create("categories", {"name": "taken"})
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("name", "level")]
    header = ["name", "level"]
    _refused(_import(api, "categories", columns, header, ["free", 1], [], ["taken", 2]), "row 4: name already exists")
    _refused(
        _import(api, "categories", columns, header, ["free", "much"]),
        'row 2: invalid input syntax for type integer: "much"',
    )
    assert api.list("/categories:list", filter='{"name": "free"}') == []
    relation = [_TITLE, {"dataIndex": ["category"], "defaultTitle": "Category"}]
    _refused(
        _import(api, "posts", relation, ["Title", "Category"], ["bad row", 999_999]),
        'row 2: no record has "999999" in "Category"',
    )
    assert _titles(api, "bad row") == []


def test_files_that_are_none_are_refused(api: Api) -> None:
    _refused(_import(api, "posts", [_TITLE], content=b"Title\na\n"), "the file is no workbook")
    _refused(_import(api, "posts", [_TITLE, _READ], ["Title"], ["a"]), 'column "Times read" is not in the sheet')
    _refused(_import(api, "posts", [_TITLE], []), 'column "Title" is not in the sheet')
    _refused(api.root.post("/posts:importXlsx", data={"columns": json.dumps([_TITLE])}), '"file" is required')
    _refused(api.root.post("/posts:importXlsx", json={"columns": [_TITLE]}), '"file" is required')


@pytest.mark.parametrize("value", ["\0", "a\x18\x00b"])
def test_a_form_with_characters_that_are_no_text_is_refused(api: Api, value: str) -> None:
    files = {"file": ("rows.xlsx", _book(["Title"], ["a"]))}
    _refused(api.root.post("/posts:importXlsx", files=files, data={"explain": value}), "Bad Request")
    assert api.root.post("/posts:create", data={"title": value}).status_code == 400


def test_a_multipart_form_is_a_body_too(api: Api) -> None:
    response = api.root.post("/posts:create", files={"file": b"x"}, data={"title": "multipart"})
    assert (response.status_code, response.json()["data"]["title"]) == (200, "multipart")


def test_guards_judge_every_imported_row_and_followers_follow(api: Api) -> None:
    leaf = {"calculator": "equal", "operands": ["{{$context.params.values.title}}", "guarded import"]}
    nodes = [
        {"key": "say", "type": "response-message", "config": {"message": "not this one"}},
        {"key": "stop", "type": "end", "config": {"endStatus": -1}},
    ]
    calculation = {"group": {"type": "and", "calculations": [leaf]}}
    ask = {
        "key": "ask",
        "type": "condition",
        "config": {"engine": "basic", "rejectOnFalse": False, "calculation": calculation},
        "branches": {"1": nodes},
    }
    config = {"collection": "posts", "global": True, "actions": ["create"]}
    guard = {"key": "import-guard", "type": "request-interception", "enabled": True, "config": config, "nodes": [ask]}
    api.db.execute("select orchestrator.define(%s)", (json.dumps(guard),))
    _refused(_import(api, "posts", [_TITLE], ["Title"], ["import ok"], ["guarded import"]), "not this one")
    assert _titles(api, "import ok") == []
    api.db.execute("select orchestrator.disable('import-guard')")

    values = {"content": "{{$context.data.title}}"}
    note = {"key": "note", "type": "create", "config": {"collection": "comments", "params": {"values": values}}}
    follower = {"key": "import-after", "type": "action", "sync": True, "enabled": True, "nodes": [note]}
    follower["config"] = {"collection": "posts"}
    api.db.execute("select orchestrator.define(%s)", (json.dumps(follower),))
    response = _import(
        api, "posts", [_TITLE], ["Title"], ["follow 1"], ["follow 2"], params={"triggerWorkflows": "import-after"}
    )
    _imported(response, 2)
    notes = api.list("/comments:list", filter='{"content.$startsWith": "follow "}', sort="id")
    assert [each["content"] for each in notes] == ["follow 1", "follow 2"]


def test_one_import_at_a_time(api: Api) -> None:
    with ThreadPoolExecutor(1) as pool, api.db.transaction():
        api.db.execute("select pg_advisory_xact_lock(hashtextextended('orchestrator import posts', 0))")
        response = pool.submit(_import, api, "posts", [_TITLE], ["Title"], ["at once"]).result()
    assert (response.status_code, response.json()) == (
        409,
        {"errors": [{"message": "another importXlsx action is running"}]},
    )
    _imported(_import(api, "posts", [_TITLE], ["Title"], ["at once"]), 1)


def test_one_export_of_a_collection_at_a_time(api: Api) -> None:
    api.create("categories", [{"level": 4} for _ in range(1500)])
    columns = [{"dataIndex": ["level"], "defaultTitle": "Level"}]

    def ask(_: int) -> int:
        return api.root.post("/categories:export", json={"columns": columns * 20}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    assert set(answers) == {200, 409}
    assert ask(0) == 200


def test_rows_are_limited(api: Api, login_dsn: str, serve: Serve) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, max_import_rows=2, max_export_rows=1, max_workbook=20_000)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/", headers=api.root.headers, timeout=20) as client:
        small = Api.__new__(Api)
        small.root = client
        _imported(_import(small, "posts", [_TITLE], ["Title"], ["limited 1"], ["limited 2"]), 2)
        response = _import(small, "posts", [_TITLE], ["Title"], ["limited 3"], ["limited 4"], ["limited 5"])
        _refused(response, "the sheet has more than 2 rows")
        response = client.post("/posts:export", params={"filter": '{"title.$startsWith": "limited"}'})
        _refused(response, "there are more than 1 records to export")
        response = _import(small, "posts", [_TITLE], ["Title"], ["long " * 5000])
        _refused(response, "the workbook is larger than 20000 bytes")
    assert _titles(api, "limited") == ["limited 1", "limited 2"]


def test_other_roles_may_not(api: Api) -> None:
    api.add_user("clerk", "member")
    with api.client("clerk") as client:
        assert client.post("/posts:export", json={"columns": [_TITLE]}).status_code == 403
        assert client.post("/posts:downloadXlsxTemplate", json={"columns": [_TITLE]}).status_code == 403
        files, data = {"file": ("rows.xlsx", _book(["Title"], ["clerk"]))}, {"columns": json.dumps([_TITLE])}
        assert client.post("/posts:importXlsx", files=files, data=data).status_code == 403
    assert _titles(api, "clerk") == []


def _permit(api: Api, role: str, resource: str, **actions: Any) -> None:
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


def test_a_role_exports_what_it_may_export_and_view(api: Api) -> None:
    api.create("roles", {"name": "exporter", "strategy": {"actions": []}})
    _permit(
        api,
        "exporter",
        "posts",
        view={"fields": ["title", "category"], "scope": {"title": {"$startsWith": "shown"}}},
        export={"fields": ["title", "read", "category"], "scope": {"read": {"$gt": 1}}},
    )
    _permit(api, "exporter", "categories", view={"fields": ["name"]})
    category = api.create("categories", {"name": "exported", "level": 9})
    rows = [("shown 1", 1), ("shown 2", 2), ("hidden 3", 3), ("shown 4", 4)]
    api.create("posts", [{"title": title, "read": read, "categoryId": category["id"]} for title, read in rows])
    api.add_user("ella", "exporter")
    with api.client("ella") as client:
        sheet = _rows(client.post("/posts:export", json={"columns": [_TITLE, _CATEGORY]}))
        assert sheet == [["Title", "Category"], ["shown 2", "exported"], ["shown 4", "exported"]]
        every = _rows(client.post("/posts:export"))
        assert (every[0], [row[-1] for row in every[1:]]) == (["id", "title"], ["shown 2", "shown 4"])
        unknown = client.post("/posts:export", json={"columns": [{"dataIndex": ["nope"]}]})
        for path in (["read"], ["category", "level"], ["comments", "content"]):
            hidden = client.post("/posts:export", json={"columns": [{"dataIndex": path}]})
            assert hidden.status_code == 400
            assert hidden.text == unknown.text.replace("nope", ".".join(path))
        by_filter = client.post("/posts:export", params={"filter": '{"read": 4}'}, json={"columns": [_TITLE]})
        assert by_filter.status_code == 400
        assert client.post("/categories:export").status_code == 403
        assert client.post("/comments:export").status_code == 403
        assert client.post("/posts:downloadXlsxTemplate", json={"columns": [_TITLE]}).status_code == 403


def test_who_may_export_but_not_view_exports_nothing(api: Api) -> None:
    api.create("roles", {"name": "blind", "strategy": {"actions": ["export"]}})
    api.add_user("finn", "blind")
    with api.client("finn") as client:
        assert client.post("/posts:export", json={"columns": [_TITLE]}).status_code == 403


def test_a_role_imports_what_it_may_import(api: Api) -> None:
    api.create("roles", {"name": "importer", "strategy": {"actions": []}})
    _permit(api, "importer", "posts", importXlsx={"fields": ["title", "category"]})
    scope = {"name": {"$startsWith": "open"}}
    _permit(api, "importer", "categories", view={"fields": ["name"], "scope": scope})
    _permit(api, "importer", "comments", create={})
    open_, closed = api.create("categories", [{"name": "open category"}, {"name": "closed category"}])
    api.add_user("gina", "importer")
    with api.client("gina") as client:
        gina = Api.__new__(Api)
        gina.root = client
        header = ["Title", "Category"]
        answer = _import(gina, "posts", [_TITLE, _CATEGORY], header, ["by gina", "open category"])
        _imported(answer, 1)
        (post,) = api.list("/posts:list", filter='{"title": "by gina"}')
        assert post["categoryId"] == open_["id"]
        for name in ("closed category", "no category"):
            refused = _import(gina, "posts", [_TITLE, _CATEGORY], header, ["by gina 2", name])
            _refused(refused, f'row 2: no record has "{name}" in "Category"')
        by_key = {"dataIndex": ["category"], "defaultTitle": "Category"}
        refused = _import(gina, "posts", [_TITLE, by_key], header, ["by gina 2", closed["id"]])
        _refused(refused, f'row 2: no record has "{closed["id"]}" in "Category"')
        _refused(_import(gina, "posts", [_READ], ["Times read"], [5]), '"read" is not a column of "posts"')
        secret = {"dataIndex": ["category", "level"], "defaultTitle": "Level"}
        _refused(_import(gina, "posts", [secret], ["Level"], [5]), '"category.level" is not a column of "posts"')
        content = [{"dataIndex": ["content"], "defaultTitle": "Content"}]
        assert _import(gina, "comments", content, ["Content"], ["c"]).status_code == 403
        assert client.post("/posts:create", json={"title": "by gina 3"}).status_code == 403
    assert _titles(api, "by gina") == ["by gina"]


def test_what_is_wrong_with_a_row_tells_a_role_nothing_of_what_it_does_not_see(api: Api) -> None:
    api.create("roles", {"name": "uniquer", "strategy": {"actions": []}})
    _permit(api, "uniquer", "categories", importXlsx={"fields": ["name"]})
    api.create("categories", {"name": "taken in secret"})
    api.add_user("hugo", "uniquer")
    with api.client("hugo") as client:
        hugo = Api.__new__(Api)
        hugo.root = client
        name = [{"dataIndex": ["name"], "defaultTitle": "Name"}]
        _refused(_import(hugo, "categories", name, ["Name"], ["taken in secret"]), "row 2: value already exists")


def test_a_template_is_for_who_may_import(api: Api) -> None:
    api.create("roles", {"name": "templater", "strategy": {"actions": []}})
    _permit(api, "templater", "posts", importXlsx={"fields": ["title"]})
    api.add_user("ivan", "templater")
    with api.client("ivan") as client:
        assert _rows(client.post("/posts:downloadXlsxTemplate", json={"columns": [_TITLE]})) == [["Title"]]
        refused = client.post("/posts:downloadXlsxTemplate", json={"columns": [_READ]})
        _refused(refused, '"read" is not a column of "posts"')
