"""Notes of two people, and roles that see some of them: what tests of restricted reads share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.api.conftest import Api

__all__ = ["BAD", "DENIED", "Ask", "Roles", "ask", "client", "data", "ids", "world"]

_SCHEMA = """
create table teams (id bigint primary key, name text, secret text, "createdById" bigint);
create table notes (
    id bigint primary key,
    title text,
    secret text,
    points integer,
    labels text[],
    "teamId" bigint references teams (id),
    "parentId" bigint references notes (id),
    "createdAt" timestamptz not null default '2026-01-01Z',
    "createdById" bigint
);
create table marks (id bigint primary key, name text);
create table "notesMarks" (
    "noteId" bigint references notes (id), "markId" bigint references marks (id), weight integer,
    primary key ("noteId", "markId")
);
grant all on teams, notes, marks, "notesMarks" to orchestrator_owner, orchestrator_runner;
select orchestrator.manage(name) from unnest(array['teams', 'notes', 'marks', '"notesMarks"']) as t (name);
update orchestrator.collections set options = options || '{"tree": "adjacency-list"}' where name = 'notes';
insert into teams values (1, 'red', 'r', 1), (2, 'blue', 'b', 2);
insert into marks values (1, 'hot'), (2, 'cold');
"""
_NOTES = """
insert into notes (id, title, secret, points, labels, "teamId", "parentId", "createdById") values
    (1, 'mine', 's1', 10, '{a,b}', 1, null, %(me)s),
    (2, 'mine too', 's2', 20, '{a}', 2, 1, %(me)s),
    (3, 'hers', 's3', 40, '{c}', 1, 1, %(her)s),
    (4, 'hers too', 's4', 80, null, null, 3, %(her)s);
insert into "notesMarks" values (1, 1, 5), (1, 2, 6), (3, 1, 7);
"""
BAD = {"errors": [{"message": "Invalid SQL column or table reference"}]}
DENIED = {"errors": [{"message": "No permissions"}]}
#: what a role holds of the application's settings: nothing
_NOTHING = ["!pm", "!pm.*", "!ui.*"]


class Roles:
    """Roles as rows."""

    def __init__(self, api: Api) -> None:
        self._db = api.db

    def add(self, name: str, *actions: str, snippets: Any = _NOTHING, **resources: Mapping[str, Any]) -> None:
        """A role with a strategy, and permissions of its own for some resources."""
        self._db.execute(
            "insert into orchestrator.roles (name, strategy, snippets) values (%s, %s, %s)",
            (name, Jsonb({"actions": list(actions)}), Jsonb(snippets)),
        )
        for resource, permissions in resources.items():
            self._permit(name, resource, permissions)

    def _permit(self, role: str, resource: str, permissions: Mapping[str, Any]) -> None:
        id_ = self._new(
            "insert into orchestrator.data_sources_roles_resources (role_name, name, using_actions_config)"
            " values (%s, %s, true) returning id",
            role,
            resource,
        )
        for action, permission in permissions.items():
            scope = permission.get("scope")
            scope_id = scope and self._new(
                "insert into orchestrator.data_sources_roles_resources_scopes (key, name, resource_name, scope)"
                " values (%s, 'a scope', %s, %s) returning id",
                f"{role} {resource} {action}",
                resource,
                Jsonb(scope),
            )
            self._db.execute(
                "insert into orchestrator.data_sources_roles_resources_actions"
                " (roles_resource_id, name, fields, scope_id) values (%s, %s, %s, %s)",
                (id_, action, Jsonb(permission["fields"]) if "fields" in permission else None, scope_id),
            )

    def _new(self, sql: str, *values: Any) -> int:
        (id_,) = self._db.execute(sql.encode(), values).fetchone() or (0,)
        return int(id_)


_OWN = {"createdById": "{{ctx.state.currentUser.id}}"}
_MANY = {"title.$includes": "mine"}


@pytest.fixture(scope="module")
def world(api: Api) -> Api:
    """Notes of two people, and roles that the first of them has."""
    roles = Roles(api)
    roles.add("owner", "view:own", "update:own")
    roles.add("everything", "view", "update", "destroy")
    roles.add("titles", "view", notes={"view": {"fields": ["title"]}})
    roles.add("blind", "view:own", notes={"view": {}}, users={}, roles={})
    roles.add("teamless", notes={"view": {}}, marks={"view": {}})
    roles.add(
        "scoped",
        notes={"view": {"scope": _MANY}, "update": {"scope": {"points.$gt": 10}}},
        teams={"view": {"fields": ["name"], "scope": {"name": "red"}}},
        marks={"view": {}},
    )
    roles.add("linked", notes={"view": {}}, marks={"view": {}}, notesMarks={"view": {"fields": ["markId"]}})
    roles.add("red", notes={"view": {"scope": {"team.secret": "r"}}})
    roles.add("of_role", notes={"view": {"scope": {"title": "{{ctx.state.currentUser.roles.title}}"}}})
    roles.add("of_nickname", notes={"view": {"scope": {"secret": "{{$user.nickname}}"}}})
    roles.add("of_nothing", notes={"view": {"scope": {"teamId": "{{$user.nothing}}"}}})
    roles.add("unlabelled", notes={"view": {"fields": ["title", "parentId"]}})
    roles.add("people", snippets=["pm.users"])
    roles.add("keys", snippets=["pm.api-keys.configuration"])
    roles.add("flows", snippets=["pm.workflow.workflows"])
    api.db.execute("update orchestrator.roles set title = 'mine too' where name = 'of_role'")
    every = [row[0] for row in api.db.execute("select name from orchestrator.roles where not hidden")]
    me, her = api.add_user("ann", *every), api.add_user("eve", "owner")
    api.db.execute("update orchestrator.users set nickname = 's3' where username = 'ann'")
    api.db.execute(_SCHEMA)
    api.db.execute(_NOTES % {"me": me, "her": her})
    api.db.execute("update orchestrator.identity_settings set config = %s where key = 'roles'", (_union(),))
    return api


def _union() -> Jsonb:
    return Jsonb({"roleMode": "allow-use-union"})


Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def client(world: Api) -> Iterator[httpx.Client]:
    with world.client("ann") as client:
        yield client


@pytest.fixture(scope="module")
def ask(client: httpx.Client) -> Ask:
    """`ask("owner", "/notes:list", …)`: the reply to ann in that role."""

    def get(role: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **params: Any) -> Any:
        asked = {"params": params, "headers": {"X-Role": role, **(headers or {})}}
        return client.get(path, **asked) if body is None else client.post(path, json=body, **asked)

    return get


@pytest.fixture(scope="module")
def data(ask: Ask) -> Callable[..., Any]:
    def get(*args: Any, **kwargs: Any) -> Any:
        response = ask(*args, **kwargs)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    return get


@pytest.fixture(scope="module")
def ids(data: Callable[..., Any]) -> Callable[..., list[int]]:
    return lambda *args, **kwargs: [record["id"] for record in data(*args, **kwargs)]
