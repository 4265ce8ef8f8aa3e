"""Short writes that follow each other over one connection, and what must not stand behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import psycopg
import pytest
import uvloop
from psycopg.conninfo import make_conninfo

from api.group_commit import Shared
from api.pool import Pool

_SCHEMA = """
create table notes (n integer, pid integer not null default pg_backend_pid());
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
create constraint trigger refuse after insert on notes deferrable initially deferred
    for each row when (new.n = -6) execute function refuse();
create function flush_slowly() returns trigger language plpgsql as $$
begin
    if current_setting('synchronous_commit') <> 'off' then
        perform pg_sleep(0.002);
    end if;
    return null;
end
$$;
create constraint trigger flush_slowly after insert on notes deferrable initially deferred
    for each row when (new.n >= 1000) execute function flush_slowly();
-- counts what was undone as well
create sequence runs;
create function note(n integer) returns text language plpgsql as $$
begin
    perform nextval('runs');
    insert into notes values (n);
    case n
        when -1 then perform pg_advisory_xact_lock(1);
        when -2 then perform pg_sleep(0.01);
        when -3 then execute 'deallocate all';
        when -5 then
            begin
                perform pg_sleep(20);
            exception when query_canceled then
                perform pg_advisory_xact_lock(1);
            end;
        when -4 then raise exception using errcode = '57014';
        else null;
    end case;
    return 100 / n;
