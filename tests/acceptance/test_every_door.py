"""Whichever way a row comes in, the same guard stands there. Neither the API nor a worker runs in these tests."""

from __future__ import annotations

import psycopg
import pytest

from .conftest import Connect, Connection, Ledger, above, guard, never, refusal, refused

MESSAGE = "Amount 900 is above 500"


def test_an_insert_fails_with_its_code_message_and_detail(limit: Ledger) -> None:
    assert refusal(limit.db, "insert into expenses (amount) values (900)") == (
        "WF400",
        MESSAGE,
        {"workflow": "limit", "node": "stop", "errors": [{"message": MESSAGE}]},
    )
    assert limit.run("insert into expenses (amount) values (100)") == "INSERT 0 1"
    assert limit.amounts() == [100]


def test_an_update_is_judged_by_what_it_changes(limit: Ledger) -> None:
    limit.run("insert into expenses (amount) values (100)")
    assert refused(limit.db, "update expenses set amount = 900") == MESSAGE
    limit.run("update expenses set title = 'small'")
    assert limit.rows("select title, amount from expenses") == [("small", 100)]


def test_copy_keeps_no_row_of_a_file_with_a_bad_one(limit: Ledger) -> None:
    with (
        pytest.raises(psycopg.Error) as caught,
        limit.db.cursor().copy("copy expenses (title, amount) from stdin") as copy,
    ):
        for amount in [*range(300), 900, *range(300)]:
            copy.write_row(("copied", amount))
    assert (caught.value.diag.sqlstate, caught.value.diag.message_primary) == ("WF400", MESSAGE)
    assert limit.amounts() == []
    with limit.db.cursor().copy("copy expenses (title, amount) from stdin") as copy:
        copy.write_row(("copied", 100))
    assert limit.amounts() == [100]


def test_one_bad_row_of_ten_thousand_stops_insert_select(limit: Ledger) -> None:
    select = (
        "insert into expenses (amount) select case g when {bad} then 900 else 1 end from generate_series(1, 10000) g"
    )
    assert refused(limit.db, select.format(bad=9_999)) == MESSAGE
    assert limit.amounts() == []
    assert limit.run(select.format(bad=0)) == "INSERT 0 10000"


@pytest.mark.parametrize(
    ("branch", "statement"),
    [
        ("insert", "when not matched then insert (id, amount) values (s.id, s.amount)"),
        ("update", "when matched then update set amount = s.amount"),
    ],
)
def test_merge_is_judged_in_both_branches(limit: Ledger, branch: str, statement: str) -> None:
    limit.run("insert into expenses (id, amount) values (1, 10)")
    target = {"insert": 2, "update": 1}[branch]
    merge = f"merge into expenses e using (values ({target}, %s::numeric)) s (id, amount) on e.id = s.id {statement}"
    assert refused(limit.db, merge, 900) == MESSAGE
    assert limit.amounts() == [10]
    limit.db.execute(merge.encode(), [20])
    assert limit.amounts() == ([10, 20] if branch == "insert" else [20])


def test_merge_that_deletes_meets_the_guard_of_deletes(ledger: Ledger) -> None:
    ledger.define(never("kept", actions=("destroy",)))
    ledger.run("insert into expenses (id, amount) values (1, 10)")
    merge = "merge into expenses e using (values (1)) s (id) on e.id = s.id when matched then delete"
    assert refused(ledger.db, merge) == "kept"
    assert ledger.amounts() == [10]


def test_on_conflict_is_judged_as_insert_and_as_update(limit: Ledger) -> None:
    limit.run("insert into expenses (id, amount) values (1, 10)")
    upsert = "insert into expenses (id, amount) values (1, %s) on conflict (id) do update set amount = %s"
    assert refused(limit.db, upsert, 20, 900) == MESSAGE
    assert refused(limit.db, upsert, 900, 20) == MESSAGE
    assert limit.amounts() == [10]
    limit.db.execute(upsert.encode(), [20, 30])
    assert limit.amounts() == [30]


