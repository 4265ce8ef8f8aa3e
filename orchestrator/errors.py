"""Every error that leaves pg-orchestrator.

    OrchestratorError            WF500  500
    ├── BlockedError             WF400  400   a before-workflow ended as failed
    ├── WorkflowFailedError      WF500  500   a node failed
    ├── StackLimitError          WF508  508   a guard would run inside itself
    ├── ForbiddenError           WF403  403
    ├── NotFoundError            WF404  404
    ├── ConflictError            WF409  409
    ├── RollbackOnFailureError   WF421  422   a collection event took the write back
    ├── InvalidError             WF422  400   bad document, bad configuration, bad input
    │   └── InvalidDocumentError WF422  400   with one problem a path
    ├── UnauthenticatedError     WF401  401
    ├── VersionMismatchError     WF505  503   package and schema differ
    └── SerializationError       40001  503   the transaction is older than the published version

The docstring of a class is its default message. SQLSTATE and HTTP status are class attributes; the registry below
is total and a test proves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

__all__ = [
    "BlockedError",
    "ConflictError",
    "ForbiddenError",
    "InvalidDocumentError",
    "InvalidError",
    "NotFoundError",
    "OrchestratorError",
    "Problem",
    "RollbackOnFailureError",
    "SerializationError",
    "StackLimitError",
    "UnauthenticatedError",
    "VersionMismatchError",
    "WorkflowFailedError",
    "by_sqlstate",
    "error_classes",
]


class OrchestratorError(Exception):
    """internal error"""

    sqlstate: ClassVar[str] = "WF500"
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        message: str | None = None,
        *,
        detail: Mapping[str, Any] | str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message if message is not None else type(self).__doc__)
        self.message: str = str(self)
        self.detail = detail
        self.hint = hint


class BlockedError(OrchestratorError):
    """the operation was refused by a workflow"""

    sqlstate = "WF400"
    http_status = 400


class WorkflowFailedError(OrchestratorError):
    """Workflow on your action failed, please contact the administrator"""

    sqlstate = "WF500"
    http_status = 500


class StackLimitError(OrchestratorError):
    """the guard would run inside itself beyond its stack limit"""

    sqlstate = "WF508"
    http_status = 508


class ForbiddenError(OrchestratorError):
    """No permissions"""

    sqlstate = "WF403"
    http_status = 403


class NotFoundError(OrchestratorError):
    """not found"""

    sqlstate = "WF404"
    http_status = 404


class ConflictError(OrchestratorError):
    """the object is in use"""

    sqlstate = "WF409"
    http_status = 409


class RollbackOnFailureError(OrchestratorError):
    """System process failed, please contact administrator."""

    sqlstate = "WF421"
    http_status = 422


class Problem(NamedTuple):
    """One thing wrong with a document: where, and what."""

    path: str
    message: str


class InvalidError(OrchestratorError):
    """the input is not valid"""

    sqlstate = "WF422"
    http_status = 400


class InvalidDocumentError(InvalidError):
    """the document is not valid"""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        first = self.problems[0]
        super().__init__(
            f"{first.path}: {first.message}" if first.path else first.message,
            detail={"errors": [{"path": p.path, "message": p.message} for p in self.problems]},
        )


class UnauthenticatedError(OrchestratorError):
    """Unauthenticated. Please sign in to continue."""

    sqlstate = "WF401"
    http_status = 401


class VersionMismatchError(OrchestratorError):
    """the package and the schema are of different versions"""

    sqlstate = "WF505"
    http_status = 503


class SerializationError(OrchestratorError):
    """could not serialize access: a workflow was published after this transaction began"""

    sqlstate = "40001"
    http_status = 503


def error_classes() -> Iterator[type[OrchestratorError]]:
    """Every class of the tree, the root first."""
    pending: list[type[OrchestratorError]] = [OrchestratorError]
    while pending:
        cls = pending.pop(0)
        yield cls
        pending.extend(cls.__subclasses__())


def by_sqlstate(sqlstate: str) -> type[OrchestratorError] | None:
    """The class that a client revives from a SQLSTATE, None when it is not one of ours.

    Where classes share a SQLSTATE, the most general one.
    """
    if sqlstate == "WF500":
        return WorkflowFailedError
    return next((cls for cls in error_classes() if cls.sqlstate == sqlstate), None)
