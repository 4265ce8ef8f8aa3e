"""The causal chain: which executions led to the write that is happening now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

__all__ = ["Chain", "Link"]


class Link(NamedTuple):
    """An execution that is running."""

    execution_id: int
    workflow_id: int
    silent: bool = False
    hidden: bool = False


class Chain:
    """Executions running in this backend, the innermost last, and the ancestors the outermost one brought along.

    ``ancestors`` maps ids of executions of earlier transactions to their workflow version.
    """

    __slots__ = ("ancestors", "links")

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.ancestors: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.links)

    @property
    def silent(self) -> bool:
        """Whether the innermost write asked for no after-workflows."""
        return bool(self.links) and self.links[-1].silent

    def stack(self) -> tuple[int, ...]:
        """Ids of all ancestors, oldest first, for ``executions.stack``."""
        if self.links and self.links[-1].hidden:
            return ()
        ids = [*self.ancestors, *(link.execution_id for link in self.links if not link.hidden)]
        return tuple(dict.fromkeys(ids))

    def count(self, workflow_id: int, *, hidden: bool = False) -> int:
        """How many executions of this version are in the chain; with ``hidden`` also through hidden links.

        Guards count hidden links: one that writes to its own table by SQL would never end.
        """
        if not hidden and self.links and self.links[-1].hidden:
            return 0
        count = sum(1 for workflow in self.ancestors.values() if workflow == workflow_id)
        return count + sum(1 for link in self.links if link.workflow_id == workflow_id and (hidden or not link.hidden))

    @contextmanager
    def entered(self, link: Link) -> Iterator[None]:
        """Make ``link`` the innermost one for a block."""
        self.links.append(link)
        try:
            yield
        finally:
            self.links.pop()