def test_a_writable_cte_is_judged(limit: Ledger) -> None:
    cte = "with new as (insert into expenses (amount) values (%s) returning amount) select amount from new"
    assert refused(limit.db, cte, 900) == MESSAGE
    assert limit.rows(cte, 100) == [(100,)]
    several = (
        "with a as (insert into expenses (amount) values (1) returning id),"
        " b as (update expenses set amount = 900 returning id) select from a, b"
    )
    assert refused(limit.db, several) == MESSAGE
    assert limit.amounts() == [100]


FAMILY = """
create table parents (id bigint primary key, name text);
create table children (
    id bigint generated always as identity primary key,
    parent_id bigint references parents on delete cascade on update cascade,
    name text
);
insert into parents values (1, 'a'), (2, 'b');
insert into children (parent_id, name) values (1, 'first'), (2, 'second');
"""


def test_a_cascading_delete_meets_the_childs_guard(ledger: Ledger) -> None:
    ledger.run(FAMILY)
    ledger.manage("children")
    ledger.define(never("children stay", collection="children", actions=("destroy",)))
    assert refused(ledger.db, "delete from parents where id = 1") == "children stay"
    assert ledger.value("select count(*) from parents") == 2
    assert ledger.value("select count(*) from children") == 2


def test_a_cascading_update_meets_the_childs_guard(ledger: Ledger) -> None:
    ledger.run(FAMILY)
    ledger.manage("children")
    ledger.define(never("children stay", collection="children", actions=("update",)))
    assert refused(ledger.db, "update parents set id = 3 where id = 1") == "children stay"
    assert ledger.rows("select id from parents order by id") == [(1,), (2,)]
    ledger.run("update parents set name = 'c' where id = 1")


PARTITIONS = """
create table bills (id bigint not null, year int not null, amount numeric not null) partition by list (year);
create table bills_2025 partition of bills for values in (2025);
create table bills_2026 partition of bills for values in (2026) partition by range (id);
create table bills_2026_low partition of bills_2026 for values from (0) to (1000);
"""


@pytest.mark.parametrize("table", ["bills", "bills_2025", "bills_2026", "bills_2026_low"])
def test_a_partition_is_guarded_whether_it_is_named_or_not(ledger: Ledger, table: str) -> None:
    ledger.run(PARTITIONS)
    ledger.manage("bills")
    ledger.define(guard(collection="bills"))
    year = 2025 if table == "bills_2025" else 2026
    insert = f"insert into {table} (id, year, amount) values (1, {year}, %s)"
    assert refused(ledger.db, insert, 900) == MESSAGE
    ledger.db.execute(insert.encode(), [100])
    assert refused(ledger.db, f"update {table} set amount = 900") == MESSAGE
    assert ledger.amounts("bills") == [100]


def test_a_row_that_moves_to_another_partition_is_judged(ledger: Ledger) -> None:
    ledger.run(PARTITIONS)
    ledger.manage("bills")
    ledger.define(never("no new bills", collection="bills", key="new", actions=("create",)))
    ledger.run("alter table bills disable trigger all; insert into bills values (1, 2025, 5)")
    ledger.run("alter table bills enable always trigger zz_orchestrator_before_insert")
    assert refused(ledger.db, "update bills set year = 2026") == "no new bills"
    assert ledger.rows("select year from bills") == [(2025,)]


def test_a_partition_attached_later_is_guarded_in_its_own_layout(ledger: Ledger) -> None:
    ledger.run(PARTITIONS)
    ledger.manage("bills")
    ledger.define(guard(collection="bills"))
    ledger.run(
        "create table late (gone text, amount numeric not null, year int not null, id bigint not null);"
        "alter table late drop column gone;"
        "alter table bills attach partition late for values in (2027)"
    )
    for table in ("late", "bills"):
        insert = f"insert into {table} (id, year, amount) values (7, 2027, %s)"
        assert refused(ledger.db, insert, 900) == MESSAGE
        ledger.db.execute(insert.encode(), [100])
    assert ledger.amounts("bills") == [100, 100]


