"""Values at the edge of their types reach guards and followers as what they are, and cost nobody else anything."""

from __future__ import annotations

import time

import pytest

from .conftest import Connect, Ledger, above, end, follower, guard, note, refusal, refused, say, when

DATES = ("date", "timestamp", "timestamptz")


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("type_name", DATES)
def test_an_infinite_date_is_no_missing_one(ledger: Ledger, type_name: str, kept: bool) -> None:
    ledger.run(f"create table loans (id bigint generated always as identity, due {type_name}, note text)")
    ledger.manage("loans")
    late = when("{{$context.params.values.due}}", "gt", "2030-01-01", say("due {{$context.params.values.due}}"), end())
    ledger.define(guard(late, collection="loans", **({} if kept else {"deleteExecutionOnStatus": [1]})))
    ledger.define(follower(note("{{$context.data.due}}"), collection="loans", config={"mode": 3}))
    insert = "insert into loans (due) values ('{}')"
    assert refused(ledger.db, insert.format("2030-02-01")).startswith("due 2030-02-01")
    assert refused(ledger.db, insert.format("infinity")) == "due infinity"
    ledger.run(insert.format("-infinity"))
    assert refused(ledger.db, "update loans set due = 'infinity'") == "due infinity"
    ledger.run("update loans set due = null")
    assert refused(ledger.db, "update loans set due = 'infinity'") == "due infinity"
    ledger.drain()
    assert ledger.notes() == ["-infinity", None]


@pytest.mark.parametrize("type_name", DATES)
@pytest.mark.parametrize("style", ["ISO, MDY", "German", "SQL, DMY"])
def test_a_date_before_our_era_is_told_from_one_of_it(ledger: Ledger, type_name: str, style: str) -> None:
    ledger.run(f"create table finds (id bigint generated always as identity, made {type_name})")
    ledger.manage("finds")
    ledger.define(guard(say("made {{$context.record.made}}"), end(), collection="finds"))
    ledger.define(follower(note("{{$context.data.made}}"), collection="finds", key="f"))
    ledger.run(f"set datestyle = '{style}'; set timezone = 'Asia/Kathmandu'")
    for made in ("0044-03-15", "1000-03-15"):
        era = refused(ledger.db, f"insert into finds (made) values ('{made} 12:00+00')")
        before = refused(ledger.db, f"insert into finds (made) values ('{made} 12:00+00 BC')")
        assert era.startswith(f"made {made}") and before.startswith(f"made {made}")
        assert not era.endswith("BC") and before.endswith(" BC")
    ledger.run("update orchestrator.workflows set enabled = false where key = 'limit'")
    ledger.run("insert into finds (made) values ('0044-03-15 BC'), ('0044-03-15')")
    ledger.drain()
    assert [text.endswith(" BC") for text in ledger.notes()] == [True, False]


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", "0e-999999999", "0e999999999"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_number_beyond_all_bounds_in_a_document_holds_nobody_up(ledger: Ledger, number: str, kept: bool) -> None:
    """Written out it would be a gigabyte."""
    ledger.run("create table documents (id bigint generated always as identity, amount numeric, j json)")
    ledger.manage("documents")
    huge = when("{{$context.record.j}}", "gt", 500, say("j {{$context.record.j}}", "large"), end(key="refuse"), key="j")
    ledger.define(guard(huge, above(), collection="documents", **({} if kept else {"deleteExecutionOnStatus": [1]})))
    ledger.define(follower(note("{{$context.data.j}}"), collection="documents"))
    began = time.monotonic()
    insert = f"insert into documents (amount, j) values ({{}}, '{number}')"
    if number == "1e999999999":
        assert refused(ledger.db, insert.format(1)) == "j Infinity"
        ledger.run("update orchestrator.workflows set enabled = false where key = 'limit'")
    else:
        assert refused(ledger.db, insert.format(900)) == "Amount 900 is above 500"
    ledger.run(insert.format(1))
    ledger.run("insert into documents (amount, j) values (1, '2')")
    assert ledger.drain() == 2
    assert ledger.notes() == [None if number.endswith("1e999999999") else "0", "2"]
    assert time.monotonic() - began < 5


def test_an_integer_as_long_as_a_numeric_is_followed(ledger: Ledger) -> None:
    ledger.define(follower(note("{{$context.data.title}}")))
    ledger.run("insert into expenses (title, amount) values ('long', repeat('9', 130000)::numeric), ('short', 1)")
    ledger.drain()
    assert ledger.notes() == ["long", "short"]
    assert refusal(ledger.db, "insert into expenses (amount) values (repeat('9', 140000)::numeric)")[0] == "22003"


@pytest.mark.parametrize("type_name", ["float8", "float4"])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("columns", [3, 130])
def test_a_float_is_judged_by_all_its_digits_whatever_the_session_shows(
    ledger: Ledger, connect: Connect, type_name: str, columns: int, kept: bool
) -> None:
    names = ", ".join(f"c{n} {type_name}" for n in range(columns))
    ledger.run(f"create table measures (id bigint generated always as identity, {names})")
    ledger.run("grant select, insert, update on measures to writer")
    ledger.manage("measures")
    large = when("{{$context.record.c1}}", "gt", 500, say("{{$context.record.c1}}"), end())
    ledger.define(guard(large, collection="measures", **({} if kept else {"deleteExecutionOnStatus": [1]})))
    ledger.define(follower(note("{{$context.data.c1}}"), collection="measures", config={"mode": 3}))
    with connect(user="writer") as session:
        for digits in (1, 0, -15):
            session.execute(f"set extra_float_digits = {digits}".encode())
            assert refused(session, "insert into measures (c1) values (500.5)") == "500.5"
            session.execute("insert into measures (c1) values (499.5)")
            assert refused(session, "update measures set c1 = 500.5") == "500.5"
            assert refused(session, "insert into measures (c1) values ('Infinity')") == "Infinity"
            session.execute("insert into measures (c1) values ('NaN'), ('-Infinity'), (null)")
    ledger.drain()
    assert ledger.notes() == ["499.5", None, None, None] * 3
