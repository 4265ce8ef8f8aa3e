"""parallel: branches one after another until the mode is decided; a waiting branch lets the next one start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import WAIT, Job
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]

Statuses = list[int | None]


def _all(statuses: Statuses) -> int | None:
    failed = next((s for s in statuses if s is not None and s < 0), None)
    if failed is not None:
        return failed
    return 1 if all(s == 1 for s in statuses) else None


def _any(statuses: Statuses) -> int | None:
    if any(s == 1 for s in statuses):
        return 1
    return -1 if all(s is not None and s < 0 for s in statuses) else None


def _race(statuses: Statuses) -> int | None:
    return next((s for s in statuses if s), None)


def _all_settled(statuses: Statuses) -> int | None:
    return 1 if all(statuses) else None


_MODES = {"all": _all, "any": _any, "race": _race, "allSettled": _all_settled}


def compile_node(node: Node, _program: Program) -> None:
    """``result`` is the list of branch statuses, null where a branch has not finished."""
    decide = _MODES[node.config.get("mode") or "all"]
    heads = list(node.branches.values())

    def run(proc: Processor, prev: Job | None) -> Any:
        if not heads:
            return 1, []
        job = proc.save(Job(node, Status.STARTED, [None] * len(heads)), prev)
        for index, head in enumerate(heads):
            last = proc.run_line(head, job)
            if proc.status is not None:
                return WAIT
            decided = note(job, index, last)
            if decided is not None:
                job.status = decided
                return job
        return WAIT

    def note(job: Job, index: int, last: Job | None) -> int | None:
        if last is None:
            return None
        job.result = [*job.result[:index], last.status, *job.result[index + 1 :]]
        return decide(job.result)

    def resume(proc: Processor, last: Job | None) -> Any:
        """A waiting branch ended. A decided parallel ignores it."""
        job = proc.job_around(last, node) if last is not None else None
        if job is None or job.status != 0 or last is None or proc.position is None:
            return WAIT
        decided = note(job, heads.index(_branch_head(proc.position, node)), last)
        if decided is None:
            return WAIT
        job.status = decided
        return job

    node.run, node.resume = run, resume


def _branch_head(node: Node, parent: Node) -> Node:
    current = node
    while current.upstream is not None and not (current.branch_index is not None and current.upstream is parent):
        current = current.upstream
    return current
