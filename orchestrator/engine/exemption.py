"""The exemption of a request's own rows from being judged twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.engine.follow import Written
from orchestrator.engine.guard import changed_since
from orchestrator.engine.plan import Plan

__all__ = ["Exemption", "Watch"]


class Exemption:
    """The one statement whose rows a request-level run has judged already, alive only around its execution.

    Attributes:
        written: what the statement wrote; its followers start when the whole request is done.
    """

    __slots__ = ("_expected", "_places", "_plan", "collection", "event", "judged", "written")

    def __init__(
        self,
        collection: str,
        event: str,
        judged: Mapping[str, Any],
        plan: int | None = None,
        watched: Sequence[tuple[int, str]] | None = None,
    ) -> None:
        """``watched``: where columns that guards read are among a row of the plan; None: they have to be looked for."""
        self.collection = collection
        self.event = event
        self.judged = judged
        self.written: list[Written] = []
        self._plan = None if watched is None else plan
        self._places = [] if watched is None else [place for place, _ in watched]
        self._expected = [] if watched is None else [judged.get(name) for _, name in watched]

    def expects(self, plan_id: int, event: str, values: Sequence[Any]) -> bool:
        """Whether this row is what was judged, at first sight: the same values in the same plan's columns."""
        if plan_id != self._plan or event != self.event:
            return False
        return [values[place] for place in self._places] == self._expected

    def covers(self, plan: Plan, event: str, values: list[Any]) -> bool:
        """Whether this row is what was judged: a default or another trigger may have changed it since."""
        if plan.collection != self.collection or event != self.event:
            return False
        if event == "delete":
            return True
        if event == "update":
            new, old = plan.columns.rows(values)
            row = {name: value for name, value in new.items() if value != old[name]}
        else:
            row = plan.columns.row(values)
        return not changed_since(self.judged, row, plan.watched)

    def leaves_bound(self, plan: Plan, depth: int) -> bool:
        """Whether a row that is judged by itself is for the guards, too, that the request is bound to."""
        return True


class Watch(Exemption):
    """Statements of a request whose rows the global guards judge one by one, and which are followed at its end.

    The guards that the request is bound to have judged it as a whole.
    """

    __slots__ = ()

    def __init__(self, collection: str) -> None:
        super().__init__(collection, "", {})

    def covers(self, plan: Plan, event: str, values: list[Any]) -> bool:
        """Never."""
        return False

    def leaves_bound(self, plan: Plan, depth: int) -> bool:
        """Not for rows of the request's own."""
        return depth > 1 or plan.collection != self.collection
