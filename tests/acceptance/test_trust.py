"""Whoever writes is who the database says he is, and nothing he can set, leave behind or create removes a guard."""

from __future__ import annotations

import psycopg
import psycopg.sql
import pytest

from .conftest import Connect, Connection, Ledger, above, end, follower, guard, note, refusal, refused, say, when
from .trusting import MESSAGE, VIOLATION, WRITE, WRITER_RIGHTS, actors

SETTINGS = {
    "orchestrator.user_id": "1",
    "orchestrator.role_name": "root",
    "orchestrator.trigger_workflows": "other",
    "orchestrator.trace_id": "trace",
    "orchestrator.fake_now": "2001-01-01T00:00:00Z",
    "orchestrator.chain": "on",
    "orchestrator.publishing": "held",
    "orchestrator.anything": "else",
}


@pytest.mark.parametrize("how", ["set", "set local", "options"])
def test_no_setting_removes_a_guard_or_makes_him_somebody_else(guarded: Ledger, connect: Connect, how: str) -> None:
    for setting, value in SETTINGS.items():
        options = {"options": f"-c {setting}={value}"} if how == "options" else {}
        with connect(user="writer", **options) as session:
            prepare = "select" if how == "options" else f"{how} {setting} = '{value}'"
            with session.transaction():
                session.execute(prepare.encode())
                session.execute(WRITE)
            with pytest.raises(psycopg.Error, match=MESSAGE), session.transaction():
                session.execute(prepare.encode())
                session.execute(VIOLATION)
    assert actors(guarded) == [(None, None, "writer")] * len(SETTINGS)
    assert guarded.value("select max(now() - created_at) < interval '1 hour' from orchestrator.executions")


def test_no_setting_keeps_an_after_workflow_from_being_queued(guarded: Ledger, plain: Connection) -> None:
    guarded.define(follower(note()))
    for setting, value in SETTINGS.items():
        plain.execute(f"set {setting} = '{value}'")
    plain.execute(WRITE)
    ((key, status, context),) = guarded.executions("follow")
    assert (key, status, context["user"], context["dbUser"]) == ("follow", None, None, "writer")


def test_the_apis_login_is_believed(guarded: Ledger, api_dsn: str) -> None:
    guarded.run("grant insert on expenses to api_login")
    with psycopg.connect(api_dsn, autocommit=True) as session:
        session.execute("set orchestrator.user_id = '1'; set orchestrator.role_name = 'root'")
        session.execute(WRITE)
        assert refused(session, VIOLATION) == MESSAGE
    assert actors(guarded) == [("Root", "root", "api_login")]
    guarded.run("revoke insert on expenses from api_login")


def test_a_superuser_is_not_the_api(guarded: Ledger) -> None:
    guarded.run("set orchestrator.user_id = '1'; set orchestrator.role_name = 'root'")
    guarded.run(WRITE)
    guarded.run(f"set role orchestrator_owner; reset role; {WRITE}")
    assert actors(guarded) == [(None, None, "postgres")] * 2


def test_set_role_changes_nothing_about_who_writes(guarded: Ledger, plain: Connection) -> None:
    guarded.run("create role clerks; grant insert on expenses to clerks; grant clerks to writer")
    try:
        plain.execute("set role clerks")
        plain.execute(WRITE)
        assert refused(plain, VIOLATION) == MESSAGE
        assert actors(guarded) == [(None, None, "writer")]
        assert refusal(plain, "set role orchestrator_api")[0] == "42501"
        assert refusal(plain, "set role orchestrator_runner")[0] == "42501"
    finally:
        guarded.run("drop owned by clerks; drop role clerks")


def test_a_security_definer_function_is_no_detour(guarded: Ledger, plain: Connection) -> None:
    guarded.run("revoke all on expenses from writer")
    for owner in ("postgres", "api_login"):
        guarded.run(
            f"""
            create function put_{owner}(numeric) returns void language plpgsql security definer as $$
            begin
                perform set_config('orchestrator.user_id', '1', true);
                perform set_config('orchestrator.role_name', 'root', true);
                insert into public.expenses (amount) values ($1);
            end $$;
            alter function put_{owner} owner to {owner};
            """
        )
    guarded.run("grant insert on expenses to api_login")
    for owner in ("postgres", "api_login"):
        plain.execute(f"select put_{owner}(1)")
        assert refused(plain, f"select put_{owner}(900)") == MESSAGE
    assert actors(guarded) == [(None, None, "writer")] * 2


