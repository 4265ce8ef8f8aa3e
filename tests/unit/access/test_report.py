"""What clients are told, and the catalog as a role sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.access import Access, report, visible
from orchestrator.model.collection import Catalog

Build = Callable[..., Access]


def _seen(access: Access, catalog: Catalog) -> dict[str, tuple[set[str], set[str]]]:
    return {c.name: (set(c.fields), set(c.associations)) for c in visible(access, catalog)}


def test_root_may_everything(catalog: Catalog) -> None:
    assert report(None, catalog)["allowAll"] is True


def test_the_strategy_of_one_role_is_told_as_it_is(access: Build, catalog: Catalog) -> None:
    strategy = {"actions": ["view", "view:own", "destroy"]}
    assert report(access({"strategy": strategy}), catalog)["strategy"] == strategy
    assert report(access({"strategy": None}), catalog)["strategy"] == {}


def test_strategies_of_several_are_united(access: Build, catalog: Catalog) -> None:
    roles = [{"strategy": {"actions": ["view:own", "update:own"]}}, {"strategy": {"actions": ["view", "create"]}}]
    assert report(access(*roles), catalog)["strategy"] == {"actions": ["view", "update:own", "create"]}
    assert report(access(*roles, {"strategy": {"actions": "*"}}), catalog)["strategy"] == {"actions": "*"}


def test_of_several_roles_the_broader_permission_is_told(access: Build, catalog: Catalog) -> None:
    configured: dict[str, Any] = {"resources": {"posts": {"view": {"fields": ["title"]}, "update": {"scope": "own"}}}}
    actions = report(access(configured, {"strategy": {"actions": ["view"]}}), catalog)["actions"]
    own = {"own": True, "filter": {"createdById": "{{ctx.state.currentUser.id}}"}}
    assert actions == {"posts:view": {}, "posts:update": own}


def test_a_role_sees_what_it_may_view(access: Build, catalog: Catalog) -> None:
    role = access({"resources": {"posts": {"view": {"fields": ["title", "comments", "tags"]}}, "tags": {"view": {}}}})
    assert _seen(role, catalog) == {
        "posts": ({"id", "title", "createdAt", "updatedAt", "createdById"}, {"tags"}),
        "tags": ({"id", "name"}, set()),
    }


def test_who_may_view_everything_sees_the_catalog(access: Build, catalog: Catalog) -> None:
    assert visible(access({"strategy": {"actions": ["view"]}}), catalog) == catalog
