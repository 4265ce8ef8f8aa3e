"""What somebody might try: search paths, shims of his own, names and values as code, secrets within reach."""

from __future__ import annotations

import psycopg
import psycopg.sql
import pytest

from .conftest import Connect, Connection, Ledger, above, end, follower, guard, note, refusal, refused, say, when
from .trusting import ACTOR, MESSAGE, VIOLATION, WRITE, WRITER_RIGHTS

EVIL = """
create schema evil authorization writer;
set session authorization writer;
create table evil.log (who text, what text);
create function evil.steal(pg_catalog.text) returns boolean language plpgsql as $$
begin
    if current_user <> 'writer' then
        insert into evil.log values (current_user, $1);
    end if;
    return true;
end $$;
grant usage on schema evil to public;
grant insert on evil.log to public;
create function evil.no(numeric, numeric) returns boolean language plpgsql as
    $$ begin perform evil.steal('operator'); return false; end $$;
create function evil.no(numeric, integer) returns boolean language plpgsql as
    $$ begin perform evil.steal('operator'); return false; end $$;
create operator evil.> (leftarg = numeric, rightarg = numeric, function = evil.no);
create operator evil.> (leftarg = numeric, rightarg = integer, function = evil.no);
create operator evil.<> (leftarg = numeric, rightarg = numeric, function = evil.no);
create function evil.times(numeric, integer) returns numeric language plpgsql as
    $$ begin perform evil.steal('times'); return 0; end $$;
create operator evil.* (leftarg = numeric, rightarg = integer, function = evil.times);
create function evil.to_char(timestamptz, pg_catalog.text) returns pg_catalog.text language plpgsql as
    $$ begin perform evil.steal('to_char'); return 'x'; end $$;
create function evil.to_json(anyelement) returns json language plpgsql as
    $$ begin perform evil.steal('to_json'); return '1'; end $$;
create function evil.current_setting(pg_catalog.text, boolean) returns pg_catalog.text language plpgsql as
    $$ begin perform evil.steal('setting'); return ''; end $$;
create function evil.coalesce(pg_catalog.text) returns pg_catalog.text language sql as $$ select '' $$;
create domain evil.text as pg_catalog.text check (evil.steal('text ' || value));
create domain evil.jsonb as pg_catalog.jsonb check (evil.steal('jsonb'));
create domain evil.bigint as pg_catalog.int8 check (evil.steal('bigint'));
create domain evil.int8 as pg_catalog.int8 check (evil.steal('int8'));
create domain evil.numeric as pg_catalog.numeric check (evil.steal('numeric'));
reset session authorization;
"""


@pytest.mark.parametrize(
    ("node", "kept"),
    [
        ("condition", True),
        ("condition", False),
        ("calculation", False),
        ("query", True),
        ("sql", False),
        ("create", True),
        ("system", False),
        ("environment", True),
    ],
)
def test_what_an_attacker_puts_on_his_search_path_is_never_called(
    ledger: Ledger, connect: Connect, node: str, kept: bool
) -> None:
    ledger.run(WRITER_RIGHTS + "; insert into orchestrator.environment (name, value) values ('SECRET', 'hidden')")
    first = {
        "condition": [],
        "calculation": [{"key": "c", "type": "calculation", "config": {
            "engine": "math.js", "expression": "1 + 1"}}],
        "query": [{"key": "q", "type": "query", "config": {
            "collection": "expenses", "params": {"filter": {"amount": {"$gt": 600}}}}}],
        "sql": [{"key": "s", "type": "sql", "config": {"sql": "select 2 > 1 as yes, '1'::text as t", "variables": []}}],
        "create": [note("seen")],
        "system": [{"key": "v", "type": "variable", "config": {"value": "{{$system.now}}"}}],
        "environment": [{"key": "v", "type": "variable", "config": {"value": "{{$env.SECRET}}"}}],
    }[node]  # fmt: skip
    options = {} if kept else {"deleteExecutionOnStatus": [1]}
    ledger.define(guard(*first, above(), **options))
    ledger.define(follower(note("{{$context.data.amount}}"), config={"mode": 3}))
    ledger.run(EVIL)
    with connect(user="writer") as session:
        session.execute("create temp table executions (id int); create temp table workflows (id int);"
                        "create temp table programs (id int); create temp table expenses (amount int)")  # fmt: skip
        session.execute("set search_path = evil, pg_temp, pg_catalog, public")
        session.execute(WRITE)
        assert refused(session, VIOLATION) == MESSAGE
        session.execute("update public.expenses set amount = 2")
        assert refused(session, "update public.expenses set amount = 900") == MESSAGE
        session.execute("delete from public.expenses")
    assert ledger.rows("select * from evil.log") == []
    ledger.drain()
    assert [text for text in ledger.notes() if text != "seen"] == ["1", "2"]


