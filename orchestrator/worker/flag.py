"""The sleeping flag: what makes writers notify, and the fence behind it that closes the race with those who did not."""

from __future__ import annotations

import time

from orchestrator.worker.connections import Connection, scalar
from orchestrator.worker.rhythm import Rhythm

__all__ = ["Flag"]


class Flag:
    """This worker's row in ``orchestrator.workers``, and its place among those who sleep."""

    def __init__(self, connection: Connection, rhythm: Rhythm, name: str) -> None:
        self._connection = connection
        self._rhythm = rhythm
        self._name = name
        self._raised = False
        self._renew_at = 0.0
        self._fence: str | None = None
        self.worker_id = self._register()

    def raise_it(self) -> None:
        """From now on writers notify. The first time also sets the fence."""
        if not scalar(self._connection, "orchestrator.fall_asleep(%s, %s)", self.worker_id, self._rhythm.flag_lifetime):
            self.worker_id = self._register()
            self.raise_it()
            return
        self._renew_at = time.monotonic() + self._rhythm.poll
        if not self._raised:
            self._raised = True
            self._fence = scalar(self._connection, "orchestrator.set_fence()")

    def renew(self) -> None:
        """Keep the flag from running out."""
        if time.monotonic() >= self._renew_at:
            self.raise_it()

    def is_safe(self) -> bool:
        """Whether nobody is left who may queue something without notifying.

        Look at the queue once more after this has become true, before waiting for long.
        """
        if self._fence is not None and scalar(self._connection, "orchestrator.fence_passed(%s)", self._fence):
            self._fence = None
        return self._raised and self._fence is None

    def lower(self) -> None:
        """Awake: no more notifications, please."""
        self._raised = False
        self._fence = None
        if not scalar(self._connection, "orchestrator.get_up(%s)", self.worker_id):
            self.worker_id = self._register()

    def retire(self) -> None:
        """The worker goes home."""
        scalar(self._connection, "orchestrator.retire_worker(%s)", self.worker_id)

    def _register(self) -> int:
        return int(scalar(self._connection, "orchestrator.register_worker(%s)", self._name))
