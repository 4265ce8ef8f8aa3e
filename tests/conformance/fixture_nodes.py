"""Node types and system functions that conformance tests use; loaded into the test process and into the backend.

The backend gets the source of this module through SQL, so it needs no path to it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orchestrator.engine import system
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.expressions.basic import register_calculator
from orchestrator.engine.job import WAIT, Job
from orchestrator.engine.port import StatementError
from orchestrator.engine.processor import Processor
from orchestrator.engine.session import Session
from orchestrator.errors import SerializationError
from orchestrator.instructions import register_instruction

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.program import Node, Program


def _echo(node: Node, _program: Program) -> None:
    """The previous result, the context for the head; with ``path`` a property of it."""
    path = node.config.get("path")

    def run(proc: Processor, prev: Job | None) -> Any:
        value = proc.context if prev is None else prev.result
        return 1, value[path] if path else value

    node.run = run


def _echo_variable(node: Node, _program: Program) -> None:
    evaluate = node.template(node.config.get("variable")).evaluate
    node.run = lambda proc, prev: (1, evaluate(proc.scope))


def _error(node: Node, _program: Program) -> None:
    def run(_proc: Processor, _prev: Job | None) -> Any:
        raise ValueError("definite error")

    node.run = run


def _pending(node: Node, _program: Program) -> None:
    """Waits; resumed, it takes the status of its configuration or keeps the job's."""

    def resume(_proc: Processor, job: Job | None) -> Any:
        assert job is not None
        job.status = node.config.get("status", job.status)
        return job

    node.run, node.resume = lambda proc, prev: (0, None), resume


def _prompt(node: Node, _program: Program) -> None:
    def resume(_proc: Processor, job: Job | None) -> Any:
        assert job is not None
        job.status = 1
        return job

    node.run, node.resume = lambda proc, prev: (0, None), resume


def _prompt_error(node: Node, _program: Program) -> None:
    def resume(_proc: Processor, _job: Job | None) -> Any:
        raise ValueError("input failed")

    node.run, node.resume = lambda proc, prev: (0, None), resume


def _wait(node: Node, _program: Program) -> None:
    """Saves a waiting job itself and returns null."""

    def run(proc: Processor, prev: Job | None) -> Any:
        job = Job(node, 0, "saved")
        job.meta, job.log = {"by": "wait"}, "line"
        proc.save(job, prev)
        return WAIT

    def resume(_proc: Processor, job: Job | None) -> Any:
        return job

    node.run, node.resume = run, resume


def _fixed(status: int) -> Any:
    def compile_node(node: Node, _program: Program) -> None:
        node.run = lambda proc, prev: (status, node.config.get("result"))

    return compile_node


def _irresumable(node: Node, _program: Program) -> None:
    node.run = lambda proc, prev: (0, None)


def _silent(node: Node, _program: Program) -> None:
    node.run = lambda proc, prev: None


NODE_TYPES = {
    "echo": _echo,
    "echoVariable": _echo_variable,
    "error": _error,
    "pending": _pending,
    "prompt": _prompt,
    "prompt->error": _prompt_error,
    "wait": _wait,
    "irresumable": _irresumable,
    "silent": _silent,
    "customizedSuccess": _fixed(100),
    "customizedError": _fixed(-100),
}

for name, compile_node in NODE_TYPES.items():
    register_instruction(name, compile_node)
system.register("no1", lambda call: 1)
system.register("conformance.caller", lambda call: call.node.key if call.execution.program else None)
register_calculator(lambda left, right: left % right == 0, "divisibleBy")


# -- entry points of tests: called with a host, in the backend through orchestrator.invoke() ---------------------------


def fetch(host: Host, sql: str, params: str = "[]", infer: str = "") -> str:
    """Rows of a statement, with Python's types to tell numbers apart; or its error."""
    try:
        with host.savepoint():
            rows = host.fetch(sql, json.loads(params), infer=bool(infer))
    except StatementError as error:
        said = {"sqlstate": error.sqlstate, "message": str(error), "detail": error.detail, "hint": error.hint}
        return to_json(said | ({"place": [error.schema, error.table, error.column]} if error.table else {}))
    return to_json([[[name, type(value).__name__, repr(value)] for name, value in row.items()] for row in rows])


def run_count(host: Host, sql: str, params: str = "[]") -> str:
    """How many rows a statement touched."""
    return str(host.run(sql, json.loads(params)))


def survive(host: Host, good: str, bad: str) -> str:
    """Run a statement, then one that fails in a savepoint around both, then see that the transaction goes on."""
    try:
        with host.savepoint():
            host.run(good)
            host.run(bad)
    except StatementError as error:
        return to_json([error.sqlstate, host.fetch("select 1 as one")[0]["one"]])
    return "null"


def go_on(host: Host, good: str, bad: str) -> str:
    """Run a statement, then one that fails, without a savepoint around them."""
    host.run(good)
    try:
        host.run(bad)
    except StatementError as error:
        return to_json([error.sqlstate, host.fetch("select 1 as one")[0]["one"]])
    return "null"


def missing_program(host: Host) -> str:
    """The code of the error for a program that nobody stored."""
    try:
        host.program(2**40)
    except SerializationError as error:
        return to_json(error.sqlstate)
    return "null"


def converse(host: Host, program_id: str, context: str) -> str:
    """Run a workflow as a request does, with somebody who waits for its messages."""
    proc = Processor(host.program(int(program_id)), from_json(context), Session(host, host.chain))
    proc.start()
    return to_json(
        {
            "status": proc.status,
            "messages": proc.messages,
            "last": proc.last.type if proc.last else None,
            "jobs": [[job.node.key, int(job.status), job.result] for job in proc.jobs],
        }
    )


def limit_loops(host: Host, limit: str) -> str:
    """Set how many rounds a loop may finish; returns what it was."""
    before, host.loop_limit = host.loop_limit, int(limit)
    return str(before)


def clock(host: Host) -> str:
    """The run's time, twice."""
    return to_json([host.now.isoformat(), host.now.utcoffset() is not None])


def write_history(host: Host, program_id: str) -> str:
    """Record executions without and with output, id and stack; queue two; returns the id given."""
    program = host.program(int(program_id))
    own = int(host.fetch("select orchestrator.next_execution_id() as id")[0]["id"])
    tricky = to_json({"text": 'a "quoted" \\ {brace}, comma'})
    host.record(program, 1, [tricky], ["[]"], None)
    host.record(program, -1, ["{}", "{}"], ["[]", "[]"], [('"out"', own, "[1,2]"), (None, 0, None)])
    host.enqueue(program, ['{"a":1}', '{"a":"{,}"}'], "[3]")
    return str(own)
