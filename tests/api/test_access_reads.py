"""What roles see when they read, whichever way they ask."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api

from .viewing import BAD, DENIED, Ask, ask, client, data, ids, world

#: fixtures
__all__ = ["ask", "client", "data", "ids", "world"]


# -- columns -----------------------------------------------------------------------------------------------------------


def test_columns_without_permission_are_not_shown(data: Any) -> None:
    shown = {"id": 1, "title": "mine", "createdAt": "2026-01-01T00:00:00.000Z"}
    first = data("titles", "/notes:list")[0]
    assert {**shown, "createdById": first["createdById"]} == first
    assert data("titles", "/notes:get/1") == first
    assert data("titles", "/notes:list", fields="title")[0] == {"title": "mine"}
    assert data("titles", "/notes:list", **{"except": "title"})[0].keys() == first.keys() - {"title"}


@pytest.mark.parametrize("name", ["secret", "nope", "team.secret", "nope.secret", "title.x"])
def test_of_named_columns_those_are_shown_that_may_be_seen(ask: Ask, data: Any, name: str) -> None:
    assert data("titles", "/notes:list", fields=f"title,{name}")[0] == {"title": "mine"}
    alone = ask("titles", "/notes:list", fields=name)
    assert (alone.status_code, alone.json()) == (400, BAD)


@pytest.mark.parametrize(
    "params",
    [
        {"filter": '{"NAME":"s1"}'},
        {"filter": '{"$or":[{"title":"x"},{"NAME.$startsWith":"s"}]}'},
        {"filter": '{"title":{"$ne":{"$col":"NAME"}}}'},
        {"sort": "-NAME"},
        {"filter": '{"team.NAME":"r"}'},
        {"sort": "team.NAME"},
    ],
)
def test_a_column_without_permission_is_as_unknown_as_one_that_is_not_there(ask: Ask, params: dict[str, str]) -> None:
    def answer(name: str) -> tuple[int, str]:
        asked = {key: value.replace("NAME", name) for key, value in params.items()}
        response = ask("titles", "/notes:list", **asked)
        return response.status_code, response.text.replace(name, "NAME")

    assert answer("secret") == answer("nope")
    assert answer("secret")[0] == 400


def test_a_query_is_of_columns_that_may_be_seen(ask: Ask, data: Any) -> None:
    count = {"field": "*", "aggregation": "count", "alias": "n"}
    for query in (
        {"measures": [{"field": "secret", "aggregation": "max"}]},
        {"measures": [count], "dimensions": [{"field": "secret"}]},
        {"measures": [count], "dimensions": [{"field": "title"}], "orders": [{"field": "secret"}]},
        {"measures": [count], "filter": {"secret": "s1"}},
    ):
        response = ask("titles", "/notes:query", query)
        assert (response.status_code, response.json()) == (400, BAD), query
    assert data("titles", "/notes:query", {"measures": [count]}) == [{"n": 4}]


def test_a_template_holds_what_may_be_seen(data: Any) -> None:
    assert data("titles", "/notes:get/1", isTemplate="true") == {"title": "mine"}


# -- rows --------------------------------------------------------------------------------------------------------------


def test_rows_outside_of_the_scope_are_not_there(ask: Ask, data: Any, ids: Any) -> None:
    response = ask("owner", "/notes:list", pageSize=1).json()
    assert [record["id"] for record in response["data"]] == [1]
    assert response["meta"] == {"count": 2, "page": 1, "pageSize": 1, "totalPage": 2}
    assert ids("owner", "/notes:list", sort="-points", paginate="false") == [2, 1]
    assert ids("owner", "/notes:list", filter='{"$or":[{"id":1},{"id":3}]}') == [1]
    assert data("owner", "/notes:get/1")["id"] == 1
    assert data("owner", "/notes:get/3") is None
    assert data("owner", "/notes:get", filter='{"points.$gt":20}') is None
    query = {"measures": [{"field": "points", "aggregation": "sum", "alias": "n"}]}
    assert data("owner", "/notes:query", query) == [{"n": 30}]
    assert data("everything", "/notes:query", query) == [{"n": 150}]


def test_whether_a_page_follows_is_said_of_what_may_be_seen(world: Api, ask: Ask) -> None:
    option = "update orchestrator.collections set options = options || '{\"simplePaginate\": %s}' where name = 'notes'"
    world.db.execute((option % "true").encode())
    try:
        for _ in range(100):
            meta = ask("owner", "/notes:list", pageSize=2).json()["meta"]
            if "count" not in meta:
                break
        assert meta == {"hasNext": False, "page": 1, "pageSize": 2}
    finally:
        world.db.execute((option % "false").encode())


def test_a_query_takes_its_permissions_from_nobody_else(data: Any) -> None:
    query = {
        "measures": [{"field": "*", "aggregation": "count", "alias": "n"}],
        "access": {"notes": {}},
        "scope": True,
        "collection": "users",
    }
    assert data("owner", "/notes:query", query) == [{"n": 2}]


def test_a_scope_may_ask_for_what_the_role_may_not_see(ids: Any) -> None:
    assert ids("red", "/notes:list") == [1, 3]
    assert ids("of_role", "/notes:list") == [2]
    assert ids("of_nickname", "/notes:list") == [3]


def test_a_scope_whose_variable_has_no_value_permits_nothing(ask: Ask) -> None:
    response = ask("of_nothing", "/notes:list").json()
    assert (response["data"], response["meta"]["count"]) == ([], 0)


def test_a_tree_is_made_of_rows_that_may_be_seen(data: Any) -> None:
    def shape(nodes: list[Any]) -> Any:
        return [(node["title"], shape(node.get("children", []))) for node in nodes]

    assert shape(data("everything", "/notes:list", tree="true")) == [
        ("mine", [("mine too", []), ("hers", [("hers too", [])])])
    ]
    assert shape(data("owner", "/notes:list", tree="true")) == [("mine", [("mine too", [])])]
    assert shape(data("unlabelled", "/notes:list", tree="true"))[0][1]
    # who sees neither the column nor a relation by it sees no places
    assert len(data("titles", "/notes:list", tree="true")) == 4


def test_several_roles_see_together_what_one_of_them_sees(ask: Ask, world: Api) -> None:
    with world.client("ann") as client:
        response = client.get("/notes:list", headers={"X-Role": "__union__"}).json()
    assert [record["id"] for record in response["data"]] == [1, 2, 3, 4]
    assert response["data"][0]["secret"] == "s1"


def test_a_permission_of_a_resource_stands_in_for_the_strategy(ask: Ask) -> None:
    assert ask("everything", "/marks:list").status_code == 200
    for path in ("/teams:list", "/teams:get/1", "/notesMarks:list", "/notes/1/team:get"):
        response = ask("teamless", path)
        assert (response.status_code, response.json()) == (403, DENIED)
    assert ask("teamless", "/teams:query", {"measures": [{"field": "id"}]}).json() == DENIED


# -- relations ---------------------------------------------------------------------------------------------------------


def test_relations_to_what_may_not_be_seen_are_not_appended(data: Any) -> None:
    record = data("teamless", "/notes:get/1", appends="team,marks,nope")
    assert "team" not in record and "nope" not in record
    assert record["marks"] == [{"id": 1, "name": "hot"}, {"id": 2, "name": "cold"}]


def test_appended_records_are_seen_as_they_would_be_listed(data: Any) -> None:
    one, two = data("scoped", "/notes:list", appends="team,parent")
    assert one["team"] == {"id": 1, "name": "red", "createdById": 1} and two["team"] is None
    assert two["parent"]["id"] == 1
    assert data("scoped", "/notes:list", fields="team.name,team.secret,id")[0] == {"id": 1, "team": {"name": "red"}}


@pytest.mark.parametrize(
    "params",
    [
        {"filter": '{"team.name":"red"}'},
        {"filter": '{"team.id.$exists":true}'},
        {"filter": '{"$or":[{"id":1},{"team.name.$notExists":true}]}'},
        {"sort": "team.name"},
    ],
)
def test_conditions_and_orders_do_not_reach_what_may_not_be_seen(ask: Ask, params: dict[str, str]) -> None:
    response = ask("teamless", "/notes:list", **params)
    assert (response.status_code, response.json()) == (400, BAD)


def test_conditions_see_of_related_records_what_the_role_sees(ids: Any) -> None:
    assert ids("scoped", "/notes:list", filter='{"team.name.$ne":"x"}', sort="-team.name") == [1, 2]
    assert ids("scoped", "/notes:list", filter='{"team.id.$exists":true}') == [1]
    assert ids("scoped", "/notes:list", filter='{"parent.title.$includes":"hers"}') == []


def test_what_links_records_is_shown_to_who_may_see_it(data: Any) -> None:
    linked = [{"noteId": 1, "markId": 1}, {"noteId": 1, "markId": 2}]
    assert [mark["notesMarks"] for mark in data("linked", "/notes:get/1", appends="marks")["marks"]] == linked
    assert [mark["notesMarks"] for mark in data("linked", "/notes/1/marks:list")] == linked
    assert all("notesMarks" not in mark for mark in data("teamless", "/notes/1/marks:list"))


def test_a_path_through_a_record_that_may_not_be_seen_leads_nowhere(ask: Ask, data: Any, ids: Any) -> None:
    assert ids("scoped", "/notes/1/marks:list") == [1, 2]
    hidden, missing = ask("scoped", "/notes/3/marks:list"), ask("scoped", "/notes/99/marks:list")
    assert hidden.text == missing.text and hidden.json()["meta"]["count"] == 0
    assert data("scoped", "/notes/1/team:get")["name"] == "red"
    assert data("scoped", "/notes/3/team:get") is None


def test_lists_of_values_are_those_of_records_that_may_be_seen(ask: Ask, data: Any) -> None:
    assert data("owner", "/notes/1/labels:list") == ["a", "b"]
    assert data("owner", "/notes/3/labels:list") == data("owner", "/notes/99/labels:list") == []
    assert ask("titles", "/notes/1/labels:list").json() == BAD
    assert ask("keys", "/notes/1/labels:list").json() == DENIED


# -- variables ---------------------------------------------------------------------------------------------------------


def test_a_filter_knows_all_of_who_asks_and_of_others_what_the_role_sees(ids: Any) -> None:
    nickname = '{"secret":"{{$user.nickname}}"}'
    titles = '{"title.$eq":"{{$user.roles.title}}"}'
    assert ids("blind", "/notes:list", filter=nickname) == [3]
    assert ids("everything", "/notes:list", filter=titles) == [2]
    assert ids("blind", "/notes:list", filter=titles) == []


# -- our own tables ----------------------------------------------------------------------------------------------------


def test_our_own_tables_are_read_by_who_holds_a_snippet(ask: Ask) -> None:
    assert ask("flows", "/workflows:list", appends="nodes").status_code == 200
    for path in ("/workflows:list", "/executions:list", "/jobs:get/1", "/apiKeys:list"):
        assert ask("everything", path).json() == DENIED


def test_ones_own_api_keys_are_listed_by_who_holds_their_snippet(ask: Ask, world: Api) -> None:
    name = {"name": "mine", "role": {"name": "keys"}, "expiresIn": "1d"}
    assert ask("keys", "/apiKeys:create", name).status_code == 200
    (key,) = ask("keys", "/apiKeys:list").json()["data"]
    assert key["name"] == "mine"
    assert ask("keys", f"/apiKeys:get/{key['id']}").json()["data"]["name"] == "mine"
    assert ask("everything", "/apiKeys:list").json() == DENIED
