"""History: finished executions of a statement, written together."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import quoted, to_json

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Columns
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["FLUSH_AT", "Entry", "History", "entry_of", "jobs_json", "row_encoder"]

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


def row_encoder(columns: Columns) -> Callable[[dict[str, Any]], str]:
    """A function that writes a record of these columns as JSON, faster than the general one."""
    parts = [(name, to_json(name) + ":", kind == "numeric" or name in columns.decoded) for name, kind in columns.kinds]

    def encode(row: dict[str, Any]) -> str:
        out = []
        for name, key, special in parts:
            value = row[name]
            if value is None:
                out.append(key + "null")
            elif special:
                out.append(key + to_json(value))
            elif value.__class__ is str:
                out.append(key + quoted(value))
            else:
                out.append(key + to_json(value))
        return "{" + ",".join(out) + "}"

    return encode
