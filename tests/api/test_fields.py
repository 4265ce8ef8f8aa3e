"""Field types and options that do something with values: on the way in, and on the way out."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook

from .conftest import Api


def _make(api: Api, name: str, *fields: dict[str, Any], **options: Any) -> None:
    response = api.root.post("/collections:create", json={"name": name, "fields": list(fields), **options})
    assert response.status_code == 200, response.text


def _messages(response: Any) -> list[str]:
    assert response.status_code == 400, response.text
    return [error["message"] for error in response.json()["errors"]]


def _stored(api: Api, query: str) -> Any:
    return api.db.execute(query).fetchall()  # type: ignore[arg-type]  # a test's own text


def test_a_password_is_kept_as_a_hash_and_shown_to_nobody(api: Api) -> None:
    _make(api, "members", {"name": "name", "type": "string"}, {"name": "pin", "type": "password"})
    made = api.create("members", {"name": "a", "pin": "1234"})
    assert "pin" not in made
    ((pin,),) = _stored(api, "select pin from members")
    assert pin.startswith("$scrypt$") and "1234" not in pin
    assert _stored(
        api,
        "select orchestrator.password_matches(pin, '1234'), orchestrator.password_matches(pin, '1235') from members",
    ) == [(True, False)]
    assert "pin" not in api.list("/members:list")[0]
    assert "pin" not in api.list("/members:list", fields="id,pin")[0]
    updated = api.root.post("/members:update?filterByTk=1", json={"pin": "next"}).json()["data"]
    assert "pin" not in updated[0]
    assert _stored(api, "select orchestrator.password_matches(pin, 'next') from members") == [(True,)]


@pytest.mark.parametrize(
    "params",
    [
        {"filter": '{"pin.$startsWith":"$scrypt"}'},
        {"filter": '{"pin.$notNull":true}'},
        {"filter": '{"name":{"$col":"pin"}}'},
        {"sort": "pin"},
    ],
)
def test_nobody_learns_of_a_password_by_asking_for_records(api: Api, params: dict[str, str]) -> None:
    if not _stored(api, "select from orchestrator.collections where name = 'guarded'"):
        _make(api, "guarded", {"name": "name", "type": "string"}, {"name": "pin", "type": "password"})
    assert api.root.get("/guarded:list", params=params).status_code == 400


def test_a_password_is_hashed_whoever_writes_it_and_only_once(api: Api) -> None:
    _make(api, "keepers", {"name": "name", "type": "string"}, {"name": "pin", "type": "password"})
    api.db.execute("insert into keepers (name, pin) values ('a', 'plain'), ('b', null)")
    api.db.execute("update keepers set name = name || '!'")
    rows = _stored(api, "select name, orchestrator.password_matches(pin, 'plain') from keepers order by id")
    assert rows == [("a!", True), ("b!", False)]


def test_what_is_kept_of_a_judgement_has_no_password(api: Api) -> None:
    _make(api, "judged", {"name": "name", "type": "string"}, {"name": "pin", "type": "password"})
    values = {
        "type": "request-interception",
        "title": "watch",
        "config": {"collection": "judged", "global": True, "actions": ["create"]},
        "options": {"deleteExecutionOnStatus": []},
    }
    workflow = api.root.post("/workflows:create", json=values).json()["data"]
    assert api.root.post(f"/workflows:update?filterByTk={workflow['id']}", json={"enabled": True}).status_code == 200
    api.create("judged", {"name": "a", "pin": "secret"})
    ((context,),) = _stored(
        api, f"select context::text from orchestrator.executions where workflow_id = {workflow['id']}"
    )
    assert '"a"' in context and "pin" not in context and "scrypt" not in context


def test_a_unix_timestamp_is_a_number_in_the_table_and_an_instant_on_the_wire(api: Api) -> None:
    _make(
        api,
        "events",
        {"name": "at", "type": "unixTimestamp"},
        {"name": "exactly", "type": "unixTimestamp", "accuracy": "millisecond"},
    )
    instant = "2026-01-02T03:04:05.678Z"
    made = api.create("events", {"at": instant, "exactly": instant})
    assert (made["at"], made["exactly"]) == ("2026-01-02T03:04:05.000Z", instant)
    assert _stored(api, "select at, exactly from events") == [(1767323045, 1767323045678)]
    api.create("events", {"at": 1767323046})
    found = api.list("/events:list", filter='{"at.$dateOn":"2026-01-02"}', sort="-at", fields="id,at")
    assert [(row["id"], row["at"]) for row in found] == [
        (2, "2026-01-02T03:04:06.000Z"),
        (1, "2026-01-02T03:04:05.000Z"),
    ]
    assert len(api.list("/events:list", filter='{"exactly.$gt":"2026-01-02T03:04:05Z"}')) == 1
    for text in ("soon", "--5", "²", "9" * 5000):
        assert _messages(api.root.post("/events:create", json={"at": text})) == [f'Invalid Date "{text}"']


def test_one_row_is_chosen_at_a_time(api: Api) -> None:
    _make(api, "addresses", {"name": "name", "type": "string"}, {"name": "chosen", "type": "radio"})
    for name in "abc":
        api.create("addresses", {"name": name, "chosen": True})
    assert _stored(api, "select name from addresses where chosen") == [("c",)]
    assert api.root.post("/addresses:update?filterByTk=1", json={"chosen": True}).status_code == 200
    assert _stored(api, "select name from addresses where chosen") == [("a",)]
    api.db.execute("update addresses set chosen = true")
    assert len(_stored(api, "select from addresses where chosen")) == 1
    api.db.execute("update addresses set chosen = false")
    assert _stored(api, "select from addresses where chosen") == []


def test_choosing_another_row_waits_for_whoever_is_choosing(api: Api) -> None:
    _make(api, "slots", {"name": "chosen", "type": "radio"})
    api.create("slots", [{}, {}])
    with psycopg.connect(api.dsn) as one, psycopg.connect(api.dsn) as two:
        one.execute("update slots set chosen = true where id = 1")
        two.execute("set local lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            two.execute("update slots set chosen = true where id = 2")


def test_texts_are_trimmed_and_an_empty_one_is_not_taken_twice(api: Api) -> None:
    _make(
        api,
        "codes",
        {"name": "code", "type": "string", "unique": True},
        {"name": "label", "type": "string", "trim": True},
    )
    first = api.create("codes", {"code": "", "label": "  two words\n"})
    second = api.create("codes", {"code": ""})
    assert (first["code"], first["label"], second["code"]) == (None, "two words", None)


def test_what_is_no_longer_asked_for_is_no_longer_done(api: Api) -> None:
    _make(api, "loose", {"name": "label", "type": "string", "trim": True})
    field = {"name": "label", "type": "string"}
    assert api.root.post("/collections:setFields?filterByTk=loose", json={"fields": [field]}).status_code == 200
    assert api.root.post("/collections/loose/fields:update?filterByTk=label", json={"trim": False}).status_code == 200
    assert api.create("loose", {"label": " a "})["label"] == " a "


def test_a_set_has_each_item_once_and_texts_are_in_order(api: Api) -> None:
    _make(
        api,
        "lists",
        {"name": "labels", "type": "array"},
        {"name": "tags", "type": "set"},
        {"name": "numbers", "type": "set", "dataType": "array", "elementType": "integer"},
    )
    made = api.create("lists", {"labels": ["b", "a", "b"], "tags": ["x", "a", "x"], "numbers": [3, 1, 3]})
    assert (made["labels"], made["tags"], made["numbers"]) == (["a", "b", "b"], ["a", "x"], [3, 1])
    assert _stored(api, "select numbers from lists") == [([3, 1],)]


def test_letters_of_ones_own_are_drawn_whoever_writes(api: Api) -> None:
    _make(
        api,
        "drawn",
        {"name": "code", "type": "nanoid", "customAlphabet": "xyz", "size": 8},
        {"name": "uid", "type": "uid", "prefix": "u_", "pattern": "^u_[a-z0-9]+$"},
        {"name": "number", "type": "snowflakeId"},
        {"name": "bare", "type": "uuid", "autoFill": False},
    )
    api.db.execute("insert into drawn default values")
    made = api.create("drawn", {})
    for code, uid, number in [*_stored(api, "select code, uid, number from drawn"), (made["code"], made["uid"], 1)]:
        assert len(code) == 8 and set(code) <= set("xyz")
        assert uid.startswith("u_") and isinstance(number, int)
    assert made["bare"] is None
    assert api.create("drawn", {"code": "mine"})["code"] == "mine"
    assert _messages(api.root.post("/drawn:create", json={"uid": "U-1"})) == [
        '"drawn: uid" fails to match the required pattern'
    ]


def test_a_virtual_field_is_repeated_and_not_stored(api: Api) -> None:
    _make(api, "echoes", {"name": "name", "type": "string"}, {"name": "note", "type": "virtual"})
    assert api.create("echoes", {"name": "a", "note": {"b": [1]}}) == {"id": 1, "name": "a", "note": {"b": [1]}}
    assert api.list("/echoes:list") == [{"id": 1, "name": "a"}]


def test_a_field_of_the_context_says_who_asked_and_nobody_else_may(api: Api) -> None:
    _make(
        api,
        "signed",
        {"name": "text", "type": "string"},
        {"name": "by", "type": "context", "dataIndex": "state.currentUser.username", "createOnly": True},
        {"name": "role", "type": "context", "dataIndex": "state.currentRole"},
    )
    made = api.create("signed", {"text": "a", "by": "somebody"})
    assert (made["by"], made["role"]) == ("root", "root")
    changed = api.root.post("/signed:update?filterByTk=1", json={"text": "b", "by": "other"}).json()["data"][0]
    assert (changed["text"], changed["by"]) == ("b", "root")
    refused = {"name": "x", "type": "context", "dataIndex": "request.header.cookie"}
    assert _messages(api.root.post("/collections/signed/fields:create", json=refused)) == [
        '"dataIndex" of field "x" must be state.currentUser.<field> or state.currentRole'
    ]


VALIDATED = [
    {
        "name": "email",
        "type": "string",
        "uiSchema": {"title": "E-mail"},
        "validation": {"type": "string", "rules": [{"key": "r1", "name": "email", "args": {}}]},
    },
    {
        "name": "nick",
        "type": "string",
        "validation": {
            "type": "string",
            "rules": [
                {"key": "r1", "name": "min", "args": {"limit": 3}},
                {"key": "r2", "name": "pattern", "args": {"regex": "/^[a-z]+$/"}},
            ],
        },
    },
    {
        "name": "age",
        "type": "integer",
        "validation": {"type": "number", "rules": [{"key": "r", "name": "max", "args": {"limit": 150}}]},
    },
    {"name": "must", "type": "string", "validation": {"type": "string", "rules": [{"key": "r", "name": "required"}]}},
]


def test_every_rule_that_is_broken_is_told(api: Api) -> None:
    _make(api, "people", *VALIDATED, title="People")
    values = {"email": "nobody", "nick": "A", "age": 151}
    assert _messages(api.root.post("/people:create", json=values)) == [
        '"People: E-mail" must be a valid email',
        '"People: nick" length must be at least 3 characters long',
        '"People: nick" fails to match the required pattern',
        '"People: age" must be less than or equal to 150',
        '"People: must" is required',
    ]
    assert api.list("/people:list") == []
    made = api.create("people", {"email": "a@example.org", "nick": "abc", "age": 150, "must": "x"})
    path = f"/people:update?filterByTk={made['id']}"
    assert api.root.post(path, json={"age": 20}).status_code == 200
    assert _messages(api.root.post(path, json={"age": 200})) == ['"People: age" must be less than or equal to 150']
    assert _messages(api.root.post(path, json={"must": None})) == ['"People: must" is required']


def test_a_number_may_be_a_multiple_however_large_it_is(api: Api) -> None:
    rules = [{"name": "multiple", "args": {"base": 0.5}}]
    _make(api, "steps", {"name": "n", "type": "double", "validation": {"type": "number", "rules": rules}})
    for number in (1.5, 1e20, 1e300):
        assert api.create("steps", {"n": number})["n"] == number
    assert _messages(api.root.post("/steps:create", json={"n": 1.25})) == ['"steps: n" must be a multiple of 0.5']


def test_rules_hold_for_nested_records_that_are_written(api: Api) -> None:
    _make(
        api,
        "babies",
        {"name": "name", "type": "string", "validation": {"rules": [{"name": "min", "args": {"limit": 2}}]}},
    )
    _make(api, "parents", {"name": "babies", "type": "hasMany", "target": "babies", "foreignKey": "parentId"})
    assert _messages(api.root.post("/parents:create", json={"babies": [{"name": "x"}]})) == [
        '"babies: name" length must be at least 2 characters long'
    ]
    baby = api.create("babies", {"name": "xyz"})
    # linked, and its name ignored
    api.create("parents", {"babies": [{"id": baby["id"], "name": "x"}]})
    path = "/parents:update?filterByTk=1&updateAssociationValues[]=babies"
    assert api.root.post(path, json={"babies": [{"id": baby["id"], "name": "x"}]}).status_code == 400


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"rules": [{"name": "astrology"}]}, 'validation rule "astrology" of field "f" is unknown'),
        ({"rules": [{"name": "min"}]}, 'validation rule "min" of field "f" lacks a proper argument'),
        (
            {"rules": [{"name": "pattern", "args": {"regex": "("}}]},
            'validation rule "pattern" of field "f" lacks a proper argument',
        ),
        ({"type": "colour"}, 'the type of validation of field "f" is unknown: "colour"'),
    ],
)
def test_a_rule_that_could_not_be_enforced_is_refused(api: Api, validation: Any, message: str) -> None:
    field = {"name": "f", "type": "string", "validation": validation}
    assert _messages(api.root.post("/collections:create", json={"name": "never", "fields": [field]})) == [message]


def test_a_pattern_that_computes_for_too_long_is_stopped(api: Api) -> None:
    rules = [{"name": "pattern", "args": {"regex": "^(a+)+$"}}]
    _make(api, "slow", {"name": "f", "type": "string", "validation": {"rules": rules}})
    reply = api.root.post("/slow:create", json={"f": "a" * 40 + "!"}, timeout=30)
    assert reply.status_code == 500
    assert reply.json() == {"errors": [{"message": "the run used more than 1 s of processor time"}]}
    assert api.create("slow", {"f": "aaa"})["f"] == "aaa"


def test_a_node_that_breaks_a_rule_fails(api: Api) -> None:
    _make(
        api,
        "logs",
        {"name": "line", "type": "string", "validation": {"rules": [{"name": "min", "args": {"limit": 5}}]}},
    )
    _make(api, "causes", {"name": "name", "type": "string"})
    values = {
        "type": "action",
        "title": "log",
        "sync": True,
        "config": {"collection": "causes", "global": True, "actions": ["create"]},
    }
    workflow = api.root.post("/workflows:create", json=values).json()["data"]
    node = {
        "type": "create",
        "config": {"collection": "logs", "params": {"values": {"line": "{{$context.data.name}}"}}},
    }
    assert api.root.post(f"/workflows/{workflow['id']}/nodes:create", json=node).status_code == 200
    assert api.root.post(f"/workflows:update?filterByTk={workflow['id']}", json={"enabled": True}).status_code == 200
    api.root.post("/causes:create", json={"name": "abc"})
    assert api.list("/logs:list") == []
    assert api.root.post("/causes:create", json={"name": "abcdef"}).status_code == 200
    assert [row["line"] for row in api.list("/logs:list")] == ["abcdef"]


def test_times_with_a_zone_keep_it(api: Api) -> None:
    api.db.execute("create table shifts (id bigint primary key, starts timetz, at time)")
    api.db.execute("select orchestrator.manage('shifts')")
    made = api.create("shifts", {"id": 1, "starts": "08:30:00+02", "at": "08:30"})
    assert (made["starts"], made["at"]) == ("08:30:00+02", "08:30:00")


def test_a_record_is_looked_for_by_values_as_they_are_stored(api: Api) -> None:
    _make(
        api,
        "visits",
        {"name": "label", "type": "string", "trim": True},
        {"name": "at", "type": "unixTimestamp"},
        {"name": "pin", "type": "password"},
    )
    values = {"label": " a ", "at": "2026-01-02T03:04:05Z", "pin": "1234"}
    path = "/visits:updateOrCreate?filterKeys[]=label&filterKeys[]=at"
    first = api.root.post(path, json=values).json()["data"]
    again = api.root.post(path, json={**values, "pin": "5678"}).json()["data"]
    made = first[0] if isinstance(first, list) else first
    found = again[0] if isinstance(again, list) else again
    assert (made["id"], made["label"]) == (found["id"], "a")
    assert _stored(api, "select count(*), bool_and(orchestrator.password_matches(pin, '5678')) from visits") == [
        (1, True)
    ]
    refused = api.root.post("/visits:firstOrCreate?filterKeys[]=pin", json=values)
    assert refused.status_code == 400


def test_rows_of_a_sheet_are_values_like_any_other(api: Api) -> None:
    _make(
        api,
        "sheet",
        {
            "name": "label",
            "type": "string",
            "trim": True,
            "validation": {"rules": [{"name": "max", "args": {"limit": 3}}]},
        },
        {"name": "at", "type": "unixTimestamp"},
    )

    def imported(*rows: list[Any]) -> Any:
        book, out = Workbook(), BytesIO()
        for row in [["label", "at"], *rows]:
            book.active.append(row)
        book.save(out)
        columns = [{"dataIndex": [name], "defaultTitle": name} for name in ("label", "at")]
        return api.root.post(
            "/sheet:importXlsx",
            files={"file": ("rows.xlsx", out.getvalue())},
            data={"columns": json.dumps(columns)},
        )

    assert imported([" ab ", "2026-01-02T03:04:05Z"]).status_code == 200
    assert _stored(api, "select label, at from sheet") == [("ab", 1767323045)]
    (message,) = _messages(imported(["ok", None], ["too long", None]))
    assert message.startswith("row ") and "length must be less than or equal to 3" in message


def test_columns_that_are_renamed_or_dropped_in_sql_break_nothing_but_a_secret(api: Api) -> None:
    _make(api, "moving", {"name": "chosen", "type": "radio"}, {"name": "pin", "type": "password"})
    api.db.execute("alter table moving drop column chosen")
    api.db.execute("insert into moving (pin) values ('a')")
    api.db.execute("alter table moving rename column pin to secret")
    with pytest.raises(psycopg.Error, match='password column "pin" has another name now'):
        api.db.execute("insert into moving (secret) values ('plain')")
    api.db.execute("insert into moving default values")