LEFT_BEHIND = [
    "discard all",
    "reset all",
    "set search_path = ''",
    "set default_transaction_isolation = serializable",
    "set session_replication_role = replica",
    "set plan_cache_mode = force_generic_plan",
    "set row_security = off",
    "set check_function_bodies = off",
    "set datestyle = 'German'; set timezone = 'Asia/Kathmandu'; set intervalstyle = 'iso_8601'",
    "set standard_conforming_strings = off; set backslash_quote = on",
    "set bytea_output = escape; set extra_float_digits = -15; set xmloption = document",
    "set lc_numeric = 'C'; set client_encoding = 'LATIN1'",
    "set transform_null_equals = on; set array_nulls = off",
    f"begin; {WRITE}; savepoint s; {WRITE}; rollback to s; rollback",
    f"begin; {WRITE}; savepoint s; {WRITE}; release s; savepoint t",
    "prepare p as select 1; declare c cursor with hold for select 1",
    "listen orchestrator_wake; load 'plpgsql'",
]


def test_a_pooled_session_is_guarded_in_whatever_state_it_was_left(guarded: Ledger, connect: Connect) -> None:
    for state in LEFT_BEHIND:
        with connect() as session:
            session.execute(WRITE)
            assert refused(session, VIOLATION) == MESSAGE
            for statement in state.split("; "):
                session.execute(statement.encode())
            with pytest.raises(psycopg.Error, match=MESSAGE), session.transaction():
                session.execute(VIOLATION)
            with session.transaction():
                session.execute(WRITE)
            session.execute("rollback")
    assert 900 not in guarded.amounts()


def test_a_session_is_guarded_after_statements_that_failed_in_every_way(guarded: Ledger, connect: Connect) -> None:
    session = connect()
    guarded.run("alter table expenses add constraint small check (amount < 400)")
    failing = [
        "insert into expenses (amount) values (1), (450)",
        "insert into expenses (amount) select 1 / (3 - g) from generate_series(1, 3) g",
        "insert into expenses (id, amount) values (7, 1), (7, 1)",
        "update expenses set amount = 450",
        VIOLATION,
    ]
    guarded.run(WRITE)
    for statement in failing * 2:
        with pytest.raises(psycopg.Error):
            session.execute(statement.encode())
        assert refused(session, VIOLATION) == MESSAGE
    session.execute("begin")
    for statement in failing:
        session.execute("savepoint s")
        with pytest.raises(psycopg.Error):
            session.execute(statement.encode())
        session.execute("rollback to s")
        session.execute(WRITE)
    session.execute("commit")
    assert guarded.amounts() == [1] * 6
    assert [status for _, status, _ in guarded.executions()] == [1] * 6


def test_whoever_takes_over_a_session_is_himself(guarded: Ledger) -> None:
    guarded.run(WRITE)
    guarded.run(f"set session authorization writer; {WRITE}")
    assert refused(guarded.db, VIOLATION) == MESSAGE
    guarded.run("reset session authorization")
    guarded.run(WRITE)
    assert [row[2] for row in actors(guarded)] == ["postgres", "writer", "postgres"]


@pytest.mark.parametrize("kept", [True, False])
def test_statements_of_one_message_are_judged_each_by_itself(ledger: Ledger, kept: bool) -> None:
    """They share transaction, subtransaction and the message's time."""
    ledger.run(WRITER_RIGHTS)
    computed = {"key": "sum", "type": "calculation", "config": {"engine": "math.js", "expression": "1+1"}}
    options = {} if kept else {"deleteExecutionOnStatus": [1]}
    ledger.define(guard(computed, above(), **options))
    disable = "update orchestrator.workflows set enabled = {} where key = 'limit' and current"
    block = "do $$ begin {}; end $$"
    ledger.run(block.format("; ".join([WRITE, disable.format("false"), VIOLATION, disable.format("true"), WRITE])))
    assert refused(ledger.db, block.format("; ".join([WRITE, VIOLATION]))) == MESSAGE
    assert ledger.amounts() == [1, 1, 900]
    ledger.run(block.format("; ".join([WRITE] * 5)))
    assert ledger.value("select count(*) from orchestrator.executions") == (7 if kept else 0)
    ledger.define(guard(note("{{$context.dbUser}}"), key="who", **options))
    ledger.run(f"{WRITE}; set session authorization writer; {WRITE}; reset session authorization; {WRITE}")
    assert ledger.notes() == ["postgres", "writer", "postgres"]
    ledger.define(guard(say("bound"), end(), key="button", config={"global": False, "actions": []}, **options))
    button = "set local orchestrator.trigger_workflows = 'button'"
    assert refused(ledger.db, f"{WRITE}; {button}; {WRITE}") == "bound"
    ledger.run(f"begin; {button}; savepoint s; set local orchestrator.trigger_workflows = ''; {WRITE}; commit")
    assert ledger.notes() == ["postgres", "writer", "postgres", "postgres"]


