"""Variables in clients' filters: for reads, and for writes, where they fail closed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .conftest import Api


@pytest.fixture(autouse=True)
def _rows(api: Api) -> Iterator[None]:
    api.db.execute("truncate posts, comments, categories restart identity")
    day = datetime.now(timezone(timedelta(hours=14))).replace(hour=12, minute=0, second=0, microsecond=0)
    api.create(
        "posts",
        [
            {"title": "root", "read": 1, "publishedAt": day.isoformat()},
            {"title": "other", "read": 2, "publishedAt": (day - timedelta(days=1)).isoformat()},
            {"title": "{{$user.id}}", "read": 3, "publishedAt": (day - timedelta(days=10)).isoformat()},
            {"title": None, "read": 4},
        ],
    )
    yield
    api.db.execute("truncate posts, comments, categories restart identity")


def _reads(api: Api, filter_: Any, **headers: str) -> list[int]:
    response = api.root.get("/posts:list", params={"filter": json.dumps(filter_)}, headers=headers)
    assert response.status_code == 200, response.text
    return [row["read"] for row in response.json()["data"]]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"read": "{{$user.id}}"}, [1]),
        ({"read": "{{ $user.id }}"}, [1]),
        ({"read.$gt": "{{$user.id}}"}, [2, 3, 4]),
        ({"read": {"$or": [{"$lt": "{{$user.id}}"}, {"$eq": 4}]}}, [4]),
        ({"$and": [{"$or": [{"read": "{{$user.id}}"}, {"read": 2}]}]}, [1, 2]),
        ({"title": "{{$user.username}}"}, [1]),
        ({"title": "{{$user.roles.name}}"}, [1]),
        ({"title.$in": "{{$user.roles.name}}"}, [1]),
        ({"title": ["{{$nRole}}", "other"]}, [1, 2]),
        ({"title": "{{$nRole}}"}, [1]),
        ({"publishedAt.$lt": "{{$system.now}}", "title": "other"}, [2]),
        ({"category.level": "{{$user.phone}}", "read.$gt": 2}, [3, 4]),
        # what has no value asks for nulls
        ({"title": "{{$user.nope}}"}, [4]),
        ({"title": "{{$user.roles.users.roles.name}}"}, [4]),
        ({"title": "{{$context.x}}"}, [4]),
        ({"title": "{{ctx.state.currentUser.id}}"}, [4]),
        ({"title.$ne": "{{$user.nope.nope}}"}, [1, 2, 3]),
        # texts, not variables
        ({"title": "x{{$user.id}}"}, []),
        ({"title": "{{$user.id}}{{$user.id}}"}, []),
        ({"title.$in": ["{{$user.id}}"]}, [3]),
        ({"$not": {"title": "{{$user.id}}"}}, [1, 2]),
    ],
    ids=json.dumps,
)
def test_a_variable_is_replaced_where_it_is_the_whole_text(api: Api, filter_: Any, found: list[int]) -> None:
    assert _reads(api, filter_) == found


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"publishedAt.$dateOn": "{{$nDate.today}}"}, [1]),
        ({"publishedAt.$dateOn": "{{$date.yesterday}}"}, [2]),
        ({"publishedAt.$dateOn": "{{$nDate.tomorrow}}"}, []),
        ({"publishedAt.$dateBefore": "{{$nDate.yesterday}}"}, [3]),
        ({"publishedAt.$gte": "{{$nDate.today}}"}, [1]),
        ({"publishedAt.$dateBetween": "{{$nDate.last7Days}}"}, [1, 2]),
        ({"publishedAt.$dateBetween": "{{$nDate.last90Days}}"}, [1, 2, 3]),
        ({"publishedAt.$dateOn": "{{$nDate.next30Days}}"}, []),
        ({"publishedAt.$dateNotAfter": "{{$nDate.thisIsoWeek}}"}, [1, 2, 3]),
        ({"publishedAt.$dateAfter": "{{$nDate.lastYear}}", "read": 1}, [1]),
    ],
    ids=json.dumps,
)
def test_dates_are_those_of_the_requests_zone(api: Api, filter_: Any, found: list[int]) -> None:
    assert _reads(api, filter_, **{"X-Timezone": "+14:00"}) == found
    assert _reads(api, filter_, **{"X-Timezone": "Pacific/Kiritimati"}) == found


def test_what_the_session_does_not_know_of_the_user_is_read(api: Api) -> None:
    api.db.execute("update orchestrator.users set app_lang = 'other' where id = 1")
    try:
        assert _reads(api, {"title": "{{$user.appLang}}"}) == [2]
    finally:
        api.db.execute("update orchestrator.users set app_lang = null where id = 1")


def test_a_variable_says_nothing_to_who_is_not_signed_in(api: Api) -> None:
    response = api.guest.get("/posts:list", params={"filter": '{"read":"{{$user.id}}"}'})
    assert response.status_code == 401


def test_writes_take_variables_and_values_do_not(api: Api) -> None:
    path = "/posts:update?filter=" + json.dumps({"read": "{{$user.id}}"})
    changed = api.root.post(path, json={"title": "{{$user.id}}"}).json()["data"]
    assert [(row["read"], row["title"]) for row in changed] == [(1, "{{$user.id}}")]
    path = "/posts:destroy?filter=" + json.dumps({"publishedAt.$dateOn": "{{$nDate.today}}"})
    assert api.root.post(path, headers={"X-Timezone": "+14:00"}).json() == {"data": 1}
    assert _reads(api, {}) == [2, 3, 4]


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        ({"title": "{{$user.nope}}"}, '"{{$user.nope}}" has no value'),
        ({"title.$ne": "{{$user.phone}}"}, '"{{$user.phone}}" has no value'),
        ({"$or": [{"read": 1}, {"title": "{{$nope}}"}]}, '"{{$nope}}" has no value'),
        ({"title.$in": ["{{$user.id}}"]}, '"{{$user.id}}" is not replaced here, and would be taken for a text'),
        ({"$not": {"title": "{{$user.id}}"}}, '"{{$user.id}}" is not replaced here, and would be taken for a text'),
        ({"title.$notIn": ["{{$nRole}}"]}, '"{{$nRole}}" is not replaced here, and would be taken for a text'),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
@pytest.mark.parametrize("action", ["update", "destroy"])
def test_a_write_whose_variable_has_no_value_is_refused(api: Api, action: str, filter_: Any, message: str) -> None:
    path = f"/posts:{action}?filter={json.dumps(filter_)}"
    response = api.root.post(path, json={"read": 9} if action == "update" else {})
    assert (response.status_code, response.json()) == (400, {"errors": [{"message": message}]})
    assert _reads(api, {}) == [1, 2, 3, 4]


def test_guards_see_what_the_variables_stand_for(api: Api) -> None:
    document = {
        "key": "tell",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": "posts"},
        "nodes": [
            {
                "key": "say",
                "type": "response-message",
                "config": {"message": "filter {{$context.params.filter.read}} by {{$context.user.id}}"},
            }
        ],
    }
    api.db.execute("select orchestrator.define(%s)", (json.dumps(document),))
    path = '/posts:destroy?triggerWorkflows=tell&filter={"read":"{{$user.id}}"}'
    assert api.root.post(path).json() == {"data": 1, "messages": [{"message": "filter 1 by 1"}]}
