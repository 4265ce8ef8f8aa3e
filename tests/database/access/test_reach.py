"""Whatever a role asks for, and in whatever order, it never reaches what has more power than itself."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Connection = psycopg.Connection[tuple[Any, ...]]

_PEOPLE = """
insert into orchestrator.users (id, username, password)
select n, 'user' || n, 'hash' || n from generate_series(1, 6) as n;
insert into orchestrator.roles (name, snippets) values
    ('it', '["pm.acl.*", "pm.users"]'), ('hr', '["pm.*", "!pm.acl.roles"]'), ('viewer', '["!pm.*"]');
insert into orchestrator.roles_users (user_id, role_name) values
    (1, 'root'), (2, 'admin'), (2, 'member'), (3, 'it'), (4, 'hr'), (4, 'viewer'), (5, 'viewer');
"""
_SNIPPETS = (["pm.*"], ["pm.acl.roles"], ["*"], ["pm.users"], ["!pm.*"])

_users = st.integers(1, 7)
_roles = st.sampled_from(["root", "admin", "it", "hr", "viewer", "member", "made"])
_some_roles = st.lists(_roles, max_size=3)
_some_users = st.lists(_users, min_size=1, max_size=2)
_links = st.sampled_from(["add", "set", "remove", "toggle"])


def _request(resource: str, action: Any, **parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    made = {name: part if isinstance(part, st.SearchStrategy) else st.just(part) for name, part in parts.items()}
    chosen = action if isinstance(action, st.SearchStrategy) else st.just(action)
    return st.fixed_dictionaries({"resource": st.just(resource), "action": chosen, **made})


_requests = st.one_of(
    _request("users", "create", values=st.fixed_dictionaries({"nickname": st.just("n"), "roles": _some_roles})),
    _request(
        "users",
        "update",
        filterByTk=_some_users,
        values=st.fixed_dictionaries({"nickname": st.just("changed")}, optional={"roles": _some_roles}),
        passwords=st.just(["stolen"]),
    ),
    _request("users", "destroy", filterByTk=_some_users),
    _request("users", "destroy", keys=_some_users),
    _request(
        "users",
        "createResetToken",
        filterByTk=_users,
        values=st.uuids().map(lambda each: {"hash": each.hex, "expiresAt": 9999999999}),
    ),
    _request("users.roles", _links, sourceId=_users.map(str), values=_some_roles),
    _request("roles.users", _links, sourceId=_roles, values=_some_users),
    _request(
        "roles",
        "create",
        values=st.fixed_dictionaries({"name": st.just("made"), "snippets": st.sampled_from(_SNIPPETS)}),
    ),
    _request(
        "roles",
        "update",
        filterByTk=st.sampled_from(["root", "hr"]),
        values=st.fixed_dictionaries({"snippets": st.sampled_from(_SNIPPETS)}),
    ),
    _request("roles", "destroy", filterByTk=_roles),
    _request(
        "roles.resources",
        "create",
        sourceId=_roles,
        values={"name": "users", "usingActionsConfig": True},
        known={"collections": {"users": []}},
    ),
    _request("dataSources.roles", "update", sourceId="main", filterByTk=_roles, values={"strategy": {"actions": "*"}}),
)
#: who asks, and in which role
_actors = st.sampled_from([(3, "it"), (4, "hr"), (4, "__union__"), (3, "it"), (4, "hr"), (5, "__union__")])


def _levels(db: Connection) -> dict[str, int]:
    """How far each role reaches, told by the patterns that are written above."""
    rows = db.execute("select name, snippets from orchestrator.roles").fetchall()
    return {name: 2 if name == "root" else int(_manages(snippets)) for name, snippets in rows}


def _manages(snippets: list[str]) -> bool:
    return "!pm.acl.roles" not in snippets and not {"pm.*", "pm.acl.roles", "pm.acl.*", "*"}.isdisjoint(snippets)


def _beyond(db: Connection, roles: list[str], *, all_roles: bool) -> Any:
    """What must stay as it is: these roles with all that belongs to them, and who has them."""
    named = "role_name = any (%(roles)s)"
    holders = f"(select user_id from orchestrator.roles_users where {named})"
    queries = (
        f"select r::text from orchestrator.roles r where name = any (%(roles)s) or {all_roles} order by 1",
        f"select role_name from orchestrator.data_sources_roles_resources where {named} or {all_roles} order by 1",
        f"select user_id, role_name from orchestrator.roles_users where {named} order by 1, 2",
        f"select user_id, role_name from orchestrator.roles_users where user_id in {holders} order by 1, 2",
        f"select id, username, nickname, email, password from orchestrator.users where id in {holders} order by id",
        f"select user_id from orchestrator.password_resets where user_id in {holders} order by 1",
    )
    return [db.execute(query, {"roles": roles}).fetchall() for query in queries]


def test_nobody_reaches_above_himself(db: Connection) -> None:
    db.execute(_PEOPLE)
    outcomes: Counter[str] = Counter()

    def ask(actor: tuple[int, str], request: dict[str, Any]) -> None:
        user, role = actor
        levels = _levels(db)
        held = [
            row[0] for row in db.execute("select role_name from orchestrator.roles_users where user_id = %s", (user,))
        ]
        level = max((levels.get(name, 0) for name in (held if role == "__union__" else [role])), default=0)
        beyond = [name for name, found in levels.items() if found > level]
        before = _beyond(db, beyond, all_roles=level == 0)
        try:
            with db.transaction():
                db.execute("select orchestrator.administer(%s, %s, %s)", (json.dumps(request), user, role))
        except psycopg.Error as error:
            outcomes[str(error.sqlstate)] += 1
        else:
            outcomes["done"] += 1
        assert _beyond(db, beyond, all_roles=level == 0) == before, (actor, request)

    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(_actors, _requests), min_size=6, max_size=12))
    def requests_in_a_row(asked: list[tuple[tuple[int, str], dict[str, Any]]]) -> None:
        with db.transaction(force_rollback=True):
            for actor, request in asked:
                ask(actor, request)

    requests_in_a_row()
    # permitted, forbidden, wrong: a test that was refused for another reason would tell nothing
    assert outcomes["done"] > 50
    assert outcomes["WF403"] > 50
    assert outcomes.keys() <= {"done", "WF403", "WF404", "WF422"}, outcomes
