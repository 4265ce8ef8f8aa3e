"""History: finished executions of a statement, written together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import repeat
from math import isfinite
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import quoted, to_json
from orchestrator.engine.generated import Source

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Columns
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["FLUSH_AT", "Entry", "History", "context_writer", "entry_of", "job_texts", "jobs_json", "result_text"]

#: executions kept in memory before they are written
FLUSH_AT = 1000

#: (program, context JSON, status, jobs JSON, output JSON or None, execution id or 0, stack JSON or None)
Entry = tuple["Program", str, int, str, str | None, int, str | None]


class _Prefix(dict["Node", str]):
    """The part of a job's JSON that is the same at every run of a node."""

    def __missing__(self, node: Node) -> str:
        text = f'"nodeId":{node.id},"nodeKey":{to_json(node.key)},"status":'
        self[node] = text
        return text


_prefix = _Prefix()


def jobs_json(proc: Processor) -> str:
    """``executions.jobs`` of a run that waits for nobody."""
    parts = []
    for job in proc.jobs:
        if job.meta is not None or job.log is not None or job.started_at is not None:
            parts.append(to_json(job.to_json()))
            continue
        result = job.result
        cls = result.__class__
        text = (
            "null" if result is None
            else "true" if result is True
            else "false" if result is False
            else str(result) if cls is int
            else format(result, "f") if cls is Decimal and result.is_finite()
            else to_json(result)
        )  # fmt: skip
        upstream = f',"upstream":{job.upstream}' if job.upstream is not None else ""
        parts.append(f'{{"n":{job.n},{_prefix[job.node]}{int(job.status)},"result":{text}{upstream}}}')
    return "[" + ",".join(parts) + "]"


def entry_of(proc: Processor, status: int, context_json: str) -> Entry:
    """What is kept of a run that is over."""
    chain = proc.session.chain
    stack = to_json(list(chain.stack())) if chain.links or chain.ancestors else None
    output = None if proc.output is None else to_json(proc.output)
    return proc.program, context_json, status, jobs_json(proc), output, proc.execution_id, stack


class History:
    """Collects executions and writes them grouped by workflow and status."""

    __slots__ = ("_entries", "_host", "_passed")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._entries: list[Entry] = []
        #: contexts and jobs of runs that plainly passed
        self._passed: dict[Program, tuple[list[str], list[str]]] = {}

    def __len__(self) -> int:
        return len(self._entries) + sum(len(contexts) for contexts, _ in self._passed.values())

    def add(self, entry: Entry) -> None:
        """Keep a finished execution; write when many have come together."""
        self._entries.append(entry)
        if len(self._entries) >= FLUSH_AT:
            self.flush()

    def passed(self, program: Program) -> tuple[list[str], list[str]]:
        """Where contexts and jobs of runs that plainly passed are put; whoever does has to call :meth:`flush`."""
        return self._passed.setdefault(program, ([], []))

    def take(self) -> list[Entry]:
        """What was collected, which is forgotten here."""
        entries, self._entries = self._entries, []
        for program, (contexts, jobs) in self._passed.items():
            entries += [(program, *texts, None, 0, None) for texts in zip(contexts, repeat(1), jobs, strict=False)]
            contexts.clear()
            jobs.clear()
        return entries

    def flush(self) -> None:
        """Write what was collected."""
        for program, (contexts, jobs) in self._passed.items():
            if contexts:
                self._host.record(program, 1, contexts, jobs, None)
                contexts.clear()
                jobs.clear()
        groups: dict[tuple[int, int], list[Entry]] = {}
        entries, self._entries = self._entries, []
        for entry in entries:
            groups.setdefault((entry[0].workflow_id, entry[2]), []).append(entry)
        for group in groups.values():
            self._record(group)

    def _record(self, entries: list[Entry]) -> None:
        program, _, status = entries[0][:3]
        special = any(entry[4] is not None or entry[5] or entry[6] is not None for entry in entries)
        self._host.record(
            program,
            status,
            [entry[1] for entry in entries],
            [entry[3] for entry in entries],
            [entry[4:] for entry in entries] if special else None,
        )


def job_texts(nodes: Sequence[Node]) -> list[str]:
    """``executions.jobs`` of a run whose nodes all succeeded in this order: what stands around their results."""
    texts = [
        f'{"[" if n == 1 else _tail(nodes, n - 1) + ","}{{"n":{n},{_prefix[node]}1,"result":'
        for n, node in enumerate(nodes, 1)
    ]
    return [*texts, _tail(nodes, len(nodes)) + "]"]


def _tail(nodes: Sequence[Node], n: int) -> str:
    upstream = nodes[n - 1].upstream
    return "}" if upstream is None else f',"upstream":{nodes.index(upstream) + 1}}}'


def result_text(value: Any) -> str:
    """JSON text of a node's result."""
    cls = value.__class__
    if cls is float and isfinite(value):
        return repr(value)
    return "true" if value is True else "false" if value is False else to_json(value)


def _numeric_text(value: Decimal) -> str:
    """The digits as they are; exponents and what is no number go the general way."""
    text = str(value)
    return text if text[-1] <= "9" and "E" not in text else to_json(value)


#: how a column of a kind is written where it is not null: what to call, and what to put around it
_WRITERS: dict[str, tuple[Callable[[Any], str] | None, str]] = {
    "int2": (str, ""),
    "int4": (str, ""),
    "int8": (str, ""),
    "numeric": (_numeric_text, ""),
    "text": (quoted, ""),
    # they hold nothing that JSON would have to escape
    "timestamptz": (None, '"'),
    "timestamp": (None, '"'),
    "date": (None, '"'),
}


def context_writer(columns: Columns) -> Callable[[Sequence[Any], str], str]:
    """A function that writes the context of an inserted row, from its values and what all contexts have in common."""
    if columns.context is None:
        columns.context = _context_writer(columns)
    return columns.context


def _context_writer(columns: Columns) -> Callable[[Sequence[Any], str], str]:
    source = Source("values", "tail")
    parts = []
    before = '{"params":{"values":{'
    for place, (column, kind) in enumerate(columns.kinds):
        write, mark = _WRITERS.get(kind, (to_json, ""))
        value = f"v{place}"
        source.line(0, f"{value} = values[{place}]")
        before += to_json(column) + ":"
        text = value if write is None else f"{source.name(write)}({value})"
        quote = source.name(mark)
        shown = f"{quote} + {text} + {quote}" if mark else text
        parts += [source.name(before), f"{source.name('null')} if {value} is None else {shown}"]
        before = ","
    parts += [source.name(before.removesuffix(",") + "}},"), "tail", source.name("}")]
    source.line(0, 'return f"' + "".join(f"{{{part}}}" for part in parts) + '"')
    return source.build()
