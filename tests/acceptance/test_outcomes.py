"""What a write comes to: it passes, is left out, is refused, or fails; and what stays of the workflow that decided."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Connect, Ledger, above, end, follower, guard, never, note, refusal, say, sql, when

FAILED = "Workflow on your action failed, please contact the administrator"
HANGS = "Workflow on your action hangs, please contact the administrator"

#: a node type that waits for somebody, registered as an extension would
_WAIT_TYPE = """
do language plpython3u $$
plpy.execute("select orchestrator.load_engine()")
from orchestrator.instructions import register_instruction

def compile_node(node, _program):
    node.run = lambda proc, prev: (0, None)

register_instruction("wait", compile_node)
$$
"""


def draft_is_left_out(**more: Any) -> dict[str, Any]:
    """Rows titled "draft" are skipped with a message."""
    title = "{{$context.params.values.title}}"
    skip = when(title, "equal", "draft", say("drafts are left out"), end(1))
    return guard(skip, note("seen", key="seen"), key="skip", config={"actions": ["create", "update"]}, **more)


def test_a_workflow_that_ends_as_succeeded_skips_the_row_with_a_notice(ledger: Ledger) -> None:
    ledger.define(draft_is_left_out())
    assert ledger.run("insert into expenses (title, amount) values ('draft', 1)") == "INSERT 0 0"
    assert ledger.notices == ["drafts are left out"]
    assert ledger.amounts() == []


def test_only_the_rows_that_a_workflow_leaves_out_are_skipped(ledger: Ledger) -> None:
    ledger.define(draft_is_left_out())
    insert = "insert into expenses (title, amount) values ('a', 1), ('draft', 2), ('b', 3)"
    assert ledger.run(insert) == "INSERT 0 2"
    assert ledger.amounts() == [1, 3]
    assert ledger.run("update expenses set title = 'draft' where amount = 1") == "UPDATE 0"
    assert ledger.rows("select title from expenses order by 1") == [("a",), ("b",)]
    assert ledger.notes() == ["seen", "seen"]
    assert [status for _, status, _ in ledger.executions("skip")] == [1, 1, 1, 1]


def test_over_http_a_skip_answers_200_with_messages_and_writes_nothing(ledger: Ledger) -> None:
    ledger.define(draft_is_left_out())
    answer = ledger.act("expenses", "create", values={"title": "draft", "amount": 1})
    assert answer == (200, {"messages": [{"message": "drafts are left out"}]})
    assert ledger.amounts() == []
    status, body = ledger.act("expenses", "create", values={"title": "a", "amount": 1})
    assert (status, body["data"]["title"]) == (200, "a")
    assert "messages" not in body


def test_a_skip_without_a_message_answers_an_empty_body(ledger: Ledger) -> None:
    ledger.define(guard(end(1)))
    assert ledger.act("expenses", "create", values={"amount": 1}) == (200, {})
    assert ledger.run("insert into expenses (amount) values (1)") == "INSERT 0 0"
    assert len(ledger.notices) == 1


def test_a_delete_that_is_left_out_keeps_its_row(ledger: Ledger) -> None:
    ledger.run("insert into expenses (id, amount) values (1, 1), (2, 2)")
    skip = when("{{$context.previous.amount}}", "gt", 1, say("kept"), end(1))
    ledger.define(guard(skip, config={"actions": ["destroy"]}))
    assert ledger.run("delete from expenses") == "DELETE 1"
    assert ledger.amounts() == [2]


def test_a_skip_stops_the_guards_after_it(ledger: Ledger) -> None:
    ledger.define(guard(say("one"), end(1), key="first"))
    ledger.define(never("two", key="second", actions=("create",)))
    assert ledger.run("insert into expenses (amount) values (1)") == "INSERT 0 0"
    assert [key for key, _, _ in ledger.executions()] == ["first"]


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_failing_node_is_an_error_of_its_own(ledger: Ledger, door: str) -> None:
    ledger.define(guard(say("never told"), sql("select 1 / 0", key="divide"), key="broken"))
    if door == "sql":
        sqlstate, message, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
        assert (sqlstate, message) == ("WF500", FAILED)
        assert detail["workflow"] == "broken" and detail["node"] == "divide"
        assert detail["errors"] == [{"message": FAILED}]
    else:
        answer = ledger.act("expenses", "create", values={"amount": 1})
        assert answer == (500, {"errors": [{"message": FAILED}]})
    assert ledger.amounts() == []


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_condition_that_rejects_is_a_failure_not_a_refusal(ledger: Ledger, door: str) -> None:
    reject = when("{{$context.params.values.amount}}", "lt", 5)
    ledger.define(guard({**reject, "config": reject["config"] | {"rejectOnFalse": True}}))
    if door == "sql":
        assert refusal(ledger.db, "insert into expenses (amount) values (6)")[:2] == ("WF500", FAILED)
        ledger.run("insert into expenses (amount) values (1)")
    else:
        assert ledger.act("expenses", "create", values={"amount": 6})[0] == 500
        assert ledger.act("expenses", "create", values={"amount": 1})[0] == 200
    assert ledger.amounts() == [1]


@pytest.mark.parametrize("door", ["sql", "http"])
def test_a_guard_that_waits_for_somebody_hangs(ledger: Ledger, door: str) -> None:
    ledger.run(_WAIT_TYPE)
    ledger.define(guard({"key": "hold", "type": "wait", "config": {}}))
    if door == "sql":
        sqlstate, message, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
        assert (sqlstate, message, detail["node"]) == ("WF500", HANGS, "hold")
    else:
        answer = ledger.act("expenses", "create", values={"amount": 1})
        assert answer == (500, {"errors": [{"message": HANGS}]})
    assert ledger.amounts() == []


@pytest.mark.parametrize("node", ["create", "sql"])
def test_a_guard_inside_itself_is_refused(ledger: Ledger, node: str) -> None:
    again: dict[str, Any] = {
        "create": {
            "key": "again",
            "type": "create",
            "config": {"collection": "expenses", "params": {"values": {"amount": 1}}},
        },
        "sql": sql("insert into public.expenses (amount) values (1)", key="again"),
    }[node]
    message = 'workflow "loop" guards a write that it made itself'
    ledger.define(guard(again, key="loop"))
    sqlstate, text, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
    assert (sqlstate, text) == ("WF508", message)
    assert detail == {"workflow": "loop", "node": "again", "errors": [{"message": message}]}
    assert ledger.act("expenses", "create", values={"amount": 1}) == (508, {"errors": [{"message": message}]})
    assert ledger.amounts() == []


def test_a_stack_limit_lets_a_guard_into_itself_that_often(ledger: Ledger) -> None:
    deeper = {
        "key": "deeper",
        "type": "create",
        "config": {"collection": "expenses", "params": {"values": {"amount": 7, "title": "made"}}},
    }
    ledger.define(guard(when("{{$context.params.values.title}}", "equal", "go", deeper), stackLimit=2))
    ledger.run("insert into expenses (title, amount) values ('go', 1)")
    assert ledger.amounts() == [1, 7]


def test_a_guard_that_comes_back_through_a_users_trigger_is_refused_as_well(ledger: Ledger) -> None:
    ledger.run(
        """
        create function echo() returns trigger language plpgsql as $$
        begin
            insert into public.expenses (amount) values (2);
            return null;
        end $$;
        create trigger echo after insert on notes for each row execute function echo();
        """
    )
    ledger.define(guard(note("x"), key="loop"))
    assert refusal(ledger.db, "insert into expenses (amount) values (1)")[0] == "WF508"
    assert ledger.amounts() == []


FAMILY = """
create table parents (id bigint primary key);
create table children (id bigint primary key, parent_id bigint references parents on delete cascade on update cascade);
insert into parents values (1);
insert into children values (10, 1);
"""


@pytest.mark.parametrize("statement", ["delete from parents", "update parents set id = 2"])
def test_a_skip_in_a_cascade_raises_instead_of_leaving_an_orphan(ledger: Ledger, statement: str) -> None:
    ledger.run(FAMILY)
    ledger.manage("children")
    ledger.define(guard(say("left out"), end(1), collection="children", config={"actions": ["update", "destroy"]}))
    sqlstate, message, _ = refusal(ledger.db, statement)
    assert (sqlstate, "children" in message) == ("WF409", True)
    assert ledger.rows("select p.id, c.parent_id from parents p join children c on c.parent_id = p.id") == [(1, 1)]
    assert ledger.run("delete from children") == "DELETE 0"


def test_an_end_without_a_message_answers_400_and_nothing_else(ledger: Ledger) -> None:
    ledger.define(guard(end(), key="mute"))
    assert ledger.act("expenses", "create", values={"amount": 1}) == (400, {})
    sqlstate, _, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
    assert (sqlstate, detail) == ("WF400", {"workflow": "mute", "node": "stop", "errors": []})


def test_every_message_is_told_in_order(ledger: Ledger) -> None:
    ledger.define(guard(say("one", key="a"), say("two", key="b"), end()))
    sqlstate, message, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
    assert (sqlstate, message) == ("WF400", "one")
    assert detail["errors"] == [{"message": "one"}, {"message": "two"}]
    answer = ledger.act("expenses", "create", values={"amount": 1})
    assert answer == (400, {"errors": [{"message": "one"}, {"message": "two"}]})


def test_messages_of_a_guard_that_passes_come_with_the_data(ledger: Ledger) -> None:
    ledger.define(guard(say("checked"), key="a"))
    ledger.define(guard(say("twice"), key="b"))
    status, body = ledger.act("expenses", "create", values={"amount": 1})
    assert (status, body["messages"]) == (200, [{"message": "checked"}, {"message": "twice"}])
    assert body["data"]["id"] == 1


def test_what_a_guard_wrote_lives_and_dies_with_the_write(ledger: Ledger) -> None:
    verdict = when("{{$context.params.values.amount}}", "gt", 500, end())
    skip = when("{{$context.params.values.amount}}", "lt", 0, end(1, key="leave"), key="below")
    ledger.define(guard(note("{{$context.params.values.title}}"), verdict, skip))
    ledger.run("insert into expenses (title, amount) values ('passes', 1)")
    ledger.run("insert into expenses (title, amount) values ('skipped', -1)")
    assert refusal(ledger.db, "insert into expenses (title, amount) values ('refused', 900)")[0] == "WF400"
    assert ledger.act("expenses", "create", values={"title": "passes again", "amount": 1})[0] == 200
    assert ledger.act("expenses", "create", values={"title": "skipped again", "amount": -1}) == (200, {})
    assert ledger.act("expenses", "create", values={"title": "refused again", "amount": 900}) == (400, {})
    assert ledger.notes() == ["passes", "skipped", "passes again", "skipped again"]


def test_over_http_a_refusal_leaves_its_execution_and_jobs(limit: Ledger) -> None:
    status, body = limit.act("expenses", "create", values={"amount": 900})
    assert (status, body) == (400, {"errors": [{"message": "Amount 900 is above 500"}]})
    ((key, status, context),) = limit.executions()
    assert (key, status, context["params"]) == ("limit", -1, {"values": {"amount": 900}})
    jobs = limit.rows("select node_key, status, result from orchestrator.jobs order by id")
    assert jobs == [("ask", 1, True), ("say", 1, "Amount 900 is above 500"), ("stop", -1, None)]
    assert limit.amounts() == []


def test_over_http_a_failure_leaves_its_execution_and_the_cause(ledger: Ledger) -> None:
    ledger.define(guard(sql("select 1 / 0", key="divide")))
    assert ledger.act("expenses", "create", values={"amount": 1})[0] == 500
    assert [status for _, status, _ in ledger.executions()] == [-2]
    ((status, result),) = ledger.rows("select status, result from orchestrator.jobs")
    assert (status, result["message"], result["code"]) == (-2, "division by zero", "22012")


def test_a_refusal_that_is_not_to_be_kept_leaves_nothing(ledger: Ledger) -> None:
    ledger.define(guard(deleteExecutionOnStatus=[-1]))
    assert ledger.act("expenses", "create", values={"amount": 900})[0] == 400
    assert ledger.executions() == []


def test_a_list_is_judged_element_by_element_and_refused_whole(limit: Ledger) -> None:
    values = [{"title": "a", "amount": 1}, {"title": "b", "amount": 900}]
    status, body = limit.act("expenses", "create", values=values)
    assert (status, body) == (400, {"errors": [{"message": "Amount 900 is above 500"}]})
    assert limit.amounts() == []
    status, body = limit.act("expenses", "create", values=[{"amount": 1}, {"amount": 2}])
    assert (status, [record["amount"] for record in body["data"]]) == (200, ["1", "2"])


def test_a_request_is_judged_once_not_once_a_row(ledger: Ledger) -> None:
    ledger.run("insert into expenses (id, amount) values (1, 1), (2, 2), (3, 3)")
    ledger.define(guard())
    status, _ = ledger.act("expenses", "update", filter={"amount": {"$gt": 1}}, values={"title": "x"})
    assert status == 200
    ((_, status, context),) = ledger.executions()
    assert context["params"] == {"filter": {"amount": {"$gt": 1}}, "values": {"title": "x"}}
    ledger.run("update expenses set title = 'y'")
    contexts = [context for _, _, context in ledger.executions()][1:]
    assert [c["params"] for c in contexts] == [{"filterByTk": number, "values": {"title": "y"}} for number in (1, 2, 3)]
    assert ledger.act("expenses", "destroy", filterByTk=[1, 2])[0] == 200
    assert ledger.executions()[-1][2]["params"] == {"filterByTk": [1, 2]}


def test_a_default_that_changes_what_was_judged_is_judged_again(ledger: Ledger) -> None:
    ledger.run(
        """
        create function inflate() returns trigger language plpgsql as $$ begin new.amount := 900; return new; end $$;
        create trigger inflate before insert on expenses
            for each row when (new.title = 'more') execute function inflate();
        alter table expenses alter amount set default 901;
        """
    )
    ledger.define(guard())
    status, body = ledger.act("expenses", "create", values={"title": "more", "amount": 1})
    assert (status, body) == (400, {"errors": [{"message": "Amount 900 is above 500"}]})
    status, body = ledger.act("expenses", "create", values={"title": "default"})
    assert (status, body) == (400, {"errors": [{"message": "Amount 901 is above 500"}]})
    assert ledger.amounts() == []


def test_a_row_that_a_users_trigger_swallows_is_no_internal_error(ledger: Ledger) -> None:
    ledger.run(
        """
        create function swallow() returns trigger language plpgsql as $$ begin return null; end $$;
        create trigger swallow before insert on expenses for each row execute function swallow();
        """
    )
    status, body = ledger.act("expenses", "create", values={"amount": 1})
    assert (status, body) == (200, {"data": None})


def sync_action(*nodes: dict[str, Any], key: str) -> dict[str, Any]:
    """A synchronous after-action workflow on every create."""
    return follower(*nodes, key=key, type="action", sync=True, config={"global": True, "actions": ["create"]})


def test_a_sync_workflow_that_ends_as_failed_answers_400_although_the_data_is_saved(ledger: Ledger) -> None:
    ledger.define(sync_action(note("undone"), say("too late"), end(), key="late"))
    answer = ledger.act("expenses", "create", values={"amount": 1})
    assert answer == (400, {"errors": [{"message": "too late"}]})
    ledger.run("insert into expenses (amount) values (2)")
    assert ledger.notices == ["too late"]
    assert ledger.amounts() == [1, 2]
    assert ledger.notes() == []
    assert [status for _, status, _ in ledger.executions()] == [-1, -1]


def test_a_sync_workflow_that_fails_answers_500_although_the_data_is_saved(ledger: Ledger) -> None:
    ledger.define(sync_action(note("undone"), sql("select 1 / 0"), key="late"))
    assert ledger.act("expenses", "create", values={"amount": 1}) == (500, {"errors": [{"message": FAILED}]})
    assert ledger.amounts() == [1]
    assert ledger.notes() == []


def test_messages_before_and_after_come_together(ledger: Ledger) -> None:
    ledger.define(guard(say("before")))
    ledger.define(sync_action(say("after {{$context.data.id}}"), key="after"))
    _, body = ledger.act("expenses", "create", values={"amount": 1})
    assert body["messages"] == [{"message": "before"}, {"message": "after 1"}]


def test_a_refusal_in_one_session_leaves_the_next_statement_of_it_alone(limit: Ledger, connect: Connect) -> None:
    session = connect()
    for _ in range(3):
        assert refusal(session, "insert into expenses (amount) values (900)")[0] == "WF400"
        session.execute("insert into expenses (amount) values (100)")
    assert [status for _, status, _ in limit.executions()] == [1, 1, 1]


def test_a_guard_with_an_endless_loop_is_stopped(ledger: Ledger) -> None:
    big = {
        "key": "spin",
        "type": "loop",
        "config": {"target": 100_000_000},
        "branches": {
            "0": [{"key": "sum", "type": "calculation", "config": {"engine": "math.js", "expression": "1+1"}}]
        },
    }
    ledger.define(guard(big, key="spin", config={"actions": ["create"]}))
    sqlstate, _, detail = refusal(ledger.db, "insert into expenses (amount) values (1)")
    assert (sqlstate, detail["workflow"]) == ("WF500", "spin")
    assert "processor time" in detail["cause"]
    assert ledger.amounts() == []


def test_an_update_over_http_is_judged_with_its_own_values(limit: Ledger) -> None:
    limit.run("insert into expenses (id, amount) values (1, 10)")
    status, body = limit.act("expenses", "update", filterByTk=1, values={"amount": 900})
    assert (status, body) == (400, {"errors": [{"message": "Amount 900 is above 500"}]})
    status, body = limit.act("expenses", "update", filterByTk=1, values={"amount": 400})
    assert (status, [record["amount"] for record in body["data"]]) == (200, ["400"])
    assert limit.amounts() == [400]


def test_a_disabled_guard_refuses_nothing(ledger: Ledger) -> None:
    ledger.define(guard(above(), enabled=False))
    ledger.run("insert into expenses (amount) values (900)")
    assert ledger.act("expenses", "create", values={"amount": 900})[0] == 200
