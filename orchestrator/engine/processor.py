"""The processor: walks a program, collects jobs, decides how the execution ends.

A line of nodes is walked in a loop; branching nodes call :meth:`Processor.run_line` for their branches, so recursion is
as deep as branches are nested. A node returns ``(status, result)``, a :class:`Job` that it made before, or ``WAIT``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import iso
from orchestrator.engine.interruption import is_interruption
from orchestrator.engine.job import WAIT, Job
from orchestrator.engine.program import Node, Program
from orchestrator.engine.system import system_scope
from orchestrator.model.status import Status, execution_status

if TYPE_CHECKING:
    from orchestrator.engine.session import Session

__all__ = ["BudgetExceeded", "Processor"]


class BudgetExceeded(BaseException):
    """the run used up its processor time"""


class Processor:
    """One run of one program.

    Attributes:
        status: None while running or waiting, else the execution's final status.
        jobs: every job of this execution that is known here, in order of creation.
        position: where the last line ended; a branch's failing job may be older than that.
        last: node of the last saved job; the triggers look whether it is an ``end``.
        messages: what response-message nodes said.
        output: what the last output node wrote.
    """

    # defaults on the class: a run of a million rows pays for what it changes only
    status: int | None = None
    reason: str | None = None
    last: Node | None = None
    position: Node | None = None
    messages: list[dict[str, Any]] | None = None
    output: Any = None
    error: BaseException | None = None
    execution_id: int = 0
    stack: tuple[int, ...] = ()
    #: a job from before, in whose place the next one of its node goes
    replaced: Job | None = None

    def __init__(
        self,
        program: Program,
        context: Any,
        session: Session,
        execution_id: int = 0,
        stack: tuple[int, ...] = (),
    ) -> None:
        self.program = program
        self.session = session
        self.jobs: list[Job] = []
        self.results: dict[str, Any] = {}
        self.scope: dict[str, Any] = {"$context": context, "$jobsMapByNodeKey": self.results}
        if execution_id:
            self.execution_id = execution_id
            self.stack = stack
        if not program.plain:
            self._widen_scope(program.roots)

    @property
    def context(self) -> Any:
        """The trigger's payload."""
        return self.scope["$context"]

    def _widen_scope(self, roots: frozenset[str]) -> None:
        scope = self.scope
        if "$system" in roots or "ctx" in roots:
            scope["$system"] = system_scope(self.session.now, self, None)
        if "$env" in roots or "ctx" in roots:
            scope["$env"] = self.session.environment()
        scope["$scopes"] = {}
        scope["ctx"] = scope

    # -- entering --------------------------------------------------------------------------------------------------

    def start(self) -> int | None:
        """Run from the head; return the final status, None when the execution waits."""
        head = self.program.head
        if head is None:
            self.status = int(Status.RESOLVED if not self.program.nodes else Status.ERROR)
            return self.status
        if self.program.broken is not None:
            self.save(Job(head, Status.ERROR, {"message": self.program.broken}))
            self.status = int(Status.ERROR)
            return self.status
        return self._enter(head, head.run, None)

    def resume(self, job: Job) -> int | None:
        """Continue at a waiting job whose status and result have been set by somebody."""
        node = job.node
        self._rebuild_scopes(node, job)
        if node.resume is None:
            raise LookupError(f'node type "{node.type}" cannot be resumed')
        return self._enter(node, node.resume, job)

    def rerun(self, node_id: int | None, replaced: int | None = None) -> int | None:
        """Run again from a node, or from the head, behind the newest job of what is upstream.

        Args:
            replaced: number of the job whose place the node's new one takes.
        """
        node = self.program.head if node_id is None else self.program.nodes_by_id[node_id]
        if node is None:
            return self.start()
        prev = self.latest(node.upstream) if node.upstream is not None else None
        if prev is not None:
            self._rebuild_scopes(node, prev)
        run = node.run
        if replaced is not None:
            self.replaced = self.jobs[replaced - 1]

            def run(proc: Processor, prev: Job | None) -> Any:
                outcome = node.run(proc, prev)
                return Job(node, *outcome) if outcome.__class__ is tuple else outcome

        return self._enter(node, run, prev)

    def _enter(self, node: Node, fn: Callable[[Processor, Job | None], Any], prev: Job | None) -> int | None:
        try:
            last = self.run_line(node, prev, fn)
            while last is not None and self.status is None:
                parent = self.position.branch_parent if self.position is not None else None
                if parent is None:
                    self.status = 1 if last.status == 1 else execution_status(last.status)
                    break
                if parent.resume is None:
                    raise LookupError(f'node type "{parent.type}" cannot be resumed')
                last = self.run_line(parent, last, parent.resume)
        except BudgetExceeded as error:
            self.error = error
            self.status = int(Status.ERROR)
        return self.status

    def run_line(
        self, node: Node, prev: Job | None, fn: Callable[[Processor, Job | None], Any] | None = None
    ) -> Job | None:
        """Walk from ``node`` to the end of its line.

        Returns:
            The line's last job, or None when the line waits or the whole execution has ended.
        """
        run = fn or node.run
        jobs, results = self.jobs, self.results
        while True:
            try:
                outcome = run(self, prev)
            except BudgetExceeded as error:
                self.save(self._failed(node, prev, error), prev)
                raise
            except BaseException as error:
                # also what is no Exception, SystemExit for one: in the backend nothing else would stop it
                if is_interruption(error) or isinstance(error, KeyboardInterrupt):
                    raise
                if node.resume is None and self.session.outdated(error):
                    continue
                self.error = error
                outcome = self._failed(node, prev, error)
            if outcome is WAIT or self.status is not None:
                return None
            if outcome.__class__ is tuple:
                status, result = outcome
                job = Job(node, status, result, prev.n if prev is not None else None)
                jobs.append(job)
                job.n = len(jobs)
                results[node.key] = result
                self.last = node
            elif outcome is None:  # a node that returns nothing waits as well
                return None
            else:
                job = self.save(outcome, prev)
                status = job.status
            if status == 1:
                following = node.downstream
                if following is None:
                    self.position = node
                    return job
                node = following
                run = node.run
                prev = job
                continue
            if status == 0:
                return None
            self.position = node
            return job

    def _failed(self, node: Node, prev: Job | None, error: BaseException) -> Job:
        """A job for an error: the one that the node has begun, else a new one."""
        result = self.session.error_result(error)
        job = self._begun(node, prev)
        if job is None:
            return Job(node, Status.ERROR, result, prev.n if prev is not None else None)
        job.status, job.result = int(Status.ERROR), result
        return job

    def _begun(self, node: Node, prev: Job | None) -> Job | None:
        if node.resume is None:
            return None
        if prev is not None and prev.node is node:
            return prev
        around = self.job_around(prev, node) if prev is not None else None
        if around is None:
            saved = islice(self.jobs, prev.n if prev is not None else 0, None)
            around = next((job for job in saved if job.node is node), None)
        return around if around is not None and around.status == 0 else None

    # -- what nodes call -------------------------------------------------------------------------------------------

    def save(self, job: Job, prev: Job | None = None) -> Job:
        """Record a new job, or a change of one recorded before."""
        if job.n == 0:
            if job.upstream is None and prev is not None:
                job.upstream = prev.n
            if self.replaced is not None and self.replaced.node is job.node:
                self._replace(self.replaced, job)
            else:
                self.jobs.append(job)
                job.n = len(self.jobs)
        self.results[job.node.key] = job.result
        self.last = job.node
        return job

    def _replace(self, old: Job, job: Job) -> None:
        self.replaced = None
        job.n, job.log = old.n, job.log if job.log is not None else old.log
        job.started_at = job.started_at or iso(self.session.now)
        self.jobs[old.n - 1] = job

    def latest(self, node: Node) -> Job | None:
        """The newest job of a node."""
        return next((job for job in reversed(self.jobs) if job.node is node), None)

    def end(self, status: int) -> None:
        """End the whole execution at once, without telling the branching nodes around."""
        self.status = execution_status(status)

    def say(self, message: str) -> None:
        """Add a response message."""
        if self.messages is None:
            self.messages = []
        self.messages.append({"message": message})

    def job_around(self, job: Job, node: Node) -> Job | None:
        """The job of a branching node in whose branch another one came to be.

        Not its latest one: in a loop it may have begun anew while a branch of an earlier round still waited, and a
        variable node may have assigned to it.
        """
        while job.upstream is not None:
            job = self.jobs[job.upstream - 1]
            if job.node is node:
                return job
        return None

    def enter_scope(self, node: Node, local: Mapping[str, Any]) -> None:
        """Make a branching node's local scope visible as ``$scopes.<id|key>``."""
        scopes = self.scope.setdefault("$scopes", {})
        scopes[node.key] = local
        scopes[str(node.id)] = local

    def leave_scope(self, node: Node) -> None:
        """Take it away again."""
        scopes = self.scope["$scopes"]
        scopes.pop(node.key, None)
        scopes.pop(str(node.id), None)

    def _rebuild_scopes(self, node: Node, job: Job) -> None:
        """Local scopes around a node, from its own job or the one before it."""
        for ancestor in self.program.ancestors(node):
            around = job if job.node is ancestor else self.job_around(job, ancestor)
            if around is not None and ancestor.scope is not None:
                self.enter_scope(ancestor, ancestor.scope(self, around))

    # -- leaving ---------------------------------------------------------------------------------------------------

    def waiting_jobs(self) -> list[dict[str, Any]]:
        """Jobs that wait, as rows of ``waiting_jobs``."""
        return [job.to_json() for job in self.jobs if job.status == 0]