def test_history_of_a_partition_written_directly_is_kept(ledger: Ledger) -> None:
    ledger.run(PARTITIONS)
    ledger.manage("bills")
    ledger.define(guard(collection="bills"))
    ledger.run("insert into bills_2025 values (1, 2025, 5), (2, 2025, 6); insert into bills values (3, 2026, 7)")
    assert [(key, status) for key, status, _ in ledger.executions()] == [("limit", 1)] * 3


def test_an_updatable_view_is_no_detour(limit: Ledger) -> None:
    limit.run("create view small as select id, amount as price from expenses where amount < 1000")
    assert refused(limit.db, "insert into small (price) values (900)") == MESSAGE
    limit.run("insert into small (price) values (100)")
    assert refused(limit.db, "update small set price = 900") == MESSAGE
    assert limit.amounts() == [100]


def test_truncate_is_refused_while_deletes_are_guarded(ledger: Ledger) -> None:
    ledger.run("insert into expenses (amount) values (1)")
    ledger.define(never("kept", key="keep", actions=("destroy",)))
    sqlstate, message, detail = refusal(ledger.db, "truncate expenses")
    assert (sqlstate, detail["workflow"], detail["errors"]) == ("WF400", "keep", [{"message": message}])
    assert ledger.amounts() == [1]
    ledger.run("update orchestrator.workflows set enabled = false where key = 'keep'")
    ledger.run("truncate expenses")
    assert ledger.amounts() == []


def test_truncate_of_a_partition_or_through_a_foreign_key_is_refused_as_well(ledger: Ledger) -> None:
    ledger.run(PARTITIONS + FAMILY)
    ledger.manage("bills", "children")
    for table in ("bills", "children"):
        ledger.define(never("kept", collection=table, key=f"keep-{table}", actions=("destroy",)))
    ledger.run("insert into bills values (1, 2025, 5)")
    for table in ("bills_2025", "parents cascade"):
        assert refusal(ledger.db, f"truncate {table}")[0] == "WF400"
    assert ledger.value("select count(*) from bills") == 1
    assert ledger.value("select count(*) from children") == 2


def test_the_replica_role_passes_by_no_guard(limit: Ledger) -> None:
    limit.run("set session_replication_role = replica")
    assert refused(limit.db, "insert into expenses (amount) values (900)") == MESSAGE
    limit.run("insert into expenses (amount) values (100)")
    assert refused(limit.db, "update expenses set amount = 900") == MESSAGE
    limit.define(never("kept", actions=("destroy",)))
    assert refused(limit.db, "truncate expenses") != ""
    assert refused(limit.db, "delete from expenses") == "kept"


def test_a_table_whose_mode_is_origin_takes_replicated_rows(limit: Ledger) -> None:
    limit.run("create table copies (id bigint primary key, amount numeric not null)")
    limit.run("select orchestrator.register_collection('copies'::regclass, null, 'origin')")
    limit.run("select orchestrator.publish('{copies}'); select orchestrator.attach_dispatcher('copies'::regclass)")
    limit.define(guard(collection="copies", key="copies"))
    assert refused(limit.db, "insert into copies values (1, 900)") == MESSAGE
    limit.run("set session_replication_role = replica; insert into copies values (1, 900)")
    assert limit.amounts("copies") == [900]


def test_a_prepared_statement_is_judged_however_it_is_planned(limit: Ledger) -> None:
    limit.run("prepare put (numeric) as insert into expenses (amount) values ($1)")
    for plan in ("force_generic_plan", "force_custom_plan", "auto"):
        limit.run(f"set plan_cache_mode = {plan}")
        for _ in range(7):
            limit.run("execute put (100)")
            assert refused(limit.db, "execute put (900)") == MESSAGE
    assert limit.amounts() == [100] * 21


