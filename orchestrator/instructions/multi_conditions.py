"""multi-conditions: the first of several questions that holds chooses the branch; branch 0 is otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import WAIT, Job
from orchestrator.instructions.evaluation import compile_condition
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """An outcome that is text is an error; a branch that does not succeed ends the whole execution."""
    conditions = [compile_condition(node, config) for config in node.config.get("conditions") or ()]
    final_without_match = int(Status.RESOLVED if node.config.get("continueOnNoMatch") else Status.FAILED)

    def run(proc: Processor, prev: Job | None) -> Any:
        outcomes: list[Any] = []
        matched = None
        for index, evaluate in enumerate(conditions):
            try:
                outcome = evaluate(proc.scope)
            except Exception as error:
                outcome = str(error)
            outcomes.append(outcome)
            if outcome is True:
                matched = index
                break
            if isinstance(outcome, str):
                job = Job(node, Status.ERROR, outcome)
                job.meta = {"conditions": outcomes}
                return job
        status = Status.RESOLVED if matched is not None else final_without_match
        job = Job(node, status, outcomes[-1] if outcomes else None)
        job.meta = {"conditions": outcomes}
        head = node.branches.get(matched + 1 if matched is not None else 0)
        if head is None:
            return job
        proc.save(job, prev)
        last = proc.run_line(head, job)
        return WAIT if last is None else settle(proc, job, last)

    def settle(proc: Processor, job: Job, last: Job) -> Any:
        if last.status != 1:
            proc.end(last.status)
            return WAIT
        if job.result is not True:
            job.status = final_without_match
        return job

    def resume(proc: Processor, last: Job | None) -> Any:
        job = proc.job_around(last, node) if last is not None else None
        return WAIT if job is None or last is None else settle(proc, job, last)

    node.run, node.resume = run, resume
