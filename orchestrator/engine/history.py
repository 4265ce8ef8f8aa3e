"""History: finished executions of a statement, written together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import quoted, to_json

if TYPE_CHECKING:
    from orchestrator.engine.host import Host
    from orchestrator.engine.plan import Columns
    from orchestrator.engine.processor import Processor
    from orchestrator.engine.program import Node, Program

__all__ = ["FLUSH_AT", "Entry", "History", "entry_of", "jobs_json", "jobs_writer", "values_encoder"]

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


def jobs_writer(program: Program) -> Callable[[dict[str, Any]], str]:
    """``executions.jobs`` of a run whose nodes all succeeded, from their results in the order in which they ran."""
    upstreams = {node.key: node.upstream.key if node.upstream else None for node in program.nodes}
    prefixes = {node.key: _prefix[node] + '1,"result":' for node in program.nodes}
    #: by the way through the graph: everything but the results
    templates: dict[tuple[str, ...], str] = {}

    def template_of(keys: tuple[str, ...]) -> str:
        parts = []
        for n, key in enumerate(keys, 1):
            upstream = upstreams[key]
            tail = "" if upstream is None else f',"upstream":{keys.index(upstream) + 1}'
            parts.append(f'{{"n":{n},{prefixes[key].replace("%", "%%")}%s{tail}}}')
        return "[" + ",".join(parts) + "]"

    def write(results: dict[str, Any]) -> str:
        keys = tuple(results)
        template = templates.get(keys)
        if template is None:
            template = templates[keys] = template_of(keys)
        return template % tuple([_result_text(value) for value in results.values()])

    return write


def _result_text(value: Any) -> str:
    return "true" if value is True else "false" if value is False else to_json(value)


def _plain_number(value: Any) -> str:
    return "null" if value is None else str(value)


def _plain_text(value: Any) -> str:
    return "null" if value is None else quoted(value)


#: how a column of a kind is written; whatever is not listed goes the general way
_WRITERS: dict[str, Callable[[Any], str]] = {
    "int2": _plain_number,
    "int4": _plain_number,
    "int8": _plain_number,
    "text": _plain_text,
    "timestamptz": _plain_text,
    "timestamp": _plain_text,
    "date": _plain_text,
}


def values_encoder(columns: Columns) -> Callable[[Sequence[Any]], str]:
    """A function that writes the values of these columns as a JSON object, faster than the general one."""
    if columns.encode is not None:
        return columns.encode
    writers = [_WRITERS.get(kind, to_json) for _, kind in columns.kinds]
    keys = ",".join(to_json(name).replace("%", "%%") + ":%s" for name in columns.names)
    template = "{" + keys + "}"

    def encode(values: Sequence[Any]) -> str:
        return template % tuple([write(value) for write, value in zip(writers, values, strict=True)])

    columns.encode = encode
    return encode
