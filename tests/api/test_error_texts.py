"""What errors say: titles of fields, the language that was asked for, and what others worded left alone."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from api.wording import LOCALES, messages
from orchestrator.cluster import free_port

from .conftest import Api, Serve

CHINESE = {"X-Locale": "zh-CN"}


@pytest.fixture(scope="module", autouse=True)
def _titled(api: Api) -> None:
    """Collections made through the API, with titles; one has a field of the same name as the other's."""
    field = {"type": "string", "unique": True, "allowNull": False}
    cities = [
        {"name": "code", **field, "uiSchema": {"title": "City code"}},
        {"name": "created", "type": "string", "unique": True, "uiSchema": {"title": '{{t("Created at")}}'}},
        {"name": "plain", "type": "string", "unique": True},
        {"name": "noted", "type": "string", "unique": True},
    ]
    for name, fields in (("cities", cities), ("streets", [{"name": "code", **field, "uiSchema": {"title": "Street"}}])):
        response = api.root.post("/collections:create", json={"name": name, "fields": fields})
        assert response.status_code == 200, response.text
    relation = {"name": "streets", "type": "hasMany", "target": "streets", "foreignKey": "cityId"}
    assert api.root.post("/collections/cities/fields:create", json=relation).status_code == 200
    api.create(
        "cities", {"id": 100, "code": "a", "created": "a", "plain": "a", "noted": "a", "streets": [{"code": "s"}]}
    )


def _refused(api: Api, path: str, values: Any, **headers: str) -> list[str]:
    response = api.root.post(path, json=values, headers=headers)
    assert response.status_code == 400, response.text
    return [entry["message"] for entry in response.json()["errors"]]


@pytest.mark.parametrize(
    ("values", "english", "chinese"),
    [
        ({"code": "a"}, "City code already exists", "City code 字段值已存在"),
        ({}, "City code cannot be null", "City code 字段不能为空"),
        ({"id": 100, "code": "b"}, "ID already exists", "ID 字段值已存在"),
        ({"code": "b", "created": "a"}, "Created at already exists", "创建时间 字段值已存在"),
        ({"code": "b", "plain": "a"}, "plain already exists", "plain 字段值已存在"),
        ({"code": "b", "streets": [{"code": "s"}]}, "Street already exists", "Street 字段值已存在"),
        ({"code": "b", "streets": [{}]}, "Street cannot be null", "Street 字段不能为空"),
    ],
)
def test_a_violated_rule_names_its_field_by_title(api: Api, values: Any, english: str, chinese: str) -> None:
    assert _refused(api, "/cities:create", values) == [english]
    assert _refused(api, "/cities:create", values, **CHINESE) == [chinese]


def test_an_update_says_the_same(api: Api) -> None:
    other = api.create("cities", {"code": "u"})["id"]
    assert _refused(api, f"/cities:update/{other}", {"code": "a"}) == ["City code already exists"]
    assert _refused(api, f"/cities:update/{other}", {"code": None}) == ["City code cannot be null"]


def test_a_title_that_changes_is_the_new_one(api: Api) -> None:
    response = api.root.post("/collections/cities/fields:update/noted", json={"uiSchema": {"title": "Note {}"}})
    assert response.status_code == 200, response.text
    for _ in range(50):
        # the API learns of it by message
        said = _refused(api, "/cities:create", {"code": "n", "noted": "a"})
        if said != ["noted already exists"]:
            break
    assert said == ["Note {} already exists"]


def test_several_columns_are_several_entries(api: Api) -> None:
    api.db.execute("alter table cities add constraint pair unique (plain, created)")
    try:
        api.db.execute("alter table cities drop constraint cities_created_key, drop constraint cities_plain_key")
        said = _refused(api, "/cities:create", {"code": "p", "plain": "a", "created": "a"})
        assert [text.rpartition(" already exists")[1] for text in said] == [" already exists"] * 2
        assert said[1] == "Created at already exists"
    finally:
        api.db.execute("alter table cities drop constraint pair, add unique (created), add unique (plain)")


def test_names_of_accounts_have_titles(api: Api) -> None:
    api.add_user("taken")
    values = {"username": "taken"}
    assert _refused(api, "/users:updateProfile", values) == ["Username already exists"]
    assert _refused(api, "/users:updateProfile", values, **CHINESE) == ["用户名 字段值已存在"]


