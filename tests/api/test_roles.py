"""The role that acts, and what clients are told of what it may do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.api.conftest import Api

_ALIASES = {
    "create": "create",
    "get": "view",
    "list": "view",
    "query": "view",
    "update": "update",
    "move": "update",
    "destroy": "destroy",
    "export": "export",
    "exportAttachments": "export",
}


def _add_role(api: Api, name: str, actions: Any = None, snippets: Any = None) -> None:
    api.db.execute(
        "insert into orchestrator.roles (name, strategy, snippets) values (%s, %s, %s)",
        (name, Jsonb({"actions": actions or []}), Jsonb(snippets or ["!pm", "!pm.*", "!ui.*"])),
    )


def _permit(api: Api, role: str, resource: str, **actions: dict[str, Any]) -> None:
    (id_,) = api.db.execute(
        "insert into orchestrator.data_sources_roles_resources (role_name, name, using_actions_config)"
        " values (%s, %s, true) returning id",
        (role, resource),
    ).fetchone() or (0,)
    for name, action in actions.items():
        fields = Jsonb(action["fields"]) if "fields" in action else None
        api.db.execute(
            "insert into orchestrator.data_sources_roles_resources_actions (roles_resource_id, name, fields, scope_id)"
            " values (%s, %s, %s, (select id from orchestrator.data_sources_roles_resources_scopes where key = %s))",
            (id_, name, fields, action.get("scope")),
        )


@pytest.fixture(scope="module")
def people(api: Api) -> Api:
    """bob is limited and an owner, carl is nothing, dora is an admin and a member."""
    _add_role(api, "limited")
    _add_role(api, "owner", ["create", "view:own", "update:own", "destroy:own"])
    api.add_user("bob", "limited", "owner")
    api.add_user("carl")
    api.add_user("dora", "admin", "member")
    return api


@pytest.fixture
def bob(people: Api) -> Iterator[httpx.Client]:
    with people.client("bob") as client:
        yield client


@pytest.fixture
def mode(people: Api) -> Iterator[Any]:
    """`mode("allow-use-union")` until the test ends."""

    def switch(name: str) -> None:
        people.db.execute(
            "update orchestrator.identity_settings set config = %s where key = 'roles'", (Jsonb({"roleMode": name}),)
        )

    yield switch
    switch("default")


def _role(client: httpx.Client, role: str | None = None) -> Any:
    response = client.get("/roles:check", headers={} if role is None else {"X-Role": role})
    assert response.status_code == 200, response.text
    return response.json()["data"]["role"]


def _soon(found: Callable[[], Any], expected: Any) -> None:
    """What was changed by hand counts when its announcement has arrived."""
    for _ in range(100):
        if found() == expected:
            return
        time.sleep(0.02)
    assert found() == expected


def test_the_first_role_acts_when_none_is_named(bob: httpx.Client) -> None:
    assert _role(bob) == "limited"


def test_a_named_role_acts(bob: httpx.Client) -> None:
    assert _role(bob, "owner") == "owner"


def test_the_default_role_acts_when_none_is_named(people: Api, bob: httpx.Client) -> None:
    people.db.execute("""update orchestrator.roles_users set "default" = true where role_name = 'owner'""")
    _soon(lambda: _role(bob), "owner")
    people.db.execute("""update orchestrator.roles_users set "default" = false where role_name = 'owner'""")
    _soon(lambda: _role(bob), "limited")


@pytest.mark.parametrize("path", ["/roles:check", "/auth:check", "/posts:list"])
@pytest.mark.parametrize("role", ["admin", "ghost"])
def test_a_role_of_somebody_else_is_refused_everywhere(bob: httpx.Client, path: str, role: str) -> None:
    response = bob.get(path, headers={"X-Role": role})
    assert response.status_code == 401
    assert response.json() == {
        "errors": [{"message": "The role does not belong to the user", "code": "ROLE_NOT_FOUND_FOR_USER"}]
    }


def test_who_has_no_role_is_refused(people: Api) -> None:
    with people.client("carl") as carl:
        response = carl.get("/roles:check")
    assert response.status_code == 401
    assert response.json()["errors"][0]["code"] == "USER_HAS_NO_ROLES_ERR"


def test_guests_have_no_role_to_check(people: Api) -> None:
    assert people.guest.get("/roles:check").json()["errors"][0]["code"] == "EMPTY_TOKEN"


def test_the_anonymous_role_needs_a_token_and_to_exist(people: Api, bob: httpx.Client) -> None:
    assert people.guest.get("/roles:check", headers={"X-Role": "anonymous"}).status_code == 401
    assert bob.get("/roles:check", headers={"X-Role": "anonymous"}).status_code == 403
    _add_role(people, "anonymous")
    _soon(lambda: bob.get("/roles:check", headers={"X-Role": "anonymous"}).status_code, 200)
    assert _role(bob, "anonymous") == "anonymous"
    assert bob.get("/roles:check").json()["data"]["allowAnonymous"] is True
    people.db.execute("delete from orchestrator.roles where name = 'anonymous'")
    _soon(lambda: bob.get("/roles:check").json()["data"]["allowAnonymous"], expected=False)


def test_all_roles_together_are_the_first_one_where_that_is_not_switched_on(bob: httpx.Client) -> None:
    assert _role(bob, "__union__") == "limited"


def test_all_roles_together_act_where_it_is_allowed(bob: httpx.Client, mode: Any) -> None:
    mode("allow-use-union")
    _soon(lambda: _role(bob, "__union__"), "__union__")
    assert _role(bob) == "limited"
    assert _role(bob, "owner") == "owner"


def test_all_roles_together_always_act_where_that_is_demanded(bob: httpx.Client, mode: Any) -> None:
    mode("only-use-union")
    _soon(lambda: [_role(bob), _role(bob, "owner")], ["__union__", "__union__"])
    assert bob.get("/roles:check", headers={"X-Role": "ghost"}).status_code == 401


def test_all_roles_together_may_be_ones_default(people: Api, bob: httpx.Client, mode: Any) -> None:
    people.db.execute("update orchestrator.users set union_by_default = true where username = 'bob'")
    assert _role(bob) == "limited"
    mode("allow-use-union")
    _soon(lambda: _role(bob), "__union__")
    assert _role(bob, "owner") == "owner"
    people.db.execute("update orchestrator.users set union_by_default = false where username = 'bob'")


def test_the_role_of_a_key_acts_whatever_is_named(people: Api, bob: httpx.Client, mode: Any) -> None:
    user = people.add_user("robot", "root", "limited")
    with people.client("robot") as robot:
        token = robot.post("/apiKeys:create", json={"name": "k", "role": {"name": "limited"}}).json()["data"]["token"]
    with httpx.Client(base_url=f"{people.url}/api/", headers={"Authorization": f"Bearer {token}"}) as key:
        assert _role(key) == _role(key, "root") == _role(key, "anonymous") == "limited"
        mode("only-use-union")
        _soon(lambda: key.get("/roles:check").json()["data"]["roleMode"], "only-use-union")
        assert _role(key) == "limited"
        assert key.get("/posts:list").status_code == 403
    people.db.execute("delete from orchestrator.users where id = %s", (user,))


# -- roles:check -------------------------------------------------------------------------------------------------------


def test_what_root_may(people: Api) -> None:
    assert people.root.post("/roles:check").json() == {
        "data": {
            "roles": ["root"],
            "strategy": {},
            "actions": {},
            "snippets": ["pm", "pm.*", "ui.*"],
            "resources": [],
            "role": "root",
            "roleMode": "default",
            "availableActions": ["create", "view", "update", "destroy", "importXlsx", "export"],
            "actionAlias": _ALIASES,
            "allowAll": True,
            "allowConfigure": False,
            "allowMenuItemIds": [],
            "allowAnonymous": False,
            "uiButtonSchemasBlacklist": [],
        },
        "meta": {"dataSources": {}},
    }


def test_what_a_role_with_a_strategy_may(bob: httpx.Client) -> None:
    data = bob.get("/roles:check", headers={"X-Role": "owner"}).json()["data"]
    assert data["roles"] == ["owner"]
    assert data["strategy"] == {"actions": ["create", "view:own", "update:own", "destroy:own"]}
    assert (data["actions"], data["resources"], data["allowAll"]) == ({}, [], False)
    assert data["snippets"] == ["!pm", "!pm.*", "!ui.*"]


def test_what_a_role_with_permissions_of_its_own_may(people: Api) -> None:
    _add_role(people, "r1", ["view"])
    people.db.execute(
        "insert into orchestrator.data_sources_roles_resources_scopes (key, name, scope) values ('cheap', 'Cheap', %s)",
        (Jsonb({"price.$lt": 10}),),
    )
    _permit(
        people,
        "r1",
        "posts",
        view={"fields": ["title", "category"]},
        create={"fields": ["title", "price"]},
        update={"fields": ["title"], "scope": "cheap"},
        destroy={},
    )
    people.add_user("rita", "r1")
    with people.client("rita") as rita:
        data = rita.get("/roles:check").json()["data"]
    assert data["resources"] == ["posts"]
    assert data["actions"] == {
        "posts:create": {"whitelist": ["title", "price"]},
        "posts:view": {"fields": ["id", "title"], "appends": ["category"]},
        "posts:update": {"own": False, "filter": {"price.$lt": 10}, "whitelist": ["title"]},
        "posts:destroy": {},
    }


def test_what_all_roles_together_may(people: Api, mode: Any) -> None:
    mode("allow-use-union")
    with people.client("dora") as dora:
        _soon(lambda: _role(dora, "__union__"), "__union__")
        data = dora.get("/roles:check", headers={"X-Role": "__union__"}).json()["data"]
    assert sorted(data["roles"]) == ["admin", "member"]
    assert data["role"] == "__union__"
    assert data["roleMode"] == "allow-use-union"
    assert data["strategy"]["actions"].count("view") == 1
    assert "view:own" not in data["strategy"]["actions"]
    assert data["snippets"] == ["pm", "pm.*", "ui.*"]


def test_a_change_counts_for_the_next_request(people: Api, bob: httpx.Client) -> None:
    for actions in (["view"], ["create"], ["destroy:own"]):
        people.db.execute(
            "update orchestrator.roles set strategy = %s where name = 'limited'", (Jsonb({"actions": actions}),)
        )
        expected = {"actions": actions}
        _soon(lambda: bob.get("/roles:check").json()["data"]["strategy"], expected)