def test_shims_cannot_be_attached_to_a_table_of_his_own(guarded: Ledger, plain: Connection) -> None:
    guarded.define(follower(note()))
    guarded.run(
        "create schema his authorization writer; grant usage on schema orchestrator, orchestrator_hooks to writer"
    )
    plain.execute("create table his.own (id bigint, title text, amount numeric)")
    functions = guarded.rows(
        "select p.oid::regprocedure::text from pg_proc p"
        " where p.pronamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)"
        " and p.prorettype = 'trigger'::regtype"
    )
    assert len(functions) >= 8
    for (function,) in functions:
        trigger = f"create trigger t before insert on his.own for each row execute function {function}"
        assert refusal(plain, trigger)[0] == "42501", function


def test_nothing_is_executable_by_everybody_but_the_guards(guarded: Ledger) -> None:
    guarded.define(follower(note()))
    open_to_all = guarded.rows(
        "select p.pronamespace::regnamespace::text, p.proname, l.lanname, p.prosecdef from pg_proc p"
        " join pg_language l on l.oid = p.prolang"
        " where p.pronamespace in ('orchestrator'::regnamespace, 'orchestrator_hooks'::regnamespace)"
        " and has_function_privilege('writer', p.oid, 'execute')"
    )
    assert {(schema, language, definer) for schema, _, language, definer in open_to_all} == {
        ("orchestrator_hooks", "sql", False),
        ("orchestrator_hooks", "plpgsql", False),
    }
    names = {name for _, name, _, _ in open_to_all}
    assert {name.rsplit("_", 2)[1] for name in names - {"few_rows"}} == {"guard"}
    assert guarded.rows(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'orchestrator'::regnamespace"
        " and c.relkind in ('r', 'v', 'S', 'p')"
            " and case c.relkind when 'S' then has_sequence_privilege('writer', c.oid, 'usage')"
        " else has_table_privilege('writer', c.oid, 'select, insert, update, delete') end"
    ) == []  # fmt: skip


def test_the_nodes_role_reads_no_secret(guarded: Ledger) -> None:
    for table in ("users", "environment", "workflows", "executions"):
        allowed = guarded.value(
            "select has_table_privilege("
            "'orchestrator_runner', 'orchestrator.' || %s, 'select, insert, update, delete')",
            table,
        )
        assert not allowed, table
    peek = {"key": "peek", "type": "sql", "config": {"sql": "select password from orchestrator.users", "variables": []}}
    guarded.define(guard(peek, key="peek"))
    sqlstate, _, detail = refusal(guarded.db, WRITE)
    assert (sqlstate, detail["node"]) == ("WF500", "peek")
    assert "permission denied" in detail["cause"]


def test_a_table_with_row_security_fails_loudly_instead_of_hiding_rows(ledger: Ledger) -> None:
    ledger.run("create table blocked (id bigint primary key, title text);insert into blocked values (1, 'bad')")
    ledger.manage("blocked")
    found = {"key": "found", "type": "query", "config": {
        "collection": "blocked", "params": {"filter": {"title": "{{$context.params.values.title}}"}}}}  # fmt: skip
    ledger.define(guard(found, when("{{$jobsMapByNodeKey.found.id}}", "equal", 1, say("blocked"), end())))
    bad = "insert into expenses (title, amount) values ('bad', 1)"
    assert refused(ledger.db, bad) == "blocked"
    ledger.run("alter table blocked enable row level security; set row_security = on")
    sqlstate, _, detail = refusal(ledger.db, bad)
    assert sqlstate == "WF500" and "row-level security" in detail["cause"]
    assert ledger.amounts() == []
    ledger.run("alter table blocked add position bigint")
    ledger.db.execute("select orchestrator.attach_filler('blocked', 'sort', 'position', null)")
    new = "insert into blocked (id) values (2) returning position"
    assert "row-level security" in refusal(ledger.db, new)[1]
    # what docs/operations.md says
    with ledger.db.transaction(force_rollback=True):
        ledger.run("alter role orchestrator_runner bypassrls")
        assert ledger.value(new) == 1
        assert refused(ledger.db, bad) == "blocked"


