"""History: finished executions of a statement, written together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import quoted, to_json
from orchestrator.engine.generated import Source

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Columns
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = [
    "FLUSH_AT",
    "Entry",
    "History",
    "context_writer",
    "entry_of",
    "job_texts",
    "jobs_json",
    "result_text",
    "stored",
]

#: executions kept in memory before they are written
FLUSH_AT = 1000

#: (program, context JSON, status, jobs JSON, output JSON or None, execution id or 0, stack JSON or None)
Entry = tuple["Program", str, int, str, str | None, int, str | None]


#: what few jobs have
_SELDOM = ("meta", "log", "startedAt", "createdAt", "updatedAt")


class _Prefix(dict["Node", str]):
    """The part of a job's JSON that is the same at every run of a node."""

    def __missing__(self, node: Node) -> str:
        text = f"{node.id},{to_json(node.key)},"
        self[node] = text
        return text


_prefix = _Prefix()


def stored(job: Mapping[str, Any]) -> list[Any]:
    """The element of ``executions.jobs`` for a job: what every job has has its place, the rest stands at the end."""
    element = [job["n"], job["nodeId"], job["nodeKey"], job["status"], job.get("result"), job.get("upstream")]
    rest = {name: job[name] for name in _SELDOM if job.get(name) is not None}
    return [*element, rest] if rest else element


def jobs_json(proc: Processor) -> str:
    """``executions.jobs`` of a run that waits for nobody."""
    parts = []
    for job in proc.jobs:
        if job.meta is not None or job.log is not None or job.started_at is not None:
            parts.append(to_json(stored(job.to_json())))
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
        upstream = f",{job.upstream}" if job.upstream is not None else ""
        parts.append(f"[{job.n},{_prefix[job.node]}{int(job.status)},{text}{upstream}]")
    return "[" + ",".join(parts) + "]"


def entry_of(proc: Processor, status: int, context_json: str) -> Entry:
    """What is kept of a run that is over."""
    chain = proc.session.chain
    with proc.session.port.unhurried():
        stack = to_json(list(chain.stack())) if chain.links or chain.ancestors else None
        output = None if proc.output is None else to_json(proc.output)
        return proc.program, context_json, status, jobs_json(proc), output, proc.execution_id, stack


class History:
    """Collects executions and writes them grouped by workflow and status."""

    __slots__ = ("_entries", "_host")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Keep a finished execution; write when many have come together."""
        self._entries.append(entry)
        if len(self._entries) >= FLUSH_AT:
            self.flush()

    def take(self) -> list[Entry]:
        """What was collected, which is forgotten here."""
        entries, self._entries = self._entries, []
        return entries

    def flush(self) -> None:
        """Write what was collected."""
        groups: dict[tuple[int, int], list[Entry]] = {}
        for entry in self.take():
            groups.setdefault((entry[0].workflow_id, entry[2]), []).append(entry)
        with self._host.unhurried():
            for entries in groups.values():
                self._record(entries)

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
    texts = [f"{'[' if n == 1 else _tail(nodes, n - 1) + ','}[{n},{_prefix[node]}1," for n, node in enumerate(nodes, 1)]
    return [*texts, _tail(nodes, len(nodes)) + "]"]


def _tail(nodes: Sequence[Node], n: int) -> str:
    upstream = nodes[n - 1].upstream
    return "]" if upstream is None else f",{nodes.index(upstream) + 1}]"


def result_text(value: Any) -> str:
    """JSON text of a node's result."""
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


def context_writer(columns: Columns) -> Callable[[Sequence[Any]], str]:
    """A function of a row's values: the context of its insert as far as it is the row's own, see ``Actor.json``."""
    if columns.context is None:
        columns.context = _context_writer(columns)
    return columns.context


def _context_writer(columns: Columns) -> Callable[[Sequence[Any]], str]:
    source = Source("values")
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
    parts.append(source.name(before.removesuffix(",") + "}},"))
    source.line(0, 'return f"' + "".join(f"{{{part}}}" for part in parts) + '"')
    return source.build()
