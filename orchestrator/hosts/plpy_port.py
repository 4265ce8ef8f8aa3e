"""The port over plpy: statements, savepoints and the time of a run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from orchestrator.engine.port import StatementError
from orchestrator.hosts.backend import settings_reader
from orchestrator.hosts.codec import decoder_of_oid

__all__ = ["TEXT", "PlpyPort", "statement_error"]

TEXT = "pg_catalog.text"
#: prepared statements kept for a session
_KEPT = 2000
#: from here on types are not PostgreSQL's own
_FIRST_OF_USERS = 16384

#: SPI_OK_UTILITY, SPI_OK_SELINTO, SPI_OK_INSERT, SPI_OK_DELETE, SPI_OK_UPDATE, SPI_OK_MERGE
_STATUS_WITHOUT_ROWS = frozenset({4, 6, 7, 8, 9, 18})


class PlpyPort:
    """A backend's own connection, in the middle of whatever transaction it is in.

    Args:
        plpy: the module that PL/Python hands to its functions.
    """

    def __init__(self, plpy: Any) -> None:
        self._plpy = plpy
        self._plans: dict[tuple[str, int], Any] = {}
        self._base_types: dict[int, int] = {}
        self._now: tuple[int, datetime] | None = None
        self._setting = settings_reader()
        #: how many runs this session has begun
        self._runs = 0

    @property
    def now(self) -> datetime:
        """One time for the whole run: the clock's, or the one that tests of a superuser set."""
        if self._now is None or self._now[0] != self._runs:
            self._now = self._runs, self._clock()
        return self._now[1]

    def _clock(self) -> datetime:
        if not self._setting("orchestrator.fake_now"):
            return datetime.now(UTC)
        rows = self._plpy.execute(
            "select (extract(epoch from orchestrator.current_time()) operator(pg_catalog.*) 1000000)::pg_catalog.int8"
            " as micros"
        )
        return datetime.fromtimestamp(rows[0]["micros"] / 1_000_000, UTC)

    def _prepare(self, sql: str, count: int) -> Any:
        key = (sql, count)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _KEPT:
                self._plans.clear()
            plan = self._plans[key] = self._plpy.prepare(sql, [TEXT] * count)
        return plan

    def _execute(self, sql: str, params: Sequence[str | None], infer: bool) -> Any:
        try:
            if not params and infer:
                return self._plpy.execute(sql)
            if infer:
                return self._plpy.prepare(sql, self._inferred(sql)).execute(list(params))
            return self._prepare(sql, len(params)).execute(list(params))
        except self._plpy.SPIError as error:
            raise statement_error(error) from None

    def _inferred(self, sql: str) -> list[str]:
        """Types that the server chooses for a statement's parameters."""
        name = "orchestrator_inference"
        self._plpy.execute(f"prepare {name} as {sql}")
        try:
            rows = self._plpy.execute(
                "select t.value::pg_catalog.text as type from pg_catalog.pg_prepared_statements p"
                " cross join lateral pg_catalog.unnest(p.parameter_types) with ordinality as t (value, n)"
                f" where p.name = '{name}' order by t.n"
            )
            return [row["type"] for row in rows]
        finally:
            self._plpy.execute(f"deallocate {name}")

    def fetch(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> list[dict[str, Any]]:
        """See :class:`orchestrator.engine.port.Port`."""
        result = self._execute(sql, params, infer)
        if result.nrows() and result.status() in _STATUS_WITHOUT_ROWS:
            return []
        rows = list(result)
        if not rows:
            return []
        decoders = [
            (name, decode)
            for name, oid in zip(result.colnames(), result.coltypes(), strict=True)
            if (decode := decoder_of_oid(oid if oid < _FIRST_OF_USERS else self._base_type(oid))) is not None
        ]
        for row in rows:
            for name, decode in decoders:
                if row[name] is not None:
                    row[name] = decode(row[name])
        return rows

    def _base_type(self, oid: int) -> int:
        """The type that a domain stands for; any other type is its own."""
        if oid not in self._base_types:
            rows = self._plpy.execute(
                f"select t.typbasetype::pg_catalog.int8 as base from pg_catalog.pg_type t where t.oid = {oid}"
            )
            base = rows[0]["base"]
            self._base_types[oid] = self._base_type(base) if base else oid
        return self._base_types[oid]

    def run(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> int:
        """See :class:`orchestrator.engine.port.Port`."""
        return int(self._execute(sql, params, infer).nrows())

    def savepoint(self) -> AbstractContextManager[None]:
        """See :class:`orchestrator.engine.port.Port`."""
        subtransaction: AbstractContextManager[None] = self._plpy.subtransaction()
        return subtransaction


def statement_error(error: Any) -> StatementError:
    """The error of a failed query; SPI hands out its SQLSTATE as five times six bits."""
    data = getattr(error, "spidata", None) or (0, *[None] * 7)
    code, detail, hint = data[:3]
    schema, table, column = data[5:8]
    sqlstate = "".join(chr((code >> shift & 0x3F) + 48) for shift in range(0, 30, 6)) if code else "XX000"
    state = getattr(error, "sqlstate", None) or sqlstate
    return StatementError(state, str(error), detail, hint, schema=schema, table=table, column=column)
