"""The OpenAPI document: who gets it, what it says, whether it is true, and that nothing it allows is a 500."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .conftest import Api

_TABLES = ("categories", "comments", "posts")


def _document(api: Api) -> dict[str, Any]:
    response = api.root.get("/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def test_the_document_is_for_who_is_signed_in(api: Api) -> None:
    refused = api.guest.get("/openapi.json")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "EMPTY_TOKEN")
    api.add_user("reader", "member")
    api.add_user("roleless")
    with api.client("reader") as reader, api.client("roleless") as roleless:
        assert reader.get("/openapi.json").status_code == 200
        assert reader.get("/openapi.json", headers={"X-Role": "root"}).status_code == 401
        assert roleless.get("/openapi.json").status_code == 401
    assert _document(api)["openapi"] == "3.1.0"


def test_a_managed_table_is_in_it_at_once_and_an_unmanaged_one_is_gone(api: Api) -> None:
    assert "/parcels:list" not in _document(api)["paths"]
    api.db.execute("create table parcels (id int primary key, weight numeric); select orchestrator.manage('parcels')")
    _until(lambda: "/parcels:list" in _document(api)["paths"])
    schemas = _document(api)["components"]["schemas"]
    assert schemas["parcels"]["properties"].keys() == {"id", "weight"}
    assert schemas["parcels.values"]["required"] == ["id"]
    api.db.execute("drop table parcels")
    _until(lambda: "/parcels:list" not in _document(api)["paths"])


def test_move_is_in_it_where_there_is_an_order(api: Api) -> None:
    fields = [{"name": "sort", "type": "sort"}]
    assert api.root.post("/collections:create", json={"name": "ordered", "fields": fields}).status_code == 200
    _until(lambda: "/ordered:move" in _document(api)["paths"])
    paths = _document(api)["paths"]
    assert "/posts:move" not in paths
    for action in ("firstOrCreate", "updateOrCreate", "export", "downloadXlsxTemplate", "importXlsx"):
        assert f"/posts:{action}" in paths
        assert f"/users:{action}" not in paths
    api.root.post("/collections:destroy", params={"filterByTk": "ordered"})


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
    raise AssertionError("never came true")


def test_the_page_needs_nothing_from_elsewhere(api: Api) -> None:
    response = api.guest.get("/openapi.html")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert not re.findall(r"https?://|@import|<link|<script [^>]*src", response.text)
    for outside in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert outside not in response.text


def test_the_script_of_the_page_is_one_that_runs(api: Api) -> None:
    script = re.search(r"<script>(.*?)</script>", api.guest.get("/openapi.html").text, re.DOTALL)
    assert script is not None
    node = shutil.which("node")
    assert node is not None
    checked = subprocess.run([node, "--check", "-"], input=script[1], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def _fill(api: Api) -> None:
    categories = api.create("categories", [{"name": secrets.token_hex(4), "level": 1} for _ in range(3)])
    posts = api.create("posts", [{"title": f"p{number}", "categoryId": categories[0]["id"]} for number in range(3)])
    api.create("comments", [{"content": "c", "postId": posts[0]["id"]} for _ in range(3)])


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_requests_by_the_document_and_against_it_are_never_a_500(api: Api, mode: GenerationMode) -> None:
    _fill(api)
    schema = schemathesis.openapi.from_dict(_document(api))
    schema.config.update(base_url=f"{api.url}/api")
    headers = {"Authorization": api.root.headers["Authorization"]}
    # what breaks the schema on purpose is only asked not to fail
    checks = [not_a_server_error, content_type_conformance]
    if mode.is_positive:
        checks += [response_schema_conformance, status_code_conformance]
    end = time.monotonic() + 15
    statuses: set[int] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        tables = operation.path.strip("/").partition(":")[0].split("/")[0] in _TABLES

        @hypothesis.settings(
            max_examples=10 if tables else 3,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            if time.monotonic() < end:
                response = case.call(headers=headers)
                statuses.add(response.status_code)
                case.validate_response(response, checks=checks)

        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            # there is nothing against which an operation without parameters could be asked
            ask()
    assert statuses >= ({200} if mode.is_positive else {400})
