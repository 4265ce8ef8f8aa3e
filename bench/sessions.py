"""What a session pays once: its first hooked write, and the memory that the engine takes in its backend."""

from __future__ import annotations

import time
from functools import partial

import psycopg
from psycopg import sql

from bench import workload
from bench.memory import private_megabytes
from bench.paired import measure
from bench.report import Figure
from bench.workload import KEPT, PASSING, PLAIN

__all__ = ["sessions"]

_WRITE = "insert into {} (title, amount, owner) values ('Expense', 10, 'owner')"


def sessions(dsn: str, *, rounds: int) -> list[Figure]:
    """Each measurement is a session of its own."""
    memory: dict[str, list[float]] = {table: [] for table in (PLAIN, PASSING, KEPT)}

    def first_write(table: str) -> float:
        statement = sql.SQL(_WRITE).format(sql.Identifier(table))
        with psycopg.connect(dsn, autocommit=True) as db:
            # what any session's first statement costs is not the question
            db.execute("select count(*) from pg_catalog.pg_class where relname like 'expenses%'")
            began = time.perf_counter()
            db.execute(statement)
            took = time.perf_counter() - began
            for _ in range(50):
                db.execute(statement)
            memory[table].append(private_megabytes(db.info.backend_pid))
        return took * 1000

    with psycopg.connect(dsn, autocommit=True) as db:
        workload.clear(db)
    delays = measure({table: partial(first_write, table) for table in memory}, rounds=rounds)
    area, plain = "A session's first write", "no trigger"
    return [
        Figure(area, "workflow that passes, not kept", "ms", delays[PASSING], plain, delays[PLAIN]),
        Figure(area, "workflow that passes, kept", "ms", delays[KEPT], plain, delays[PLAIN]),
        Figure(area, "private memory afterwards, not kept", "MB", memory[PASSING], plain, memory[PLAIN]),
        Figure(area, "private memory afterwards, kept", "MB", memory[KEPT], plain, memory[PLAIN]),
    ]
