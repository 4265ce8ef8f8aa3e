"""move: a record gets another place in an order that a column keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
import psycopg
import pytest

from .conftest import Api


@pytest.fixture(scope="module")
def tables(api: Api) -> None:
    """Cards with a position in each state, and one among all; lists of items."""
    fields = [
        {"name": "title", "type": "string"},
        {"name": "state", "type": "string"},
        {"name": "sort", "type": "sort", "scopeKey": "state"},
        {"name": "place", "type": "sort"},
    ]
    assert api.root.post("/collections:create", json=_collection("cards", fields)).status_code == 200
    items = [{"name": "title", "type": "string"}]
    assert api.root.post("/collections:create", json=_collection("moveItems", items)).status_code == 200
    lists = [{"name": "items", "type": "hasMany", "target": "moveItems", "foreignKey": "listId"}]
    assert api.root.post("/collections:create", json=_collection("moveLists", lists)).status_code == 200
    response = api.root.post(
        "/collections/moveItems/fields:create", json={"name": "listIdSort", "type": "sort", "scopeKey": "listId"}
    )
    assert response.status_code == 200, response.text


def _collection(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "fields": fields, "updatedAt": True, "updatedBy": True}


@pytest.fixture
def cards(api: Api, tables: None) -> Iterator[dict[str, int]]:
    """Ids by title: a, b, c, d are open, x, y are done."""
    rows = [{"title": title, "state": "open" if title < "m" else "done"} for title in "abcdxy"]
    made = api.create("cards", rows)
    yield {card["title"]: card["id"] for card in made}
    api.db.execute("truncate cards")


def _order(api: Api, state: str, sort: str = "sort") -> str:
    rows = api.list("/cards:list", filter=json.dumps({"state": state}), sort=sort)
    return "".join(row["title"] for row in rows)


def _move(api: Api, path: str = "cards", **params: Any) -> httpx.Response:
    response = api.root.post(f"/{path}:move", params=params)
    assert (response.status_code, response.json()) == (200, {"data": "ok"}), response.text
    return response


@pytest.mark.parametrize(
    ("source", "target", "method", "wanted"),
    [
        ("a", "c", None, "bcad"),
        ("a", "d", None, "bcda"),
        ("d", "b", None, "adbc"),
        ("d", "a", None, "dabc"),
        ("a", "c", "insertAfter", "bcad"),
        ("d", "a", "insertAfter", "adbc"),
        ("b", "a", "insertAfter", "abcd"),
        ("b", "b", None, "abcd"),
    ],
)
def test_a_record_takes_the_place_of_another(
    api: Api, cards: dict[str, int], source: str, target: str, method: str | None, wanted: str
) -> None:
    params = {"sourceId": cards[source], "targetId": cards[target], **({"method": method} if method else {})}
    _move(api, **params)
    assert _order(api, "open") == wanted
    rows = api.list("/cards:list", filter='{"state": "open"}', sort="sort")
    assert [row["sort"] for row in rows] == [1, 2, 3, 4]
    assert _order(api, "done") == "xy"
    assert _order(api, "open", "place") == "abcd"


def test_another_order_of_the_same_records(api: Api, cards: dict[str, int]) -> None:
    _move(api, sourceId=cards["y"], targetId=cards["a"], sortField="place")
    assert "".join(row["title"] for row in api.list("/cards:list", sort="place")) == "yabcdx"
    assert (_order(api, "open"), _order(api, "done")) == ("abcd", "xy")


def test_a_record_moves_among_those_of_another_scope(api: Api, cards: dict[str, int]) -> None:
    _move(api, sourceId=cards["b"], targetId=cards["y"])
    assert (_order(api, "open"), _order(api, "done")) == ("acd", "xby")
    _move(api, sourceId=cards["a"], targetId=cards["y"], method="insertAfter")
    assert (_order(api, "open"), _order(api, "done")) == ("cd", "xbya")


def test_a_record_goes_to_the_end_or_the_beginning_of_another_scope(api: Api, cards: dict[str, int]) -> None:
    _move(api, **{"sourceId": cards["b"], "targetScope[state]": "done"})
    assert (_order(api, "open"), _order(api, "done")) == ("acd", "xyb")
    _move(api, **{"sourceId": cards["c"], "targetScope[state]": "done", "method": "prepend"})
    assert (_order(api, "open"), _order(api, "done")) == ("ad", "cxyb")
    _move(api, **{"sourceId": cards["d"], "targetScope[state]": "new"})
    assert _order(api, "new") == "d"
    before = api.list("/cards:get/" + str(cards["a"]))
    _move(api, **{"sourceId": cards["a"], "targetScope[state]": "open"})
    assert api.list("/cards:get/" + str(cards["a"])) == before


def test_a_sticky_record_comes_first(api: Api, cards: dict[str, int]) -> None:
    _move(api, sourceId=cards["c"], sticky="true")
    assert _order(api, "open") == "cabd"
    assert api.list(f"/cards:get/{cards['c']}")["sort"] == 0
    _move(api, sourceId=cards["d"], sticky="true")
    assert _order(api, "open") == "dcab"
    _move(api, sourceId=cards["b"], targetId=cards["d"], method="insertAfter")
    assert _order(api, "open") == "dbca"


def test_records_that_share_a_place_or_have_none_can_be_moved(api: Api, cards: dict[str, int]) -> None:
    api.db.execute("update cards set sort = null where state = 'open'")
    _move(api, sourceId=cards["d"], targetId=cards["b"])
    assert _order(api, "open") == "adbc"
    api.db.execute("update cards set sort = 7 where state = 'open'")
    _move(api, sourceId=cards["a"], targetId=cards["c"])
    assert _order(api, "open") == "bcad"


def test_moving_is_no_change_of_the_record(api: Api, cards: dict[str, int]) -> None:
    def stamps() -> list[Any]:
        return [(row["updatedAt"], row["updatedById"]) for row in api.list("/cards:list", sort="id")]

    api.db.execute('update cards set "updatedById" = null')
    before = stamps()
    _move(api, sourceId=cards["a"], targetId=cards["d"])
    _move(api, **{"sourceId": cards["b"], "targetScope[state]": "done"})
    _move(api, sourceId=cards["c"], sticky="true")
    assert stamps() == before
    api.root.post(f"/cards:update/{cards['a']}", json={"title": "a"})
    assert stamps() != before


def test_no_setting_hides_another_change_than_a_move(api: Api, cards: dict[str, int]) -> None:
    with psycopg.connect(api.dsn) as plain:
        plain.execute("select set_config('orchestrator.moving', 'cards'::regclass::oid::text, false)")
        moved, written = (
            plain.execute(
                f'update cards set {change} where id = %s returning "updatedAt" = now()', [cards["a"]]
            ).fetchone()
            for change in ("sort = 77, state = 'done'", "sort = 78, title = 'z'")
        )
    assert (moved, written) == ((False,), (True,))


def test_without_anything_to_move_it_is_fine(api: Api, cards: dict[str, int]) -> None:
    _move(api)
    _move(api, sourceId=cards["a"])
    _move(api, targetId=cards["a"])
    assert _order(api, "open") == "abcd"


def test_what_is_no_sort_field_is_told(api: Api, cards: dict[str, int]) -> None:
    first, second = (post["id"] for post in api.create("posts", [{"title": "m1"}, {"title": "m2"}]))
    for path, field, params in (
        ("posts", "sort", {"sourceId": first, "targetId": second}),
        ("posts", "read", {"sourceId": first, "targetId": second, "sortField": "read"}),
        ("cards", "title", {"sourceId": cards["a"], "targetId": cards["b"], "sortField": "title"}),
        ("posts", "sort", {}),
    ):
        response = api.root.post(f"/{path}:move", params=params)
        assert (response.status_code, response.json()) == (
            400,
            {"errors": [{"message": f"{field} is not a sort field"}]},
        )


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"sourceId": 999_999, "targetId": "a"}, 404),
        ({"sourceId": "a", "targetId": 999_999}, 404),
        ({"sourceId": "a", "targetId": "abc"}, 400),
        ({"sourceId": "[1,2]", "targetId": "a"}, 400),
        ({"sourceId": "a", "targetScope[title]": "done"}, 400),
        ({"sourceId": "a", "targetScope": "done"}, 400),
        ({"sourceId": "a", "targetScope[state]": "done", "sortField": "place"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(api: Api, cards: dict[str, int], params: dict[str, Any], status: int) -> None:
    given = {name: cards.get(str(value), value) for name, value in params.items()}
    assert api.root.post("/cards:move", params=given).status_code == status
    assert (_order(api, "open"), _order(api, "done")) == ("abcd", "xy")


def test_below_a_record_its_own_order_is_kept(api: Api, tables: None) -> None:
    first, second = (
        api.create("moveLists", {"items": [{"title": f"{name}{number}"} for number in range(3)]}) for name in "pq"
    )

    def titles(made: Any) -> list[str]:
        rows = api.list(f"/moveLists/{made['id']}/items:list", sort="listIdSort")
        return [row["title"] for row in rows]

    items = [item["id"] for item in first["items"]]
    _move(api, f"moveLists/{first['id']}/items", sourceId=items[2], targetId=items[0])
    assert titles(first) == ["p2", "p0", "p1"]
    assert titles(second) == ["q0", "q1", "q2"]
    foreign = api.root.post(
        f"/moveLists/{first['id']}/items:move", params={"sourceId": second["items"][0]["id"], "targetId": items[0]}
    )
    assert foreign.status_code == 404


def test_moves_and_creates_at_once_leave_every_place_taken_once(api: Api, cards: dict[str, int]) -> None:
    random = Random(7)
    jobs = [random.sample([cards[title] for title in "abcd"], 2) for _ in range(24)]

    def run(job: list[int]) -> int:
        if job[0] == cards["a"]:
            api.root.post("/cards:create", json={"title": "z", "state": "open"})
        return api.root.post("/cards:move", params={"sourceId": job[0], "targetId": job[1]}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(run, jobs)) == {200}
    places = [row["sort"] for row in api.list("/cards:list", filter='{"state": "open"}', sort="sort", pageSize=100)]
    assert places == list(range(1, len(places) + 1))


def _workflow(key: str, type_: str, config: dict[str, Any], *nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    config = {"collection": "cards", **config}
    return {"key": key, "type": type_, "enabled": True, "config": config, "nodes": list(nodes), **more}


def _end(status: int) -> dict[str, Any]:
    return {"key": "stop", "type": "end", "config": {"endStatus": status}}


def _say(message: str) -> dict[str, Any]:
    return {"key": "say", "type": "response-message", "config": {"message": message}}


def _define(api: Api, document: dict[str, Any]) -> None:
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))


def test_guards_judge_every_row_that_moves(api: Api, cards: dict[str, int]) -> None:
    leaf = {"calculator": "equal", "operands": ["{{$context.record.title}}", "b"]}
    ask = {
        "key": "ask",
        "type": "condition",
        "config": {
            "engine": "basic",
            "rejectOnFalse": False,
            "calculation": {"group": {"type": "and", "calculations": [leaf]}},
        },
        "branches": {"1": [_say("b stays"), _end(-1)]},
    }
    _define(api, _workflow("move-guard", "request-interception", {"global": True, "actions": ["update"]}, ask))
    response = api.root.post("/cards:move", params={"sourceId": cards["a"], "targetId": cards["c"]})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": "b stays"}]})
    assert _order(api, "open") == "abcd"
    _move(api, sourceId=cards["d"], targetId=cards["c"])
    assert _order(api, "open") == "abdc"
    api.db.execute("select orchestrator.disable('move-guard')")


def test_a_bound_guard_judges_the_move_once(api: Api, cards: dict[str, int]) -> None:
    said = _say("{{$context.params.filterByTk}}")
    _define(api, _workflow("move-bound", "request-interception", {}, said))
    params = {"sourceId": cards["a"], "targetId": cards["d"], "triggerWorkflows": "move-bound"}
    answer = api.root.post("/cards:move", params=params).json()
    assert answer == {"data": "ok", "messages": [{"message": str(cards["a"])}]}
    _define(api, _workflow("move-bound", "request-interception", {}, said, _end(-1)))
    assert api.root.post("/cards:move", params=params).status_code == 400


def test_every_row_that_moved_is_followed(api: Api, cards: dict[str, int]) -> None:
    config = {"mode": 2, "changed": ["sort"]}
    note = {
        "key": "note",
        "type": "create",
        "config": {
            "collection": "posts",
            "params": {"values": {"title": "{{$context.data.title}}", "read": "{{$context.data.sort}}"}},
        },
    }
    _define(api, _workflow("move-after", "collection", config, note, sync=True))
    _move(api, sourceId=cards["a"], targetId=cards["c"])
    api.db.execute("select orchestrator.disable('move-after')")
    rows = api.list("/posts:list", filter='{"title.$in": ["a", "b", "c", "d"]}', sort="read")
    assert [(row["title"], row["read"]) for row in rows] == [("b", 1), ("c", 2), ("a", 3)]


def test_other_roles_may_not(api: Api, cards: dict[str, int]) -> None:
    api.add_user("mover", "member")
    with api.client("mover") as client:
        response = client.post("/cards:move", params={"sourceId": cards["a"], "targetId": cards["d"]})
    assert response.status_code == 403
    assert _order(api, "open") == "abcd"
