"""Users as administrators change them: created, changed, deleted. Passwords arrive as hashes, and never leave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.administration.authority import Authority
from orchestrator.administration.members import keep_root, replace_roles
from orchestrator.administration.request import Answer, Request, conform
from orchestrator.administration.roles import rows as role_rows
from orchestrator.compiler.schema import anything, array, record
from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import StatementError
from orchestrator.errors import ForbiddenError, InvalidError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "destroy", "open_reset", "update"]

#: who was there first stays
_FIRST = 1
_VALUES = record({"systemSettings": record(nullable=True), "roles": array(anything(), nullable=True)})
_TITLES = {"username": "Username", "email": "Email"}
#: `Key (a)=(…)` in the detail of a violation, in whatever language the rest is
_TAKEN = re.compile(r"\((.+?)\)=\(")

_KEYS: LiteralString = " = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))"
_ROWS: LiteralString = "select * from orchestrator.api_users where id" + _KEYS + " order by id"
_INSERT: LiteralString = """
    insert into orchestrator.users
        (nickname, username, email, phone, app_lang, system_settings, password, created_by_id, updated_by_id)
    select
        u ->> 'nickname', u ->> 'username', nullif(u ->> 'email', ''), u ->> 'phone', u ->> 'appLang',
        coalesce(nullif(u -> 'systemSettings', 'null'), '{}'), $2, $3::bigint, $3::bigint
    from (select $1::jsonb as u) given
    returning id
"""
_UPDATE: LiteralString = (
    """
    update orchestrator.users
    set nickname = case when u ? 'nickname' then u ->> 'nickname' else nickname end,
        username = case when u ? 'username' then u ->> 'username' else username end,
        email = case when u ? 'email' then nullif(u ->> 'email', '') else email end,
        phone = case when u ? 'phone' then u ->> 'phone' else phone end,
        app_lang = case when u ? 'appLang' then u ->> 'appLang' else app_lang end,
        system_settings = coalesce(nullif(u -> 'systemSettings', 'null'), system_settings),
        password = coalesce($3, password),
        updated_by_id = $4::bigint,
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as u) given
    where id"""
    + _KEYS
    + " returning id"
)
_DEFAULT_ROLE: LiteralString = """
    insert into orchestrator.roles_users (user_id, role_name, "default")
    select $1::bigint, r.name, true from orchestrator.roles r where r."default" limit 1
    returning role_name as name
"""


def create(port: Port, request: Request) -> Answer:
    """The new user, with the roles given; with the one of newcomers where none are. A list for a list of values."""
    authority = Authority(port, request)
    authority.demand("users", "create")
    passwords = iter(request.passwords)
    created = [_create(port, authority, request, values, next(passwords, None)) for values in request.elements()]
    return Answer(created if isinstance(request.body, list) else created[0])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed users. Another password ends their sessions."""
    authority = Authority(port, request)
    authority.demand("users", "update")
    keys = list(dict.fromkeys(request.keys or ()))
    authority.reach_users(keys)
    values = request.values
    _check(port, values)
    password = next(iter(request.passwords), None)
    _write(port, _UPDATE, [to_json(keys), to_json(values), password, _user(request)])
    found = port.fetch(_ROWS, [to_json(keys)])
    if values.get("roles") is not None:
        found = [_with_roles(port, authority, row, values["roles"]) for row in found]
    return Answer(found)


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted. The first one stays, and cannot be meant by its key."""
    authority = Authority(port, request)
    authority.demand("users", "destroy")
    keys = list(request.keys or ())
    if request.is_named and _FIRST in keys:
        raise ForbiddenError
    keys = [key for key in keys if key != _FIRST]
    authority.reach_users(keys)
    has_root = port.fetch(
        "select from orchestrator.roles_users where role_name = 'root' and user_id" + _KEYS, [to_json(keys)]
    )
    count = port.run("delete from orchestrator.users where id" + _KEYS, [to_json(keys)])
    if has_root:
        keep_root(port)
    return Answer(count)


def open_reset(port: Port, request: Request) -> Answer:
    """Whether a token that sets a user's password was put on record: not where there is no such user."""
    authority = Authority(port, request)
    authority.demand("users", "createResetToken")
    key = request.one()
    authority.reach_users([] if key is None else [key])
    values = request.values
    found = port.fetch(
        "select orchestrator.open_password_reset($1::bigint, $2, $3::bigint) as opened",
        [None if key is None else str(key), str(values.get("hash")), str(values.get("expiresAt"))],
    )
    return Answer(found[0]["opened"])


def _create(
    port: Port, authority: Authority, request: Request, values: Mapping[str, Any], password: str | None
) -> dict[str, Any]:
    _check(port, values)
    created = _write(port, _INSERT, [to_json(values), password, _user(request)])
    key = int(created[0]["id"])
    row = port.fetch(_ROWS, [to_json([key])])[0]
    if values.get("roles") is not None:
        return _with_roles(port, authority, row, values["roles"])
    authority.reach_roles(given["name"] for given in port.fetch(_DEFAULT_ROLE, [str(key)]))
    return row


def _check(port: Port, values: Mapping[str, Any]) -> None:
    conform(values, _VALUES)
    port.fetch("select orchestrator.check_profile($1::jsonb)::text as checked", [to_json(values)])


def _write(port: Port, sql: str, params: Sequence[str | None]) -> list[dict[str, Any]]:
    """Rows of a statement on users.

    Raises:
        InvalidError: a name or an address is somebody else's.
    """
    try:
        return port.fetch(sql, params)
    except StatementError as error:
        column = _TAKEN.search(error.detail or "")
        if error.sqlstate != "23505" or column is None:
            raise
        raise InvalidError(f"{_TITLES.get(column[1], 'User')} already exists") from None


def _with_roles(port: Port, authority: Authority, row: dict[str, Any], roles: Sequence[Any]) -> dict[str, Any]:
    """The user once he has these roles, with them in the order given."""
    names = replace_roles(port, authority, row["id"], roles)
    by_name = {role["name"]: role for role in role_rows(port, names)}
    return {**row, "roles": [by_name[name] for name in names]}


def _user(request: Request) -> str | None:
    return None if request.user_id is None else str(request.user_id)
