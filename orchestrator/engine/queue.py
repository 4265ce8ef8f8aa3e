"""The queue: claim what waits, run it, write what it came to. Called by workers and by whoever may, in the database."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from orchestrator.engine.batch import Batch
from orchestrator.engine.encoding import from_json

if TYPE_CHECKING:
    from orchestrator.engine.host import Host

__all__ = ["LARGEST_BATCH", "run_execution", "run_executions"]

#: executions a transaction; more would hold row locks of unrelated executions together
LARGEST_BATCH = 50
#: claims after which the queue is looked through from its beginning again
_FULL_LOOK = 16

_CLAIM = (
    "select ids, workflow_ids, contexts, ancestors, versions"
    " from orchestrator.claim_executions($1::pg_catalog.int4, $2::pg_catalog.int8)"
)


class _Head:
    """Where this session's next claim begins: behind what it has just run.

    Dead versions of finished rows stay in the index while any older transaction is open; a claim that steps over all
    of them gets slower with every batch.
    """

    __slots__ = ("after", "claims")

    def __init__(self) -> None:
        self.after = 0
        self.claims = 0

    def claim(self, host: Host, maximum: int) -> list[dict[str, Any]]:
        self.claims += 1
        if self.claims % _FULL_LOOK == 0:
            self.after = 0
        rows = _claim(host, maximum, self.after)
        if not rows and self.after:
            rows = _claim(host, maximum, 0)
        self.after = max(row["id"] for row in rows) if rows and len(rows) == maximum else 0
        return rows


def _claim(host: Host, maximum: int, after: int) -> list[dict[str, Any]]:
    """Locked executions as :meth:`Batch.start` takes them."""
    rows = []
    for found in host.fetch(_CLAIM, (str(maximum), str(after))):
        versions = _versions(found["versions"])
        ancestors = found["ancestors"] or repeat(None)
        for execution_id, workflow_id, context, above in zip(
            found["ids"], found["workflow_ids"], found["contexts"], ancestors, strict=False
        ):
            program_id, options = versions[workflow_id]
            rows.append(
                {
                    "id": execution_id,
                    "program_id": program_id,
                    "options": options,
                    "context": context,
                    "ancestors": above,
                }
            )
    return rows


@lru_cache(maxsize=100)
def _versions(text: str) -> dict[int, tuple[int | None, str | None]]:
    """By workflow id: the newest program, and the current options."""
    return {int(workflow_id): (program_id, options) for workflow_id, (program_id, options) in from_json(text).items()}


_heads: WeakKeyDictionary[Host, _Head] = WeakKeyDictionary()


def run_executions(host: Host, maximum: str) -> int:
    """Run the oldest queued executions of enabled workflows, at most ``LARGEST_BATCH``; returns how many."""
    head = _heads.get(host)
    if head is None:
        head = _heads[host] = _Head()
    rows = head.claim(host, max(0, min(int(maximum), LARGEST_BATCH)))
    batch = Batch(host)
    for row in rows:
        batch.start(row)
    batch.write()
    return len(rows)


def run_execution(host: Host, execution_id: str) -> bool:
    """Run one queued execution; False when it is not queued any more, or in other hands."""
    rows = _claim(host, 1, int(execution_id) - 1)
    if not rows or rows[0]["id"] != int(execution_id):
        return False
    batch = Batch(host)
    batch.start(rows[0])
    batch.write()
    return True
