"""Permissions in statements that write: what is changed, linked and shown of rows that may not all be seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.errors import InvalidError

from .permitted import BAD, MINE, Asked, asked

#: fixtures
__all__ = ["asked"]


def _from(collection: str, name: str, key: Any) -> dict[str, Any]:
    return {"collection": collection, "name": name, "key": key}


def changed(asked: Asked, kind: str, **request: Any) -> list[Any]:
    """What is shown of the rows that a write changed."""
    values = {"columns": ["title"], "values": '{"title":"new"}'} if kind == "update" else {}
    return asked.data("docs", kind=kind, keys=["id"], **values, **request)


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_rows_are_changed_within_the_scope_of_the_action(asked: Asked, kind: str) -> None:
    def ids(**request: Any) -> list[int]:
        return [row["id"] for row in changed(asked, kind, **request)]

    everything: Any = {"access": {"docs": {}, "teams": {}}, "scope": MINE}
    assert ids(filterByTk=[1, 2, 3], **everything) == [1, 2]
    assert ids(filterByTk=3, **everything) == []
    assert ids(filterByTk=1, access={"docs": {}}, scope=False) == []
    assert ids(filter={"team.name": "red"}, **everything) == [1]


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_a_filter_finds_what_may_be_seen_alone(asked: Asked, kind: str) -> None:
    request: Any = {"access": {"docs": {"scope": {"teamId": 1}}}, "scope": True}
    assert [row["id"] for row in changed(asked, kind, filter={"secret.$ne": "q"}, **request)] == [1, 3]
    blind: Any = {"access": {}, "scope": MINE}
    assert changed(asked, kind, filter={"id": 1}, **blind) == []
    with pytest.raises(InvalidError, match=f"^{BAD}$"):
        changed(asked, kind, filter={"title": "one"}, **blind)


@pytest.mark.parametrize("kind", ["update", "delete", "select"])
def test_of_changed_rows_is_shown_what_may_be_seen(asked: Asked, kind: str) -> None:
    title = "new" if kind == "update" else "two"
    access: Any = {"docs": {"fields": ["title"], "scope": {"teamId": 2}}}
    shown = changed(asked, kind, filterByTk=[1, 2], access=access, scope=True)
    assert shown == [{"id": 1}, {"id": 2, "title": title}]
    assert changed(asked, kind, filterByTk=[1, 2], access={}, scope=True) == [{"id": 1}, {"id": 2}]


def test_of_rows_that_come_in_a_list_is_shown_what_may_be_seen(asked: Asked) -> None:
    access: Any = {"docs": {"fields": ["title"], "scope": {"teamId": 2}}}
    request: Any = {"kind": "update", "columns": ["title"], "values": '{"title":"new"}', "filterByTk": [1, 2]}
    ((data, count),) = asked.rows("docs", **request, access=access, scope=True)
    assert (json.loads(data), count) == ([{"id": 1}, {"id": 2, "title": "new"}], "2")


def test_of_a_new_row_is_shown_what_may_be_seen(asked: Asked) -> None:
    def shown(access: Any, team: int = 1) -> Any:
        values = json.dumps({"id": 9, "title": "t", "secret": "s", "teamId": team})
        request = {"columns": ["id", "title", "secret", "teamId"], "values": values, "single": True}
        return asked.data("docs", kind="insert", **request, access=access)

    assert shown({"docs": {"fields": ["title"]}}) == {"id": 9, "title": "t"}
    assert shown({}) == {"id": 9}
    of_red: Any = {"docs": {"fields": ["title"], "scope": {"team.name": "red"}}}
    assert shown(of_red) == {"id": 9, "title": "t"} and shown(of_red, team=2) == {"id": 9}


def test_columns_are_written_whether_they_may_be_seen_or_not(asked: Asked) -> None:
    request: Any = {"columns": ["secret"], "values": '{"secret":"s"}', "filterByTk": 1, "keys": ["id"]}
    assert asked.data("docs", kind="update", **request, access={"docs": {"fields": []}}) == [{"id": 1}]


def test_what_may_not_be_seen_is_not_linked(asked: Asked) -> None:
    def link(access: Any) -> Any:
        source = {"collection": "docs", "name": "tags", "value": 4}
        request: Any = {"kind": "link", "association": source, "filter": {"id": {"$in": [1, 2]}}, "rendering": None}
        return asked.rows("tags", **request, access=access)[0]

    assert link({"tags": {}}) == 2
    assert link({"tags": {"scope": {"name": "b"}}}) == 1
    assert link({"docs": {}}) == 0


def test_paths_through_hidden_rows_change_nothing(asked: Asked) -> None:
    def removed(access: Any, key: int) -> Any:
        request: Any = {"kind": "delete", "rendering": None, "filterByTk": [1, 2], "access": access}
        return asked.rows("notes", association=_from("docs", "notes", key), **request)[0]

    access: Any = {"docs": {"scope": MINE}, "notes": {"fields": []}}
    assert removed(access, 1) == 1 and removed(access, 3) == 0
