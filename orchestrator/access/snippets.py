"""Snippets: names for what there is to configure, which a role holds by patterns such as ``pm.*`` and ``!pm.users``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.access.patterns import matches

__all__ = ["SNIPPETS", "Snippets"]

_WORKFLOWS = (
    "workflows:*",
    "workflows.nodes:*",
    "executions:list",
    "executions:get",
    "executions:cancel",
    "executions:destroy",
    "flow_nodes:update",
    "flow_nodes:destroy",
    "flow_nodes:destroyBranch",
    "flow_nodes:duplicate",
    "flow_nodes:move",
    "flow_nodes:test",
    "jobs:get",
    "workflowCategories:*",
    # what is shown below a workflow
    "flow_nodes:view",
    "executions:view",
    "jobs:view",
    "workflowStats:view",
    "workflowVersionStats:view",
    "workflowCategoryRelations:view",
)

_ROLES = (
    "roles:*",
    "roles.*:*",
    "dataSources.roles:*",
    "availableActions:list",
    "dataSourcesRolesResourcesScopes:*",
    # what is shown below a role
    "dataSourcesRoles:view",
    "dataSourcesRolesResources:view",
    "dataSourcesRolesResourcesActions:view",
    "rolesCollections:view",
    "rolesUsers:view",
    "users:view",
)
_COLLECTIONS = ("collections:*", "collections.fields:*", "fields:*", "collectionCategories:*", "mainDataSource:*")

#: by name, patterns of ``resource:action``; ``:view`` grants no action, but lets relations show what they lead to
SNIPPETS: Mapping[str, Sequence[str]] = {
    "pm": (),
    "pm.acl.roles": _ROLES,
    "pm.api-keys.configuration": ("apiKeys:list", "apiKeys:get", "apiKeys:create", "apiKeys:destroy"),
    "pm.auth.authenticators": ("authenticators:*",),
    "pm.data-source-manager": ("dataSources:*",),
    "pm.data-source-manager.data-source-main": _COLLECTIONS,
    "pm.security.token-policy": ("tokenControlConfig:*",),
    "pm.users": ("users:*", "users.roles:*", "roles:view", "rolesUsers:view"),
    "pm.workflow.workflows": _WORKFLOWS,
    "ui.workflows": ("workflows:list",),
}


class Snippets:
    """The patterns of some roles, of which each allows what it allows by itself."""

    def __init__(self, rules: Sequence[Sequence[str]]) -> None:
        self._rules = rules
        self._pairs = tuple(
            pair for name, pairs in SNIPPETS.items() if any(_holds(role, name) for role in rules) for pair in pairs
        )

    def allow(self, resource: str, action: str) -> bool:
        """Whether a snippet grants an action."""
        pair = f"{resource}:{action}"
        return any(matches(pattern, pair) for pattern in self._pairs)

    def merged(self) -> list[str]:
        """The patterns of one role that holds what any of these holds.

        What one role is granted is denied to nobody: a denial stays where no role holds what it names. Broad patterns
        come first, since the last one that is for a name counts.
        """
        if len(self._rules) == 1:
            return list(self._rules[0])
        rules = list(dict.fromkeys(rule for role in self._rules for rule in role))
        kept = [rule for rule in rules if rule.startswith("!") is not self._any_holds(rule.removeprefix("!"))]
        ordered: list[str] = []
        while kept:
            first = next((rule for rule in kept if not any(_broader(other, rule) for other in kept)), kept[0])
            kept.remove(first)
            ordered.append(first)
        return ordered

    def _any_holds(self, name: str) -> bool:
        return any(_holds(role, name) for role in self._rules)


def _broader(one: str, other: str) -> bool:
    """Whether a pattern is for all that another one is for, and more."""
    one, other = one.removeprefix("!"), other.removeprefix("!")
    return one != other and matches(one, other) and not matches(other, one)


def _holds(rules: Sequence[str], name: str) -> bool:
    """Whether the last rule that is for a name grants it."""
    for rule in reversed(rules):
        if matches(rule.removeprefix("!"), name):
            return not rule.startswith("!")
    return False
