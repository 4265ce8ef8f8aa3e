"""Writes that share the flush of a commit, over real connections."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

import psycopg
import pytest
import uvloop
from psycopg.conninfo import make_conninfo

from api.connection import Connection
from api.group_commit import GroupCommit, Shared, Turn
from api.pool import Pool

_SCHEMA = """
create table notes (n integer);
create table commits (n integer, flushes boolean);
create function note(n integer) returns text language sql as $$
    select pg_advisory_xact_lock(1) where n < 0;
    insert into notes values (n) returning (100 / n)::text
$$;
-- what the commit itself will do
create function write_down() returns trigger language plpgsql as $$
begin
    insert into commits values (new.n, current_setting('synchronous_commit') = 'on');
    return null;
end
$$;
create constraint trigger write_down after insert on notes deferrable initially deferred
    for each row execute function write_down();
"""
_NOTE = Shared.of("select note($1::integer)")
Use = Callable[[Pool], Awaitable[None]]


@pytest.fixture(scope="module")
def notes(database: str) -> str:
    """A database where commits are written down, and flush unless told otherwise."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(_SCHEMA)
    return make_conninfo(database, options="-c synchronous_commit=on")


@pytest.fixture
def db(notes: str) -> Iterator[psycopg.Connection]:
    """Another session."""
    with psycopg.connect(notes, autocommit=True) as db:
        db.execute("truncate notes, commits")
        yield db


def _with_pool(dsn: str, use: Use, *, size: int = 2, patience: float = 0.003, pooled: bool = False) -> None:
    async def main() -> None:
        pool = Pool(dsn, size=size, timeout=20, lifetime=60, patience=patience, pooled=pooled)
        try:
            # the first statement of a connection is prepared, and commits alone
            await asyncio.gather(*(pool.run(_NOTE, [b"1"]) for _ in range(size)))
            await use(pool)
        finally:
            await pool.close()

    uvloop.run(main())


async def _note(pool: Pool, n: int, kind: str | None = None) -> bytes:
    return (await pool.run(_NOTE, [str(n).encode()], kind)).get_value(0, 0) or b""


def _flushes(db: psycopg.Connection) -> list[bool]:
    return [flushes for (flushes,) in db.execute("select flushes from commits where n > 1").fetchall()]


def test_writes_that_queue_share_flushes(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        replies = await asyncio.gather(*(_note(pool, n) for n in range(2, 102)))
        assert replies == [str(100 // n).encode() for n in range(2, 102)]

    _with_pool(notes, use)
    flushes = _flushes(db)
    assert len(flushes) == 100
    assert 0 < flushes.count(True) < 60


def test_writes_in_a_lane_share_flushes(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        for _ in range(4):
            await _note(pool, 1, "note")
        replies = await asyncio.gather(*(_note(pool, n, "note") for n in range(2, 102)))
        assert replies == [str(100 // n).encode() for n in range(2, 102)]

    _with_pool(notes, use, size=4)
    flushes = _flushes(db)
    assert len(flushes) == 100
    assert 0 < flushes.count(True) < 60


def test_a_leader_vouches_for_nothing_that_another_connection_commits_after_it_was_sent(notes: str) -> None:
    async def main() -> None:
        commits = GroupCommit()
        connections = [await Connection.open(notes, 60) for _ in range(2)]
        result = await connections[0].run("select 1", [])

        def send(connection: Connection, *, followed: bool) -> Turn:
            turn = Turn(_NOTE)
            turn.sent = asyncio.get_running_loop().time()
            commits.form(turn, _NOTE, connection, followed=followed)
            return turn

        early, late = (send(connections[0], followed=True) for _ in range(2))
        commits.finished(early, result)
        leader = send(connections[1], followed=False)
        commits.finished(late, result)
        commits.finished(leader, result)
        assert [turn.future.done() for turn in (early, leader, late)] == [True, True, False]
        assert commits.waits
        for connection in connections:
            await connection.close()

    uvloop.run(main())


def test_a_write_that_nobody_follows_is_flushed_by_itself(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        for n in range(2, 12):
            await _note(pool, n)

    _with_pool(notes, use)
    assert _flushes(db) == [True] * 10


def test_behind_a_pooler_every_commit_flushes(notes: str, db: psycopg.Connection) -> None:
    # which session runs what, and whether it was there before, is not known
    async def use(pool: Pool) -> None:
        await asyncio.gather(*(_note(pool, n) for n in range(2, 52)))

    _with_pool(notes, use, pooled=True)
    assert _flushes(db) == [True] * 50


def test_writes_that_fail_keep_no_reply_back(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        numbers = [0 if random.random() < 0.4 else n for n in range(2, 102)]
        replies = await asyncio.gather(*(_note(pool, n) for n in numbers), return_exceptions=True)
        for n, reply in zip(numbers, replies, strict=True):
            assert isinstance(reply, psycopg.errors.DivisionByZero) if n == 0 else reply == str(100 // n).encode()

    _with_pool(notes, use)


def test_nobody_waits_for_a_flush_that_cannot_be(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        db.execute("alter sequence orchestrator.flush rename to elsewhere")
        asking = [_note(pool, n) for n in range(2, 42)]
        replies = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 20)
        assert all(isinstance(reply, bytes | psycopg.Error) for reply in replies)
        assert any(isinstance(reply, psycopg.OperationalError) for reply in replies)

    try:
        _with_pool(notes, use)
    finally:
        db.execute("alter sequence orchestrator.elsewhere rename to flush")


def test_a_flush_needs_nothing_that_a_server_forgets(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        for _ in range(5):
            asking = [asyncio.create_task(_note(pool, n)) for n in range(2, 22)]
            await asyncio.sleep(0)
            await pool.run("discard all", [])
            replies = await asyncio.wait_for(asyncio.gather(*asking), 20)
            assert replies == [str(100 // n).encode() for n in range(2, 22)]

    _with_pool(notes, use)


def test_writes_that_wait_for_a_lock_hold_up_nobody(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        db.execute("select pg_advisory_lock(1)")
        blocked = []
        for _ in range(4):
            others = [asyncio.create_task(_note(pool, n)) for n in range(2, 12)]
            # in the middle of them, where it may lead or be led
            await asyncio.sleep(0)
            blocked.append(asyncio.create_task(_note(pool, -1)))
            others += [asyncio.create_task(_note(pool, n)) for n in range(2, 12)]
            await asyncio.wait_for(asyncio.gather(*others), 20)
        assert not any(each.done() for each in blocked)
        db.execute("select pg_advisory_unlock(1)")
        assert await asyncio.gather(*blocked) == [b"-100"] * 4

    _with_pool(notes, use, size=6)


def test_replies_survive_the_loss_of_connections_or_say_that_they_do_not_know(
    notes: str, db: psycopg.Connection
) -> None:
    async def use(pool: Pool) -> None:
        for _ in range(5):
            asking = [asyncio.create_task(_note(pool, n)) for n in range(2, 42)]
            await asyncio.sleep(0.01)
            db.execute(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                order by random() limit 2
                """
            )
            for reply in await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 20):
                assert isinstance(reply, bytes | psycopg.OperationalError), reply
        # one that was ended while nobody used it is noticed a little later
        await asyncio.sleep(0.5)
        assert await _note(pool, 2) == b"50"

    _with_pool(notes, use, size=4)
