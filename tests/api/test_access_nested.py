"""What a role may write along with a record: nested records, and links to what is in view."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Api
from .restricted import (
    ALL,
    EVERYTHING,
    LOW,
    Permit,
    data_of,
    insert,
    insert_link,
    message_of,
    permit,
    restricted_tables,
    row_of,
    tag_ids,
)

#: fixtures
__all__ = ["permit", "restricted_tables"]


# -- nested records ----------------------------------------------------------------------------------------------------


def test_a_relation_that_is_not_in_the_whitelist_is_dropped(permit: Permit, api: Api) -> None:
    client = permit(strategy=EVERYTHING, tasks={"create": {"fields": ["title"]}, "view": ALL})
    tag = insert(api, "tags", name="t")
    made = data_of(client.post("/tasks:create?updateAssociationValues[]=tags", json={"title": "a", "tags": [tag]}))
    assert made["title"] == "a"
    assert tag_ids(api, made["id"]) == []


def test_items_are_only_linked_where_their_relation_is_not_to_be_updated(permit: Permit, api: Api) -> None:
    client = permit(strategy=EVERYTHING)
    tag = insert(api, "tags", name="t")
    task = insert(api, "tasks", title="a")
    values = {"tags": [{"id": tag, "name": "changed", "tasksTags": {"remark": "r"}}, {"name": "new"}]}
    data_of(client.post(f"/tasks:update?filterByTk={task}", json=values))
    assert tag_ids(api, task) == [tag]
    assert row_of(api, "tags", tag)["name"] == "t"
    assert api.db.execute('select remark from "tasksTags" where "taskId" = %s', (task,)).fetchone() == (None,)
    data_of(client.post(f"/tasks:update?filterByTk={task}", json={"tags": [{"name": "new"}]}))
    assert tag_ids(api, task) == [tag]
    data_of(client.post(f"/tasks:update?filterByTk={task}", json={"tags": []}))
    assert tag_ids(api, task) == []


def test_items_are_changed_and_created_by_the_permissions_of_their_own_collection(permit: Permit, api: Api) -> None:
    client = permit(
        tasks={"update": ALL, "view": ALL},
        tags={"update": {"fields": ["name"], "scope": LOW}, "create": {"fields": ["level"]}, "view": ALL},
        tasksTags={"create": ALL, "update": ALL, "view": ALL},
    )
    low, high = insert(api, "tags", name="low"), insert(api, "tags", name="high", level=9)
    task = insert(api, "tasks", title="a")
    values = {
        "tags": [
            {"id": low, "name": "changed", "level": 3},
            {"id": high, "name": "changed"},
            {"name": "new", "level": 4},
        ]
    }
    data_of(client.post(f"/tasks:update?filterByTk={task}&updateAssociationValues[]=tags", json=values))
    first, second, third = tag_ids(api, task)
    assert (first, second) == (low, high)
    rows = [row_of(api, "tags", key) for key in (low, high, third)]
    assert [(row["name"], row["level"]) for row in rows] == [("changed", 1), ("high", 9), (None, 4)]


def test_nested_records_need_permissions_at_every_level(permit: Permit, api: Api) -> None:
    client = permit(
        tasks={"create": ALL, "view": ALL},
        notes={"create": {"fields": ["body", "writer"]}, "view": ALL},
        writers={"update": {"fields": ["name"]}, "view": ALL},
    )
    writer = insert(api, "writers", name="w", email="e")
    values = {
        "title": "a",
        "notes": [{"body": "n", "stars": 5, "writer": {"id": writer, "name": "changed", "email": "changed"}}],
    }
    path = "/tasks:create?updateAssociationValues[]=notes&updateAssociationValues[]=notes.writer"
    task = data_of(client.post(path, json=values))["id"]
    note = api.db.execute('select body, stars, "writerId" from notes where "taskId" = %s', (task,)).fetchone()
    assert note == ("n", 0, writer)
    assert (row_of(api, "writers", writer)["name"], row_of(api, "writers", writer)["email"]) == ("changed", "e")


def test_a_has_one_is_reduced_as_well(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": ALL, "view": ALL}, profiles={"view": ALL})
    task, profile = insert(api, "tasks"), insert(api, "profiles", bio="b")
    path = f"/tasks:update?filterByTk={task}&updateAssociationValues[]=profiles"
    data_of(client.post(path, json={"profiles": {"id": profile, "bio": "changed"}}))
    assert (row_of(api, "profiles", profile)["bio"], row_of(api, "profiles", profile)["taskId"]) == ("b", task)
    data_of(client.post(path, json={"profiles": {"bio": "new"}}))
    assert row_of(api, "profiles", profile)["taskId"] == task


def test_the_reply_shows_of_nested_records_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(
        tasks={"create": ALL, "view": ALL},
        notes={"create": ALL, "view": {"fields": ["body"]}},
        writers={"create": ALL},
    )
    values = {"title": "a", "notes": [{"body": "n", "stars": 5, "writer": {"name": "w"}}]}
    path = "/tasks:create?updateAssociationValues[]=notes&updateAssociationValues[]=notes.writer"
    (note,) = data_of(client.post(path, json=values))["notes"]
    assert note.keys() == {"id", "body", "createdById", "writer"}
    assert note["writer"].keys() == {"id"}


def test_a_new_record_that_is_not_in_view_may_have_records_of_its_own(permit: Permit, api: Api) -> None:
    client = permit(tasks={"create": ALL, "view": {"scope": LOW}}, notes={"create": ALL, "view": ALL})
    values = {"title": "a", "level": 9, "notes": [{"body": "n"}]}
    task = data_of(client.post("/tasks:create?updateAssociationValues[]=notes", json=values))["id"]
    assert api.db.execute('select count(*) from notes where "taskId" = %s', (task,)).fetchone() == (1,)


# -- links to what is not in view --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["listId", "list"])
@pytest.mark.parametrize("form", ["key", "object"])
def test_a_record_that_is_not_in_view_is_linked_like_one_that_is_missing(
    permit: Permit, api: Api, name: str, form: str
) -> None:
    client = permit(tasks={"create": ALL, "update": ALL, "view": ALL}, lists={"view": {"scope": LOW}})
    low, high = insert(api, "lists", level=1), insert(api, "lists", level=9)
    task = insert(api, "tasks", title="a")

    def value(key: int) -> Any:
        return {"id": key} if form == "object" and name == "list" else key

    for path in ("/tasks:create", f"/tasks:update?filterByTk={task}"):
        hidden, missing = (client.post(path, json={"title": "b", name: value(key)}) for key in (high, 888_888))
        assert message_of(hidden) == message_of(missing)
        assert hidden.status_code == 400
        assert client.post(path, json={name: value(low)}).status_code == 200
    assert row_of(api, "tasks", task)["listId"] == low


def test_a_link_that_is_there_may_be_sent_again(permit: Permit, api: Api) -> None:
    high = insert(api, "lists", level=9)
    task = insert(api, "tasks", title="a", listId=high)
    sees = permit(tasks={"update": ALL, "view": ALL}, lists={"view": {"scope": LOW}})
    assert len(data_of(sees.post(f"/tasks:update?filterByTk={task}", json={"title": "b", "listId": high}))) == 1
    blind = permit(tasks={"update": ALL, "view": {"fields": ["title"]}}, lists={"view": {"scope": LOW}})
    assert blind.post(f"/tasks:update?filterByTk={task}", json={"title": "c", "listId": high}).status_code == 400


def test_a_column_refers_to_what_is_in_view_whichever_side_defines_the_relation(permit: Permit, api: Api) -> None:
    client = permit(strategy=["create", "view", "update"], tasks={"view": {"scope": LOW}})
    low, high, tag = insert(api, "tasks", level=1), insert(api, "tasks", level=9), insert(api, "tags")
    assert client.post("/notes:create", json={"taskId": high}).status_code == 400
    assert client.post("/notes:create", json={"taskId": low}).status_code == 200
    assert client.post("/tasksTags:create", json={"taskId": high, "tagId": tag}).status_code == 400
    assert client.post("/tasksTags:create", json={"taskId": low, "tagId": tag}).status_code == 200


@pytest.mark.parametrize("form", ["key", "object"])
def test_to_many_links_lead_only_to_what_is_in_view(permit: Permit, api: Api, form: str) -> None:
    client = permit(
        tasks={"update": ALL, "view": ALL}, tags={"view": {"scope": LOW}}, notes={"view": {"scope": {"stars": 0}}}
    )
    low, high = insert(api, "tags", level=1), insert(api, "tags", level=9)
    task, note = insert(api, "tasks"), insert(api, "notes", stars=5)

    def linked(name: str, key: int) -> httpx.Response:
        value = [{"id": key}] if form == "object" else [key]
        return client.post(f"/tasks:update?filterByTk={task}", json={name: value})

    assert linked("tags", low).status_code == 200
    for name, hidden in (("tags", high), ("notes", note)):
        answer, missing = linked(name, hidden), linked(name, 888_888)
        assert answer.status_code == missing.status_code
        assert answer.json().get("errors") == missing.json().get("errors")
    assert high not in tag_ids(api, task)
    assert row_of(api, "notes", note)["taskId"] is None


def test_hidden_links_stay_when_the_whole_set_is_replaced(permit: Permit, api: Api) -> None:
    client = permit(
        tasks={"update": ALL, "view": ALL}, tags={"view": {"scope": LOW}}, notes={"view": {"scope": {"stars": 0}}}
    )
    seen, other, hidden = insert(api, "tags"), insert(api, "tags"), insert(api, "tags", level=9)
    task = insert(api, "tasks")
    for tag in (seen, hidden):
        insert_link(api, task, tag)
    shown, secret = insert(api, "notes", taskId=task), insert(api, "notes", taskId=task, stars=5)
    data_of(client.post(f"/tasks:update?filterByTk={task}", json={"tags": [other], "notes": []}))
    assert tag_ids(api, task) == [other, hidden]
    assert (row_of(api, "notes", shown)["taskId"], row_of(api, "notes", secret)["taskId"]) == (None, task)
    assert client.post(f"/tasks/{task}/tags:set", json=[seen]).status_code == 200
    assert tag_ids(api, task) == sorted([seen, hidden])
