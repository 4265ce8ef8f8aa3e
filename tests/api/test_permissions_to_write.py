"""What roles may do, and that they learn nothing by it: see test_permissions.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, LiteralString

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from orchestrator.cluster import Cluster

from .conftest import Serve
from .twins import ROLES, Twins, open_twins


@pytest.fixture(scope="module")
def twins(server: Cluster, template: str, serve: Serve) -> Iterator[Twins]:
    """Two servers that look the same to who does not see all."""
    with open_twins(server, template, serve) as both:
        yield both


def test_own_rows(twins: Twins) -> None:
    def do(method: str, path: str, **request: Any) -> Any:
        answer = twins.ask("owner", method, path, **request)
        assert answer.status == 200, answer
        return json.loads(answer.body)["data"]

    (user,) = twins.apis[0].db.execute("select id from orchestrator.users where username = 'owner'").fetchone() or (0,)
    made = do("POST", "/articles:create", json={"title": "mine", "status": "draft"})
    assert made["createdById"] == user
    listed = [row["createdById"] for row in do("GET", "/articles:list?paginate=false")]
    assert set(listed) == {user}
    assert do("POST", f"/articles:update/{made['id']}", json={"title": "still mine"})[0]["title"] == "still mine"
    assert do("POST", "/articles:update/1", json={"title": "mine now"}) == []
    assert twins.ask("owner", "GET", "/labels:list").status == 403
    assert twins.ask("owner", "POST", "/articles:destroy/1").status == 403
    assert do("POST", f"/articles:destroy/{made['id']}") == 1
    assert do("GET", f"/articles:get/{made['id']}") is None


# -- writing -----------------------------------------------------------------------------------------------------------

#: carried out one after the other at both: what it changes is changed in both
_WRITES: list[tuple[str, Any]] = [
    ("/articles:create", {"title": "new", "secret": "dropped", "price": 5}),
    ("/articles:create", {"title": "new", "status": "open", "dept": 1}),
    ("/articles:create", {"title": "new", "status": "draft"}),
    ("/articles:create", {"title": "new", "dept": 999}),
    ("/articles:create", {"title": "new", "deptId": 999}),
    ("/articles:create", {"title": "new", "status": "open", "parentId": 11}),
    ("/articles:create", {"title": "new", "parentId": 999}),
    ("/articles:create", {"title": "new", "parent": 11}),
    ("/articles:create", {"title": "new", "status": "open", "labels": [1, 2]}),
    ("/articles:create", {"title": "new", "labels": [999]}),
    ("/articles:create", {"title": "new", "status": "open", "vaults": [{"code": "x"}]}),
    ("/articles:create", {"title": "new", "status": "open", "remarks": [1]}),
    ("/articles:create", {"title": "new", "status": "open", "remarks": [11]}),
    ("/articles:create", {"title": "new", "remarks": [999]}),
    ("/articles:create", {"title": "new", "status": "open", "remarks": [{"text": "nested"}]}),
    (
        "/articles:create?updateAssociationValues[]=remarks",
        {"title": "new", "status": "open", "remarks": [{"text": "nested", "note": "x"}]},
    ),
    ("/articles:create?updateAssociationValues[]=remarks", {"title": "n", "remarks": [{"id": 11, "text": "taken"}]}),
    ("/articles:create?updateAssociationValues[]=remarks", {"title": "n", "remarks": [{"id": 999, "text": "taken"}]}),
    ("/articles:create?updateAssociationValues[]=dept", {"title": "n", "dept": {"id": 1, "name": "renamed"}}),
    ("/articles:create?updateAssociationValues[]=dept", {"title": "n", "dept": {"id": 77, "name": "made"}}),
    ("/articles:create", [{"title": "a", "status": "open"}, {"title": "b", "secret": "x", "status": "open"}]),
    ("/articles:create?whitelist=title,secret", {"title": "w", "secret": "x", "status": "open"}),
    ("/articles:create", {"title": "n", "price": "not a number"}),
    ("/articles:create", {"title": "n", "deptId": "not a number"}),
    ("/articles:update/1", {"title": "changed", "secret": "changed", "status": "draft"}),
    ("/articles:update/11", {"title": "changed"}),
    ("/articles:update/999", {"title": "changed"}),
    ("/articles:update/1", {"dept": 2}),
    ("/articles:update/1", {"dept": 999}),
    ("/articles:update/2", {"remarks": [1, 11]}),
    ("/articles:update/2", {"remarks": [1, 999]}),
    ("/articles:update/2", {"remarks": []}),
    ("/articles:update/2", {"remarks": [3]}),
    ("/articles:update/2?updateAssociationValues[]=remarks", {"remarks": [{"id": 3, "text": "edited", "note": "x"}]}),
    ("/articles:update/2?updateAssociationValues[]=remarks", {"remarks": [{"id": 12, "text": "edited"}]}),
    ("/articles:update/2", {"labels": [2]}),
    ("/articles:update/2", {"labels": [{"id": 3, "name": "renamed"}]}),
    ("/articles:update/2", {"vaults": []}),
    ('/articles:update?filter={"secret":"s1"}', {"title": "found out"}),
    ('/articles:update?filter={"title":"one"}', {"title": "one again"}),
    ('/articles:update?filter={"remarks.note":"n1"}', {"title": "found out"}),
    ('/articles:update?filter={"id":{"$in":[1,11,999]}}', {"price": 6}),
    ('/articles:update?filter={"id":{"$gt":0}}', {"price": 8}),
    ("/articles:update?filterByTk[]=1&filterByTk[]=11", {"price": 9}),
    ("/articles:update", {"price": 9}),
    ("/articles:update?forceUpdate=true", [{"id": 1, "price": 3}, {"id": 11, "price": 3}]),
    ("/remarks:create", {"text": "new", "articleId": 1}),
    ("/remarks:create", {"text": "new", "articleId": 11}),
    ("/remarks:create", {"text": "new", "articleId": 999}),
    ("/remarks:update/11", {"text": "changed"}),
    ("/remarks:update/13", {"text": "changed"}),
    ("/remarks:update/1", {"text": "changed", "note": "changed", "public": False}),
    ("/labels:create", {"id": 9, "name": "new"}),
    ("/labels:update/1", {"name": "new"}),
    ("/vaults:create", {"code": "x"}),
    ("/articlesLabels:create", {"articleId": 1, "labelId": 3}),
    ("/articles/1/remarks:create", {"text": "below"}),
    ("/articles/11/remarks:create", {"text": "below"}),
    ("/articles/999/remarks:create", {"text": "below"}),
    ("/articles/1/labels:create", {"id": 50, "name": "x"}),
    ("/articles/1/labels:add", [3]),
    ("/articles/1/labels:add", [999]),
    ("/articles/11/labels:add", [3]),
    ("/articles/999/labels:add", [3]),
    ("/articles/1/labels:remove", [3]),
    ("/articles/11/labels:remove", [1]),
    ("/articles/1/labels:set", [1]),
    ("/articles/11/labels:set", [1]),
    ("/articles/1/labels:toggle?filterByTk=2", {}),
    ("/articles/11/labels:toggle?filterByTk=2", {}),
    ("/articles/1/remarks:add", [12]),
    ("/articles/1/remarks:add", [998]),
    ("/articles/1/remarks:remove", [11]),
    ("/articles/1/remarks:set", [1, 2]),
    ("/articles/1/dept:set?filterByTk=1", {}),
    ("/articles/1/dept:set?filterByTk=999", {}),
    ("/articles/1/vaults:add", [1]),
    ("/articles/1/vaults:set", [2]),
    ("/articles/1/tags:add", ["x"]),
    ("/articles/1/remarks:update/1", {"text": "through"}),
    ("/articles/1/remarks:update/11", {"text": "through"}),
    ("/articles/11/remarks:update/13", {"text": "through"}),
    ("/articles/1/remarks:destroy/11", {}),
    ("/articles/11/remarks:destroy/13", {}),
    ("/articles/1/remarks:destroy/2", {}),
    ("/remarks:destroy/11", {}),
    ("/remarks:destroy/999", {}),
    ('/remarks:destroy?filter={"id":{"$in":[11,999]}}', {}),
    ('/remarks:destroy?filter={"note":"n1"}', {}),
    ("/articles:destroy/11", {}),
    ("/articles:destroy/999", {}),
    ("/articles:destroy/1", {}),
    ("/articles:destroy/4", {}),
    ('/articles:destroy?filter={"title":"hidden"}', {}),
    ("/articles:destroy", {}),
    ("/vaults:destroy/1", {}),
    ("/labels:destroy/3", {}),
]


def test_whatever_is_written_both_answer_the_same(twins: Twins) -> None:
    for path, values in _WRITES:
        for role in ROLES:
            twins.ask(role, "POST", path, json=values)
        seen = twins.json("writer", "/articles:list", appends="remarks,labels,dept,parent", sort="id", paginate="false")
        assert all("secret" not in row for row in seen)
    _hidden_is_as_it_was(twins)


def _hidden_is_as_it_was(twins: Twins) -> None:
    def rows(query: LiteralString) -> list[Any]:
        return twins.apis[1].db.execute(query).fetchall()

    articles = rows("select id, title, secret, status, price from articles where id in (11, 12, 13) order by id")
    assert articles == [
        (11, "hidden", "s1", "draft", 5),
        (12, "one", "s2", "draft", 1),
        (13, "aaa", "", None, 99),
    ]
    remarks = rows("""select id, text, note, public, "articleId" from remarks where id in (13, 14) order by id""")
    assert remarks == [(13, "zzz", "n9", True, 11), (14, "hm", "n", False, None)]
    assert rows("select id, code from vaults where id = 3") == [(3, "e")]
    assert rows("""select "labelId", weight from "articlesLabels" where "articleId" = 11""") == [(1, 5)]


_KEYS = st.sampled_from([1, 2, 3, 4, 11, 12, 13, 999])
_ONE = st.one_of(
    _KEYS,
    st.fixed_dictionaries({"id": _KEYS}, optional={"text": st.just("edited"), "name": st.just("edited")}),
    st.fixed_dictionaries({}, optional={"text": st.just("made"), "note": st.just("made"), "code": st.just("made")}),
)
_MANY = st.lists(_ONE, max_size=2)
_SOME = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["one", "hidden", "new"]),
        "secret": st.sampled_from(["s1", "new"]),
        "status": st.sampled_from(["open", "draft", None]),
        "price": st.sampled_from([5, None, "x"]),
        "deptId": st.sampled_from([1, 2, 999, None]),
        "parentId": _KEYS | st.none(),
        "createdById": _KEYS,
        "dept": _ONE | st.none(),
        "parent": _ONE | st.none(),
        "remarks": _MANY,
        "labels": _MANY,
        "vaults": _MANY,
        "articles": _MANY,
        "unheardOf": st.just(1),
    },
)
_NESTED = st.lists(st.sampled_from(["dept", "parent", "remarks", "labels", "vaults", "remarks.article"]), max_size=3)
_WHICH = st.one_of(
    _KEYS.map(lambda key: {"filterByTk": str(key)}),
    st.lists(_KEYS, min_size=1, max_size=3).map(lambda keys: {"filter": json.dumps({"id": {"$in": keys}})}),
    st.sampled_from(["title", "secret", "remarks.text", "remarks.note", "vaults.code", "dept.budget"]).map(
        lambda path: {"filter": json.dumps({path: {"$notEmpty": True}})}
    ),
)
_REQUESTS = st.one_of(
    st.tuples(st.just("/articles:create"), st.just({}), _SOME),
    st.tuples(st.just("/articles:update"), _WHICH, _SOME),
    st.tuples(st.sampled_from(["/articles:destroy", "/remarks:destroy"]), _WHICH, st.just({})),
    st.tuples(
        st.sampled_from(["/articles:firstOrCreate", "/articles:updateOrCreate"]),
        st.lists(st.sampled_from(["title", "secret", "parentId", "dept.name"]), min_size=1, max_size=2).map(
            lambda names: {"filterKeys[]": names}
        ),
        _SOME,
    ),
    st.tuples(
        st.builds(
            lambda key, relation, action: f"/articles/{key}/{relation}:{action}",
            _KEYS,
            st.sampled_from(["remarks", "labels", "vaults", "articles", "dept", "tags"]),
            st.sampled_from(["add", "set", "remove", "toggle"]),
        ),
        st.just({}) | _KEYS.map(lambda key: {"filterByTk": str(key)}),
        st.lists(_KEYS, max_size=2),
    ),
    st.tuples(
        st.builds(
            lambda key, action: f"/articles/{key}/remarks:{action}", _KEYS, st.sampled_from(["create", "update"])
        ),
        _KEYS.map(lambda key: {"filterByTk": str(key)}),
        st.fixed_dictionaries({"text": st.just("below")}, optional={"articleId": _KEYS, "article": _KEYS}),
    ),
)


@settings(
    max_examples=150,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(request=_REQUESTS, nested=_NESTED)
def test_whatever_a_role_writes_both_answer_the_same(twins: Twins, request: Any, nested: list[str]) -> None:
    path, params, values = request
    params = params | ({"updateAssociationValues[]": nested} if nested else {})
    twins.ask("writer", "POST", path, params=params, json=values)
    twins.ask("writer", "GET", "/articles:list?sort=id&paginate=false&appends=remarks,labels,dept,parent")
    twins.ask("writer", "GET", "/remarks:list?sort=id&paginate=false&appends=article")
    _hidden_is_as_it_was(twins)


# -- sheets ------------------------------------------------------------------------------------------------------------


def _exported(twins: Twins, role: str, *columns: str, **params: str) -> Any:
    """The rows of a sheet, the same from both; or the refusal."""
    body = {"columns": [{"dataIndex": name.split(".")} for name in columns]} if columns else {}
    found = []
    for client in twins.clients[role]:
        response = client.post("/articles:export", params=params, json=body)
        if response.status_code != 200:
            found.append((response.status_code, response.json()["errors"][0]["message"]))
            continue
        sheet = load_workbook(BytesIO(response.content)).worksheets[0]
        found.append([list(row) for row in sheet.iter_rows(values_only=True)])
    assert found[0] == found[1]
    return found[0]


def test_a_sheet_has_what_may_be_seen_and_exported(twins: Twins) -> None:
    columns, *rows = _exported(twins, "writer", sort="id")
    assert columns == ["id", "title", "createdById"]
    assert all(row[1] != "hidden" for row in rows)
    titles, *_ = _exported(twins, "writer", "title", "dept.name", "remarks.text", sort="id")
    assert titles == ["title", "dept.name", "remarks.text"]
    for column in ("secret", "body", "dept.budget", "remarks.note", "vaults.code", "labels.name", "zz"):
        assert _exported(twins, "writer", column) == (400, f'"{column}" is not a column of "articles"')
    assert _exported(twins, "writer", "title", filter='{"secret":{"$ne":null}}')[0] == 400
    assert _exported(twins, "reader") == (403, "No permissions")


def test_the_rows_of_a_sheet_are_of_both_scopes(twins: Twins) -> None:
    for api in twins.apis:
        made = [
            {"title": "cheap", "status": "open", "price": 3},
            {"title": "dear", "status": "open", "price": 50},
            {"title": "draft", "status": "draft", "price": 50},
        ]
        assert api.root.post("/articles:create", json=made).status_code == 200
    rows = _exported(twins, "writer", "title", filter='{"title":{"$in":["cheap","dear","draft"]}}')
    assert rows == [["title"], ["dear"]]


def test_a_sheet_is_taken_as_far_as_it_may_be_written(twins: Twins) -> None:
    book, content = Workbook(), BytesIO()
    for row in (["title", "price", "dept.name"], ["imported", 9, "sales"]):
        book.active.append(row)
    book.save(content)
    columns = [{"dataIndex": name.split(".")} for name in ("title", "price", "dept.name")]
    for role, status in (("reader", 403), ("writer", 200)):
        for api, client in zip(twins.apis, twins.clients[role], strict=True):
            response = client.post(
                "/articles:importXlsx",
                files={"file": ("rows.xlsx", content.getvalue())},
                data={"columns": json.dumps(columns)},
            )
            assert response.status_code == status, response.text
            rows = api.db.execute("""select price, "deptId" from articles where title = 'imported'""").fetchall()
            assert rows == ([(None, 1)] if status == 200 else [])


# -- who may do what ---------------------------------------------------------------------------------------------------

_ACTIONS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", "/articles:list", None),
    "get": ("GET", "/articles:get/1", None),
    "query": ("POST", "/articles:query", {"dimensions": [{"field": "title"}]}),
    "create": ("POST", "/articles:create", {"title": "x"}),
    "update": ("POST", "/articles:update/700", {"title": "x"}),
    "destroy": ("POST", "/articles:destroy/900", None),
    "add": ("POST", "/articles/700/labels:add", [1]),
    "set": ("POST", "/articles/700/labels:set", [1]),
    "remove": ("POST", "/articles/700/labels:remove", [1]),
    "toggle": ("POST", "/articles/700/labels:toggle", [1]),
    "list below": ("GET", "/articles/700/remarks:list", None),
    "get below": ("GET", "/articles/700/dept:get", None),
    "create below": ("POST", "/articles/700/remarks:create", {"text": "x"}),
    "update below": ("POST", "/articles/700/remarks:update/700", {"text": "x"}),
    "destroy below": ("POST", "/articles/700/remarks:destroy/900", None),
    "not viewed": ("GET", "/vaults:list", None),
    "export": ("POST", "/articles:export", {"columns": [{"dataIndex": ["title"]}]}),
    "users": ("GET", "/users:list", None),
    "workflows": ("GET", "/workflows:list", None),
    "executions": ("GET", "/executions:list", None),
    "collections": ("GET", "/collections:list", None),
}
_ARTICLE = """
insert into articles (id, title, status, "deptId") values (700, 'x', 'open', 2)
on conflict (id) do update set status = 'open', "deptId" = 2;
insert into remarks (id, text, "articleId") values (700, 'x', 700)
on conflict (id) do update set public = true, "articleId" = 700;
"""
_RELATING = {"add", "set", "remove", "toggle"}
_READING = {"list", "get", "query", "list below", "get below"}
_MAY: dict[str, set[str]] = {
    "nobody": {"collections"},
    "viewer": {"collections", *_READING, "not viewed", "users"},
    "reader": {"collections", *_READING},
    "writer": {"collections", *_READING, *_RELATING, "create", "update", "create below", "update below", "export"},
    # the article is another one's
    "owner": {"collections", "list", "get", "query", "create", "update", "users"},
    "admin": set(_ACTIONS),
}


@pytest.mark.parametrize("what", _ACTIONS)
@pytest.mark.parametrize("role", _MAY)
def test_who_may_do_what(twins: Twins, role: str, what: str) -> None:
    method, path, values = _ACTIONS[what]
    for api in twins.apis:
        # one of its own: the others are what other tests have made of them
        api.db.execute(_ARTICLE)
    for client in twins.clients[role]:
        response = client.request(method, path, json=values) if values is not None else client.request(method, path)
        if (role, what) == ("owner", "create below"):
            assert response.status_code == 404, response.text
        elif what in _MAY[role]:
            assert response.status_code == 200, response.text
        else:
            assert (response.status_code, response.json()) == (403, {"errors": [{"message": "No permissions"}]})
    guest = twins.apis[0].guest.request(method, path, json=values)
    assert guest.status_code == 401
