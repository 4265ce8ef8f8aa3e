"""What roles may do, and that they learn nothing by it: see test_permissions.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

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
    # what nobody could reach is as it was
    more = twins.apis[1].db
    assert more.execute(
        """select id, title, secret, "parentId" from articles where id in (11, 12, 13) order by id"""
    ).fetchall() == [
        (11, "hidden", "s1", 1),
        (12, "one", "s2", None),
        (13, "aaa", "", 3),
    ]
    assert more.execute("select text, note from remarks where id in (11, 12, 13, 14) order by id").fetchall() == [
        ("fine", "n1"),
        ("aaa", "n9"),
        ("zzz", "n9"),
        ("hm", "n"),
    ]
    assert more.execute("select id, code from vaults where id < 1000 order by id").fetchall() == [
        (1, "c"),
        (2, "d"),
        (3, "e"),
    ]
    assert more.execute("""select "labelId", weight from "articlesLabels" where "articleId" = 11""").fetchall() == [
        (1, 5)
    ]


# -- who may do what ---------------------------------------------------------------------------------------------------

_ACTIONS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", "/articles:list", None),
    "get": ("GET", "/articles:get/1", None),
    "query": ("POST", "/articles:query", {"dimensions": [{"field": "title"}]}),
    "create": ("POST", "/articles:create", {"title": "x"}),
    "update": ("POST", "/articles:update/2", {"title": "x"}),
    "destroy": ("POST", "/articles:destroy/900", None),
    "add": ("POST", "/articles/2/labels:add", [1]),
    "set": ("POST", "/articles/2/labels:set", [1]),
    "remove": ("POST", "/articles/2/labels:remove", [1]),
    "toggle": ("POST", "/articles/2/labels:toggle", [1]),
    "list below": ("GET", "/articles/2/remarks:list", None),
    "get below": ("GET", "/articles/2/dept:get", None),
    "create below": ("POST", "/articles/2/remarks:create", {"text": "x"}),
    "update below": ("POST", "/articles/2/remarks:update/3", {"text": "x"}),
    "destroy below": ("POST", "/articles/2/remarks:destroy/900", None),
    "not viewed": ("GET", "/vaults:list", None),
    "users": ("GET", "/users:list", None),
    "workflows": ("GET", "/workflows:list", None),
    "executions": ("GET", "/executions:list", None),
    "collections": ("GET", "/collections:list", None),
}
_RELATING = {"add", "set", "remove", "toggle"}
_READING = {"list", "get", "query", "list below", "get below"}
_MAY: dict[str, set[str]] = {
    "nobody": {"collections"},
    "viewer": {"collections", *_READING, "not viewed", "users"},
    "reader": {"collections", *_READING},
    "writer": {"collections", *_READING, *_RELATING, "create", "update", "create below", "update below"},
    # the article is another one's
    "owner": {"collections", "list", "get", "query", "create", "update", "users"},
    "admin": set(_ACTIONS),
}


@pytest.mark.parametrize("what", _ACTIONS)
@pytest.mark.parametrize("role", _MAY)
def test_who_may_do_what(twins: Twins, role: str, what: str) -> None:
    method, path, values = _ACTIONS[what]
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
