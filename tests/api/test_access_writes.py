"""What a role may create, update and destroy: values by whitelist, rows by scope, and what it is told of it."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import psycopg

from .conftest import Api
from .restricted import (
    ALL,
    DENIED,
    FAIL,
    LOW,
    Permit,
    add_role,
    data_of,
    define,
    guard_of,
    insert,
    message_of,
    permit,
    restricted_tables,
    row_of,
)

#: fixtures
__all__ = ["define", "permit", "restricted_tables"]


# -- create ------------------------------------------------------------------------------------------------------------


def test_without_the_permission_nothing_is_created(permit: Permit, api: Api) -> None:
    client = permit(strategy=["view", "update"], notes={"create": ALL})
    before = api.db.execute("select count(*) from tasks").fetchone()
    assert message_of(client.post("/tasks:create", json={"title": "a"})) == DENIED
    assert message_of(client.post("/tasks:create", json=[])) == DENIED
    assert api.db.execute("select count(*) from tasks").fetchone() == before


def test_a_create_ignores_what_is_not_in_the_whitelist(permit: Permit, api: Api) -> None:
    client = permit(tasks={"create": {"fields": ["title"]}, "view": ALL})
    made = data_of(client.post("/tasks:create", json={"title": "a", "level": 9, "id": 999_999}))
    assert (made["title"], made["level"], made["createdById"]) == ("a", 1, client.id)
    assert made["id"] != 999_999


def test_each_record_of_a_list_has_the_whitelist(permit: Permit) -> None:
    client = permit(tasks={"create": {"fields": ["title"]}, "view": ALL})
    made = data_of(client.post("/tasks:create", json=[{"title": "a", "level": 9}, {"title": "b", "level": 8}]))
    assert [(task["title"], task["level"]) for task in made] == [("a", 1), ("b", 1)]


def test_the_whitelists_of_role_and_client_meet(permit: Permit) -> None:
    client = permit(tasks={"create": {"fields": ["title", "level"]}, "view": ALL})
    made = data_of(client.post("/tasks:create?whitelist=level,code", json={"title": "a", "level": 9, "code": "c"}))
    assert (made["title"], made["level"], made["code"]) == (None, 9, None)


def test_an_empty_whitelist_is_none(permit: Permit) -> None:
    client = permit(tasks={"create": {"fields": []}, "view": ALL})
    assert data_of(client.post("/tasks:create", json={"title": "a", "level": 9}))["level"] == 9


def test_a_reply_shows_what_is_in_view(permit: Permit) -> None:
    client = permit(tasks={"create": ALL, "view": {"fields": ["title"]}})
    made = data_of(client.post("/tasks:create", json={"title": "a", "secret": "mine 1"}))
    assert made == {"id": made["id"], "title": "a", "createdById": client.id}


def test_a_reply_of_who_may_not_view_is_the_key(permit: Permit) -> None:
    client = permit(tasks={"create": ALL})
    made = data_of(client.post("/tasks:create", json={"title": "a"}))
    assert made.keys() == {"id"}


def test_a_new_record_outside_the_view_is_shown_by_its_key(permit: Permit) -> None:
    client = permit(tasks={"create": ALL, "view": {"scope": LOW}})
    inside = data_of(client.post("/tasks:create", json={"title": "a", "level": 2}))
    outside = data_of(client.post("/tasks:create", json={"title": "a", "level": 9}))
    assert inside["title"] == "a"
    assert outside.keys() == {"id"}


# -- update ------------------------------------------------------------------------------------------------------------


def test_an_update_ignores_what_is_not_in_the_whitelist(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": {"fields": ["title"]}, "view": ALL})
    task = insert(api, "tasks", title="a")
    (changed,) = data_of(client.post(f"/tasks:update?filterByTk={task}", json={"title": "b", "level": 9}))
    assert (changed["title"], changed["level"]) == ("b", 1)
    (same,) = data_of(client.post(f"/tasks:update?filterByTk={task}", json={"level": 9}))
    assert (same["level"], same["updatedById"]) == (1, client.id)


def test_an_update_reaches_only_the_scope(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": {"scope": LOW}, "view": ALL})
    low, high = insert(api, "tasks", title="a", level=2), insert(api, "tasks", title="a", level=9)
    assert data_of(client.post(f"/tasks:update?filterByTk={high}", json={"title": "b"})) == []
    assert data_of(client.post("/tasks:update?filterByTk=888888", json={"title": "b"})) == []
    filter_ = json.dumps({"id": {"$in": [low, high]}})
    changed = data_of(client.post("/tasks:update", params={"filter": filter_}, json={"title": "b"}))
    assert [task["id"] for task in changed] == [low]
    assert row_of(api, "tasks", high)["title"] == "a"


def test_own_is_what_one_created(permit: Permit, api: Api) -> None:
    client = permit(strategy=["create", "view:own", "update:own", "destroy:own"])
    own = data_of(client.post("/tasks:create", json={"title": "mine"}))["id"]
    other = insert(api, "tasks", title="theirs", createdById=1)
    assert len(data_of(client.post(f"/tasks:update?filterByTk={own}", json={"title": "b"}))) == 1
    assert data_of(client.post(f"/tasks:update?filterByTk={other}", json={"title": "b"})) == []
    assert message_of(client.post(f"/tasks:destroy?filterByTk={other}")) == DENIED
    assert data_of(client.post(f"/tasks:destroy?filterByTk={own}")) == 1


def test_own_without_the_column_is_denied(permit: Permit, api: Api) -> None:
    client = permit(strategy=["update:own", "destroy:own"])
    tag = insert(api, "tags", name="t")
    assert message_of(client.post(f"/tags:update?filterByTk={tag}", json={"name": "x"})) == DENIED
    assert message_of(client.post(f"/tags:destroy?filterByTk={tag}")) == DENIED


def test_a_scope_whose_variable_has_no_value_reaches_nothing(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": {"scope": {"code": "{{$user.phone}}"}}, "view": ALL})
    task = insert(api, "tasks", title="a")
    assert data_of(client.post(f"/tasks:update?filterByTk={task}", json={"title": "b"})) == []


def test_a_scope_may_ask_for_what_the_user_is(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": {"scope": {"title": "{{ctx.state.currentUser.username}}"}}, "view": ALL})
    (name,) = api.db.execute("select username from orchestrator.users where id = %s", (client.id,)).fetchone() or ("",)
    mine, other = insert(api, "tasks", title=name), insert(api, "tasks", title="x")
    assert len(data_of(client.post(f"/tasks:update?filterByTk={mine}", json={"level": 2}))) == 1
    assert data_of(client.post(f"/tasks:update?filterByTk={other}", json={"level": 2})) == []


def test_a_filter_finds_only_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": ALL, "destroy": ALL, "view": {"scope": LOW, "fields": ["title", "level"]}})
    title = secrets.token_hex(4)
    low, high = insert(api, "tasks", title=title, level=2), insert(api, "tasks", title=title, level=9)
    params = {"filter": json.dumps({"title": title})}
    assert [row["id"] for row in data_of(client.post("/tasks:update", params=params, json={"level": 3}))] == [low]
    assert data_of(client.post("/tasks:destroy", params=params)) == 1
    assert row_of(api, "tasks", high)["level"] == 9


def test_a_filter_on_a_column_that_is_not_in_view_is_refused(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": ALL, "destroy": ALL, "view": {"fields": ["title"]}})
    insert(api, "tasks", title="a", secret="known")
    unknown = client.post("/tasks:update", params={"filter": '{"nosuch": "x"}'}, json={"title": "b"})
    for action in ("update", "destroy"):
        for filter_ in ('{"secret": "known"}', '{"notes.id": 1}'):
            response = client.post(f"/tasks:{action}", params={"filter": filter_}, json={"title": "b"})
            assert message_of(response) == message_of(unknown)
    keyed = client.post("/tasks:update", params={"filterByTk": '{"secret": "known"}'}, json={"title": "b"})
    assert keyed.status_code == 400


def test_the_reply_of_an_update_shows_what_is_in_view(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": ALL, "view": {"fields": ["title"], "scope": LOW}})
    task = insert(api, "tasks", title="a", level=2)
    (shown,) = data_of(client.post(f"/tasks:update?filterByTk={task}", json={"title": "b"}))
    assert shown == {"id": task, "title": "b", "createdById": None}
    (bare,) = data_of(client.post(f"/tasks:update?filterByTk={task}", json={"level": 9}))
    assert bare == {"id": task}


def test_a_list_of_updates_reaches_only_the_scope(permit: Permit, api: Api) -> None:
    client = permit(tasks={"update": {"scope": LOW, "fields": ["title"]}, "view": ALL})
    low, high = insert(api, "tasks", title="a", level=2), insert(api, "tasks", title="a", level=9)
    values = [{"id": low, "title": "b", "level": 3}, {"id": high, "title": "b"}]
    changed = data_of(client.post("/tasks:update?forceUpdate=1", json=values))
    assert [[(row["title"], row["level"]) for row in rows] for rows in changed] == [[("b", 2)], []]


def test_no_guard_hears_of_an_update_outside_the_scope(permit: Permit, api: Api, define: Any) -> None:
    client = permit(tasks={"update": {"scope": LOW}, "view": {"scope": LOW}})
    high = insert(api, "tasks", title="a", level=9)
    define(guard_of("deny_all", "tasks", FAIL, actions=("update",)))
    assert data_of(client.post(f"/tasks:update?filterByTk={high}", json={"title": "b"})) == []


# -- destroy -----------------------------------------------------------------------------------------------------------


def test_a_record_out_of_scope_and_one_that_is_missing_are_the_same(permit: Permit, api: Api) -> None:
    client = permit(tasks={"destroy": {"scope": LOW}, "view": ALL})
    high, low = insert(api, "tasks", level=9), insert(api, "tasks", level=2)
    for keys in (f"{high}", "888888", f"{low},{high}"):
        params: Any = {"filterByTk[]": keys.split(",")} if "," in keys else {"filterByTk": keys}
        assert message_of(client.post("/tasks:destroy", params=params)) == DENIED
    for key in (high, 888_888):
        params = {"filter": json.dumps({"id": key})}
        assert data_of(client.post("/tasks:destroy", params=params)) == 0
    assert data_of(client.post(f"/tasks:destroy?filterByTk={low}")) == 1


def test_without_a_scope_a_missing_record_is_no_error(permit: Permit) -> None:
    client = permit(tasks={"destroy": ALL, "view": ALL})
    assert data_of(client.post("/tasks:destroy?filterByTk=888888")) == 0


# -- what errors tell --------------------------------------------------------------------------------------------------


def test_a_taken_value_of_a_column_in_view_is_told(permit: Permit, api: Api) -> None:
    client = permit(tasks={"create": ALL, "view": {"fields": ["code"]}})
    code = secrets.token_hex(4)
    insert(api, "tasks", code=code)
    assert message_of(client.post("/tasks:create", json={"code": code})) == (400, "code already exists")


def test_a_taken_value_of_a_hidden_column_is_told_without_its_name(permit: Permit, api: Api) -> None:
    client = permit(tasks={"create": ALL, "view": {"fields": ["code"]}})
    secret = secrets.token_hex(4)
    insert(api, "tasks", secret=secret)
    assert message_of(client.post("/tasks:create", json={"secret": secret})) == (400, "value already exists")


def test_a_check_of_a_table_that_is_not_wholly_in_view_is_told_without_its_name(permit: Permit, api: Api) -> None:
    blind = permit(tasks={"create": ALL, "view": {"fields": ["code"]}})
    sees = permit(tasks={"create": ALL, "view": ALL})
    status, message = message_of(blind.post("/tasks:create", json={"secret": "forbidden"}))
    assert (status, "tasks" in message, "secret" in message) == (400, False, False)
    assert "tasks_secret_check" in message_of(sees.post("/tasks:create", json={"secret": "forbidden"}))[1]


def test_a_missing_value_of_a_hidden_column_is_told_without_its_name(permit: Permit) -> None:
    blind = permit(tasks={"create": {"fields": ["title", "id"]}, "update": {"fields": ["title"]}})
    writes = permit(tasks={"create": ALL})
    api_values = {"title": "a", "level": None}
    assert blind.post("/tasks:create", json=api_values).status_code == 200
    assert message_of(writes.post("/tasks:create", json=api_values)) == (400, "level cannot be null")


def test_a_record_that_hidden_ones_refer_to_is_kept_without_naming_them(permit: Permit, api: Api) -> None:
    client = permit(writers={"destroy": ALL, "view": ALL})
    writer = insert(api, "writers", name="w")
    insert(api, "notes", writerId=writer)
    status, message = message_of(client.post(f"/writers:destroy?filterByTk={writer}"))
    assert status == 400
    assert "notes" not in message
    assert "writerId" not in message


def test_what_fails_at_the_commit_is_told_without_names(permit: Permit, api: Api) -> None:
    client = permit(tasks={"create": ALL, "view": {"fields": ["code"]}})
    response = client.post("/tasks:create", json={"atticId": 888_888})
    assert response.status_code == 400
    assert "attic" not in response.text


# -- several roles together --------------------------------------------------------------------------------------------


def test_roles_that_act_together_may_write_what_one_of_them_may(api: Api, login_dsn: str) -> None:
    one = add_role(api, {"tasks": {"update": {"fields": ["title"], "scope": LOW}, "view": ALL}}, [])
    two = add_role(api, {"tasks": {"update": {"fields": ["level"], "scope": {"title": "two"}}}}, [])
    user = api.add_user(f"u_{secrets.token_hex(4)}", one, two)
    low, high, other = (
        insert(api, "tasks", title="a", level=1),
        insert(api, "tasks", title="two", level=9),
        insert(api, "tasks", title="a", level=9),
    )

    def update(key: int) -> tuple[int, int]:
        request = {"action": "update", "filterByTk": key, "values": {"level": 3, "title": "two", "code": "x"}}
        with psycopg.connect(login_dsn) as login:
            row = login.execute(
                "select orchestrator.act(%s, 'tasks', null, %s, '__union__')", (json.dumps(request), user)
            ).fetchone()
        assert row is not None
        return int(row[0][:3]), len(json.loads(row[0][4:])["data"])

    assert [update(key) for key in (low, high, other)] == [(200, 1), (200, 1), (200, 0)]
    assert row_of(api, "tasks", low)["code"] is None


# -- what it costs -----------------------------------------------------------------------------------------------------


def _calls(api: Api, dsn: str, role: str, user: int, times: int) -> dict[str, int]:
    """How often functions are called for some creates in one session."""
    api.db.execute("alter role api_login set track_functions = 'all'")
    try:
        with psycopg.connect(dsn, autocommit=True) as login:
            api.db.execute("select pg_stat_reset()")
            for _ in range(times):
                request = json.dumps({"action": "create", "values": {"title": "counted"}})
                login.execute("select orchestrator.act(%s, 'tasks', null, %s, %s)", (request, user, role))
    finally:
        api.db.execute("alter role api_login reset track_functions")
    for _ in range(500):
        rows = api.db.execute("select funcname, calls from pg_stat_user_functions").fetchall()
        calls = {str(name): int(count) for name, count in rows}
        if calls.get("act", 0) >= times:
            return calls
        time.sleep(0.02)
    raise AssertionError("the statistics do not come")


def test_root_pays_nothing_and_others_read_their_permissions_once(permit: Permit, api: Api, login_dsn: str) -> None:
    client = permit(strategy=["create", "view"])
    role = api.db.execute("select role_name from orchestrator.roles_users where user_id = %s", (client.id,)).fetchone()
    root = _calls(api, login_dsn, "root", 1, 3)
    assert not root.keys() & {"access_revision", "access_document"}
    other = _calls(api, login_dsn, (role and role[0]) or "", client.id, 3)
    assert other["access_document"] == 1
