"""importXlsx: a record for each row of a sheet, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from orchestrator.engine.actions.action import objects
from orchestrator.engine.actions.create import Create
from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import StatementError
from orchestrator.errors import ConflictError, InvalidError

__all__ = ["ImportRows"]

_LOCK = "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, 0)) as locked"


class ImportRows(Create):
    """A create of many that nobody else does at the same time; what is wrong is told with the number of its row."""

    permission: ClassVar[str] = "importXlsx"

    def settle(self) -> None:
        """As a create, row by row."""
        elements = objects(self.request.values)
        settled = []
        for number, values in zip(self._numbers(elements), elements, strict=True):
            try:
                settled.append(self.settled(values, created=True))
            except InvalidError as error:
                raise InvalidError(f"row {number}: {error}") from None
        self.request = replace(self.request, values=settled)

    def parameters(self) -> list[dict[str, Any]]:
        """As of a create of the same list."""
        if not isinstance(self.request.values, list):
            raise InvalidError("a list of values is needed")
        if not self.host.fetch(_LOCK, [f"orchestrator import {self.request.collection}"])[0]["locked"]:
            raise ConflictError("another importXlsx action is running")
        return super().parameters()

    def perform(self) -> str | None:
        """How many records there are now that were not."""
        elements = objects(self.request.values)
        count = 0
        for number, values in zip(self._numbers(elements), elements, strict=True):
            try:
                count += len(self.create(values))
            except InvalidError as error:
                raise InvalidError(f"row {number}: {error}") from None
            except StatementError as error:
                error.hint = f"row {number}"
                raise
        return to_json({"successCount": count})

    def _numbers(self, elements: Sequence[Any]) -> Sequence[int]:
        """The rows of the sheet that the records come from."""
        numbers = self.request.options.get("rows") or []
        return numbers if len(numbers) == len(elements) else range(1, len(elements) + 1)
