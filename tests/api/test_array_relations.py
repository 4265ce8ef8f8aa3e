"""Relations by a column that lists keys."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api


@pytest.fixture(scope="module", autouse=True)
def articles(api: Api) -> None:
    labels = {"name": "labels", "fields": [{"name": "name", "type": "string"}]}
    articles = {
        "name": "articles",
        "fields": [
            {"name": "title", "type": "string"},
            {
                "name": "labels",
                "type": "belongsToArray",
                "interface": "mbm",
                "target": "labels",
                "foreignKey": "labelIds",
            },
        ],
    }
    for collection in (labels, articles):
        response = api.root.post("/collections:create", json=collection)
        assert response.status_code == 200, response.text
    api.create("labels", [{"name": name} for name in "abcd"])


def _names(record: dict[str, Any]) -> list[str]:
    return [label["name"] for label in record["labels"]]


def _article(api: Api, key: int) -> dict[str, Any]:
    found: dict[str, Any] = api.root.get(f"/articles:get?filterByTk={key}&appends=labels").json()["data"]
    return found


def test_the_column_is_an_array_of_the_targets_keys(api: Api) -> None:
    query = """select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'articles'::regclass
        and attname = 'labelIds'"""
    assert api.db.execute(query).fetchone() == ("bigint[]",)
    (field,) = [f for f in api.list("/collections/articles/fields:list") if f["name"] == "labelIds"]
    assert (field["type"], field["isForeignKey"], field["elementType"]) == ("set", True, "bigint")


def test_records_are_read_in_the_order_of_the_list(api: Api) -> None:
    made = api.create("articles", {"title": "x", "labels": [3, 1, 3]})
    assert made["labelIds"] == ["3", "1"]
    assert _names(_article(api, made["id"])) == ["c", "a"]
    assert [label["name"] for label in api.list(f"/articles/{made['id']}/labels:list")] == ["a", "c"]
    assert len(api.list(f"/articles/{made['id']}/labels:list", paginate="false")) == 2


def test_what_the_record_says_of_them_is_the_whole_list(api: Api) -> None:
    made = api.create("articles", {"title": "y", "labels": [{"id": 2}, {"name": "new"}, 999]})
    assert [label.get("name") for label in made["labels"]] == [None, "new"]
    key = made["id"]
    assert _names(_article(api, key)) == ["b", "new"]
    path = f"/articles:update?filterByTk={key}&updateAssociationValues[]=labels"
    assert api.root.post(path, json={"labels": [{"id": 4, "name": "D"}]}).status_code == 200
    assert _names(_article(api, key)) == ["D"]
    assert api.root.post(f"/articles:update?filterByTk={key}", json={"labels": None}).status_code == 200
    assert _article(api, key)["labels"] == []
    assert api.root.post(f"/articles:update?filterByTk={key}", json={"labelIds": [1]}).status_code == 200
    assert _names(_article(api, key)) == ["a"]


def test_filters_reach_through_it(api: Api) -> None:
    api.create("articles", {"title": "filtered", "labels": [2]})
    found = api.list("/articles:list", filter='{"title":"filtered","labels.name":"b"}', appends="labels")
    assert [_names(article) for article in found] == [["b"]]
    assert api.list("/articles:list", filter='{"title":"filtered","labels.name":"a"}') == []


def test_a_key_of_no_record_is_passed_over(api: Api) -> None:
    made = api.create("articles", {"title": "gone", "labels": [1, 2]})
    api.db.execute("insert into labels (id, name) values (500, 'brief')")
    api.db.execute('update articles set "labelIds" = array[500, 2] where id = %s', (made["id"],))
    api.db.execute("delete from labels where id = 500")
    assert _names(_article(api, made["id"])) == ["b"]


@pytest.mark.parametrize("action", ["add", "set", "remove", "toggle", "create"])
def test_links_are_written_with_the_record_alone(api: Api, action: str) -> None:
    made = api.create("articles", {"labels": [1]})
    body: Any = {"name": "z"} if action == "create" else [2]
    response = api.root.post(f"/articles/{made['id']}/labels:{action}", json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == (
        '"labels" is a list of keys: it is written with the record itself'
    )
    assert _names(_article(api, made["id"])) == ["a"]


def test_a_json_list_does_as_well_and_a_target_must_be_there(api: Api) -> None:
    fields = [
        {"name": "keys", "type": "json", "jsonb": True},
        {"name": "labels", "type": "belongsToArray", "target": "labels", "foreignKey": "keys"},
    ]
    assert api.root.post("/collections:create", json={"name": "notes", "fields": fields}).status_code == 200
    made = api.create("notes", {"labels": [3, 2]})
    assert made["keys"] == [3, 2]
    (note,) = api.list("/notes:list", appends="labels")
    assert sorted(_names(note)) == ["b", "c"]
    lost = {"name": "lost", "type": "belongsToArray", "target": "nowhere", "foreignKey": "lostIds"}
    response = api.root.post("/collections/notes/fields:create", json=lost)
    assert (response.status_code, response.json()["errors"][0]["message"]) == (
        400,
        'target collection "nowhere" not found',
    )


def test_the_column_cannot_be_dropped_from_under_the_relation(api: Api) -> None:
    response = api.root.post("/collections/articles/fields:destroy?filterByTk=labelIds")
    assert response.status_code == 400
    assert 'is a key of relation "labels"' in response.json()["errors"][0]["message"]