end
$$;
"""
_NOTE = Shared.of("select note($1::integer)")
_BLOCKED, _LONG, _FORGETTING, _CANCELED, _STUBBORN = -1, -2, -3, -4, -5
Use = Callable[[Pool], Awaitable[None]]


@pytest.fixture(scope="module")
def notes(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(_SCHEMA)
    return database


@pytest.fixture
def db(notes: str) -> Iterator[psycopg.Connection]:
    """Another session."""
    with psycopg.connect(notes, autocommit=True) as db:
        db.execute("truncate notes")
        db.execute("alter sequence runs restart")
        yield db


def _with_pool(dsn: str, use: Use, *, size: int = 8, patience: float = 0.003, pooled: bool = False) -> None:
    async def main() -> None:
        pool = Pool(dsn, size=size, timeout=20, lifetime=60, patience=patience, pooled=pooled)
        try:
            await _open_lanes(pool, 0 if pooled else size // 4)
            await use(pool)
        finally:
            await pool.close()
            assert pool.use == (0, 0, 0)

    uvloop.run(main())


async def _open_lanes(pool: Pool, count: int) -> None:
    async with asyncio.timeout(20):
        while len(pool._lanes) < count:
            await asyncio.gather(*(_note(pool, 1) for _ in range(8)), return_exceptions=True)


async def _note(pool: Pool, n: int, kind: str | None = "short") -> bytes:
    return (await pool.run(_NOTE, [str(n).encode()], kind)).get_value(0, 0) or b""


async def _all(pool: Pool, numbers: range) -> None:
    replies = await asyncio.wait_for(asyncio.gather(*(_note(pool, n) for n in numbers)), 20)
    assert replies == [str(100 // n).encode() for n in numbers]


async def _answered(pool: Pool, numbers: range) -> list[int]:
    """Those that were not told that the connection is lost."""
    replies = await asyncio.gather(*(_note(pool, n) for n in numbers), return_exceptions=True)
    assert all(isinstance(reply, bytes | psycopg.OperationalError) for reply in replies)
    return [n for n, reply in zip(numbers, replies, strict=True) if isinstance(reply, bytes)]


def _written(db: psycopg.Connection) -> list[int]:
    return [n for (n,) in db.execute("select n from notes where n <> 1 order by n").fetchall()]


def _backends(db: psycopg.Connection, condition: str) -> int:
    (backends,) = db.execute(f"select count(distinct pid) from notes where {condition}".encode()).fetchone() or (0,)
    return int(backends)


def _share_of_two_backends(db: psycopg.Connection, condition: str) -> float:
    counts = db.execute(
        f"select count(*) from notes where {condition} group by pid order by 1 desc".encode()
    ).fetchall()
    return sum(count for (count,) in counts[:2]) / sum(count for (count,) in counts)


def test_short_writes_share_few_backends_and_each_is_written_once(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        await _all(pool, range(2, 202))

    _with_pool(notes, use)
    assert _written(db) == list(range(2, 202))
    assert _share_of_two_backends(db, "n > 1") > 0.8


def test_who_waits_for_a_lock_holds_up_nobody_and_writes_once(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        db.execute("alter sequence runs restart")
        db.execute("select pg_advisory_lock(1)")
        others = [asyncio.create_task(_note(pool, n)) for n in range(2, 12)]
        blocked = asyncio.create_task(_note(pool, _BLOCKED))
        others += [asyncio.create_task(_note(pool, n)) for n in range(12, 22)]
        await asyncio.wait_for(asyncio.gather(*others), 20)
        await asyncio.sleep(0.2)
        assert not blocked.done()
        db.execute("select pg_advisory_unlock(1)")
        assert await asyncio.wait_for(blocked, 20) == b"-100"

    _with_pool(notes, use)
    assert _written(db) == [_BLOCKED, *range(2, 22)]
    # in the lane, and then without a limit
    assert db.execute("select last_value from runs").fetchone() == (22,)


def test_a_lane_that_is_stuck_is_left_alone(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        db.execute("select pg_advisory_lock(1)")
        before = [asyncio.create_task(_note(pool, n)) for n in range(2, 6)]
        stubborn = asyncio.create_task(_note(pool, _STUBBORN))
        behind = [asyncio.create_task(_note(pool, n)) for n in range(6, 42)]
        _, held = await asyncio.wait((*before, *behind), timeout=2)
        # no more than had been sent
        assert len(held) <= 3
        await _all(pool, range(42, 62))
        assert not stubborn.done()
        db.execute("select pg_advisory_unlock(1)")
        await asyncio.wait_for(asyncio.gather(stubborn, *held), 20)

    _with_pool(notes, use, size=4)
    assert _written(db) == [_STUBBORN, *range(2, 62)]


def test_what_takes_long_does_not_stay_in_a_lane(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        for _ in range(4):
            await asyncio.gather(*(_note(pool, _LONG, "long") for _ in range(20)))
        db.execute("truncate notes")
        await asyncio.gather(*(_note(pool, _LONG, "long") for _ in range(20)), _all(pool, range(2, 52)))

    _with_pool(notes, use)
    assert _written(db) == [_LONG] * 20 + list(range(2, 52))
    assert _backends(db, "n = -2") > 2
    assert _backends(db, "n = -2 and pid in (select pid from notes where n > 1)") == 0


def test_where_flushes_are_slow_nobody_stands_behind_them(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        async with asyncio.timeout(20):
            share = 1.0
            while share > 0.8:
                db.execute("truncate notes")
                await _all(pool, range(1000, 1100))
                share = _share_of_two_backends(db, "n > 1")

    _with_pool(make_conninfo(notes, options="-c synchronous_commit=on"), use)


def test_an_error_of_the_commit_is_one_of_its_statement(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        numbers = [-6 if n % 3 == 0 else n for n in range(2, 102)]
        replies = await asyncio.gather(*(_note(pool, n) for n in numbers), return_exceptions=True)
        for n, reply in zip(numbers, replies, strict=True):
            assert isinstance(reply, psycopg.errors.RaiseException) if n < 0 else reply == str(100 // n).encode()

    _with_pool(notes, use)
    assert _written(db) == [n for n in range(2, 102) if n % 3]


def test_errors_are_those_of_their_statement_alone(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        numbers = [n if n % 3 else 0 for n in range(2, 102)]
        replies = await asyncio.gather(*(_note(pool, n) for n in numbers), return_exceptions=True)
        for n, reply in zip(numbers, replies, strict=True):
            assert isinstance(reply, psycopg.errors.DivisionByZero) if n == 0 else reply == str(100 // n).encode()

    _with_pool(notes, use)
    assert _written(db) == [n for n in range(2, 102) if n % 3]


def test_a_statement_that_is_canceled_elsewhere_as_well_is_an_error(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await _note(pool, _CANCELED)

    _with_pool(notes, use)
    assert _written(db) == []


def test_statements_that_the_server_forgot_run_once(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        for start in range(2, 62, 20):
            numbers = [*range(start, start + 10), _FORGETTING, *range(start + 10, start + 20)]
            await asyncio.wait_for(asyncio.gather(*(_note(pool, n) for n in numbers)), 20)
        await _open_lanes(pool, 2)
        await _all(pool, range(100, 200))

    _with_pool(notes, use)
    assert _written(db) == [_FORGETTING] * 3 + [*range(2, 62), *range(100, 200)]
    assert _share_of_two_backends(db, "n >= 100") > 0.8


def test_a_lost_lane_leaves_nothing_done_twice_and_is_replaced(notes: str, db: psycopg.Connection) -> None:
    answered: list[int] = []

    async def use(pool: Pool) -> None:
        for start in range(2, 402, 100):
            asking = asyncio.create_task(_answered(pool, range(start, start + 100)))
            await asyncio.sleep(0.003)
            db.execute("select pg_terminate_backend(pid) from (select distinct pid from notes) notes")
            answered.extend(await asyncio.wait_for(asking, 20))
        # lost ones are noticed a little later
        await asyncio.sleep(0.5)
        await _open_lanes(pool, 2)
        await _all(pool, range(402, 502))

    _with_pool(notes, use)
    written = _written(db)
    assert len(set(written)) == len(written)
    assert set(answered) | set(range(402, 502)) <= set(written)
    assert _share_of_two_backends(db, "n > 401") > 0.8


def test_a_lane_that_was_lost_while_nobody_used_it_takes_nobody_along(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        await _all(pool, range(2, 102))
        db.execute("select pg_advisory_lock(1)")
        # so that nobody is alone
        blocked = asyncio.create_task(_note(pool, _BLOCKED))
        await asyncio.sleep(0.2)
        idle = """
            select pid from notes where n > 1 and pid not in (select pid from pg_locks where not granted)
            group by pid order by count(*) desc
        """
        for pid in db.execute(idle).fetchall():
            db.execute("select pg_terminate_backend(%s)", pid)
            await asyncio.sleep(0.5)
            assert await asyncio.wait_for(_note(pool, 50), 20) == b"2"
        db.execute("select pg_advisory_unlock(1)")
        assert await asyncio.wait_for(blocked, 20) == b"-100"

    _with_pool(notes, use)


def test_a_lost_lane_hangs_nobody_while_the_server_takes_no_connections(notes: str, db: psycopg.Connection) -> None:
    db.execute("create role turned_away login superuser password 'x'")

    async def use(pool: Pool) -> None:
        db.execute("alter role turned_away nologin")
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'turned_away'")
        await asyncio.sleep(0.5)
        for _ in range(3):
            with pytest.raises(psycopg.OperationalError, match="connection failed"):
                await asyncio.wait_for(pool.run("select 1", []), 5)
        assert pool.use == (0, 0, 0)

    try:
        _with_pool(make_conninfo(notes, user="turned_away", password="x"), use)
    finally:
        db.execute("drop role turned_away")


def test_a_reply_waits_for_the_flush_that_follows_in_the_lane(
    notes: str, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.lanes._LIMIT", 60_000)

    async def use(pool: Pool) -> None:
        db.execute("select pg_advisory_lock(1)")
        # elsewhere the first, four that nobody follows, one that is followed, and its leader
        asking = [asyncio.create_task(_note(pool, n)) for n in (2, 3, 4, 5, 6, 7, _BLOCKED)]
        await asyncio.wait_for(asyncio.gather(*asking[:5]), 20)
        async with asyncio.timeout(20):
            while 7 not in _written(db):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert not asking[5].done()
        db.execute("select pg_advisory_unlock(1)")
        assert await asyncio.wait_for(asyncio.gather(*asking), 20)

    _with_pool(notes, use, size=4, patience=60)


def test_who_gives_up_takes_nobody_along(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        asking = [asyncio.create_task(_note(pool, n)) for n in range(2, 42)]
        await asyncio.sleep(0)
        for task in asking[::2]:
            task.cancel()
        replies = await asyncio.gather(*asking, return_exceptions=True)
        assert replies[1::2] == [str(100 // n).encode() for n in range(3, 42, 2)]
        await _all(pool, range(42, 52))

    _with_pool(notes, use)
    written = _written(db)
    assert set(range(3, 42, 2)) | set(range(42, 52)) <= set(written)
    assert len(set(written)) == len(written)


def test_a_pool_that_closes_amid_writes_answers_all(notes: str, db: psycopg.Connection) -> None:
    answered: list[int] = []

    async def use(pool: Pool) -> None:
        asking = asyncio.create_task(_answered(pool, range(2, 102)))
        # one turn of the loop begins it, the next one its writes
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await pool.close()
        answered.extend(await asyncio.wait_for(asking, 20))

    _with_pool(notes, use)
    written = _written(db)
    assert len(set(written)) == len(written)
    assert set(answered) <= set(written)


def test_a_pool_that_closes_while_a_lane_opens_answers_all(notes: str, db: psycopg.Connection) -> None:
    async def main() -> None:
        for turns in (0, 1, 2, 3, 5, 50):
            pool = Pool(notes, size=8, timeout=20, lifetime=60)
            assert await _note(pool, 1) == b"100"
            asking = asyncio.create_task(_answered(pool, range(2, 6)))
            for _ in range(turns):
                await asyncio.sleep(0)
            await pool.close()
            await asyncio.wait_for(asking, 20)
            assert pool.use == (0, 0, 0)

    uvloop.run(main())


def test_behind_a_pooler_nothing_is_ended_for_others(notes: str, db: psycopg.Connection) -> None:
    async def use(pool: Pool) -> None:
        # where lanes would open
        for _ in range(5):
            await asyncio.gather(*(_note(pool, 1) for _ in range(8)))
        db.execute("alter sequence runs restart")
        db.execute("select pg_advisory_lock(1)")
        others = [asyncio.create_task(_note(pool, n)) for n in range(2, 12)]
        blocked = asyncio.create_task(_note(pool, _BLOCKED))
        others += [asyncio.create_task(_note(pool, n)) for n in range(12, 22)]
        await asyncio.wait_for(asyncio.gather(*others), 20)
        await asyncio.sleep(0.4)
        db.execute("select pg_advisory_unlock(1)")
        assert await asyncio.wait_for(blocked, 20) == b"-100"

    _with_pool(notes, use, pooled=True)
    assert db.execute("select last_value from runs").fetchone() == (21,)
