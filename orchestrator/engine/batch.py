"""A batch: executions of one transaction, run one after the other, written together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.history import jobs_json, stored
from orchestrator.engine.interruption import is_interruption
from orchestrator.engine.job import Job
from orchestrator.engine.processor import BudgetExceeded, Processor
from orchestrator.engine.quick import compile_passing
from orchestrator.engine.session import Session
from orchestrator.model.status import Status

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.program import Program
    from orchestrator.engine.quick import Passing

__all__ = ["Batch"]

_FINISH = (
    "select orchestrator.finish_executions($1::pg_catalog.int8[], $2::pg_catalog.int2[], $3, $4::pg_catalog.json,"
    " $5::pg_catalog.jsonb, $6::pg_catalog.int8[], $7::pg_catalog.int8[])"
)
#: between the jobs of two executions; JSON escapes it
_BETWEEN = "\x1e"


#: what answers with the jobs of a run that succeeds; whether nothing but these is stored; timeout, unkept
_Way = tuple["Passing | None", bool, int, frozenset[int]]


class Batch:
    """Runs executions and keeps what they came to until :meth:`write`."""

    __slots__ = ("_deleted", "_finished", "_host", "_results", "_resumed", "_session", "_waiting", "_ways")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._session = Session(host, host.chain, has_audience=False, loop_limit=host.loop_limit)
        #: execution id to status and jobs of those that ran to their end and left nothing else
        self._finished: dict[int, tuple[int, str]] = {}
        #: of the others, execution id to its element of what finish_executions() takes
        self._results: dict[int, str] = {}
        self._waiting: dict[int, list[str]] = {}
        #: by program and options
        self._ways: dict[tuple[int, str | None], _Way] = {}
        self._deleted: list[int] = []
        self._resumed: list[int] = []

    def start(self, row: Mapping[str, Any]) -> None:
        """Run a claimed execution from its head."""
        if not self._start_quickly(row):
            self._run(row, _start)

    def resume(self, row: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]], job: Mapping[str, Any]) -> None:
        """Continue a waiting execution.

        Args:
            row: the execution, as it is claimed.
            jobs: its jobs so far in order of creation, see :meth:`Job.to_json`.
            job: which of them goes on, with its new status and result.
        """
        self._resumed.append(row["id"])
        before = {item["n"]: item for item in jobs}

        def go_on(proc: Processor) -> int | None:
            _remember(proc, before.values())
            target = proc.jobs[job["n"] - 1]
            target.status, target.result = job["status"], job["result"]
            proc.results[target.node.key] = target.result
            return proc.resume(target)

        self._run(row, go_on, before)

    def rerun(
        self, row: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]], node_id: int | None, replaced: int | None
    ) -> None:
        """Run a waiting execution again.

        Args:
            row: the execution, as it is claimed.
            jobs: its jobs so far in order of creation, see :meth:`Job.to_json`.
            node_id: where to begin, None for the head.
            replaced: number of the job that the node's new one takes the place of.
        """
        self._resumed.append(row["id"])
        before = {item["n"]: item for item in jobs}

        def again(proc: Processor) -> int | None:
            _remember(proc, before.values())
            if replaced is not None:
                before[replaced] = {key: value for key, value in before[replaced].items() if key != "updatedAt"}
            return proc.rerun(node_id, replaced)

        self._run(row, again, before)

    def write(self) -> None:
        """Store everything, set-wise. What cannot be stored is stored without its jobs, as an error."""
        if not self._finished and not self._results and not self._deleted:
            return
        try:
            self._write(self._finished, self._results)
        except Exception as error:
            if is_interruption(error):
                raise
            self._write_singly(error)

    # -- one execution -----------------------------------------------------------------------------------------------

    def _start_quickly(self, row: Mapping[str, Any]) -> bool:
        """Run an execution that only computes, and succeeds, without a processor; False: it has to be run in full."""
        version = row["program_id"], row["options"]
        try:
            way = self._ways.get(version)
            if way is None:
                way = self._ways[version] = _way(self._host.program(version[0]), version[1])
            passing, plainly_kept, timeout, unkept = way
            if passing is None:
                return False
            context = row["context"]
            with self._host.budget():
                jobs = passing(from_json(context) if context else None)
            if jobs is None:
                return False
        except (Exception, BudgetExceeded, SystemExit):
            # the same again in full, where it becomes a node's error
            return False
        if plainly_kept:
            self._finished[row["id"]] = 1, jobs
        else:
            self._add(row["id"], 1, None, jobs, None, timeout, unkept)
        return True

    def _run(
        self,
        row: Mapping[str, Any],
        enter: Callable[[Processor], int | None],
        before: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        host = self._host
        chain = host.chain
        outer = chain.ancestors
        chain.ancestors = {int(k): v for k, v in from_json(row["ancestors"]).items()} if row["ancestors"] else {}
        try:
            program = host.program(row["program_id"])
            proc = Processor(
                program,
                from_json(row["context"]) if row["context"] else None,
                self._session,
                execution_id=row["id"],
                stack=tuple(chain.ancestors),
            )
            with host.budget():
                if program.uses_database:
                    with host.savepoint():
                        enter(proc)
                else:
                    enter(proc)
            # what nobody can write down, such as a result nested too deeply, is this one's failure as well
            self._keep(row, program, proc, before)
        except Exception as error:
            if is_interruption(error):
                raise
            host.log(f"execution {row['id']} could not be run: {type(error).__name__}: {error}")
            jobs = to_json([stored(_broken(job, error)) for job in before.values()]) if before else None
            self._results[row["id"]] = _result(row["id"], int(Status.ERROR), "internal_error", jobs, None, 0)
            return
        finally:
            chain.ancestors = outer

    def _keep(
        self,
        row: Mapping[str, Any],
        program: Program,
        proc: Processor,
        before: Mapping[int, Mapping[str, Any]] | None,
    ) -> None:
        execution_id = row["id"]
        timeout, unkept = _keeping(program, row["options"])
        output = to_json(proc.output) if proc.output is not None else None
        if proc.status is not None and before is None:
            self._add(execution_id, proc.status, proc.reason, jobs_json(proc), output, timeout, unkept)
            return
        status = proc.status if proc.status is not None else int(Status.STARTED)
        if status in unkept:
            self._deleted.append(execution_id)
            return
        # nothing waits in an execution that has ended, whatever its jobs say
        ended = status != Status.STARTED
        over = [job for job in proc.jobs if ended or job.status != 0]
        jobs = [stored(_with_times(job.to_json(), (before or {}).get(job.n))) for job in over]
        self._results[execution_id] = _result(execution_id, status, proc.reason, to_json(jobs), output, timeout)
        waiting = [_with_times(job, (before or {}).get(job["n"])) for job in proc.waiting_jobs()]
        if waiting and not ended:
            self._waiting[execution_id] = [to_json({"executionId": execution_id, **job}) for job in waiting]

    def _add(
        self,
        execution_id: int,
        status: int,
        reason: str | None,
        jobs: str,
        output: str | None,
        timeout: int,
        unkept: frozenset[int],
    ) -> None:
        """Keep what a run from head to end came to."""
        if status in unkept:
            self._deleted.append(execution_id)
        elif reason is None and output is None and not timeout:
            self._finished[execution_id] = int(status), jobs
        else:
            self._results[execution_id] = _result(execution_id, status, reason, jobs, output, timeout)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write(
        self, finished: Mapping[int, tuple[int, str]], results: Mapping[int, str], *, jobs_kept: bool = True
    ) -> None:
        waiting = [row for key in results for row in self._waiting.get(key, ())] if jobs_kept else []
        self._host.fetch(
            _FINISH,
            (
                _array(finished),
                _array([status for status, _ in finished.values()]),
                _BETWEEN.join([jobs for _, jobs in finished.values()]) if finished else None,
                "[" + ",".join(results.values()) + "]" if results else None,
                "[" + ",".join(waiting) + "]" if waiting else None,
                _array(self._deleted),
                _array(self._resumed),
            ),
        )

    def _write_singly(self, reason: Exception) -> None:
        count = len(self._finished) + len(self._results)
        self._host.log(f"a batch of {count} executions is written one by one: {reason}")
        for execution_id in [*self._finished, *self._results]:
            try:
                self._write(
                    {key: self._finished[key] for key in [execution_id] if key in self._finished},
                    {key: self._results[key] for key in [execution_id] if key in self._results},
                )
            except Exception as error:
                if is_interruption(error):
                    raise
                self._host.log(f"the jobs of execution {execution_id} cannot be stored: {error}")
                lost = _result(execution_id, int(Status.ERROR), "internal_error", None, None, 0)
                self._write({}, {execution_id: lost}, jobs_kept=False)


def _start(proc: Processor) -> int | None:
    return proc.start()


def _way(program: Program, options: str | None) -> _Way:
    if program.passing is None:
        program.passing = (compile_passing(program, None, keeps=True),)
    (passing,) = program.passing
    timeout, unkept = _keeping(program, options)
    return passing, not timeout and int(Status.RESOLVED) not in unkept, timeout, unkept


def _remember(proc: Processor, jobs: Iterable[Mapping[str, Any]]) -> None:
    """Put what an execution did before into a processor."""
    nodes = proc.program.nodes_by_id
    for item in jobs:
        known = Job(nodes[item["nodeId"]], item["status"], item.get("result"), item.get("upstream"))
        known.n = item["n"]
        known.meta, known.log = item.get("meta"), item.get("log")
        known.started_at = item.get("startedAt")
        proc.jobs.append(known)
        proc.results[known.node.key] = known.result


def _keeping(program: Program, options: str | None) -> tuple[int, frozenset[int]]:
    """Milliseconds until a version times out, and the statuses that are not kept.

    Its current options may have changed since the program was compiled.
    """
    return _parsed(options) if options else (program.timeout_ms, program.delete_on_status)


@lru_cache(maxsize=1000)
def _parsed(options: str) -> tuple[int, frozenset[int]]:
    parsed = from_json(options)
    return int(parsed.get("timeout") or 0), frozenset(parsed.get("deleteExecutionOnStatus") or ()) - {0, None}


def _result(
    execution_id: int, status: int, reason: str | None, jobs: str | None, output: str | None, timeout: int
) -> str:
    text = f'{{"id":{execution_id},"status":{int(status)}'
    if jobs is not None:
        text += f',"jobs":{jobs}'
    if reason is not None:
        text += f',"reason":{to_json(reason)}'
    if output is not None:
        text += f',"output":{output}'
    if timeout:
        text += f',"timeout":{timeout}'
    return text + "}"


def _broken(job: Mapping[str, Any], error: Exception) -> Mapping[str, Any]:
    """A job of an execution that could not be resumed: who waited, failed."""
    if job["status"] != 0:
        return job
    return {**job, "status": int(Status.ERROR), "result": {"message": str(error)}}


def _with_times(job: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A job keeps when it was created; one that goes on after waiting was updated just now."""
    if before is None:
        return job
    if before["status"] != 0:
        return {**job, **{k: before[k] for k in ("createdAt", "updatedAt") if k in before}}
    return {**job, **({"createdAt": before["createdAt"]} if "createdAt" in before else {})}


def _array(numbers: Collection[int]) -> str | None:
    return "{" + ",".join(map(str, numbers)) + "}" if numbers else None