def test_the_extended_protocol_is_judged(limit: Ledger) -> None:
    insert = b"insert into expenses (amount) values (%s)"
    for _ in range(7):
        limit.db.execute(insert, [100], prepare=True)
        with pytest.raises(psycopg.Error, match=MESSAGE):
            limit.db.execute(insert, [900], prepare=True)
    with pytest.raises(psycopg.Error, match=MESSAGE):
        limit.db.cursor().executemany(insert, [(1,), (900,), (2,)])
    assert limit.amounts() == [100] * 7


def test_a_pipeline_is_judged_statement_by_statement(limit: Ledger) -> None:
    with pytest.raises(psycopg.Error, match=MESSAGE), limit.db.pipeline():
        for amount in (1, 2, 900, 3):
            limit.db.execute("insert into expenses (amount) values (%s)", [amount])
    assert 900 not in limit.amounts()


def test_a_do_block_and_a_function_are_judged(limit: Ledger) -> None:
    assert refused(limit.db, "do $$ begin insert into expenses (amount) values (900); end $$") == MESSAGE
    limit.run(
        "create function put(numeric) returns void language sql as 'insert into expenses (amount) values ($1)';"
        """
        create function put_all(numeric[]) returns int language plpgsql as $$
        declare
            a numeric;
            refused int := 0;
        begin
            foreach a in array $1 loop
                begin
                    perform put(a);
                exception when sqlstate 'WF400' then
                    refused := refused + 1;
                end;
            end loop;
            return refused;
        end $$
        """
    )
    assert refused(limit.db, "select put(900)") == MESSAGE
    assert limit.value("select put_all('{1,900,2,901,902,3}')") == 3
    assert limit.amounts() == [1, 2, 3]


def test_a_rule_and_a_trigger_of_the_user_are_no_detours(limit: Ledger) -> None:
    limit.run(
        "create table inbox (amount numeric);"
        "create rule onwards as on insert to inbox do also insert into expenses (amount) values (new.amount);"
        "create table trigger_inbox (amount numeric);"
        "create function forward() returns trigger language plpgsql as"
        " $$ begin insert into expenses (amount) values (new.amount); return new; end $$;"
        "create trigger forward before insert on trigger_inbox for each row execute function forward();"
    )
    assert refused(limit.db, "insert into inbox values (900)") == MESSAGE
    assert refused(limit.db, "insert into trigger_inbox values (900)") == MESSAGE
    assert limit.amounts() == []


def test_a_before_trigger_of_the_user_cannot_change_the_row_behind_the_guard(limit: Ledger) -> None:
    limit.run(
        "create function inflate() returns trigger language plpgsql as $$ begin new.amount := 900; return new; end $$;"
        "create trigger z_inflate before insert on expenses for each row execute function inflate();"
    )
    assert refused(limit.db, "insert into expenses (amount) values (1)") == MESSAGE


def test_a_deferred_and_a_set_null_key_meet_the_guard_of_updates(ledger: Ledger) -> None:
    ledger.run(
        "create table owners (id bigint primary key);"
        "create table pets (id bigint primary key, owner_id bigint references owners on delete set null);"
        "insert into owners values (1); insert into pets values (1, 1)"
    )
    ledger.manage("pets")
    ledger.define(never("pets keep their owner", collection="pets", actions=("update",)))
    assert refused(ledger.db, "delete from owners") == "pets keep their owner"
    assert ledger.rows("select owner_id from pets") == [(1,)]


