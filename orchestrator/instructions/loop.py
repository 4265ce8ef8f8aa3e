"""loop: branch 0 once for each item."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import JOB_LIMIT, WAIT, Job
from orchestrator.engine.js import truthy
from orchestrator.engine.variables import UNDEFINED
from orchestrator.instructions.evaluation import compile_condition
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]

_FAIL, _BREAK, _CONTINUE = 0, 1, 2
_AFTER = 1


class _NegativeTargetError(ValueError):
    """Loop target in number type must be greater than 0"""


def _items(target: Any) -> tuple[int, list[Any] | None]:
    """Length, and the items of a list target without its nulls (the length counts them); None for a number."""
    if target is None or target is UNDEFINED:
        return 0, []
    if isinstance(target, (int, float, Decimal)) and not isinstance(target, bool):
        if target < 0:
            raise _NegativeTargetError(_NegativeTargetError.__doc__)
        return math.floor(target), None
    items = list(target) if isinstance(target, (list, tuple)) else [target]
    return len(items), [item for item in items if item is not None]


def compile_node(node: Node, _program: Program) -> None:
    """``looped`` counts finished and skipped rounds, ``done`` finished ones."""
    config = node.config
    target = node.template(config.get("target")).evaluate
    mode = int(config.get("exit") or _FAIL)
    checkpoint: Mapping[str, Any] = config.get("condition") or {}
    check = compile_condition(node, checkpoint) if checkpoint else None
    check_after = checkpoint.get("checkpoint") == _AFTER
    skip_on_false = bool(checkpoint.get("continueOnFalse"))
    body = next(iter(node.branches.values()), None)

    def local_scope(proc: Processor, job: Job) -> Mapping[str, Any]:
        length, items = _items(target(proc.scope))
        index = int(job.result["looped"])
        item: Any = index if items is None else items[index] if index < len(items) else UNDEFINED
        return {"item": item, "index": index, "sequence": index + 1, "length": length}

    def iterate(proc: Processor, job: Job, *, checked: bool) -> Any:
        """Go on with the round ``job.result["looped"]``."""
        counts: dict[str, Any] = dict(job.result)
        job.result = counts
        limit = proc.session.loop_limit
        while True:
            length, _ = _items(target(proc.scope))
            if counts["looped"] >= length:
                return _finish(proc, job, Status.RESOLVED)
            if (limit and counts["done"] >= limit) or len(proc.jobs) >= JOB_LIMIT:
                counts["exceeded"] = True
                return _finish(proc, job, Status.ERROR)
            proc.enter_scope(node, local_scope(proc, job))
            if check is not None and not checked and not truthy(check(proc.scope)):
                if skip_on_false:
                    counts["looped"] += 1
                    continue
                counts["looped"] += 0 if counts["looped"] else 1
                counts["broken"] = True
                return _finish(proc, job, Status.RESOLVED)
            checked = False
            last = proc.run_line(body, job) if body is not None else None
            if last is None:
                return WAIT
            outcome = settle(proc, job, last)
            if outcome is not None:
                return outcome

    def settle(proc: Processor, job: Job, last: Job) -> Any:
        """Count a round that ended; None to go on with the next one."""
        counts = job.result
        counts["looped"] += 1
        if last.status == 1 or mode == _CONTINUE:
            counts["done"] += 1
            return None
        if mode == _BREAK:
            counts["broken"] = True
            return _finish(proc, job, Status.RESOLVED)
        return _finish(proc, job, last.status)

    def _finish(proc: Processor, job: Job, status: int) -> Job:
        proc.leave_scope(node)
        job.status = int(status)
        return job

    def run(proc: Processor, prev: Job | None) -> Any:
        try:
            length, _ = _items(target(proc.scope))
        except _NegativeTargetError as error:
            return Status.ERROR, {"message": str(error)}
        if body is None or length == 0:
            return 1, {"looped": 0, "done": 0}
        job = proc.save(Job(node, Status.STARTED, {"looped": 0, "done": 0}), prev)
        return iterate(proc, job, checked=check_after)

    def resume(proc: Processor, last: Job | None) -> Any:
        """A waiting round ended. Events after the loop ended are ignored."""
        job = proc.job_around(last, node) if last is not None else None
        if job is None or job.status != 0 or last is None:
            return WAIT
        job.result = dict(job.result)
        outcome = settle(proc, job, last)
        return outcome if outcome is not None else iterate(proc, job, checked=False)

    node.run, node.resume, node.scope = run, resume, local_scope
