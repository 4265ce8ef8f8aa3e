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

#: by name, patterns of ``resource:action``
SNIPPETS: Mapping[str, Sequence[str]] = {
    "pm": (),
    "pm.workflow.workflows": _WORKFLOWS,
    "ui.workflows": ("workflows:list",),
}


class Snippets:
    """The patterns of some roles, of which each allows what it allows by itself."""

    def __init__(self, rules: Sequence[Sequence[str]]) -> None:
        self._pairs = tuple(
            pair for name, pairs in SNIPPETS.items() if any(_holds(role, name) for role in rules) for pair in pairs
        )

    def allow(self, resource: str, action: str) -> bool:
        """Whether a snippet grants an action."""
        pair = f"{resource}:{action}"
        return any(matches(pattern, pair) for pattern in self._pairs)


def _holds(rules: Sequence[str], name: str) -> bool:
    """Whether the last rule that is for a name grants it."""
    for rule in reversed(rules):
        if matches(rule.removeprefix("!"), name):
            return not rule.startswith("!")
    return False
