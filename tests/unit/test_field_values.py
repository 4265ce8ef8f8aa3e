"""Values brought into the form that their fields want."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.field_values import settle, without_secrets
from orchestrator.engine.passwords import hash_password, is_hash, matches
from orchestrator.model.collection import Catalog


def _field(name: str, type_: str, raw: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "rawType": raw, **more}


def _catalog(*fields: dict[str, Any]) -> Catalog:
    own = [_field("id", "bigInt", "bigint", primaryKey=True), *fields]
    many = {"name": "others", "type": "hasMany", "target": "things", "foreignKey": "thingId", "sourceKey": "id"}
    thing = {
        "name": "things",
        "schema": "public",
        "table": "things",
        "oid": 1,
        "filterTargetKey": "id",
        "fields": own,
        "associations": [many],
    }
    return Catalog.from_json(json.dumps({"revision": 1, "collections": [thing]}))


CATALOG = _catalog(
    _field("name", "string", "text", behaviour={"trim": True, "unique": True}),
    _field("tags", "set", "jsonb", behaviour={"sorted": True}),
    _field("at", "unixTimestamp", "bigint"),
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.text(max_size=5),
        "tags": st.none() | st.lists(st.text(max_size=2) | st.integers(0, 3), max_size=5),
        "at": st.none() | st.integers(-(10**9), 10**9) | st.datetimes().map(lambda at: at.isoformat()),
        "unknown": st.text(max_size=3),
    },
)


@given(VALUES)
def test_to_settle_twice_changes_nothing(values: dict[str, Any]) -> None:
    once = settle(CATALOG, "things", values, created=True)
    assert settle(CATALOG, "things", once, created=True) == once
    assert set(once) == set(values)


def test_a_catalog_without_such_fields_leaves_values_alone() -> None:
    values = {"name": " a "}
    assert settle(_catalog(_field("name", "string", "text")), "things", values, created=True) is values


def test_records_below_are_settled_where_they_are_written() -> None:
    values = {"others": [{"name": " new "}, {"id": 1, "name": " linked "}]}
    assert settle(CATALOG, "things", values, created=True)["others"] == [{"name": "new"}, {"id": 1, "name": " linked "}]
    changed = settle(CATALOG, "things", values, created=False, updatable=["others"])
    assert changed["others"][1] == {"id": 1, "name": "linked"}


def test_passwords_are_left_out_of_what_is_kept() -> None:
    catalog = _catalog(_field("pin", "password", "text"))
    values = {"pin": "a", "others": [{"pin": "b", "x": 1}], "y": 2}
    assert without_secrets(catalog, "things", values) == {"others": [{"x": 1}], "y": 2}
    assert without_secrets(catalog, "things", [values])[0]["y"] == 2
    settled = settle(catalog, "things", values, created=True)
    assert matches(settled["pin"], "a") and matches(settled["others"][0]["pin"], "b")


def test_a_password_is_salted_and_a_hash_stays_what_it_is() -> None:
    one, two = hash_password("secret"), hash_password("secret")
    assert one != two and is_hash(one) and hash_password(one) == one
    assert matches(one, "secret") and not matches(one, "Secret") and not matches(None, "secret")
    # another cost is no hash of ours: whoever writes it would choose how long a check takes
    assert not is_hash(one.replace("ln=14", "ln=24"))
