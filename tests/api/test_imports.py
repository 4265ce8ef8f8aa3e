"""importXlsx and downloadXlsxTemplate: a sheet as records."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx
import pytest

from orchestrator.cluster import free_port

from .conftest import Api, Serve
from .sheets import (
    CATEGORY,
    READ,
    TITLE,
    assert_imported,
    assert_refused,
    book,
    import_rows,
    permit,
    rows_of,
    titles_like,
)


def test_a_template_has_an_explanation_and_titles(api: Api) -> None:
    body = {"columns": [TITLE, READ], "title": "Template", "explain": "Fill in"}
    response = api.root.post("/posts:downloadXlsxTemplate", json=body)
    assert rows_of(response) == [["Fill in", None], ["Title", "Times read"]]
    assert 'filename="Template.xlsx"' in response.headers["content-disposition"]
    filled = book(*rows_of(response), ["from template", 4])
    assert_imported(import_rows(api, "posts", [TITLE, READ], content=filled, data={"explain": "Fill in"}), 1)
    assert titles_like(api, "from template") == ["from template"]


def test_import_creates_a_record_for_each_row(api: Api) -> None:
    rows = [
        ["Times read", "Title", "more"],
        [1, "imported 1", "ignored"],
        [None, "imported 2"],
        [],
        [3.0, "imported 3"],
    ]
    assert_imported(import_rows(api, "posts", [TITLE, READ], *rows), 3)
    found = api.list("/posts:list", filter='{"title.$startsWith": "imported"}', sort="title")
    assert [(row["title"], row["read"]) for row in found] == [("imported 1", 1), ("imported 2", 0), ("imported 3", 3)]


def test_imported_values_have_their_columns_type(api: Api) -> None:
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("title", "price", "publishedAt")]
    when = datetime(2024, 1, 3, 7, 30)
    rows = [["title", "price", "publishedAt"], [7, 1.1, when], ["2.0", "3.25", "2024-01-02T00:00:00Z"]]
    assert_imported(import_rows(api, "posts", columns, *rows, headers={"X-Timezone": "+08:00"}), 2)
    (first,) = api.list("/posts:list", filter='{"price": 1.1, "title": "7"}')
    assert first["publishedAt"] == "2024-01-02T23:30:00.000Z"
    (second,) = api.list("/posts:list", filter='{"price": 3.25, "title": "2.0"}')
    assert second["publishedAt"] == "2024-01-02T00:00:00.000Z"


def test_imported_records_are_related_to_those_that_are_named(api: Api) -> None:
    category = api.create("categories", {"name": "imported category"})
    one, two = api.create("comments", [{"content": "import one"}, {"content": "import two"}])
    columns = [TITLE, CATEGORY, {"dataIndex": ["comments", "content"], "defaultTitle": "Comments"}]
    header = ["Title", "Category", "Comments"]
    rows = [["related 1", "imported category", "import one, import two"], ["related 2"]]
    assert_imported(import_rows(api, "posts", columns, header, *rows), 2)
    first, second = api.list("/posts:list", filter='{"title.$startsWith": "related "}', appends="comments", sort="id")
    assert (first["categoryId"], second["categoryId"]) == (category["id"], None)
    assert sorted(comment["id"] for comment in first["comments"]) == [one["id"], two["id"]]
    refused = import_rows(api, "posts", columns, header, ["related 3", "nowhere"])
    assert_refused(refused, 'row 2: no record has "nowhere" in "Category"')
    api.create("comments", {"content": "import one"})
    refused = import_rows(api, "posts", columns, header, ["related 3", None, "import one"])
    assert_refused(refused, 'row 2: several records have "import one" in "Comments"')


def test_import_below_a_record(api: Api) -> None:
    post = api.create("posts", {"title": "import below"})
    columns = [{"dataIndex": ["content"], "defaultTitle": "Content"}]
    assert_imported(import_rows(api, f"posts/{post['id']}/comments", columns, ["Content"], ["a"], ["b"]), 2)
    assert len(api.list(f"/posts/{post['id']}/comments:list")) == 2


def test_one_bad_row_undoes_all_and_is_named(api: Api) -> None:
    api.create("categories", {"name": "taken"})
    columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("name", "level")]
    header = ["name", "level"]
    assert_refused(
        import_rows(api, "categories", columns, header, ["free", 1], [], ["taken", 2]), "row 4: name already exists"
    )
    assert_refused(
        import_rows(api, "categories", columns, header, ["free", "much"]),
        'row 2: invalid input syntax for type integer: "much"',
    )
    assert api.list("/categories:list", filter='{"name": "free"}') == []
    relation = [TITLE, {"dataIndex": ["category"], "defaultTitle": "Category"}]
    assert_refused(
        import_rows(api, "posts", relation, ["Title", "Category"], ["bad row", 999_999]),
        'row 2: no record has "999999" in "Category"',
    )
    assert titles_like(api, "bad row") == []


def test_files_that_are_none_are_refused(api: Api) -> None:
    assert_refused(import_rows(api, "posts", [TITLE], content=b"Title\na\n"), "the file is no workbook")
    assert_refused(
        import_rows(api, "posts", [TITLE, READ], ["Title"], ["a"]), 'column "Times read" is not in the sheet'
    )
    assert_refused(import_rows(api, "posts", [TITLE], []), 'column "Title" is not in the sheet')
    assert_refused(api.root.post("/posts:importXlsx", data={"columns": json.dumps([TITLE])}), '"file" is required')
    assert_refused(api.root.post("/posts:importXlsx", json={"columns": [TITLE]}), '"file" is required')


@pytest.mark.parametrize("value", ["\0", "a\x18\x00b"])
def test_a_form_with_characters_that_are_no_text_is_refused(api: Api, value: str) -> None:
    files = {"file": ("rows.xlsx", book(["Title"], ["a"]))}
    assert_refused(api.root.post("/posts:importXlsx", files=files, data={"explain": value}), "Bad Request")
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
    assert_refused(import_rows(api, "posts", [TITLE], ["Title"], ["import ok"], ["guarded import"]), "not this one")
    assert titles_like(api, "import ok") == []
    api.db.execute("select orchestrator.disable('import-guard')")

    values = {"content": "{{$context.data.title}}"}
    note = {"key": "note", "type": "create", "config": {"collection": "comments", "params": {"values": values}}}
    follower = {"key": "import-after", "type": "action", "sync": True, "enabled": True, "nodes": [note]}
    follower["config"] = {"collection": "posts"}
    api.db.execute("select orchestrator.define(%s)", (json.dumps(follower),))
    response = import_rows(
        api, "posts", [TITLE], ["Title"], ["follow 1"], ["follow 2"], params={"triggerWorkflows": "import-after"}
    )
    assert_imported(response, 2)
    notes = api.list("/comments:list", filter='{"content.$startsWith": "follow "}', sort="id")
    assert [each["content"] for each in notes] == ["follow 1", "follow 2"]


def test_one_import_at_a_time(api: Api) -> None:
    with ThreadPoolExecutor(1) as pool, api.db.transaction():
        api.db.execute("select pg_advisory_xact_lock(hashtextextended('orchestrator import posts', 0))")
        response = pool.submit(import_rows, api, "posts", [TITLE], ["Title"], ["at once"]).result()
    assert (response.status_code, response.json()) == (
        409,
        {"errors": [{"message": "another importXlsx action is running"}]},
    )
    assert_imported(import_rows(api, "posts", [TITLE], ["Title"], ["at once"]), 1)


def test_rows_are_limited(api: Api, login_dsn: str, serve: Serve) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, access_log=False, max_import_rows=2, max_export_rows=1, max_workbook=20_000)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/", headers=api.root.headers, timeout=20) as client:
        small = Api.__new__(Api)
        small.root = client
        assert_imported(import_rows(small, "posts", [TITLE], ["Title"], ["limited 1"], ["limited 2"]), 2)
        response = import_rows(small, "posts", [TITLE], ["Title"], ["limited 3"], ["limited 4"], ["limited 5"])
        assert_refused(response, "the sheet has more than 2 rows")
        response = client.post("/posts:export", params={"filter": '{"title.$startsWith": "limited"}'})
        assert_refused(response, "there are more than 1 records to export")
        response = import_rows(small, "posts", [TITLE], ["Title"], ["long " * 5000])
        assert_refused(response, "the workbook is larger than 20000 bytes")
    assert titles_like(api, "limited") == ["limited 1", "limited 2"]


def test_other_roles_may_not(api: Api) -> None:
    api.add_user("clerk", "member")
    with api.client("clerk") as client:
        assert client.post("/posts:export", json={"columns": [TITLE]}).status_code == 403
        assert client.post("/posts:downloadXlsxTemplate", json={"columns": [TITLE]}).status_code == 403
        files, data = {"file": ("rows.xlsx", book(["Title"], ["clerk"]))}, {"columns": json.dumps([TITLE])}
        assert client.post("/posts:importXlsx", files=files, data=data).status_code == 403
    assert titles_like(api, "clerk") == []


def test_a_role_imports_what_it_may_import(api: Api) -> None:
    api.create("roles", {"name": "importer", "strategy": {"actions": []}})
    permit(api, "importer", "posts", importXlsx={"fields": ["title", "category"]})
    scope = {"name": {"$startsWith": "open"}}
    permit(api, "importer", "categories", view={"fields": ["name"], "scope": scope})
    permit(api, "importer", "comments", create={})
    open_, closed = api.create("categories", [{"name": "open category"}, {"name": "closed category"}])
    api.add_user("gina", "importer")
    with api.client("gina") as client:
        gina = Api.__new__(Api)
        gina.root = client
        header = ["Title", "Category"]
        answer = import_rows(gina, "posts", [TITLE, CATEGORY], header, ["by gina", "open category"])
        assert_imported(answer, 1)
        (post,) = api.list("/posts:list", filter='{"title": "by gina"}')
        assert post["categoryId"] == open_["id"]
        for name in ("closed category", "no category"):
            refused = import_rows(gina, "posts", [TITLE, CATEGORY], header, ["by gina 2", name])
            assert_refused(refused, f'row 2: no record has "{name}" in "Category"')
        by_key = {"dataIndex": ["category"], "defaultTitle": "Category"}
        refused = import_rows(gina, "posts", [TITLE, by_key], header, ["by gina 2", closed["id"]])
        assert_refused(refused, f'row 2: no record has "{closed["id"]}" in "Category"')
        assert_refused(import_rows(gina, "posts", [READ], ["Times read"], [5]), '"read" is not a column of "posts"')
        both = import_rows(gina, "posts", [TITLE, READ], ["Title", "Times read"], ["by gina 4", 5])
        assert_imported(both, 1)
        (post,) = api.list("/posts:list", filter='{"title": "by gina 4"}')
        assert post["read"] == 0
        secret = {"dataIndex": ["category", "level"], "defaultTitle": "Level"}
        assert_refused(
            import_rows(gina, "posts", [secret], ["Level"], [5]), '"category.level" is not a column of "posts"'
        )
        content = [{"dataIndex": ["content"], "defaultTitle": "Content"}]
        assert import_rows(gina, "comments", content, ["Content"], ["c"]).status_code == 403
        assert client.post("/posts:create", json={"title": "by gina 3"}).status_code == 403
    assert titles_like(api, "by gina") == ["by gina", "by gina 4"]


def test_what_is_wrong_with_a_row_tells_a_role_nothing_of_what_it_does_not_see(api: Api) -> None:
    api.create("roles", {"name": "uniquer", "strategy": {"actions": []}})
    permit(api, "uniquer", "categories", importXlsx={"fields": ["name"]})
    api.create("categories", {"name": "taken in secret"})
    api.add_user("hugo", "uniquer")
    with api.client("hugo") as client:
        hugo = Api.__new__(Api)
        hugo.root = client
        name = [{"dataIndex": ["name"], "defaultTitle": "Name"}]
        assert_refused(
            import_rows(hugo, "categories", name, ["Name"], ["taken in secret"]), "row 2: value already exists"
        )


def test_a_template_is_for_who_may_import(api: Api) -> None:
    api.create("roles", {"name": "templater", "strategy": {"actions": []}})
    permit(api, "templater", "posts", importXlsx={"fields": ["title"]})
    api.add_user("ivan", "templater")
    with api.client("ivan") as client:
        assert rows_of(client.post("/posts:downloadXlsxTemplate", json={"columns": [TITLE]})) == [["Title"]]
        refused = client.post("/posts:downloadXlsxTemplate", json={"columns": [READ]})
        assert_refused(refused, '"read" is not a column of "posts"')


@pytest.mark.parametrize("action", ["create", "importXlsx"])
def test_a_long_list_is_no_run_that_never_ends(api: Api, action: str) -> None:
    """Each record has processor time of its own."""
    request = json.dumps({"action": action, "values": [{"title": f"long {number}"} for number in range(15_000)]})
    (answer,) = api.db.execute("select orchestrator.act(%s, 'posts', null, 1, 'root')", (request,)).fetchone() or ("",)
    assert answer[:3] == "200"
    api.db.execute("delete from posts where title like 'long %'")
