"""Fields that collections declare, for roles that do not see everything."""

from __future__ import annotations

import secrets

import pytest

from .conftest import Api
from .restricted import (
    ALL,
    EVERYTHING,
    LOW,
    Permit,
    data_of,
    insert,
    message_of,
    permit,
    restricted_tables,
)

#: fixtures
__all__ = ["permit", "restricted_tables"]


@pytest.fixture(scope="module")
def plans(api: Api) -> str:
    required = {"type": "string", "rules": [{"key": "r", "name": "required"}]}
    fields = [
        {"name": "title", "type": "string"},
        {"name": "owner", "type": "belongsTo", "target": "users", "foreignKey": "ownerId"},
        {"name": "tags", "type": "belongsToArray", "target": "tags", "foreignKey": "tagIds"},
        {"name": "reason", "type": "string", "title": "Hidden reason", "validation": required},
    ]
    response = api.root.post("/collections:create", json={"name": "plans", "fields": fields})
    assert response.status_code == 200, response.text
    return "plans"


def test_a_user_who_is_not_in_view_cannot_be_referred_to_but_oneself_can(permit: Permit, api: Api, plans: str) -> None:
    client = permit(plans={"create": ALL, "view": ALL})
    other = api.add_user(f"u_{secrets.token_hex(4)}")
    for name, form in (("ownerId", int), ("owner", int), ("owner", lambda key: {"id": key})):
        values = {"reason": "r", "title": "a"}
        assert data_of(client.post(f"/{plans}:create", json={**values, name: form(client.id)}))["ownerId"] == client.id
        hidden, missing = (client.post(f"/{plans}:create", json={**values, name: form(k)}) for k in (other, 888_888))
        assert hidden.status_code == 400
        assert message_of(hidden) == message_of(missing)


def test_keys_in_a_column_lead_only_to_what_is_in_view(permit: Permit, api: Api, plans: str) -> None:
    client = permit(plans=dict.fromkeys(EVERYTHING, ALL), tags={"view": {"scope": LOW}})
    low, other, high = insert(api, "tags"), insert(api, "tags"), insert(api, "tags", level=9)
    made = data_of(client.post(f"/{plans}:create", json={"reason": "r", "tags": [low, high, 888_888]}))
    assert [int(key) for key in made["tagIds"]] == [low]
    direct = [client.post(f"/{plans}:create", json={"reason": "r", "tagIds": [low, key]}) for key in (high, 888_888)]
    assert message_of(direct[0]) == message_of(direct[1])
    assert direct[0].status_code == 400
    plan = api.create(plans, {"reason": "r", "tags": [low, high]})["id"]
    (changed,) = data_of(client.post(f"/{plans}:update?filterByTk={plan}", json={"tags": [other]}))
    assert sorted(int(key) for key in changed["tagIds"]) == [other, high]


def test_a_rule_of_a_hidden_field_is_told_without_its_name(permit: Permit, plans: str) -> None:
    blind = permit(plans={"create": {"fields": ["title"]}, "view": {"fields": ["title"]}})
    sees = permit(plans={"create": {"fields": ["title"]}, "view": ALL})
    status, message = message_of(blind.post(f"/{plans}:create", json={"title": "a"}))
    assert status == 400
    assert "eason" not in message
    assert "eason" in message_of(sees.post(f"/{plans}:create", json={"title": "a"}))[1]
