"""No trigger changes a row after a guard saw it, whatever its name is."""

from __future__ import annotations

import pytest

from .conftest import Connection, Ledger, refusal, refused
from .trusting import MESSAGE, WRITE

INFLATE = """
create schema his authorization writer;
grant trigger on expenses to writer;
create function his.inflate() returns trigger language plpgsql as $$ begin new.amount := 900; return new; end $$;
grant usage on schema his to public;
"""
CREATE = "create trigger {} before {} on expenses for each row execute function his.inflate()"


@pytest.mark.parametrize("name", ["zzz", "zz_orchestrator_before_zz", '"я"', '"{"', '"\U0010ffff"'])
@pytest.mark.parametrize("event", ["insert", "update", "insert or update or delete"])
def test_a_trigger_that_would_fire_after_the_guard_is_refused(
    guarded: Ledger, plain: Connection, name: str, event: str
) -> None:
    guarded.run(INFLATE)
    sqlstate, message, _ = refusal(plain, CREATE.format(name, event))
    assert (sqlstate, message) == (
        "WF409",
        f"trigger '{name.strip(chr(34))}' of public.expenses would change rows after workflows have judged them",
    )
    plain.execute(CREATE.format("a", event).encode())
    assert refusal(guarded.db, f"alter trigger a on expenses rename to {name}")[0] == "WF409"
    guarded.run(f"create trigger {name} after insert on expenses for each row execute function his.inflate()")


def test_a_guard_is_not_renamed_to_fire_before_others(guarded: Ledger, plain: Connection) -> None:
    guarded.run(INFLATE)
    plain.execute(CREATE.format("inflate", "insert").encode())
    assert refusal(guarded.db, "alter trigger zz_orchestrator_before_insert on expenses rename to a")[0] == "WF409"
    assert refused(plain, WRITE) == MESSAGE


@pytest.mark.parametrize("what", ["manage", "attach", "inherit", "partition's own"])
def test_a_table_that_comes_with_such_a_trigger_is_refused(ledger: Ledger, what: str) -> None:
    ledger.run(INFLATE)
    ledger.run("create table bills (id bigint, amount numeric) partition by range (id); create table late (like bills)")
    late = "create trigger zzz before insert on late for each row execute function his.inflate()"
    if what != "partition's own":
        ledger.run(late)
    if what == "manage":
        assert refusal(ledger.db, "select orchestrator.manage('late')")[0] == "WF409"
        return
    ledger.manage("bills")
    attach = "alter table bills attach partition late for values from (0) to (9)"
    if what == "attach":
        assert refusal(ledger.db, attach)[0] == "WF409"
    elif what == "inherit":
        ledger.run("create table base (id bigint, amount numeric)")
        ledger.manage("base")
        assert refusal(ledger.db, "alter table late inherit base")[0] == "WF409"
    else:
        ledger.run(attach)
        assert refusal(ledger.db, late)[0] == "WF409"
