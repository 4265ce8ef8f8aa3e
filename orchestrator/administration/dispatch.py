"""Which function carries out which action of which resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.administration import (
    executions,
    jobs,
    members,
    nodes,
    permissions,
    roles,
    scopes,
    users,
    vocabulary,
    workflows,
)
from orchestrator.administration.categories import COLLECTION_CATEGORIES, WORKFLOW_CATEGORIES
from orchestrator.administration.request import Answer, Request
from orchestrator.engine.host import Host
from orchestrator.errors import NotFoundError

__all__ = ["administer"]

Handler = Callable[[Host, Request], Answer]

_LINKING = ("add", "set", "remove", "toggle")
_PERMISSIONS: Mapping[str, Handler] = {
    "create": permissions.create,
    "update": permissions.update,
    "destroy": permissions.destroy,
}

_HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "workflows": {
        "create": workflows.create,
        "update": workflows.update,
        "destroy": workflows.destroy,
        "revision": workflows.revision,
        "sync": workflows.sync,
        "execute": executions.execute,
    },
    "workflows.nodes": {"create": nodes.create},
    "flow_nodes": {
        "update": nodes.update,
        "duplicate": nodes.duplicate,
        "destroy": nodes.destroy,
        "destroyBranch": nodes.destroy_branch,
        "move": nodes.move,
        "test": nodes.test,
    },
    "executions": {"cancel": executions.cancel, "destroy": executions.destroy, "rerun": executions.rerun},
    "jobs": {"resume": jobs.resume},
    "workflowCategories": {
        "create": WORKFLOW_CATEGORIES.create,
        "update": WORKFLOW_CATEGORIES.update,
        "destroy": WORKFLOW_CATEGORIES.destroy,
        "move": WORKFLOW_CATEGORIES.move,
    },
    "collectionCategories": {
        "create": COLLECTION_CATEGORIES.create,
        "update": COLLECTION_CATEGORIES.update,
        "destroy": COLLECTION_CATEGORIES.destroy,
        "move": COLLECTION_CATEGORIES.move,
    },
    "users": {
        "create": users.create,
        "update": users.update,
        "destroy": users.destroy,
        "createResetToken": users.open_reset,
        "setDefaultRole": members.set_default,
    },
    "users.roles": dict.fromkeys(_LINKING, members.relate_roles),
    "roles": {
        "create": roles.create,
        "update": roles.update,
        "destroy": roles.destroy,
        "setSystemRoleMode": roles.set_mode,
        "applyDataPermissions": permissions.apply,
    },
    "roles.users": dict.fromkeys(_LINKING, members.relate_users),
    "roles.resources": _PERMISSIONS,
    "roles.dataSourceResources": _PERMISSIONS,
    "dataSources.roles": {"update": permissions.update_strategy},
    "dataSourcesRolesResourcesScopes": {
        "create": scopes.create,
        "update": scopes.update,
        "destroy": scopes.destroy,
    },
    "availableActions": {"list": vocabulary.list_available},
}


def administer(host: Host, request: str, user_id: str | None, role: str | None = None) -> str:
    """Carry out an action; HTTP status, a blank, the body.

    Raises:
        OrchestratorError: it is refused, and nothing was written.
    """
    asked = Request.from_json(request, user_id, role)
    handler = _HANDLERS.get(asked.resource, {}).get(asked.action)
    if handler is None:
        raise NotFoundError("Not Found")
    return handler(host, asked).text()
