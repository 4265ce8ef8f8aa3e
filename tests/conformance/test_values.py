"""Values of every type are the same on both hosts, whatever the session's settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .vocabulary import Workflows

_TYPES = """
create type mood as enum ('sad', 'so so');
create domain amount as numeric(10, 2);
create domain document as jsonb;
create type pair as (x integer, label text, at timestamptz);
grant usage on type mood, amount, document, pair to public;
"""


@pytest.fixture(scope="module")
def types(conformance_db: object) -> None:
    conformance_db.execute(_TYPES)  # type: ignore[attr-defined]  # a connection, whatever the fixture says


@pytest.fixture(
    params=[None, ("America/New_York", "SQL, DMY", "escape", "-5"), ("Asia/Kolkata", "German, YMD", "hex", "3")]
)
def settings(request: pytest.FixtureRequest, workflows: Workflows) -> Iterator[None]:
    """Sessions as users have them."""
    names = ("TimeZone", "DateStyle", "bytea_output", "extra_float_digits")
    for name, value in zip(names, request.param or ("UTC", "ISO", "hex", "1"), strict=True):
        workflows.value("select set_config(%s, %s, false)", name, value)
    yield
    for name in names:
        workflows.db.execute(f"reset {name}".encode())


CASES = [
    ("true", "bool", "True"),
    ("32767::smallint", "int", "32767"),
    ("-1", "int", "-1"),
    ("9007199254740993", "int", "9007199254740993"),
    ("1::oid", "int", "1"),
    ("1.10::numeric", "Decimal", "Decimal('1.10')"),
    ("12345678901234567890.123456789", "Decimal", "Decimal('12345678901234567890.123456789')"),
    ("'NaN'::numeric", "Decimal", "Decimal('NaN')"),
    ("0.1::double precision", "float", "0.1"),
    ("0.1::double precision + 0.2::double precision", "float", "0.30000000000000004"),
    ("0.1::real", "float", "0.1"),
    ("16777217::real", "float", "16777216.0"),
    ("3.4028235e38::real", "float", "3.4028235e+38"),
    ("'infinity'::real", "float", "inf"),
    ("'-infinity'::double precision", "float", "-inf"),
    ("null::integer", "NoneType", "None"),
    ("''", "str", "''"),
    ("'ä \" \\ {x}'::text", "str", "'ä \" \\\\ {x}'"),
    ("'ab'::char(4)", "str", "'ab  '"),
    ("'ab'::varchar(4)", "str", "'ab'"),
    ("'ab'::name", "str", "'ab'"),
    ("'9f1c2f60-6b8f-4f8e-9d0c-4c1f4ad8a111'::uuid", "str", "'9f1c2f60-6b8f-4f8e-9d0c-4c1f4ad8a111'"),
    ("timestamptz '2026-11-21 03:41:43.866123+02'", "str", "'2026-11-21T01:41:43.866Z'"),
    ("timestamptz '2026-01-01 00:00:00+05:30'", "str", "'2025-12-31T18:30:00.000Z'"),
    ("timestamptz 'infinity'", "str", "'infinity'"),
    ("timestamptz '0044-03-15 12:00+00 BC'", "str", "'0044-03-15 12:00:00+00 BC'"),
    ("timestamp '2026-11-21 03:41:43.866123'", "str", "'2026-11-21 03:41:43'"),
    ("date '2026-11-21'", "str", "'2026-11-21'"),
    ("date '-infinity'", "str", "'-infinity'"),
    ("time '03:41:43.5'", "str", "'03:41:43.5'"),
    ("timetz '03:41:43+02'", "str", "'03:41:43+02'"),
    ("interval '1 day 02:03:04'", "str", "'1 day 02:03:04'"),
    ("""'{"a": [1, 1.10, null, "x"]}'::jsonb""", "dict", "{'a': [1, Decimal('1.10'), None, 'x']}"),
    ("""'{"b":2, "a":1}'::json""", "dict", "{'b': 2, 'a': 1}"),
    ("'null'::jsonb", "NoneType", "None"),
    ("'3'::jsonb", "int", "3"),
    ("'\\x00ff61'::bytea", "str", "'AP9h'"),
    ("'sad'::public.mood", "str", "'sad'"),
    ("1.5::public.amount", "Decimal", "Decimal('1.50')"),
    ("""'{"a": 1}'::public.document""", "dict", "{'a': 1}"),
    ("'10.0.0.1/8'::inet", "str", "'10.0.0.1/8'"),
    ("'(1,2)'::point", "str", "'(1,2)'"),
    ("b'101'", "str", "'101'"),
    ("int4range(1, 5)", "str", "'[1,5)'"),
    ("'a b'::tsvector", "str", "\"'a' 'b'\""),
    ("array[1, null, 3]", "list", "[1, None, 3]"),
    ("array[[1, 2], [3, 4]]", "list", "[[1, 2], [3, 4]]"),
    ("'[0:1]={7,8}'::int[]", "list", "[7, 8]"),
    ("'{}'::int[]", "list", "[]"),
    ("array['a,b', 'c\"d', '', 'NULL', null, '{x}', 'back\\slash']", "list",
     "['a,b', 'c\"d', '', 'NULL', None, '{x}', 'back\\\\slash']"),
    ("array[1.10, 2]::numeric[]", "list", "[Decimal('1.10'), Decimal('2')]"),
    ("array[0.1, 0.5]::real[]", "list", "[0.1, 0.5]"),
    ("array[true, false]", "list", "[True, False]"),
    ("array[timestamptz '2026-11-21 03:41:43+02']", "list", "['2026-11-21T01:41:43.000Z']"),
    ("array[date '2026-11-21', null]", "list", "['2026-11-21', None]"),
    ("""array['{"a": 1.5}'::jsonb, '[2]']""", "list", "[{'a': Decimal('1.5')}, [2]]"),
    ("array['so so', 'sad']::public.mood[]", "list", "['so so', 'sad']"),
    ("array['\\x61'::bytea]", "list", "['YQ==']"),
    ("array['9f1c2f60-6b8f-4f8e-9d0c-4c1f4ad8a111']::uuid[]", "list", "['9f1c2f60-6b8f-4f8e-9d0c-4c1f4ad8a111']"),
    ("array['(1,2),(0,0)', '(3,4),(1,1)']::box[]", "list", "['(1,2),(0,0)', '(3,4),(1,1)']"),
    ("'1 2'::int2vector", "list", "[1, 2]"),
    ("row(1, 'a \"b\", c', null)::public.pair", "dict", "{'x': 1, 'label': 'a \"b\", c', 'at': None}"),
]  # fmt: skip


@pytest.mark.usefixtures("types", "settings")
def test_values_are_equal(workflows: Workflows) -> None:
    columns = ", ".join(f"{sql} as c{number}" for number, (sql, _, _) in enumerate(CASES))
    [row] = workflows.engine.call("fetch", f"select {columns}")
    shown = {CASES[number][0]: (kind, text) for number, (_, kind, text) in enumerate(row)}
    assert shown == {sql: (kind, text) for sql, kind, text in CASES}


@pytest.mark.usefixtures("types")
def test_a_stored_row_is_the_same_as_a_nodes_record_whatever_the_session(workflows: Workflows) -> None:
    """What sql nodes leave in history does not depend on who runs them."""
    from .vocabulary import node

    sql = (
        "select timestamptz '2026-11-21 03:41:43.866+02' as at, 1.10::numeric as n, array[1, 2] as list, 0.1::real as r"
    )
    key = workflows.define(node("sql", "s", sql=sql))
    seen = []
    for zone in ("UTC", "Asia/Tokyo"):
        workflows.value("select set_config('TimeZone', %s, false)", zone)
        seen.append(workflows.start(key).job("s"))
    workflows.db.execute("reset timezone")
    assert seen[0] == seen[1]
    assert {name: str(value) for name, value in seen[0][1][0].items()} == {
        "at": "2026-11-21T01:41:43.866Z", "n": "1.10", "list": "[1, 2]", "r": "0.1",
    }  # fmt: skip
