"""Which function carries out which action of which resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.administration import categories, executions, jobs, nodes, workflows
from orchestrator.administration.request import Answer, Request
from orchestrator.engine.host import Host
from orchestrator.errors import NotFoundError

__all__ = ["administer"]

Handler = Callable[[Host, Request], Answer]

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
        "create": categories.create,
        "update": categories.update,
        "destroy": categories.destroy,
        "move": categories.move,
    },
}


def administer(host: Host, request: str, user_id: str | None) -> str:
    """Carry out an action; HTTP status, a blank, the body.

    Raises:
        OrchestratorError: it is refused, and nothing was written.
    """
    asked = Request.from_json(request, user_id)
    handler = _HANDLERS.get(asked.resource, {}).get(asked.action)
    if handler is None:
        raise NotFoundError("Not Found")
    return handler(host, asked).text()
