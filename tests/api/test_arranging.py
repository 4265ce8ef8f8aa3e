"""Collections and categories as people see them: in an order, filed, declared as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.errors import InvalidError, NotFoundError
from orchestrator.model.ordering import moved

from .conftest import Api


def _names(api: Api, resource: str, only: set[str], key: str = "name") -> list[str]:
    return [entry[key] for entry in api.list(f"/{resource}:list", sort="sort", paginate="false") if entry[key] in only]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"sourceId": "a", "targetId": "c"}, "bcad"),
        ({"sourceId": "d", "targetId": "b"}, "adbc"),
        ({"sourceId": "d", "targetId": "b", "method": "insertAfter"}, "abdc"),
        ({"sourceId": "c", "sticky": "true"}, "cabd"),
        ({"sourceId": "b", "targetId": "b"}, "abcd"),
    ],
)
def test_an_item_takes_the_place_of_another(params: dict[str, str], expected: str) -> None:
    assert "".join(moved("abcd", params)) == expected


def test_items_that_are_not_there_are_not_moved() -> None:
    with pytest.raises(NotFoundError):
        moved([1, 2], {"sourceId": "1", "targetId": "3"})
    with pytest.raises(InvalidError):
        moved([1, 2], {"targetId": "1"})


def test_collections_are_moved(api: Api) -> None:
    own = {"m1", "m2", "m3"}
    for name in sorted(own):
        assert api.root.post("/collections:create", json={"name": name}).status_code == 200
    assert _names(api, "collections", own) == ["m1", "m2", "m3"]
    response = api.root.post("/collections:move?sourceId=m3&targetId=m1")
    assert (response.status_code, response.json()) == (200, {"data": "ok"})
    assert _names(api, "collections", own) == ["m3", "m1", "m2"]
    assert api.root.post("/collections:move?sourceId=m3&targetId=nowhere").status_code == 404


@pytest.mark.parametrize(("resource", "label"), [("collectionCategories", "name"), ("workflowCategories", "title")])
def test_categories_are_kept_and_moved(api: Api, resource: str, label: str) -> None:
    made = [api.create(resource, {label: name}) for name in ("k1", "k2", "k3")]
    assert made[0]["color"] == "default"
    ids = [entry["id"] for entry in made]
    assert api.root.post(f"/{resource}:move?sourceId={ids[0]}&targetId={ids[2]}").json() == {"data": "ok"}
    assert _names(api, resource, {"k1", "k2", "k3"}, label) == ["k2", "k3", "k1"]
    changed = api.root.post(f"/{resource}:update?filterByTk={ids[0]}", json={"color": "red"}).json()["data"]
    assert changed[0]["color"] == "red"
    assert api.root.post(f"/{resource}:destroy?filterByTk={ids[1]}").json() == {"data": 1}


def test_a_collection_is_filed_under_categories(api: Api) -> None:
    one, two = (api.create("collectionCategories", {"name": name})["id"] for name in ("sales", "stock"))
    body: dict[str, Any] = {"name": "filed", "category": [one, {"id": two}]}
    assert api.root.post("/collections:create", json=body).status_code == 200

    def filed() -> list[str]:
        found = api.root.get("/collections:get?filterByTk=filed&appends=category").json()["data"]
        assert all(set(category) == {"id", "name", "color", "sort"} for category in found["category"])
        return [category["name"] for category in found["category"]]

    assert filed() == ["sales", "stock"]
    assert api.root.post("/collections:update?filterByTk=filed", json={"category": [two]}).status_code == 200
    assert filed() == ["stock"]
    assert api.root.post("/collections:update?filterByTk=filed", json={"title": "Filed"}).status_code == 200
    assert filed() == ["stock"]
    assert api.root.post("/collections:update?filterByTk=filed", json={"category": [4711]}).status_code == 404
    api.root.post(f"/collectionCategories:destroy?filterByTk={two}")
    assert filed() == []
    assert "category" not in api.root.get("/collections:get?filterByTk=filed").json()["data"]


def test_a_declaration_makes_a_collection_and_later_changes_it(api: Api) -> None:
    declared = {"name": "declared", "title": "One", "fields": [{"name": "a", "type": "string"}]}
    made = api.root.post("/collections:apply", json=declared).json()
    assert (made["data"]["title"], made["verify"]) == ("One", {"ok": True, "differences": []})
    again = {
        "name": "declared",
        "title": "Two",
        "fields": [{"name": "a", "type": "string", "unique": True}, {"name": "b", "type": "integer"}],
    }
    changed = api.root.post("/collections:apply", json=again).json()
    assert changed["verify"]["ok"] is True
    assert changed["data"]["title"] == "Two"
    assert [field["name"] for field in changed["data"]["fields"]] == ["a", "b"]
    assert changed["data"]["fields"][0]["unique"] is True
    # what is not mentioned stays
    fewer = {"name": "declared", "fields": [{"name": "b", "type": "integer"}]}
    assert len(api.root.post("/collections:apply", json=fewer).json()["data"]["fields"]) == 2
    wrong = {"name": "declared", "title": "Three", "fields": [{"name": "a", "type": "integer"}]}
    assert api.root.post("/collections:apply", json=wrong).status_code == 400
    assert api.root.get("/collections:get?filterByTk=declared").json()["data"]["title"] == "Two"


def test_fields_are_declared_likewise(api: Api) -> None:
    assert api.root.post("/collections:create", json={"name": "sparse"}).status_code == 200
    declared = [{"name": "a", "type": "string"}, {"name": "b", "type": "decimal", "precision": 10, "scale": 2}]
    made = api.root.post("/collections/sparse/fields:apply", json=declared).json()
    assert ([field["name"] for field in made["data"]], made["verify"]["ok"]) == (["a", "b"], True)
    one = {"name": "a", "type": "string", "collectionName": "sparse", "description": "first"}
    changed = api.root.post("/fields:apply", json=one).json()
    assert (changed["data"]["description"], changed["verify"]["ok"]) == ("first", True)
    assert len(api.list("/collections/sparse/fields:list")) == 2
    assert (
        api.root.post("/fields:apply", json={"name": "x", "type": "string", "collectionName": "no"}).status_code == 404
    )
