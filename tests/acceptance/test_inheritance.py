"""A table that inherits from a managed one is guarded like a partition, from the moment it does."""

from __future__ import annotations

import pytest

from .conftest import Connect, Connection, Ledger, end, follower, guard, never, note, refusal, refused, say, when
from .trusting import MESSAGE

TRIGGERS = "select count(*) from pg_trigger where tgrelid = 'trips'::regclass and not tgisinternal"


def _child(ledger: Ledger, how: str) -> None:
    """A child of the expenses that are guarded and followed."""
    if how == "before":
        ledger.run("select orchestrator.unmanage('expenses')")
    if how == "attached":
        ledger.run("create table trips (km int, amount numeric not null, title text, id bigint not null)")
        ledger.run("alter table trips inherit expenses")
    else:
        ledger.run("create table trips (km int) inherits (expenses)")
    if how == "before":
        ledger.manage("expenses")
        ledger.define(guard())
    ledger.run("grant select, insert, update, delete on expenses, trips to writer")


@pytest.mark.parametrize("how", ["before", "created", "attached"])
def test_rows_of_a_child_are_judged_and_followed_however_they_are_written(
    limit: Ledger, connect: Connect, how: str
) -> None:
    _child(limit, how)
    limit.define(follower(note("{{$context.data.amount}}"), config={"mode": 3}))
    plain = connect(user="writer")
    for _ in range(2):
        assert refused(plain, "insert into trips (id, amount) values (1, 900)") == MESSAGE
        plain.execute("insert into trips (id, amount, km) values (1, 100, 5)")
        assert refused(plain, "update expenses set amount = 900") == MESSAGE
        assert refused(plain, "update trips set amount = 900") == MESSAGE
        plain.execute("update expenses set amount = 200")
        plain.execute("delete from expenses")
        limit.drain()
        limit.run("alter table expenses add column extra text")
        limit.run("alter table expenses drop column extra")
    assert limit.notes() == ["100", "200"] * 2
    limit.define(never("kept", key="keep", actions=("destroy",)))
    plain.execute("insert into trips (id, amount) values (1, 100)")
    assert refused(plain, "delete from expenses") == "kept"
    assert refusal(limit.db, "truncate trips")[0] == refusal(limit.db, "truncate expenses")[0] == "WF400"


def test_a_child_with_a_generated_column_of_its_own_is_guarded(limit: Ledger) -> None:
    limit.run("create table trips (km int, miles int generated always as (km * 5 / 8) stored) inherits (expenses)")
    assert refused(limit.db, "insert into trips (id, amount, km) values (1, 900, 8)") == MESSAGE
    limit.run("insert into trips (id, amount, km) values (1, 100, 8)")
    assert refused(limit.db, "update expenses set amount = 900") == MESSAGE


def test_grandchildren_in_other_schemas_are_guarded_as_well(limit: Ledger) -> None:
    limit.run(
        "create schema far; create table trips () inherits (expenses); create table far.flights () inherits (trips)"
    )
    assert refused(limit.db, "insert into far.flights (id, amount) values (1, 900)") == MESSAGE
    limit.run("insert into far.flights (id, amount) values (1, 100)")
    assert refused(limit.db, "update trips set amount = 900") == MESSAGE


def test_children_and_partitions_that_are_created_with_their_schema_are_guarded(limit: Ledger) -> None:
    """The commands inside CREATE SCHEMA are none of their own for event triggers."""
    limit.run("create table years (year int, title text, amount numeric) partition by list (year)")
    limit.manage("years")
    for table in "expenses", "years":
        limit.define(guard(key=f"{table}-limit", collection=table))
        limit.define(follower(note(), key=f"{table}-follow", collection=table))
    limit.run(
        "create schema far create table flights () inherits (public.expenses)"
        " create table first partition of public.years for values in (1)"
    )
    assert refused(limit.db, "insert into far.flights (id, amount) values (1, 900)") == MESSAGE
    limit.run("insert into far.flights (id, title, amount) values (1, 'flight', 100)")
    assert refused(limit.db, "update expenses set amount = 900") == MESSAGE
    limit.run("insert into far.first values (1, 'first', 100)")
    limit.drain()
    assert limit.notes() == ["flight", "first"]
    limit.run("create function sneaky() returns trigger language plpgsql as 'begin new.amount := 999; return new; end'")
    late = "create trigger zzzz before insert on trips for each row execute function public.sneaky()"
    assert "zzzz" in refusal(limit.db, f"create schema near create table trips () inherits (public.expenses) {late}")[1]


def test_a_child_that_inherits_no_more_is_as_it_was(limit: Ledger) -> None:
    _child(limit, "created")
    assert limit.value(TRIGGERS) > 0
    limit.run("alter table trips no inherit expenses")
    assert limit.value(TRIGGERS) == 0
    limit.run("insert into trips (id, amount) values (1, 900)")
    limit.run("select orchestrator.unmanage('expenses')")


def test_a_child_that_is_managed_itself_has_its_own_guards_until_it_is_not(limit: Ledger) -> None:
    _child(limit, "created")
    limit.manage("trips")
    limit.define(guard(when("{{$context.record.km}}", "gt", 9, say("far"), end()), key="far", collection="trips"))
    assert refused(limit.db, "insert into trips (id, amount, km) values (1, 900, 10)") == "far"
    limit.run("insert into trips (id, amount, km) values (1, 900, 1)")
    assert refused(limit.db, "update trips set km = 10") == "far"
    limit.run("select orchestrator.unmanage('trips'); delete from trips")
    assert refused(limit.db, "insert into trips (id, amount, km) values (1, 900, 1)") == MESSAGE
    limit.run("insert into trips (id, amount, km) values (1, 100, 10)")
    limit.run("select orchestrator.unmanage('expenses')")
    assert limit.value(TRIGGERS) == 0


def test_a_table_cannot_inherit_from_two_managed_ones(limit: Ledger) -> None:
    limit.run("create table journeys (km int)")
    limit.manage("journeys")
    sqlstate, message, _ = refusal(limit.db, "create table trips () inherits (expenses, journeys)")
    assert (sqlstate, message) == ("WF409", "public.trips is guarded already, as a part of another managed table")


def test_a_plain_writer_reaches_no_child_unjudged_through_its_parent(guarded: Ledger, plain: Connection) -> None:
    guarded.run("create table trips (km int) inherits (expenses); insert into trips (id, amount) values (1, 3)")
    assert refused(plain, "update expenses set amount = 900") == MESSAGE
    assert guarded.amounts() == [3]