def test_a_later_statement_of_a_requests_transaction_is_guarded(guarded: Ledger) -> None:
    create = """select left(orchestrator.act('{"action":"create","values":{"amount":%s}}', 'expenses'), 3)::integer"""
    with guarded.db.transaction(force_rollback=True):
        assert guarded.value(create.replace("%s", "1")) == 200
        assert refused(guarded.db, VIOLATION) == MESSAGE
    with guarded.db.transaction(force_rollback=True):
        guarded.run("savepoint s")
        assert guarded.value(create.replace("%s", "1")) == 200
        guarded.run("rollback to s")
        assert refused(guarded.db, VIOLATION) == MESSAGE
    one_message = f"begin; {create.replace('%s', '1')}; {VIOLATION}; commit"
    assert refused(guarded.db, one_message) == MESSAGE
    guarded.run("rollback")
    together = f"with a as materialized ({create.replace('%s', '1')}), b as ({VIOLATION} returning id) select from a, b"
    assert refused(guarded.db, together) == MESSAGE
    assert guarded.amounts() == []


@pytest.mark.parametrize("timing", ["before", "after"])
@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_users_trigger_that_writes_to_the_same_table_is_guarded(guarded: Ledger, timing: str, door: str) -> None:
    guarded.run(
        f"""
        create function spawn() returns trigger language plpgsql as $$
        begin
            if new.title = 'spawn' then
                insert into public.expenses (title, amount) values ('spawned', 900);
            end if;
            return new;
        end $$;
        create trigger spawn {timing} insert or update on expenses for each row execute function spawn();
        """
    )
    if door == "sql":
        assert refused(guarded.db, "insert into expenses (title, amount) values ('spawn', 1)") == MESSAGE
    else:
        answer = guarded.act("expenses", "create", values={"title": "spawn", "amount": 1})
        assert answer == (400, {"errors": [{"message": MESSAGE}]})
        guarded.run("insert into expenses (id, amount) values (5, 5)")
        answer = guarded.act("expenses", "update", filterByTk=5, values={"title": "spawn"})
        assert answer == (400, {"errors": [{"message": MESSAGE}]})
    assert 900 not in guarded.amounts()


def test_a_default_that_writes_to_the_same_table_is_guarded(guarded: Ledger) -> None:
    guarded.run(
        """
        create function spawn() returns text language plpgsql as $$
        begin
            insert into public.expenses (title, amount) values ('spawned', 900);
            return 'x';
        end $$;
        alter table expenses alter title set default spawn();
        """
    )
    answer = guarded.act("expenses", "create", values={"amount": 1})
    assert answer == (400, {"errors": [{"message": MESSAGE}]})
    assert guarded.amounts() == []


def test_deletes_besides_the_one_of_a_request_are_guarded(ledger: Ledger) -> None:
    ledger.run(
        """
        alter table expenses add parent_id bigint references expenses on delete cascade;
        insert into expenses (id, title, amount, parent_id) values (1, 'a', 1, null), (2, 'keep', 1, 1);
        """
    )
    ledger.define(guard(when("{{$context.previous.title}}", "equal", "keep", say("kept"), end()),
                        config={"actions": ["destroy"]}))  # fmt: skip
    assert ledger.act("expenses", "destroy", filterByTk=1) == (400, {"errors": [{"message": "kept"}]})
    assert len(ledger.amounts()) == 2
