"""`meta.allowedActions`: what a role may do to the records that it is shown."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api

from .viewing import Ask, ask, client, data, ids, world

#: fixtures
__all__ = ["ask", "client", "data", "ids", "world"]


_META = {"X-With-ACL-Meta": "true"}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("everything", {"view": [1, 2, 3, 4], "update": [1, 2, 3, 4], "destroy": [1, 2, 3, 4]}),
        ("owner", {"view": [1, 2], "update": [1, 2], "destroy": []}),
        ("scoped", {"view": [1, 2], "update": [2], "destroy": []}),
        ("titles", {"view": [1, 2, 3, 4], "update": [], "destroy": []}),
    ],
)
def test_a_page_tells_what_may_be_done_to_its_records(ask: Ask, role: str, allowed: dict[str, list[int]]) -> None:
    page = ask(role, "/notes:list", headers=_META).json()
    assert page["meta"]["allowedActions"] == allowed
    assert page["meta"]["count"] == len(allowed["view"])
    one = ask(role, "/notes:get/2", headers=_META).json()
    assert one["meta"] == {"allowedActions": {name: [2] if 2 in keys else [] for name, keys in allowed.items()}}


def test_users_are_changed_by_who_holds_a_snippet(ask: Ask) -> None:
    allowed = ask("everything", "/users:list", headers=_META).json()["meta"]["allowedActions"]
    assert allowed["view"] and allowed["update"] == allowed["destroy"] == []
    allowed = ask("people", "/users:list", headers=_META).json()["meta"]["allowedActions"]
    assert allowed["view"] == allowed["update"] == allowed["destroy"]


def test_root_may_do_everything_to_what_is_on_a_page(world: Api) -> None:
    page = world.root.get("/notes:list", params={"pageSize": 2}, headers=_META).json()
    assert page["meta"]["allowedActions"] == {"view": [1, 2], "update": [1, 2], "destroy": [1, 2]}


def test_nothing_is_told_where_it_is_not_asked_for_or_has_no_key(ask: Ask) -> None:
    assert "allowedActions" not in ask("owner", "/notes:list").json()["meta"]
    assert "meta" not in ask("owner", "/notes:get/1").json()
    assert "meta" not in ask("owner", "/notes:list", headers=_META, paginate="false").json()
    assert "meta" not in ask("owner", "/notes:get/3", headers=_META).json()
    for role, path, params in (
        ("owner", "/notes:list", {"fields": "title"}),
        ("owner", "/notes:list", {"filter": '{"title":"x"}'}),
        ("everything", "/notesMarks:list", {}),
    ):
        assert "allowedActions" not in ask(role, path, headers=_META, **params).json()["meta"]
