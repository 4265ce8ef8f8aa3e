"""One connection by itself, over which statements queue."""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop
from psycopg import pq

from api.connection import Connection


def test_a_connection_that_queues_runs_one_after_the_other_and_keeps_errors_apart(database: str) -> None:
    outcomes: list[Any] = []

    async def main() -> None:
        connection = await Connection.open(database, 60)
        over = asyncio.Event()

        def done(outcome: Any) -> None:
            outcomes.append(outcome)
            if len(outcomes) == 4:
                over.set()

        query = "select pg_sleep(0.05), (1 / $1::integer)::text"
        await connection.prepare(query)
        connection.queue()
        assert all(connection.start(query, [value], done) for value in (b"1", b"0", b"x", b"1"))
        assert connection.load == 4
        await asyncio.wait_for(over.wait(), 20)
        assert (connection.load, connection.usable) == (0, True)
        await connection.close()

    uvloop.run(main())
    states = [outcome.error_field(pq.DiagnosticField.SQLSTATE) for outcome in outcomes]
    assert states == [None, b"22012", b"22P02", None]
    assert outcomes[0].get_value(0, 1) == outcomes[3].get_value(0, 1) == b"1"
