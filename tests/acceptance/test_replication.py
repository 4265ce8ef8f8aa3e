"""Rows that a subscription applies: judged and not followed, since PostgreSQL fires row triggers alone there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from .conftest import EXPENSES, Ledger, above, follower, guard, note


def _soon(question: Callable[[], bool]) -> bool:
    """Whether it becomes true within a while."""
    for _ in range(2000):
        if question():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def source(limit: Ledger, new_database: Callable[..., str]) -> Iterator[Ledger]:
    """Another database of the server, whose expenses arrive in the guarded table."""
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as session:
        source = Ledger(session)
        source.run(EXPENSES + "create publication ours for table expenses")
        slot = f"slot_{session.info.dbname}"
        source.value("select pg_create_logical_replication_slot(%s, 'pgoutput')", slot)
        options = f"create_slot = false, slot_name = '{slot}', copy_data = false"
        limit.run(f"create subscription theirs connection '{dsn}' publication ours with ({options})")
        yield source
        limit.run("alter subscription theirs disable")
        assert _soon(lambda: not source.value("select active from pg_replication_slots where slot_name = %s", slot))
        limit.run("alter subscription theirs set (slot_name = none)")
        limit.run("drop subscription theirs")
        source.value("select pg_drop_replication_slot(%s)", slot)


def test_replicated_rows_are_judged_by_what_is_published_when_they_come(limit: Ledger, source: Ledger) -> None:
    source.run("insert into expenses (amount) values (100), (200)")
    assert _soon(lambda: limit.amounts() == [100, 200])
    source.run("update expenses set amount = 150 where amount = 100; delete from expenses where amount = 200")
    assert _soon(lambda: limit.amounts() == [150])
    limit.define(guard(above(600)))
    limit.run("alter table expenses add column extra text")
    source.run("insert into expenses (amount) values (550)")
    assert _soon(lambda: limit.amounts() == [150, 550])
    source.run("insert into expenses (amount) values (900)")
    assert _soon(lambda: limit.value("select apply_error_count > 0 from pg_stat_subscription_stats"))
    assert limit.amounts() == [150, 550]
    limit.run("select orchestrator.disable('limit')")
    assert _soon(lambda: limit.amounts() == [150, 550, 900])


def test_nothing_follows_replicated_rows_and_none_is_on_record(limit: Ledger, source: Ledger) -> None:
    limit.define(follower(note()))
    source.run("insert into expenses (title, amount) values ('theirs', 100)")
    assert _soon(lambda: limit.amounts() == [100])
    assert limit.executions() == []
    limit.run("insert into expenses (id, title, amount) values (7, 'ours', 100)")
    limit.drain()
    assert limit.notes() == ["ours"]
