"""Connections of a process: shared, replaced, and never handed on with somebody else's statement in them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from math import inf

import psycopg
import pytest
import uvloop
from psycopg import pq

from api.pool import Pool

_PID = "select pg_backend_pid()::text"
_SLEEP = "select pg_sleep($1::float8)::text"
Use = Callable[[Pool], Awaitable[None]]


def _with_pool(
    dsn: str,
    use: Use,
    *,
    size: int = 2,
    timeout: float = 5,
    lifetime: float = 60,
    patience: float = 0.003,
    silence: float = inf,
) -> None:
    async def main() -> None:
        pool = Pool(dsn, size=size, timeout=timeout, lifetime=lifetime, patience=patience, silence=silence)
        try:
            await use(pool)
        finally:
            await pool.close()
            assert pool.use == (0, 0, 0)

    # the loop that Sanic runs on
    uvloop.run(main())


async def _value(pool: Pool, sql: str, *params: str) -> str:
    result = await pool.run(sql, [param.encode() for param in params])
    assert result.status == pq.ExecStatus.TUPLES_OK
    return (result.get_value(0, 0) or b"").decode()


def test_a_connection_serves_one_after_the_other(database: str) -> None:
    async def use(pool: Pool) -> None:
        pids = [await _value(pool, _PID) for _ in range(5)]
        assert len(set(pids)) == 1
        assert pool.use == (1, 0, 0)

    _with_pool(database, use)


def test_no_more_connections_than_allowed_and_everybody_gets_a_turn(database: str) -> None:
    async def use(pool: Pool) -> None:
        pids = await asyncio.gather(*(_value(pool, "select pg_backend_pid()::text, pg_sleep(0.01)") for _ in range(20)))
        assert len(pids) == 20 and len(set(pids)) == 2

    _with_pool(database, use, size=2)


def test_short_statements_leave_half_of_the_connections_alone(database: str) -> None:
    async def use(pool: Pool) -> None:
        assert len(set(await asyncio.gather(*(_value(pool, _PID) for _ in range(100))))) == 3
        assert pool.use == (3, 0, 0)

    _with_pool(database, use, size=6, patience=60)


def test_statements_that_wait_get_all_connections(database: str) -> None:
    async def use(pool: Pool) -> None:
        sleeping = "select pg_backend_pid()::text, pg_sleep(0.5)"
        assert len(set(await asyncio.gather(*(_value(pool, sleeping) for _ in range(6))))) == 6
        assert pool.use == (6, 0, 0)

    _with_pool(database, use, size=6)


def test_a_short_statement_does_not_wait_for_long_ones(database: str) -> None:
    async def use(pool: Pool) -> None:
        sleeping = [asyncio.create_task(_value(pool, _SLEEP, "2")) for _ in range(5)]
        await asyncio.sleep(0.1)
        assert await _value(pool, _PID)
        assert not any(each.done() for each in sleeping)
        await asyncio.gather(*sleeping)

    _with_pool(database, use, size=6)


def test_who_waits_too_long_is_told(database: str) -> None:
    async def use(pool: Pool) -> None:
        sleeping = asyncio.create_task(_value(pool, _SLEEP, "1"))
        await asyncio.sleep(0.1)
        with pytest.raises(psycopg.OperationalError, match="no database connection is free"):
            await _value(pool, _PID)
        assert pool.use.waiting == 0
        await sleeping
        assert await _value(pool, _PID)

    _with_pool(database, use, size=1, timeout=0.3)


def test_errors_are_psycopgs_and_leave_the_connection_usable(database: str) -> None:
    async def use(pool: Pool) -> None:
        pid = await _value(pool, _PID)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await _value(pool, "select (1 / $1::int)::text", "0")
        with pytest.raises(psycopg.errors.UndefinedTable):
            await _value(pool, "select from nowhere")
        assert await _value(pool, "select (1 / $1::int)::text", "1") == "1"
        assert await _value(pool, _PID) == pid

    _with_pool(database, use, size=1)


def test_a_statement_outlives_its_request(database: str) -> None:
    async def use(pool: Pool) -> None:
        await _value(pool, "select set_config('x.done', 'no', false)")
        request = asyncio.create_task(_value(pool, "select set_config('x.done', 'yes', false), pg_sleep(0.3)"))
        await asyncio.sleep(0.1)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert pool.use.busy == 1
        assert await _value(pool, "select current_setting('x.done')") == "yes"
        assert pool.use == (1, 0, 0)

    _with_pool(database, use, size=1)


def test_a_request_that_leaves_the_queue_keeps_no_connection(database: str) -> None:
    async def use(pool: Pool) -> None:
        running = asyncio.create_task(_value(pool, _SLEEP, "0.2"))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(_value(pool, _PID)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await running
        waiting[1].cancel()
        assert await waiting[2]
        assert pool.use == (1, 0, 0)

    _with_pool(database, use, size=1)


def test_a_lost_connection_is_an_error_for_its_statement_alone(database: str) -> None:
    async def use(pool: Pool) -> None:
        pid = await _value(pool, _PID)
        sleeping = asyncio.create_task(_value(pool, _SLEEP, "5"))
        await asyncio.sleep(0.1)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(%s)", (int(pid),))
        with pytest.raises(psycopg.OperationalError):
            await sleeping
        assert await _value(pool, _PID) != pid

    _with_pool(database, use, size=1)


def test_a_server_that_has_gone_silent_is_an_error_and_no_lost_place(database: str) -> None:
    async def use(pool: Pool) -> None:
        pid = int(await _value(pool, _PID))
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(psycopg.OperationalError, match="does not answer"):
                await _value(pool, _PID)
            assert int(await _value(pool, _PID)) != pid
        finally:
            os.kill(pid, signal.SIGCONT)

    _with_pool(database, use, size=1, silence=0.3)


def test_a_connection_lost_while_idle_is_replaced_before_anybody_notices(database: str) -> None:
    async def use(pool: Pool) -> None:
        pid = await _value(pool, _PID)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(%s)", (int(pid),))
        await asyncio.sleep(0.2)
        assert await _value(pool, _PID) != pid

    _with_pool(database, use, size=1)


def test_old_connections_are_replaced(database: str) -> None:
    async def use(pool: Pool) -> None:
        pid = await _value(pool, _PID)
        await asyncio.sleep(0.3)
        assert await _value(pool, _PID) != pid

    _with_pool(database, use, lifetime=0.2)


def test_statements_forgotten_by_the_server_are_prepared_again(database: str) -> None:
    async def use(pool: Pool) -> None:
        assert await _value(pool, "select $1::text", "a") == "a"
        await pool.run("discard all", [])
        assert await _value(pool, "select $1::text", "b") == "b"

    _with_pool(database, use, size=1)


def test_no_two_sessions_share_the_name_of_a_prepared_statement(database: str) -> None:
    # a pooler that hands one's statement to another's session must not run something else
    names = []

    async def use(pool: Pool) -> None:
        names.append(await _value(pool, "select name from pg_prepared_statements"))

    for _ in range(2):
        _with_pool(database, use, size=1)
    assert names[0] != names[1]


def test_many_statements_do_not_pile_up(database: str) -> None:
    async def use(pool: Pool) -> None:
        for number in range(1100):
            assert await _value(pool, f"select '{number}'") == str(number)
        assert int(await _value(pool, "select count(*)::text from pg_prepared_statements")) <= 500

    _with_pool(database, use, size=1)


def test_large_statements_do_not_pile_up(database: str) -> None:
    async def use(pool: Pool) -> None:
        for number in range(50):
            assert await _value(pool, f"select '{number}' /* {'x' * 200_000} */") == str(number)
        assert int(await _value(pool, "select sum(length(statement))::text from pg_prepared_statements")) < 3_000_000

    _with_pool(database, use, size=1)


def test_large_values_go_through_in_both_directions(database: str) -> None:
    async def use(pool: Pool) -> None:
        text = "x" * 20_000_000
        assert await _value(pool, "select $1::text", text) == text

    _with_pool(database, use)


def test_a_database_that_is_away_is_an_error_and_no_lost_place() -> None:
    async def use(pool: Pool) -> None:
        for _ in range(3):
            with pytest.raises(psycopg.OperationalError):
                await pool.run(_PID, [])
        assert pool.use == (0, 0, 0)

    _with_pool("host=127.0.0.1 port=1 user=x connect_timeout=2", use, size=1)


def test_a_server_without_room_for_more_serves_everybody_on_what_is_open(database: str) -> None:
    async def use(pool: Pool) -> None:
        sleeping = "select pg_backend_pid()::text, pg_sleep(0.1)"
        first = await _value(pool, _PID)
        found = await asyncio.gather(*(_value(pool, sleeping) for _ in range(20)))
        assert len(set(found)) == 2 and first in found
        assert pool.use == (2, 0, 0)

    with _crowded(database, 2) as dsn:
        _with_pool(dsn, use, size=8)


def test_who_waits_too_long_for_a_server_without_room_is_told(database: str) -> None:
    async def use(pool: Pool) -> None:
        sleeping = asyncio.create_task(_value(pool, _SLEEP, "4"))
        await asyncio.sleep(0.1)
        with pytest.raises(psycopg.OperationalError, match="no database connection is free"):
            await _value(pool, _PID)
        assert not sleeping.done()
        await sleeping

    with _crowded(database, 1) as dsn:
        # longer than until the server is asked for room again
        _with_pool(dsn, use, timeout=1.5)


@contextmanager
def _crowded(database: str, limit: int) -> Iterator[str]:
    """The DSN of somebody whom the server gives so many connections."""
    name = f"crowded_{random.randrange(1 << 40)}"
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(f"create role {name} login password 'x' connection limit {limit}".encode())
        try:
            yield psycopg.conninfo.make_conninfo(database, user=name, password="x")
        finally:
            db.execute(f"drop role {name}".encode())


def test_connections_killed_at_random_hang_nobody(database: str) -> None:
    async def use(pool: Pool) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + 3
        answered = failed = 0

        async def work() -> None:
            nonlocal answered, failed
            while loop.time() < end:
                try:
                    await asyncio.wait_for(_value(pool, "select $1::text", "x" * random.choice((1, 100_000))), 5)
                except psycopg.OperationalError:
                    failed += 1
                else:
                    answered += 1

        async def kill() -> None:
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
                while loop.time() < end:
                    await connection.execute(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and application_name = 'victim'
                        """
                    )
                    await asyncio.sleep(random.random() * 0.05)

        await asyncio.gather(kill(), *(work() for _ in range(6)))
        assert answered > failed > 0

    _with_pool(f"{database}?application_name=victim", use, size=3)
