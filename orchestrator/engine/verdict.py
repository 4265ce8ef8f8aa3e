"""What a guard says to the trigger: nothing (pass), skip, or an error to raise.

The trigger function is PL/pgSQL and raises the error itself: an exception that leaves PL/Python would put the name of
its class before the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import StatementError
from orchestrator.errors import BlockedError, OrchestratorError, StackLimitError, WorkflowFailedError

__all__ = ["Refusal", "beyond_limit", "blocked", "error_text", "failed", "hangs", "skip_text"]

HANGS = "Workflow on your action hangs, please contact the administrator"


class Refusal(Exception):
    """A guard did not let the operation pass. Carries the error to show."""

    def __init__(self, error: OrchestratorError) -> None:
        super().__init__(str(error))
        self.error = error


def error_text(error: OrchestratorError | StatementError) -> str:
    """The verdict that makes the trigger raise ``error``."""
    detail = to_json(error.detail) if isinstance(error.detail, Mapping) else error.detail
    verdict: dict[str, Any] = {"sqlstate": error.sqlstate, "message": str(error)}
    if detail:
        verdict["detail"] = detail
    if error.hint:
        verdict["hint"] = error.hint
    if isinstance(error, StatementError) and error.table:
        verdict["place"] = [error.schema or "", error.table, error.column or ""]
    return to_json(verdict)


def skip_text(message: str) -> str:
    """The verdict that makes the trigger leave the row out, with a notice."""
    return to_json({"skip": message})


def blocked(workflow_key: str, node_key: str, messages: list[dict[str, Any]] | None) -> BlockedError:
    """The error of a guard that ended as failed."""
    errors = messages or []
    return BlockedError(
        errors[0]["message"] if errors else None,
        detail={"workflow": workflow_key, "node": node_key, "errors": errors},
    )


def failed(workflow_key: str, node_key: str | None, cause: str | None) -> WorkflowFailedError:
    """The error of a guard whose node failed; the cause is for whoever reads the server's log."""
    return WorkflowFailedError(
        detail={
            "workflow": workflow_key,
            "node": node_key,
            "errors": [{"message": WorkflowFailedError.__doc__}],
            **({"cause": cause} if cause else {}),
        }
    )


def beyond_limit(workflow_key: str, node_key: str | None, message: str) -> StackLimitError:
    """The error of a guard that would run inside itself, and of the guard whose node led there."""
    return StackLimitError(
        message, detail={"workflow": workflow_key, "node": node_key, "errors": [{"message": message}]}
    )


def hangs(workflow_key: str, node_key: str | None) -> WorkflowFailedError:
    """The error of a guard that waits for somebody."""
    return WorkflowFailedError(
        HANGS, detail={"workflow": workflow_key, "node": node_key, "errors": [{"message": HANGS}]}
    )
