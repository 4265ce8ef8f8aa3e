"""What a role may relate, and write on paths through relations."""

from __future__ import annotations

import pytest

from .conftest import Api
from .restricted import (
    ALL,
    DENIED,
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


# -- add, set, remove, toggle ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["add", "set", "remove", "toggle"])
def test_links_need_update_on_the_source_with_the_relation_and_the_row(permit: Permit, api: Api, action: str) -> None:
    task, high, tag = insert(api, "tasks"), insert(api, "tasks", level=9), insert(api, "tags")
    target_only = permit(strategy=EVERYTHING, tasks={"view": ALL})
    other_names = permit(strategy=EVERYTHING, tasks={"view": ALL, "update": {"fields": ["title"]}})
    in_scope = permit(strategy=["view"], tasks={"view": ALL, "update": {"fields": ["tags"], "scope": LOW}})
    for client in (target_only, other_names):
        assert message_of(client.post(f"/tasks/{task}/tags:{action}", json=[tag])) == DENIED
    assert message_of(in_scope.post(f"/tasks/{high}/tags:{action}", json=[tag])) == DENIED
    assert message_of(in_scope.post(f"/tasks/888888/tags:{action}", json=[tag])) == DENIED
    assert in_scope.post(f"/tasks/{task}/tags:{action}", json=[tag]).status_code == 200
    assert tag_ids(api, high) == []


def test_links_are_added_and_removed_only_to_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": ALL, "view": ALL}, tags={"view": {"scope": LOW}}, lists={"view": {"scope": LOW}})
    task, low, high = insert(api, "tasks"), insert(api, "tags"), insert(api, "tags", level=9)
    assert client.post(f"/tasks/{task}/tags:add", json=[low, high]).status_code == 200
    assert tag_ids(api, task) == [low]
    insert_link(api, task, high)
    assert client.post(f"/tasks/{task}/tags:remove", json=[low, high]).status_code == 200
    assert client.post(f"/tasks/{task}/tags:toggle", json=[high]).status_code == 200
    assert tag_ids(api, task) == [high]
    hidden, missing = (
        client.post(f"/tasks/{task}/list:set?filterByTk={key}") for key in (insert(api, "lists", level=9), 888_888)
    )
    assert message_of(hidden) == message_of(missing)
    assert client.post(f"/tasks/{task}/list:set?filterByTk={insert(api, 'lists')}").status_code == 200


def test_values_of_links_need_permissions_on_the_join_table(permit: Permit, api: Api) -> None:
    task, tag = insert(api, "tasks"), insert(api, "tags")
    pair = [[tag, {"remark": "r", "secret": "s"}]]
    without = permit(tasks={"update": ALL, "view": ALL}, tags={"view": ALL})
    some = permit(
        tasks={"update": ALL, "view": ALL},
        tags={"view": ALL},
        tasksTags={"create": {"fields": ["remark"]}, "update": {"fields": ["remark"]}},
    )
    query = 'select remark, secret from "tasksTags" where "taskId" = %s'
    assert without.post(f"/tasks/{task}/tags:add", json=pair).status_code == 200
    assert api.db.execute(query, (task,)).fetchone() == (None, "hidden")
    assert some.post(f"/tasks/{task}/tags:add", json=pair).status_code == 200
    assert api.db.execute(query, (task,)).fetchone() == ("r", "hidden")
    values = {"tasksTags": {"remark": "q", "secret": "s"}}
    upd = permit(tasks={"view": ALL}, tags={"view": ALL, "update": ALL}, tasksTags={"update": {"fields": ["remark"]}})
    data_of(upd.post(f"/tasks/{task}/tags:update?filterByTk={tag}", json=values))
    assert api.db.execute(query, (task,)).fetchone() == ("q", "hidden")


def test_lists_in_columns_need_update_on_the_row_with_the_column(permit: Permit, api: Api) -> None:
    task, high = insert(api, "tasks", labels=["a"]), insert(api, "tasks", labels=["a"], level=9)
    client = permit(tasks={"view": ALL, "update": {"fields": ["labels"], "scope": LOW}})
    other = permit(tasks={"view": ALL, "update": {"fields": ["title"]}})
    assert client.post(f"/tasks/{task}/labels:add", json=["b"]).status_code == 200
    for who, key in ((client, high), (client, 888_888), (other, task)):
        assert message_of(who.post(f"/tasks/{key}/labels:add", json=["c"])) == DENIED
    assert (row_of(api, "tasks", task)["labels"], row_of(api, "tasks", high)["labels"]) == (["a", "b"], ["a"])


# -- paths through relations -------------------------------------------------------------------------------------------


def test_a_path_needs_the_permission_on_its_target(permit: Permit, api: Api) -> None:
    task = insert(api, "tasks")
    client = permit(tasks=dict.fromkeys(EVERYTHING, ALL), notes={"view": ALL})
    note = insert(api, "notes", taskId=task)
    assert message_of(client.post(f"/tasks/{task}/notes:create", json={"body": "n"})) == DENIED
    assert message_of(client.post(f"/tasks/{task}/notes:update?filterByTk={note}", json={"body": "n"})) == DENIED
    assert message_of(client.post(f"/tasks/{task}/notes:destroy?filterByTk={note}")) == DENIED


def test_a_record_is_created_below_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": {"scope": LOW}}, notes={"create": {"fields": ["body"]}, "view": ALL})
    low, high = insert(api, "tasks"), insert(api, "tasks", level=9)
    made = data_of(client.post(f"/tasks/{low}/notes:create", json={"body": "n", "stars": 5}))
    assert (made["taskId"], made["stars"], made["createdById"]) == (low, 0, client.id)
    hidden, missing = (client.post(f"/tasks/{key}/notes:create", json={"body": "n"}) for key in (high, 888_888))
    assert hidden.status_code == 404
    assert message_of(hidden) == message_of(missing)


def test_rows_below_a_source_that_is_not_in_view_are_out_of_reach(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": {"scope": LOW}}, tags={"update": ALL, "destroy": ALL, "view": ALL})
    high, tag = insert(api, "tasks", level=9), insert(api, "tags", name="t")
    insert_link(api, high, tag)
    assert data_of(client.post(f"/tasks/{high}/tags:update?filterByTk={tag}", json={"name": "x"})) == []
    assert data_of(client.post(f"/tasks/{high}/tags:destroy?filterByTk={tag}")) is True
    assert row_of(api, "tags", tag)["name"] == "t"


def test_a_path_to_one_record_that_a_column_of_the_source_names_changes_the_source(permit: Permit, api: Api) -> None:
    task = insert(api, "tasks")
    lists = {"create": ALL, "view": ALL}
    without = permit(tasks={"view": ALL}, lists=lists)
    with_it = permit(tasks={"view": ALL, "update": {"fields": ["list"]}}, lists=lists)
    assert message_of(without.post(f"/tasks/{task}/list:create", json={"name": "l"})) == DENIED
    made = data_of(with_it.post(f"/tasks/{task}/list:create", json={"name": "l"}))
    assert row_of(api, "tasks", task)["listId"] == made["id"]


def test_a_path_to_one_record_reaches_only_the_scope(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": ALL}, profiles={"update": {"scope": LOW}, "destroy": {"scope": LOW}, "view": ALL})
    task, other = insert(api, "tasks"), insert(api, "tasks")
    insert(api, "profiles", taskId=task)
    high = insert(api, "profiles", taskId=other, level=9, bio="b")
    assert data_of(client.post(f"/tasks/{task}/profiles:update", json={"bio": "x"}))["bio"] == "x"
    assert client.post(f"/tasks/{other}/profiles:update", json={"bio": "x"}).status_code == 404
    assert data_of(client.post(f"/tasks/{other}/profiles:destroy")) is True
    assert row_of(api, "profiles", high)["bio"] == "b"


def test_a_has_one_before_the_new_one_stays_where_it_is_not_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"view": ALL}, profiles={"create": ALL, "view": {"scope": LOW}})
    task = insert(api, "tasks")
    hidden = insert(api, "profiles", taskId=task, level=9)
    assert client.post(f"/tasks/{task}/profiles:create", json={"bio": "x"}).status_code == 400
    assert row_of(api, "profiles", hidden)["taskId"] == task
