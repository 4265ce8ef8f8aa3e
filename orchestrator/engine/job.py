"""Jobs: one run of one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.engine.program import Node

__all__ = ["JOB_LIMIT", "WAIT", "Job"]

#: jobs after which an execution starts no further round of a loop: a job's id has 20 bits for its number
JOB_LIMIT = 1_000_000


class _Wait:
    """What a node returns when somebody else will continue: jobs are flushed, the execution stays as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "WAIT"


WAIT = _Wait()


class Job:
    """A row of ``jobs``. ``n`` is its number in the execution; a larger n was created later."""

    n: int = 0
    meta: Any = None
    log: str | None = None
    started_at: str | None = None

    def __init__(self, node: Node, status: int, result: Any = None, upstream: int | None = None) -> None:
        self.node = node
        self.status = status
        self.result = result
        self.upstream = upstream

    def to_json(self) -> dict[str, Any]:
        """This job by the names of its fields, as a resumed run gets it."""
        out: dict[str, Any] = {
            "n": self.n,
            "nodeId": self.node.id,
            "nodeKey": self.node.key,
            "status": self.status,
            "result": self.result,
        }
        if self.upstream is not None:
            out["upstream"] = self.upstream
        if self.meta is not None:
            out["meta"] = self.meta
        if self.log is not None:
            out["log"] = self.log
        if self.started_at is not None:
            out["startedAt"] = self.started_at
        return out
