"""Reading: the statement of a shape, run, and run once more where the catalog was behind."""

from __future__ import annotations

from collections.abc import Sequence

from api.database import Row
from api.errors import BAD_REFERENCE, is_stale_catalog
from api.services import Services
from orchestrator.errors import InvalidError

__all__ = ["run"]


async def run(services: Services, shape: str, values: Sequence[str | None]) -> list[Row]:
    """The rows of a shape's statement; it is tried again when it failed for a catalog that is no longer true."""
    catalogs, database = services.catalogs, services.database
    statements = await catalogs.current()
    try:
        return await database.rows(statements.of(shape), values)
    except Exception as error:
        unknown = isinstance(error, InvalidError) and error.message == BAD_REFERENCE
        if not unknown and not is_stale_catalog(error):
            raise
        again = await catalogs.refresh()
        if again is statements:
            raise
        return await database.rows(again.of(shape), values)
