"""Snippets: patterns, the last of which that is for a name counts; of several roles what any holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.access import Access
from orchestrator.access.patterns import matches
from orchestrator.access.snippets import SNIPPETS, Snippets

Build = Callable[..., Access]


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("pm.*", "pm.users", True),
        ("pm.*", "pm.workflow.workflows", True),
        ("pm.*", "pm", False),
        ("pm", "pm", True),
        ("pm", "pm.users", False),
        ("*", "ui.workflows", True),
        ("*.users", "pm.users", True),
        ("pm.?sers", "pm.users", True),
        ("pm.{users,roles}", "pm.users", True),
        ("pm.{users,roles}", "pm.logs", False),
        ("pm.{u*,r}", "pm.users", True),
        ("pm.[uv]sers", "pm.users", True),
        ("pm.[!uv]sers", "pm.users", False),
        ("pm.[a-z]sers", "pm.users", True),
        ("pm.", "pmx", False),
        ("a*c", "a/c", False),
        ("[", "[", True),
        ("[z-a]", "z", False),
        ("a.c", "abc", False),
        ("(a|b)", "a", False),
    ],
)
def test_patterns(pattern: str, name: str, *, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(st.text(alphabet="ab*?[]{}!^,.-\\|()$", max_size=12), st.text(alphabet="ab.[]", max_size=6))
def test_any_text_is_a_pattern(pattern: str, name: str) -> None:
    matches(pattern, name)


def test_a_snippet_grants_its_actions_and_no_others() -> None:
    snippets = Snippets([["pm.workflow.workflows"]])
    assert snippets.allow("workflows", "update")
    assert snippets.allow("workflows.nodes", "create")
    assert snippets.allow("flow_nodes", "move")
    assert snippets.allow("executions", "cancel")
    assert not snippets.allow("executions", "rerun")
    assert not snippets.allow("jobs", "resume")
    assert not snippets.allow("roles", "update")


def test_the_last_rule_for_a_name_counts() -> None:
    assert Snippets([["!pm.*", "pm.users"]]).allow("users", "update")
    assert not Snippets([["pm.users", "!pm.*"]]).allow("users", "update")
    assert not Snippets([[]]).allow("users", "update")


def test_what_one_snippet_grants_another_one_does_not_take_away() -> None:
    assert Snippets([["ui.*", "!pm.*"]]).allow("workflows", "list")
    assert not Snippets([["ui.*", "!pm.*"]]).allow("workflows", "update")


def test_rerun_and_resume_are_for_root_alone(access: Build) -> None:
    admin = access({"strategy": {"actions": "*"}, "snippets": ["pm", "pm.*", "ui.*"]})
    assert admin.allows("executions", "list")
    assert not admin.allows("executions", "rerun")
    assert not admin.allows("jobs", "resume")


def test_to_list_by_a_snippet_is_not_to_get(access: Build) -> None:
    role = access({"snippets": ["ui.workflows"]})
    assert role.allows("workflows", "list")
    assert not role.allows("workflows", "get")
    assert not role.allows("workflows", "update")
    assert role.grant("workflows", "view") is not None


def test_a_denied_snippet_leaves_what_the_strategy_grants(access: Build) -> None:
    role = access({"strategy": {"actions": ["view"]}, "snippets": ["!pm", "!pm.*", "!ui.*"]})
    assert role.allows("users", "list")
    assert not role.allows("users", "update")


def test_a_snippet_comes_before_permissions_of_the_resource(access: Build) -> None:
    role = access({"snippets": ["pm.users"], "resources": {"users": {"view": {"fields": ["nickname"]}}}})
    grant = role.grant("users", "list")
    assert grant is not None
    assert grant.fields is None


def test_what_one_denies_and_another_holds_is_held() -> None:
    assert Snippets([["pm.*", "!pm.a"], ["pm.*", "!pm.b"]]).merged() == ["pm.*"]


def test_a_denial_stays_where_nobody_else_holds_it() -> None:
    assert Snippets([["pm.*", "!pm.a"], ["!pm.*"]]).merged() == ["pm.*", "!pm.a"]


def test_the_defaults_of_a_member_take_nothing_from_an_admin() -> None:
    member, admin = ["!pm", "!pm.*", "!ui.*"], ["pm", "pm.*", "ui.*"]
    assert Snippets([member, admin]).merged() == admin


_NAMES = [*SNIPPETS, "pm.*", "pm.workflow.*", "pm.data-source-manager*", "ui.*", "*", "pm.users"]
_RULES = st.lists(
    st.builds(lambda no, name: no + name, st.sampled_from(["", "!"]), st.sampled_from(_NAMES)), max_size=5
)


@given(st.lists(_RULES, min_size=1, max_size=4))
def test_roles_together_hold_what_any_of_them_holds(roles: list[list[str]]) -> None:
    together = Snippets(roles)
    for pairs in SNIPPETS.values():
        for pair in pairs:
            resource, _, action = pair.replace("*", "x").partition(":")
            assert together.allow(resource, action) == any(Snippets([role]).allow(resource, action) for role in roles)


@given(st.lists(_RULES, min_size=2, max_size=4))
def test_the_merged_rules_say_the_same_as_all_of_them(roles: list[list[str]]) -> None:
    together, merged = Snippets(roles), Snippets([Snippets(roles).merged()])
    for pairs in SNIPPETS.values():
        for pair in pairs:
            resource, _, action = pair.replace("*", "x").partition(":")
            assert together.allow(resource, action) == merged.allow(resource, action)
