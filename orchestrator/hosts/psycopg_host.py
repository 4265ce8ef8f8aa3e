"""The host outside the backend: for tests, for replay, for stepping through a workflow in a debugger.

Statements travel as they do in the backend: PostgreSQL's own placeholders, every parameter text, each statement in a
subtransaction of its own, under the settings that the server's functions pin. What differs: triggers that a node's
write fires run in the server's own engine, which knows nothing of the executions that run out here. So the causal chain
does not reach them: the stack limit does not count these executions, and workflows after an action take such a write
for a user's. And a role is only borrowed here: SQL of a node can give it back and go on as the login, which the
server's functions do not allow. Connect as a login that may do no more than the authors of the workflows may.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from orchestrator.engine.chain import Chain
from orchestrator.engine.history import Entry
from orchestrator.engine.host import Special
from orchestrator.engine.plan import Plan
from orchestrator.engine.port import StatementError
from orchestrator.engine.program import Program
from orchestrator.hosts.codec import decoder_of_oid
from orchestrator.hosts.statement_text import first_word, statements_of
from orchestrator.hosts.stored import stored_plan, stored_program
from orchestrator.hosts.textual import Readers, TypeRow

__all__ = ["PsycopgHost"]

_TEXT_OID = 25

#: as orchestrator.run() pins them; extra_float_digits and bytea_output are what text results depend on
_PIN = """
select
    pg_catalog.set_config('search_path', 'pg_catalog, orchestrator, pg_temp', true),
    pg_catalog.set_config('TimeZone', 'UTC', true),
    pg_catalog.set_config('DateStyle', 'ISO, MDY', true),
    pg_catalog.set_config('row_security', 'off', true),
    pg_catalog.set_config('extra_float_digits', '1', true),
    pg_catalog.set_config('bytea_output', 'hex', true),
    pg_catalog.set_config('role', 'orchestrator_runner', true)
"""

_TYPE = """
select
    t.typbasetype::pg_catalog.int8 as base,
    case when t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
        then t.typelem::pg_catalog.int8 else 0 end as element,
    coalesce(e.typdelim, ',')::pg_catalog.text as delimiter,
    (
        select
            pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, a.atttypid::pg_catalog.int8) order by a.attnum)
        from pg_catalog.pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    ) as attributes