def test_a_refusal_undoes_its_transaction_and_a_savepoint_saves_the_rest(limit: Ledger) -> None:
    with pytest.raises(psycopg.Error, match=MESSAGE), limit.db.transaction():
        limit.run("insert into expenses (amount) values (1)")
        limit.run("insert into expenses (amount) values (900)")
    assert limit.amounts() == []
    with limit.db.transaction():
        limit.run("insert into expenses (amount) values (1)")
        with pytest.raises(psycopg.Error, match=MESSAGE), limit.db.transaction():
            limit.run("insert into expenses (amount) values (2), (900)")
        limit.run("insert into expenses (amount) values (3)")
    assert limit.amounts() == [1, 3]
    assert [context["params"]["values"]["amount"] for _, _, context in limit.executions()] == [1, 3]


def require(calculator: str, operand: object) -> dict[str, object]:
    """A node that fails unless the amount compares so."""
    leaf = {"calculator": calculator, "operands": ["{{$context.params.values.amount}}", operand]}
    calculation = {"group": {"type": "and", "calculations": [leaf]}}
    config = {"engine": "basic", "rejectOnFalse": True, "calculation": calculation}
    return {"key": "require", "type": "condition", "config": config}


@pytest.mark.parametrize("type_name", ["numeric", "float8", "float4"])
@pytest.mark.parametrize("value", ["null", "'NaN'"])
def test_what_compares_to_nothing_does_not_pass_by_a_native_guard(ledger: Ledger, value: str, type_name: str) -> None:
    ledger.run(f"create table measures (id bigint, amount {type_name})")
    ledger.manage("measures")
    ledger.define(guard(require("gte", 1), collection="measures", deleteExecutionOnStatus=[1]))
    assert refusal(ledger.db, f"insert into measures values (1, {value})")[0] == "WF500"
    ledger.run("insert into measures values (1, 1)")
    assert refusal(ledger.db, f"update measures set amount = {value}")[0] == "WF500"
    assert ledger.amounts("measures") == [1]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_native_guard_and_the_engine_agree_at_the_border(ledger: Ledger, keeps: bool) -> None:
    ledger.define(guard(**({} if keeps else {"deleteExecutionOnStatus": [1]})))
    insert = "insert into expenses (amount) values (%s::numeric)"
    for amount in ("500", "-1", "499.999999999999999999", "0"):
        ledger.db.execute(insert.encode(), [amount])
    for amount in ("500.000000000000000001", "Infinity", "1e300"):
        assert refused(ledger.db, insert, amount).endswith("is above 500")
    assert len(ledger.executions()) == (4 if keeps else 0)


def test_many_guards_are_all_asked(ledger: Ledger) -> None:
    for number in range(9):
        ledger.define(guard(above(100 * (number + 1)), key=f"limit-{number}", deleteExecutionOnStatus=[1]))
    assert refused(ledger.db, "insert into expenses (amount) values (101)") == "Amount 101 is above 100"
    ledger.run("update orchestrator.workflows set enabled = false where key in ('limit-0', 'limit-1')")
    assert refused(ledger.db, "insert into expenses (amount) values (301)") == "Amount 301 is above 300"
    ledger.run("insert into expenses (amount) values (300)")
    assert ledger.amounts() == [300]


def test_a_plain_writer_meets_the_guard_without_any_right_of_ours(limit: Ledger, plain: Connection) -> None:
    limit.run("grant select, insert, update on expenses to writer")
    assert refused(plain, "insert into expenses (amount) values (900)") == MESSAGE
    plain.execute("insert into expenses (amount) values (100)")
    assert refused(plain, "update expenses set amount = 900") == MESSAGE
    assert limit.amounts() == [100]


def test_parallel_sessions_are_each_judged(limit: Ledger, connect: Connect) -> None:
    sessions = [connect() for _ in range(3)]
    for session in sessions:
        session.execute("begin")
        session.execute("insert into expenses (amount) values (1)")
    for session in sessions:
        assert refused(session, "insert into expenses (amount) values (900)") == MESSAGE
        session.execute("rollback")
    assert limit.amounts() == []
