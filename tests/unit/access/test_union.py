"""Several roles together: whatever one of them may, and nothing that none may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.access import Access, Grant, open_access
from orchestrator.model.collection import Catalog
from orchestrator.model.variables import Variables

Build = Callable[..., Access]

_VIEW_TITLES = {"resources": {"posts": {"view": {"fields": ["title"], "scope": {"status": "open"}}}}}
_VIEW_OWN = {"resources": {"posts": {"view": {"fields": ["content", "tags"], "scope": "own"}}}}


def test_columns_and_relations_are_united_and_rows_of_either_are_seen(access: Build) -> None:
    grant = access(_VIEW_TITLES, _VIEW_OWN).grant("posts", "list")
    assert grant is not None
    assert grant.fields == {"id", "title", "content", "createdAt", "updatedAt", "createdById"}
    assert grant.relations == {"tags"}
    assert grant.scope == {"$or": [{"status": "open"}, {"createdById": "{{ctx.state.currentUser.id}}"}]}


def test_every_row_and_some_rows_are_every_row(access: Build) -> None:
    grant = access(_VIEW_OWN, {"resources": {"posts": {"view": {"fields": ["title"]}}}}).grant("posts", "list")
    assert grant is not None
    assert grant.scope is None
    assert grant.fields is not None


def test_the_strategy_of_one_is_broader_than_permissions_of_another(access: Build) -> None:
    grant = access(_VIEW_TITLES, {"strategy": {"actions": ["view"]}}).grant("posts", "list")
    assert grant is not None
    assert (grant.fields, grant.relations, grant.scope) == (None, None, None)


def test_a_resource_without_a_permission_takes_nothing_from_another_role(access: Build) -> None:
    nothing: dict[str, Any] = {"resources": {"posts": {}}}
    assert not access(nothing).allows("posts", "list")
    assert access(nothing, {"strategy": {"actions": ["view"]}}).allows("posts", "list")


def test_equal_scopes_are_one(access: Build) -> None:
    grant = access(_VIEW_OWN, {"strategy": {"actions": ["view:own"]}}).grant("posts", "get")
    assert grant is not None
    assert grant.scope == {"createdById": "{{ctx.state.currentUser.id}}"}


def test_variables_of_every_role_are_known(access: Build) -> None:
    scope = {"$or": [{"a": "{{ctx.state.currentUser.dept.id}}"}, {"b": {"$in": ["{{$nRole}}"]}}]}
    other = {"resources": {"tags": {"update": {"scope": scope}}}}
    assert access(_VIEW_OWN, other).variables() == {"$user.id", "$user.dept.id", "$nRole"}
    assert access({"strategy": {"actions": ["view:own"]}}).variables() == {"$user.id"}
    assert access({"strategy": {"actions": ["view"]}}).variables() == frozenset()


_ACTIONS = ["create", "view", "update", "destroy", "export"]
_FIELDS = st.none() | st.lists(st.sampled_from(["id", "title", "content", "comments", "tags", "gone"]), max_size=3)
_SCOPES = st.sampled_from([None, {}, "own", {"title": "x"}, {"title": "{{$user.nickname}}"}, {"$not": {"id": 1}}, []])
_ROLE = st.fixed_dictionaries(
    {
        "strategy": st.none()
        | st.fixed_dictionaries(
            {
                "actions": st.sampled_from(["*", False])
                | st.lists(
                    st.builds(lambda a, o: a + o, st.sampled_from(_ACTIONS), st.sampled_from(["", ":own"])), max_size=4
                )
            }
        ),
        "resources": st.dictionaries(
            st.sampled_from(["posts", "tags", "workflows"]),
            st.dictionaries(
                st.sampled_from(_ACTIONS), st.fixed_dictionaries({"fields": _FIELDS, "scope": _SCOPES}), max_size=4
            ),
            max_size=2,
        ),
        "snippets": st.lists(st.sampled_from(["pm.*", "!pm.*", "ui.*", "pm.users", "!pm.users"]), max_size=3),
    }
)


def _open(roles: list[dict[str, Any]], catalog: Catalog) -> Access:
    opened = open_access({"revision": 1, "roles": [{"name": f"r{n}", **role} for n, role in enumerate(roles)]}, catalog)
    assert opened is not None
    return opened


def _rows(grant: Grant) -> list[Any] | None:
    """The conditions of which a row has to meet one, None for none."""
    variables = Variables(now=datetime.now(UTC), zone=UTC, user={"id": 7, "nickname": None})
    found = grant.rows(variables)
    if found is None:
        return None
    if found is False:
        return []
    return found.get("$or", [found])


@given(st.lists(_ROLE, min_size=1, max_size=4), st.data())
def test_roles_together_may_what_each_of_them_may(catalog: Catalog, roles: list[Any], data: st.DataObject) -> None:
    together = _open(roles, catalog)
    one = _open([data.draw(st.sampled_from(roles))], catalog)
    for resource in ("posts", "tags", "users", "workflows", "unheardOf"):
        for action in (*_ACTIONS, "list", "move", "updateOrCreate", "approve"):
            assert together.allows(resource, action) or not one.allows(resource, action)
            mine, ours = one.grant(resource, action), together.grant(resource, action)
            if mine is None:
                continue
            assert ours is not None
            assert ours.fields is None or (mine.fields is not None and mine.fields <= ours.fields)
            assert ours.relations is None or (mine.relations is not None and mine.relations <= ours.relations)
            rows = _rows(ours)
            if rows is not None:
                conditions = _rows(mine)
                assert conditions is not None
                assert all(condition in rows for condition in conditions)


@given(st.lists(_ROLE, min_size=1, max_size=4))
def test_roles_together_may_nothing_that_none_may(catalog: Catalog, roles: list[Any]) -> None:
    together, alone = _open(roles, catalog), [_open([role], catalog) for role in roles]
    for resource in ("posts", "tags", "users", "workflows", "unheardOf"):
        for action in (*_ACTIONS, "list", "move", "approve"):
            assert together.allows(resource, action) == any(one.allows(resource, action) for one in alone)


@given(_ROLE)
def test_a_grant_never_shows_more_than_the_resource_has(catalog: Catalog, role: Any) -> None:
    access, posts = _open([role], catalog), catalog.collections["posts"]
    grant = access.grant("posts", "list")
    if grant is not None and grant.fields is not None:
        assert grant.fields <= posts.fields.keys()
        assert grant.relations is not None
        assert grant.relations <= posts.associations.keys()