def test_a_managed_table_with_row_security_is_guarded(guarded: Ledger, plain: Connection) -> None:
    guarded.run(
        "alter table expenses enable row level security;"
        "create policy own on expenses to writer using (amount < 10000) with check (amount < 10000)"
    )
    plain.execute(WRITE)
    assert refused(plain, VIOLATION) == MESSAGE
    assert refusal(plain, "insert into expenses (amount) values (90000)")[0] in ("42501", "WF400")
    assert guarded.amounts() == [1]


def test_contexts_carry_no_password(guarded: Ledger, api_dsn: str) -> None:
    guarded.define(follower(note(), type="action", sync=True, config={"global": True, "actions": ["create"]}))
    guarded.define(follower(note(), key="async"))
    with psycopg.connect(api_dsn, autocommit=True) as session:
        api = Ledger(session)
        assert api.act("expenses", "create", values={"amount": 1}, userId=1, roleName="root")[0] == 200
        assert api.act("expenses", "create", values={"amount": 900}, userId=1, roleName="root")[0] == 400
    texts = [row[0] for row in guarded.rows("select to_jsonb(e)::text from orchestrator.executions e")]
    assert len(texts) == 4
    for text in texts:
        assert '"Root"' in text and "hash-of-a-secret" not in text and '"password"' not in text


DELIMITERS = ["$judge$", "$before$", "$after$", "$guard$", "$close$", "$truncate$", "$$", "$template$"]
INJECTION = "create table public.pwned(); --"


def test_names_cannot_break_out_of_generated_sources(ledger: Ledger) -> None:
    for delimiter in DELIMITERS:
        write_with_names_of(ledger, delimiter)
    assert ledger.value("select to_regclass('public.pwned')") is None


def write_with_names_of(ledger: Ledger, delimiter: str) -> None:
    """Manage, guard, follow and write a table whose every name and constant tries to end what it stands in."""
    quoted = psycopg.sql.Identifier
    column, table, collection = (
        f"a{delimiter} language sql; {INJECTION}",
        f"""t{delimiter}';"%s {delimiter}""",
        f"""c{delimiter}' "%1$s {delimiter}""",
    )
    ledger.db.execute(
        psycopg.sql.SQL("create table {} (id bigint primary key, {} text, {} numeric)").format(
            quoted(table), quoted(column), quoted("q\"'uote; %I")
        )
    )
    ledger.db.execute("select orchestrator.manage(%s::regclass, %s)", [quoted(table).as_string(ledger.db), collection])
    key = f"""k{delimiter}'";--"""
    ledger.define(
        guard(
            when("{{$context.record.id}}", "gt", 5, say(f"no {delimiter} '; {INJECTION}"), end(key=f"stop{delimiter}")),
            key=key,
            collection=collection,
            deleteExecutionOnStatus=[1],
        )
    )
    ledger.define(follower(note(), key=f"f{key}", collection=collection, config={"mode": 3, "changed": [column]}))
    insert = psycopg.sql.SQL("insert into {} values ({}, 'x', 1)")
    ledger.db.execute(insert.format(quoted(table), 1))
    with pytest.raises(psycopg.Error) as caught:
        ledger.db.execute(insert.format(quoted(table), 6))
    assert caught.value.sqlstate == "WF400"
    assert caught.value.diag.message_primary == f"no {delimiter} '; {INJECTION}"
    ledger.db.execute(psycopg.sql.SQL("update {} set {} = 'y'").format(quoted(table), quoted(column)))
    assert refusal(ledger.db, psycopg.sql.SQL("truncate {}").format(quoted(table)).as_string(ledger.db))[0] == "WF400"
    assert ledger.drain() == 2


