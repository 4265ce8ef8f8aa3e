"""The owner of a managed table, no superuser: what runs for his table never runs his code as somebody mightier."""

from __future__ import annotations

import pytest

from .conftest import Connection, Ledger

OWNED = """
create schema his authorization writer;
alter table expenses add position bigint, add parent_id bigint, add chosen boolean, add stamp timestamptz,
    add letters text, add secret text;
alter table expenses owner to writer;
"""
SPY = """
create table his.ran (who text, step text);
grant usage on schema his to public;
grant insert on his.ran to public;
create function his.seen(step text) returns boolean language plpgsql as $$
begin
    insert into his.ran values (current_user, step);
    return true;
end $$;
create function his.spy() returns trigger language plpgsql as
    $$ begin perform his.seen('trigger'); return new; end $$;
create trigger a_spy before insert or update on public.expenses for each row execute function his.spy();
"""
FILLERS = {
    "touch": ("stamp", None),
    "sort": ("position", None),
    "random": ("letters", "4:abc"),
    "hash": ("secret", None),
    "tree": ("parent_id", "id"),
    "radio": ("chosen", None),
}
MIGHTY = "select distinct who from his.ran where who not in ('writer', 'orchestrator_runner')"


@pytest.mark.parametrize("kind", FILLERS)
def test_a_trigger_that_fills_a_column_gives_the_tables_owner_no_rights(
    ledger: Ledger, plain: Connection, kind: str
) -> None:
    column, other = FILLERS[kind]
    ledger.run(OWNED)
    plain.execute(SPY)
    types = "select format_type(atttypid, -1) from pg_attribute where attrelid = 'expenses'::regclass and attname = %s"
    plain.execute(f"create domain his.spied as {ledger.value(types, column)}".encode())
    plain.execute(f"alter table expenses alter column {column} type his.spied".encode())
    ledger.db.execute("select orchestrator.attach_filler('expenses', %s, %s, %s)", [kind, column, other])
    plain.execute(b"alter domain his.spied add check (his.seen('domain'))")
    plain.execute("insert into expenses (amount, chosen, secret) values (1, true, 'x')")
    plain.execute("insert into expenses (amount, chosen, secret) values (2, true, 'y')")
    plain.execute("update expenses set title = 'y', parent_id = (select min(id) from expenses) where amount = 2")
    assert ledger.rows(MIGHTY) == []
    assert ledger.value("select count(*) from his.ran where step = 'domain'") > 0
    first, second = ledger.rows("select position, chosen, stamp, letters, secret from expenses order by amount")
    written = {
        "touch": second[2] is not None,
        "sort": (first[0], second[0]) == (1, 2),
        "random": first[3] is not None,
        "hash": second[4] != "y",
        "tree": True,
        "radio": (first[1], second[1]) == (False, True),
    }
    assert written[kind]


def test_columns_go_on_being_filled_in_a_table_that_is_no_longer_managed(ledger: Ledger, plain: Connection) -> None:
    ledger.run(OWNED)
    for kind, (column, other) in FILLERS.items():
        ledger.db.execute("select orchestrator.attach_filler('expenses', %s, %s, %s)", [kind, column, other])
    ledger.run("select orchestrator.unmanage('expenses')")
    plain.execute("insert into expenses (amount, chosen) values (1, true), (2, true)")
    plain.execute("update expenses set parent_id = 1 where id = 2")
    assert ledger.rows("select position, chosen, letters is null from expenses order by id") == [
        (1, False, False),
        (2, True, False),
    ]
