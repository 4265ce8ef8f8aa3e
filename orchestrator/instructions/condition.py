"""condition: one question, branch 1 for true, branch 0 for false, then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.engine.job import WAIT, Job
from orchestrator.engine.js import truthy
from orchestrator.instructions.evaluation import compile_condition
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["compile_node"]


def compile_node(node: Node, _program: Program) -> None:
    """Only a strict boolean chooses a branch: any other truthy value runs none."""
    evaluate = node.evaluate = compile_condition(node, node.config)
    reject = bool(node.config.get("rejectOnFalse"))
    branches = {True: node.branches.get(1), False: node.branches.get(0)}

    def run(proc: Processor, prev: Job | None) -> Any:
        try:
            value = evaluate(proc.scope)
        except Exception as error:
            return Status.ERROR, str(error)
        if reject and not truthy(value):
            return -1, value
        head = branches[value] if value is True or value is False else None
        if head is None:
            return 1, value
        job = proc.save(Job(node, 1, value), prev)
        last = proc.run_line(head, job)
        return WAIT if last is None else last if last.status < 0 else job

    def resume(proc: Processor, last: Job | None) -> Any:
        """A branch ended: go on after success, hand a failing branch's job upwards."""
        if last is None or last.status < 0:
            return last
        return proc.job_around(last, node)

    node.run, node.resume = run, resume