def test_a_collections_name_does_not_lead_to_the_functions_of_another_one(ledger: Ledger) -> None:
    """Names of functions are cut, with a hash that takes part in a name of its own as well."""
    ledger.run("create table first (id bigint, amount numeric); create table second (id bigint, amount numeric)")
    name = "x" * 70
    ledger.db.execute("select orchestrator.manage('first', %s)", [name])
    ledger.define(guard(collection=name))
    for suffix in ("guard_insert", "before_update", "close", "truncate"):
        function = ledger.value("select orchestrator.hook_name(%s, %s)", name, suffix)
        taken = function.removesuffix(f"_{suffix}")
        message = f"collection '{taken}' would share its functions with collection '{name}'"
        assert refusal(ledger.db, "select orchestrator.manage('second', %s)", taken)[:2] == ("WF409", message)
    ledger.manage("second")
    assert refused(ledger.db, "insert into first values (1, 900)") == MESSAGE


def test_untrusted_language_sources_hold_nothing_but_numbers_and_fixed_text(ledger: Ledger) -> None:
    ledger.run("create table marker_table (id bigint primary key, marker_column text)")
    ledger.db.execute("select orchestrator.manage('marker_table', 'marker_collection')")
    ask = when("{{$context.record.marker_column}}", "equal", "marker constant", say("marker message"), end())
    ledger.define(guard(ask, key="marker_key", collection="marker_collection"))
    sources = ledger.rows(
        "select p.prosrc from pg_proc p join pg_language l on l.oid = p.prolang"
        " where p.pronamespace = 'orchestrator_hooks'::regnamespace and l.lanname = 'plpython3u'"
    )
    assert len(sources) >= 3
    assert [source for (source,) in sources if "marker" in source] == []
    others = ledger.rows("select prosrc from pg_proc where pronamespace = 'orchestrator_hooks'::regnamespace")
    assert [source for (source,) in others if "marker constant" in source or "marker message" in source] == []


def test_a_writer_needs_no_right_on_our_schemas(guarded: Ledger, plain: Connection) -> None:
    assert not guarded.value("select has_schema_privilege('writer', 'orchestrator', 'usage')")
    assert not guarded.value("select has_schema_privilege('writer', 'orchestrator_hooks', 'usage')")
    guarded.define(follower(note("{{$context.data.amount}}")))
    plain.execute(WRITE)
    plain.execute("update expenses set amount = 2")
    assert refused(plain, "update expenses set amount = 900") == MESSAGE
    plain.execute("delete from expenses")
    assert guarded.drain() == 1
    assert refusal(plain, "select orchestrator.run_executions()")[0] == "42501"
    assert refusal(plain, "select orchestrator.act('{}', 'expenses')")[0] == "42501"


def test_a_request_and_a_statement_know_the_same_actor(guarded: Ledger, api_dsn: str) -> None:
    """act() reads the user by itself, for speed: it must say no more and no less of him than actor() does."""
    ada = guarded.value("select orchestrator.ensure_root('ada', 'ada@example.com', 'hash')")
    with psycopg.connect(api_dsn) as session:
        login = psycopg.sql.Identifier(session.info.user)
    guarded.db.execute(psycopg.sql.SQL("grant insert on expenses to {}").format(login))
    with psycopg.connect(api_dsn, autocommit=True) as session, session.transaction():
        assert Ledger(session).act("expenses", "create", values={"amount": 1}, userId=ada, roleName="root")[0] == 200
        session.execute("select set_config('orchestrator.user_id', %s, true)", [str(ada)])
        session.execute("set local orchestrator.role_name = 'root'")
        session.execute(WRITE.encode())
    requested, written = (row[0] for row in guarded.rows("select context from orchestrator.executions order by id"))
    assert requested["user"]["username"] == "ada"
    assert [requested[name] for name in ACTOR] == [written[name] for name in ACTOR]


def test_a_login_that_takes_every_advisory_lock_holds_up_neither_publishers_nor_workers(
    guarded: Ledger, plain: Connection
) -> None:
    plain.execute(
        "select pg_advisory_lock(c.oid::bigint) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('orchestrator', 'public')"
    )
    guarded.run("set lock_timeout = '1s'")
    guarded.define(guard(above(5)))
    guarded.define(follower(note("{{$context.data.amount}}")))
    guarded.run("alter table expenses add column more text")
    guarded.run("select orchestrator.register_worker('w')")
    guarded.run(WRITE)
    assert guarded.drain() == 1
    assert guarded.value("select orchestrator.lock_suspects()")
    assert guarded.value("select orchestrator.fold_counts()") > 0
    assert refusal(plain, "do 'begin lock table orchestrator.publishers_lock; end'")[0] == "42501"
    assert refusal(plain, "select orchestrator.lock_publishing()")[0] == "42501"
