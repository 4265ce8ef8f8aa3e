"""Bulk and single-row inserts under no trigger, a hand-written one, and workflows."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial

import psycopg
from psycopg import sql

from bench import workload
from bench.paired import Samples, measure
from bench.pgbench import rate, turns
from bench.report import Figure, Target, at_most_more, at_most_times
from bench.server import Connection
from bench.workload import HAND_WRITTEN, KEPT, PASSING, PLAIN, UNMATCHED

__all__ = ["bulk", "single"]

_ALL = (PLAIN, HAND_WRITTEN, UNMATCHED, PASSING, KEPT)

_BULK = """
insert into {table} (title, amount, owner)
select 'Expense ' || i, (i % 490) + 0.5, 'owner ' || i % 50 from generate_series(1, {rows}) i
"""

#: PL/pgSQL keeps the statement's plan: what is left is executing it
_LOOP = """
do $$
begin
    for i in 1 .. {rows} loop
        insert into {table} (title, amount, owner) values ('Expense', (i % 490) + 0.5, 'owner');
    end loop;
end
$$
"""

_ONE = "insert into {table} (title, amount, owner) values ('Expense', %s, 'owner')"

#: statements of a transaction of pgbench
_TRANSACTION = 50

#: clients of pgbench that keep every processor busy
_CROWD = 8

#: statements of psycopg until the next variant has its turn
_SLICE = 50

_NAMES = {
    UNMATCHED: "guard that cannot match",
    PASSING: "workflow that passes, not kept",
    KEPT: "workflow that passes, kept",
    HAND_WRITTEN: "hand-written trigger",
}


def bulk(dsn: str, *, rows: int, rounds: int) -> list[Figure]:
    """One INSERT … SELECT, µs a row."""
    target = Target("≤ 2× + 4 µs", lambda ours, theirs: ours - 2 * theirs, 4)
    with psycopg.connect(dsn, autocommit=True) as db:
        # the smallest difference gets most rounds: who else is busy on the same core may make a statement take half as
        # long again
        close = _compare(db, (PLAIN, UNMATCHED), partial(_statement, db, _BULK, rows), rounds * 7)
        samples = _compare(db, _ALL, partial(_statement, db, _BULK, rows), rounds)
    area = f"Bulk insert of {rows:,} rows, µs a row"
    return [
        _figure(area, HAND_WRITTEN, samples),
        _figure(area, UNMATCHED, close, target=at_most_times(1.05)),
        _figure(area, PASSING, samples),
        _figure(area, PASSING, samples, HAND_WRITTEN, target),
        _figure(area, KEPT, samples, target=at_most_more(15, "µs")),
    ]


def single(dsn: str, *, rows: int, seconds: int, rounds: int) -> list[Figure]:
    """Statements of one row, µs each: inside the server, in a pipeline, from many clients, and from two that wait.

    A commit is shared by many. Where one client waits, what a guard adds is mostly memory that the processor's caches
    forgot while the backend slept.
    """
    with psycopg.connect(dsn, autocommit=True) as db:
        inside = _compare(db, _ALL, partial(_statement, db, _LOOP, rows), rounds)
        pipelined = _from_pgbench(db, dsn, _ALL, seconds=seconds * len(_ALL), rounds=rounds, in_pipeline=True)
        crowded = _compare(db, _ALL, partial(_from_many, dsn, seconds), rounds)
        answered = _from_pgbench(db, dsn, _ALL, seconds=seconds * len(_ALL), rounds=rounds, in_pipeline=False)
    with psycopg.connect(dsn, autocommit=True) as db:
        waiting = _taking_turns(db, _ALL, slices=rows // 2 // _SLICE, rounds=rounds)
    figures = []
    for place, samples in (
        ("inside the server", inside),
        ("from pgbench, in a pipeline", pipelined),
        (f"from {_CROWD} clients of pgbench at once", crowded),
        ("from pgbench, which waits for each answer", answered),
        ("from psycopg, which waits for each answer", waiting),
    ):
        area = f"Single-row insert {place}, µs a statement"
        figures += [
            _figure(area, HAND_WRITTEN, samples),
            _figure(area, UNMATCHED, samples, target=at_most_more(15, "µs")),
            _figure(area, PASSING, samples),
            _figure(area, KEPT, samples),
        ]
    return figures


def _compare(db: Connection, tables: tuple[str, ...], run: Callable[[str], float], rounds: int) -> Samples:
    for table in tables:
        run(table)
    return measure(
        {table: partial(run, table) for table in tables}, rounds=rounds, before_round=partial(workload.clear, db)
    )


def _statement(db: Connection, text: str, rows: int, table: str) -> float:
    statement = sql.SQL(text).format(table=sql.Identifier(table), rows=sql.Literal(rows))
    began = time.perf_counter()
    db.execute(statement)
    return (time.perf_counter() - began) / rows * 1e6


def _from_pgbench(
    db: Connection, dsn: str, tables: tuple[str, ...], *, seconds: int, rounds: int, in_pipeline: bool
) -> Samples:
    """The median transaction of each round, in µs a statement; tables take turns by chance, a transaction each."""
    samples: Samples = {table: [] for table in tables}
    scripts = [_script(table, in_pipeline) for table in tables]
    for _ in range(rounds):
        workload.clear(db)
        for table, times in zip(tables, turns(dsn, scripts, seconds=seconds), strict=True):
            samples[table].append(statistics.median(times) / _TRANSACTION)
    return samples


def _from_many(dsn: str, seconds: int, table: str) -> float:
    """µs of one processor a statement, the client's part of it included."""
    transactions = rate(dsn, _script(table, in_pipeline=False), clients=_CROWD, seconds=seconds)
    return (os.cpu_count() or 1) / (transactions * _TRANSACTION) * 1e6


def _script(table: str, in_pipeline: bool) -> str:
    one = sql.SQL(_ONE.replace("%s", ":amount")).format(table=sql.Identifier(table)).as_string() + ";"
    statements = [one] * _TRANSACTION
    if in_pipeline:
        statements = ["\\startpipeline", *statements, "\\endpipeline"]
    return "\n".join(("\\set amount random(0, 489)", "begin;", *statements, "commit;"))


def _taking_turns(db: Connection, tables: tuple[str, ...], *, slices: int, rounds: int) -> Samples:
    """The median slice of each round. Turns are a few ms: how fast the machine answers changes within seconds."""
    samples: Samples = {table: [] for table in tables}
    for _ in range(rounds):
        workload.clear(db)
        with db.transaction():
            for table in tables:
                _slice(db, table)
            turns = measure({table: partial(_slice, db, table) for table in tables}, rounds=slices)
        for table in tables:
            samples[table].append(statistics.median(turns[table]))
    return samples


def _slice(db: Connection, table: str) -> float:
    statement = sql.SQL(_ONE).format(table=sql.Identifier(table)).as_bytes(db)
    with db.cursor() as cursor:
        began = time.perf_counter()
        for number in range(_SLICE):
            cursor.execute(statement, (number,), prepare=True)
        return (time.perf_counter() - began) / _SLICE * 1e6


def _figure(area: str, table: str, samples: Samples, beside: str = PLAIN, target: Target | None = None) -> Figure:
    name = "no trigger" if beside == PLAIN else _NAMES[beside]
    return Figure(area, _NAMES[table], "µs", samples[table], name, samples[beside], target)
