"""Scopes: variables stand for values of who asks, and what has none asks for no row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.access import Grant
from orchestrator.access.scopes import resolve, to_variable_names
from orchestrator.model.variables import Variables

_USER = {"id": 7, "deptId": 3, "nickname": None, "roles": [{"name": "a"}, {"name": "b"}], "teams": []}


def _variables(**user: Any) -> Variables:
    return Variables(now=datetime(2026, 5, 4, 10, tzinfo=UTC), zone=UTC, user=_USER | user, role=["a", "b"])


@pytest.mark.parametrize(
    "text",
    [
        "{{$user.deptId}}",
        "{{ ctx.state.currentUser.deptId }}",
        "{{state.currentUser.deptId}}",
        "{{currentUser.deptId}}",
    ],
)
def test_the_user_is_known_by_several_names(text: str) -> None:
    assert resolve({"deptId": text}, _variables()) == {"deptId": 3}
    assert to_variable_names({"$and": [{"deptId": {"$eq": text}}]}) == {"$user.deptId"}


@pytest.mark.parametrize("text", ["{{ctx.state.currentRole}}", "{{ctx.state.currentRoles}}", "{{$nRole}}"])
def test_the_roles_that_act(text: str) -> None:
    assert resolve({"role.$in": text}, _variables()) == {"role.$in": ["a", "b"]}


def test_a_variable_counts_in_lists_and_negated() -> None:
    scope = {"$not": {"deptId": {"$in": [1, "{{$user.deptId}}"]}}}
    assert resolve(scope, _variables()) == {"$not": {"deptId": {"$in": [1, 3]}}}


def test_a_list_joins_the_list_that_it_stands_in() -> None:
    assert resolve({"name.$in": ["x", "{{$user.roles.name}}"]}, _variables()) == {"name.$in": ["x", "a", "b"]}


@pytest.mark.parametrize(
    "condition",
    [
        "{{$user.nickname}}",
        "{{$user.teams.id}}",
        "{{$user.unheardOf}}",
        "{{$env.secret}}",
        "{{$user}}",
        "prefix {{$user.id}}",
        "{{$user.id",
        {"$ne": "{{$user.nickname}}"},
        {"$notIn": ["{{$user.nickname}}"]},
        {"$notIn": "{{$user.teams.id}}"},
    ],
)
def test_a_variable_without_a_value_leaves_no_row(condition: Any) -> None:
    assert resolve({"$or": [{"public": True}, {"a": condition}]}, _variables()) is False
    assert resolve({"$not": {"a": condition}}, _variables()) is False


def test_without_a_user_nothing_is_ones_own() -> None:
    nobody = Variables(now=datetime.now(UTC), zone=UTC)
    assert resolve({"createdById": "{{$user.id}}"}, nobody) is False


def test_null_itself_is_no_variable() -> None:
    assert resolve({"deletedAt": None}, _variables()) == {"deletedAt": None}


def test_dates_are_spans_for_date_operators_and_instants_for_others() -> None:
    resolved = resolve({"at": {"$dateOn": "{{$nDate.today}}"}, "due.$gte": "{{$nDate.today}}"}, _variables())
    assert resolved == {"at": {"$dateOn": {"type": "today"}}, "due.$gte": "2026-05-04T00:00:00+00:00"}


@pytest.mark.parametrize("scope", ["", "all", [], [{"a": 1}], 1, True])
def test_what_is_no_filter_leaves_no_row(scope: Any) -> None:
    assert resolve(scope, _variables()) is False


def test_a_filter_nested_too_deeply_leaves_no_row() -> None:
    scope: dict[str, Any] = {"a": "{{$user.id}}"}
    for _ in range(100):
        scope = {"$and": [scope]}
    assert resolve(scope, _variables()) is False


def test_of_two_roles_scopes_one_without_a_value_leaves_the_other() -> None:
    grant = Grant(scopes=({"a": "{{$user.nickname}}"}, {"b": "{{$user.id}}"}))
    assert grant.rows(_variables()) == {"b": 7}
    assert grant.rows(_variables(id=None)) is False
    assert grant.rows(_variables(nickname="x")) == {"$or": [{"a": "x"}, {"b": 7}]}
    assert grant.names() == {"$user.nickname", "$user.id"}
