"""The queue: claim what waits, run it, write what it came to. Called by workers and by whoever may, in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from orchestrator.engine.batch import Batch

if TYPE_CHECKING:
    from orchestrator.engine.host import Host

__all__ = ["LARGEST_BATCH", "run_execution", "run_executions"]

#: executions a transaction; more would hold row locks of unrelated executions together
LARGEST_BATCH = 50
#: claims after which the queue is looked through from its beginning again
_FULL_LOOK = 16

_CLAIM = "select * from orchestrator.claim_executions($1::pg_catalog.int4, $2::pg_catalog.int8)"


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
        rows = host.fetch(_CLAIM, (str(maximum), str(self.after)))
        if not rows and self.after:
            rows = host.fetch(_CLAIM, (str(maximum), "0"))
        self.after = max(row["id"] for row in rows) if rows and len(rows) == maximum else 0
        return rows


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
    rows = host.fetch(_CLAIM, ("1", str(int(execution_id) - 1)))
    if not rows or rows[0]["id"] != int(execution_id):
        return False
    batch = Batch(host)
    batch.start(rows[0])
    batch.write()
    return True
