"""What roles are granted: strategies, permissions of their own for a resource, all roles together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.access import Access, open_access
from orchestrator.model.collection import Catalog

Build = Callable[..., Access]


def _view(**action: Any) -> dict[str, Any]:
    return {"resources": {"posts": {"view": action}}}


def test_nothing_is_granted_to_a_role_without_anything(access: Build) -> None:
    nobody = access({})
    for action in ("list", "get", "create", "update", "destroy", "approve"):
        assert not nobody.allows("posts", action)


def test_roles_that_do_not_exist_may_do_nothing(access: Build) -> None:
    assert not access().allows("posts", "list")


def test_root_is_not_restricted(catalog: Catalog) -> None:
    roles = [{"name": "member", "strategy": None}, {"name": "root", "strategy": None}]
    assert open_access({"revision": 1, "roles": roles}, catalog) is None


@pytest.mark.parametrize("action", ["list", "get", "query", "tree", "view"])
def test_to_view_is_to_list_get_and_query(access: Build, action: str) -> None:
    assert access({"strategy": {"actions": ["view"]}}).allows("posts", action)
    assert not access({"strategy": {"actions": ["update"]}}).allows("posts", action)


def test_to_move_needs_to_update(access: Build) -> None:
    assert access({"strategy": {"actions": ["update"]}}).allows("posts", "move")
    assert not access({"strategy": {"actions": ["move", "view"]}}).allows("posts", "destroy")


def test_update_or_create_needs_both(access: Build) -> None:
    assert not access({"strategy": {"actions": ["create"]}}).allows("posts", "updateOrCreate")
    assert not access({"strategy": {"actions": ["update"]}}).allows("posts", "updateOrCreate")
    assert access({"strategy": {"actions": ["create", "update"]}}).allows("posts", "updateOrCreate")


@pytest.mark.parametrize("actions", [False, None, [], "view", 7, {"view": True}])
def test_a_strategy_that_is_no_list_grants_nothing(access: Build, actions: Any) -> None:
    assert not access({"strategy": {"actions": actions}}).allows("posts", "list")


def test_a_star_grants_everything_with_tables(access: Build) -> None:
    role = access({"strategy": {"actions": "*"}})
    assert role.allows("posts", "destroy")
    assert role.allows("posts", "approve")


def test_strategies_are_for_tables_users_and_roles(access: Build) -> None:
    role = access({"strategy": {"actions": ["view"]}})
    assert role.allows("users", "list")
    assert role.allows("roles", "list")
    assert not role.allows("workflows", "list")
    assert not role.allows("unheardOf", "list")


def test_permissions_of_a_resource_replace_the_strategy(access: Build) -> None:
    role = access({"strategy": {"actions": "*"}, "resources": {"posts": {"view": {"fields": None}}}})
    assert role.allows("posts", "list")
    assert not role.allows("posts", "destroy")
    assert role.allows("tags", "destroy")


def test_viewed_fields_are_extended_by_key_times_and_author(access: Build) -> None:
    grant = access(_view(fields=["title", "comments", "unheardOf"])).grant("posts", "list")
    assert grant is not None
    assert grant.fields == {"id", "title", "createdAt", "updatedAt", "createdById"}
    assert grant.relations == {"comments"}


def test_no_viewed_fields_leave_key_times_and_author(access: Build) -> None:
    grant = access(_view(fields=[])).grant("posts", "get")
    assert grant is not None
    assert grant.fields == {"id", "createdAt", "updatedAt", "createdById"}
    assert grant.relations == frozenset()


def test_no_written_fields_leave_all(access: Build) -> None:
    role = access({"resources": {"posts": {"create": {"fields": []}, "update": {"fields": ["title", "tags"]}}}})
    create, update = role.grant("posts", "create"), role.grant("posts", "update")
    assert create is not None
    assert create.fields is None
    assert update is not None
    assert update.fields == {"title", "tags"}


def test_ones_own_rows_are_those_that_one_created(access: Build) -> None:
    grant = access({"strategy": {"actions": ["view:own"]}}).grant("posts", "list")
    assert grant is not None
    assert grant.scope == {"createdById": "{{ctx.state.currentUser.id}}"}


def test_nobody_has_rows_of_his_own_where_authors_are_unknown(access: Build) -> None:
    assert not access({"strategy": {"actions": ["view:own"]}}).allows("tags", "list")
    assert not access({"resources": {"tags": {"view": {"scope": "own"}}}}).allows("tags", "list")


def test_of_two_entries_of_a_strategy_the_broader_counts(access: Build) -> None:
    for actions in (["view", "view:own"], ["view:own", "view"]):
        grant = access({"strategy": {"actions": actions}}).grant("posts", "list")
        assert grant is not None
        assert grant.scope is None