@pytest.mark.parametrize(
    ("headers", "query", "chinese"),
    [
        ({}, "", False),
        ({"X-Locale": "zh-CN"}, "", True),
        ({"X-Locale": "zh"}, "", True),
        ({"X-Locale": "zh_cn"}, "", True),
        ({"X-Locale": "en-US"}, "?locale=zh-CN", False),
        ({}, "?locale=zh-CN", True),
        ({"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "", True),
        ({"Accept-Language": "fr, zh;q=0.1"}, "", True),
        ({"Accept-Language": "zh;q=0.5, en-GB"}, "", False),
        ({"Accept-Language": "zh;q=0, en"}, "", False),
        ({"Accept-Language": ";;;q=,zh;q=x"}, "", False),
        ({"X-Locale": "en-US", "Accept-Language": "zh-CN"}, "", False),
        ({"X-Locale": "kl-KL", "Accept-Language": "zh-CN"}, "", False),
        ({"X-Locale": "../zh-CN"}, "", False),
    ],
)
def test_the_language_is_the_one_that_was_asked_for(
    api: Api, headers: dict[str, str], query: str, chinese: bool
) -> None:
    response = api.guest.get(f"/nowhere:list{query}", headers=headers)
    assert (response.status_code, response.json()) == (
        404,
        {"errors": [{"message": "未找到" if chinese else "Not Found"}]},
    )


def test_codes_stay_what_they_are(api: Api) -> None:
    assert api.guest.get("/posts:list", headers=CHINESE).json() == {
        "errors": [{"message": "尚未登录，请先登录。", "code": "EMPTY_TOKEN"}]
    }


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "/posts:update", "执行 update 操作需要 filter 或 filterByTk 参数"),
        ("GET", "/posts:list?filter[nope]=1", "引用了无效的列或表"),
        ("POST", "/posts:create", "请求无法解析"),
        ("TRACE", "/posts:list", None),
    ],
)
def test_refusals_of_every_kind_have_a_language(api: Api, method: str, path: str, message: str | None) -> None:
    response = api.root.request(method, path, headers=CHINESE, content=b"{" if path == "/posts:create" else None)
    said = response.json()["errors"][0]["message"]
    assert said == message if message is not None else said


def test_what_a_workflow_says_is_in_its_own_words(api: Api) -> None:
    workflow = {
        "key": "own-words",
        "title": "own words",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": "categories", "global": True, "actions": ["create"]},
        "nodes": [
            {"key": "say", "type": "response-message", "config": {"message": "No permissions"}},
            {"key": "stop", "type": "end", "config": {"endStatus": -1}},
        ],
    }
    api.db.execute("select orchestrator.define(%s)", [json.dumps(workflow)])
    try:
        assert _refused(api, "/categories:create", {"name": "x"}, **CHINESE) == ["No permissions"]
    finally:
        api.db.execute("select orchestrator.define(%s)", [json.dumps(workflow | {"enabled": False})])


def test_every_message_has_its_names_in_every_language() -> None:
    assert {"en-US", "zh-CN"} == LOCALES
    for text, said in messages("zh-CN").items():
        assert text.count("{}") == said.count("{}") <= 1
        assert said.strip() == said != ""


def test_a_list_has_no_more_elements_than_allowed(api: Api, serve: Serve, login_dsn: str) -> None:
    port = free_port()
    serve(dsn=login_dsn, port=port, max_elements=3, locale="zh-CN", access_log=False)
    headers = {"Authorization": api.root.headers["Authorization"]}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/", headers=headers, timeout=20) as client:
        assert client.post("/posts:create", json=[{"title": "few"}] * 3).status_code == 200
        for path, body in (
            ("/posts:create", [{"title": "many"}] * 4),
            ("/resourcer/posts:create", {"values": [{"title": "many"}] * 4}),
            ("/posts:update?forceUpdate=true", [{"id": 1, "title": "many"}] * 4),
            ("/posts/1/comments:add", [1, 2, 3, 4]),
        ):
            response = client.post(path, json=body)
            assert (response.status_code, response.json()) == (
                400,
                {"errors": [{"message": "一次最多可提交 3 条数据"}]},
            ), path
        english = client.post("/posts:create", json=[{}] * 4, headers={"X-Locale": "en-US"}).json()
        assert english == {"errors": [{"message": "a list of values may have at most 3 elements"}]}
    assert api.list("/posts:list", filter='{"title": "many"}') == []