from pg_catalog.pg_type t
left join pg_catalog.pg_type e on e.oid = t.typelem
where t.oid = $1::pg_catalog.oid
"""

#: statements that would leave the transaction, which SPI refuses as well
_TRANSACTION = frozenset({"abort", "begin", "commit", "end", "release", "rollback", "savepoint", "start"})

_log = logging.getLogger("orchestrator.host")


class PsycopgHost:
    """Port and programs over a connection, for the transaction that is open on it.

    Until that transaction ends the connection acts as ``orchestrator_runner`` and under the engine's settings: use a
    transaction for the host alone.

    Args:
        connection: in a transaction; its login must be a member of orchestrator_runner, as superusers are.
        now: the run's time; without it, orchestrator.current_time() as the host is made.

    Raises:
        ValueError: no transaction is open.
    """

    def __init__(self, connection: Connection[Any], *, now: datetime | None = None) -> None:
        if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
            raise ValueError("the connection is in no transaction")
        self._connection = connection
        self._statements = 0
        self._readers = Readers(self._look_up)
        self._programs: dict[int, Program] = {}
        self.chain = Chain()
        self.refused: list[Entry] = []
        self.loop_limit = int(os.environ.get("WORKFLOW_LOOP_LIMIT") or 0)
        if connection.info.transaction_status == TransactionStatus.IDLE:
            self._send("begin")
        self.fetch(_PIN)
        self.now = now or self._clock()

    def _clock(self) -> datetime:
        micros = "(extract(epoch from orchestrator.current_time()) * 1000000)::pg_catalog.int8"
        rows = self.fetch(f"select {micros} as micros")
        return datetime.fromtimestamp(rows[0]["micros"] / 1_000_000, UTC)

    # -- port ------------------------------------------------------------------------------------------------------

    def fetch(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> list[dict[str, Any]]:
        """See :class:`orchestrator.engine.port.Port`."""
        result = self._execute(sql, params, infer)
        encoding = self._connection.info.encoding
        columns = []
        for column in range(result.nfields):
            oid = result.ftype(column)
            name = (result.fname(column) or b"").decode(encoding)
            columns.append((column, name, self._readers.of(oid), decoder_of_oid(oid)))
        rows = []
        for number in range(result.ntuples):
            row: dict[str, Any] = {}
            for column, name, read, decode in columns:
                raw = result.get_value(number, column)
                value: Any = None
                if raw is not None:
                    text = raw.decode(encoding)
                    value = read(text) if read else text
                    value = decode(value) if decode else value
                row[name] = value
            rows.append(row)
        return rows

    def run(self, sql: str, params: Sequence[str | None] = (), *, infer: bool = False) -> int:
        """See :class:`orchestrator.engine.port.Port`."""
        return self._execute(sql, params, infer).command_tuples or 0

    def savepoint(self) -> AbstractContextManager[None]:
        """See :class:`orchestrator.engine.port.Port`."""
        return self._savepoint()

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        with self._connection.transaction():
            yield

    def _execute(self, sql: str, params: Sequence[str | None], infer: bool) -> PGresult:
        """The result of a statement; of the last one, where several are given without parameters."""
        self._statements += 1
        self._send("savepoint orchestrator_statement")
        try:
            for statement in statements_of(sql) if infer and not params else [sql]:
                if infer and first_word(statement) in _TRANSACTION:
                    raise StatementError("2D000", "invalid transaction termination")
                result = self._send(statement, params, None if infer else [_TEXT_OID] * len(params))
        except StatementError:
            self._send("rollback to savepoint orchestrator_statement")
            raise
        finally:
            self._send("release savepoint orchestrator_statement")
        return result

    def _send(self, sql: str, params: Sequence[str | None] = (), types: Sequence[int] | None = None) -> PGresult:
        """One statement in the extended protocol, where the server takes no second one."""
        encoding = self._connection.info.encoding
        values = [None if value is None else value.encode(encoding) for value in params]
        result = self._connection.pgconn.exec_params(sql.encode(encoding), values, types)
        if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY):
            return result
        if result.status != ExecStatus.FATAL_ERROR:
            raise StatementError("0A000", "copying from or to a client is not possible here")
        raise _statement_error(result, encoding, lost=self._connection.pgconn.status == ConnStatus.BAD)

    def _look_up(self, oid: int) -> TypeRow:
        row = self.fetch(_TYPE, [str(oid)])[0]
        attributes = [(name, number) for name, number in row["attributes"] or ()]
        return TypeRow(row["base"], row["element"], row["delimiter"], attributes)

    # -- host ------------------------------------------------------------------------------------------------------

    def program(self, program_id: int) -> Program:
        """See :class:`orchestrator.engine.host.Host`."""
        program = self._programs.get(program_id)
        if program is None:
            program = self._programs[program_id] = stored_program(self, program_id)
        return program

    def plan(self, plan_id: int) -> Plan:
        """See :class:`orchestrator.engine.host.Host`."""
        return stored_plan(self, plan_id)

    def record(
        self,
        program: Program,
        status: int,
        contexts: Sequence[str],
        jobs: Sequence[str],
        special: Sequence[Special] | None,
    ) -> None:
        """See :class:`orchestrator.engine.host.Host`."""
        common = [str(program.workflow_id), program.key, str(int(status)), self.now.isoformat()]
        if special is None:
            self.fetch(
                "select orchestrator.record_runs($1::pg_catalog.int8, $2, $3::pg_catalog.int2,"
                " $4::pg_catalog.timestamptz, $5, $6, $7::pg_catalog.int4)",
                [*common, *("[" + ",".join(column) + "]" for column in (contexts, jobs)), str(len(jobs))],
            )
            return
        outputs, ids, stacks = zip(*special, strict=True)
        self.fetch(
            "select orchestrator.record_executions($1::pg_catalog.int8, $2, $3::pg_catalog.int2,"
            " $4::pg_catalog.timestamptz, $5::pg_catalog.text[], $6::pg_catalog.text[], $7::pg_catalog.text[],"
            " $8::pg_catalog.int8[], $9::pg_catalog.text[])",
            [*common, *(_array(column) for column in (contexts, jobs, outputs, ids, stacks))],
        )

    def enqueue(self, program: Program, data: Sequence[str], stack: str | None) -> None:
        """See :class:`orchestrator.engine.host.Host`."""
        self.fetch(
            "select orchestrator.enqueue($1::pg_catalog.int8, $2, $3::pg_catalog.text[], $4::pg_catalog.jsonb)",
            [str(program.workflow_id), program.key, _array(data), stack],
        )

    def environment(self) -> Mapping[str, str]:
        """See :class:`orchestrator.engine.host.Host`; the connection needs the right to read the table."""
        rows = self.fetch("select name, value from orchestrator.environment")
        return {row["name"]: row["value"] for row in rows}

    def budget(self) -> AbstractContextManager[None]:
        """No limit: whoever steps through a run may take his time."""
        return nullcontext()

    def unhurried(self) -> AbstractContextManager[None]:
        """See :meth:`budget`."""
        return nullcontext()

    def hinting(self) -> AbstractContextManager[None]:
        """Nothing to tell: the server's engine cannot ask this one."""
        return nullcontext()

    def log(self, message: str) -> None:
        """A line for the logger ``orchestrator.host``."""
        _log.info(message)

    def statement_id(self) -> int:
        """See :class:`orchestrator.engine.host.Host`."""
        return self._statements


def _array(items: Iterable[Any]) -> str:
    """PostgreSQL's text form of an array."""
    quoted = (re.sub(r'(["\\\\])', r"\\\1", str(item)) if item is not None else None for item in items)
    return "{" + ",".join("NULL" if text is None else f'"{text}"' for text in quoted) + "}"


def _statement_error(result: PGresult, encoding: str, *, lost: bool) -> StatementError:
    def said(field: DiagnosticField) -> str | None:
        value = result.error_field(field)
        return value.decode(encoding, "replace") if value is not None else None

    sqlstate = said(DiagnosticField.SQLSTATE) or ("57P01" if lost else "XX000")
    message = said(DiagnosticField.MESSAGE_PRIMARY) or (result.error_message or b"").decode(encoding, "replace").strip()
    return StatementError(
        sqlstate,
        message,
        said(DiagnosticField.MESSAGE_DETAIL),
        said(DiagnosticField.MESSAGE_HINT),
        schema=said(DiagnosticField.SCHEMA_NAME),
        table=said(DiagnosticField.TABLE_NAME),
        column=said(DiagnosticField.COLUMN_NAME),
    )
