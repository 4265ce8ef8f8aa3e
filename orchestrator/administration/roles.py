"""Roles: created, changed, deleted; and how several roles of one user act."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.access import ROOT
from orchestrator.administration.authority import UNION, Authority
from orchestrator.administration.request import Answer, Request, conform
from orchestrator.administration.vocabulary import Vocabulary
from orchestrator.compiler.schema import Schema, array, record, string
from orchestrator.engine.encoding import to_json
from orchestrator.errors import ForbiddenError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["create", "demand_role", "destroy", "rows", "set_mode", "update"]

#: roles that are always there
_BUILT_IN = frozenset({ROOT, "admin", "member"})
#: fit for the header X-Role and for a path
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_MODES = ("default", "allow-use-union", "only-use-union")
_FLAG = Schema(kind="boolean", nullable=True)
_VALUES = record(
    {
        "name": string(nullable=True),
        "title": string(nullable=True),
        "description": string(nullable=True),
        "strategy": record(nullable=True),
        "default": _FLAG,
        "hidden": _FLAG,
        "allowConfigure": _FLAG,
        "allowNewMenu": _FLAG,
        "snippets": array(string(required=True), nullable=True),
    }
)

_NAMED: LiteralString = " = any (array(select jsonb_array_elements_text($1::jsonb)))"
_ROWS: LiteralString = "select * from orchestrator.api_roles where name" + _NAMED + " order by name"
_INSERT: LiteralString = """
    insert into orchestrator.roles
        (name, title, description, strategy, "default", hidden, allow_configure, allow_new_menu, snippets)
    select
        $1, r ->> 'title', r ->> 'description', nullif(r -> 'strategy', 'null'),
        coalesce((r ->> 'default')::boolean, false), coalesce((r ->> 'hidden')::boolean, false),
        (r ->> 'allowConfigure')::boolean, coalesce((r ->> 'allowNewMenu')::boolean, false),
        coalesce(nullif(r -> 'snippets', 'null'), '["!pm", "!pm.*", "!ui.*"]')
    from (select $2::jsonb as r) given
    on conflict (name) do nothing
"""
_UPDATE: LiteralString = (
    """
    update orchestrator.roles
    set title = case when r ? 'title' then r ->> 'title' else title end,
        description = case when r ? 'description' then r ->> 'description' else description end,
        strategy = case when r ? 'strategy' then nullif(r -> 'strategy', 'null') else strategy end,
        "default" = coalesce((r ->> 'default')::boolean, "default"),
        hidden = coalesce((r ->> 'hidden')::boolean, hidden),
        allow_configure =
            case when r ? 'allowConfigure' then (r ->> 'allowConfigure')::boolean else allow_configure end,
        allow_new_menu = case when r ? 'allowNewMenu' then (r ->> 'allowNewMenu')::boolean else allow_new_menu end,
        snippets = coalesce(nullif(r -> 'snippets', 'null'), snippets),
        updated_at = orchestrator.current_time()
    from (select $2::jsonb as r) given
    where name"""
    + _NAMED
)
#: new users get one role
_ONE_DEFAULT: LiteralString = """
    update orchestrator.roles set "default" = false, updated_at = orchestrator.current_time()
    where "default" and name <> $1
"""
_SET_MODE: LiteralString = """
    insert into orchestrator.identity_settings (key, config, updated_by_id)
    values ('roles', jsonb_build_object('roleMode', $1), $2::bigint)
    on conflict (key) do update
    set config = identity_settings.config || excluded.config, updated_by_id = excluded.updated_by_id, updated_at = now()
"""


def create(port: Port, request: Request) -> Answer:
    """The new role; a list of them for a list of values."""
    Authority(port, request).demand("roles", "create")
    vocabulary = Vocabulary(port, request)
    names = [_create(port, values, vocabulary) for values in request.elements()]
    created = {row["name"]: row for row in rows(port, names)}
    return Answer([created[name] for name in names] if isinstance(request.body, list) else created[names[0]])


def update(port: Port, request: Request) -> Answer:
    """A list of the changed roles. A name stays what it is."""
    authority = Authority(port, request)
    authority.demand("roles", "update")
    authority.reach_roles(request.names)
    values = request.values
    conform(values, _VALUES)
    Vocabulary(port, request).check_strategy(values.get("strategy"))
    port.run(_UPDATE, [to_json(request.names), to_json(values)])
    found = rows(port, request.names)
    if values.get("default") is True and found:
        port.run(_ONE_DEFAULT, [found[-1]["name"]])
        found = rows(port, request.names)
    return Answer(found)


def destroy(port: Port, request: Request) -> Answer:
    """How many were deleted. Those that are always there stay, and cannot be meant by name."""
    authority = Authority(port, request)
    authority.demand("roles", "destroy")
    names = request.names
    if request.is_named and _BUILT_IN.intersection(names):
        raise ForbiddenError
    names = [name for name in names if name not in _BUILT_IN]
    authority.reach_roles(names)
    return Answer(port.run("delete from orchestrator.roles where name" + _NAMED, [to_json(names)]))


def set_mode(port: Port, request: Request) -> Answer:
    """How the roles of a user act: one at a time, together where he asks for it, or always together."""
    Authority(port, request).demand("roles", "setSystemRoleMode")
    mode = request.values.get("roleMode")
    if mode not in _MODES:
        raise InvalidError("Invalid role mode")
    port.run(_SET_MODE, [mode, None if request.user_id is None else str(request.user_id)])
    return Answer(bare=True)


def rows(port: Port, names: Iterable[str]) -> list[dict[str, Any]]:
    """Roles as they go out, by name."""
    return port.fetch(_ROWS, [to_json(list(names))])


def demand_role(port: Port, name: str | None) -> str:
    """The name of a role that a path leads to; nothing may delete it before the request ends.

    Raises:
        NotFoundError: there is none.
    """
    found = port.fetch("select name from orchestrator.roles where name = $1 for key share", [name])
    if not found:
        raise NotFoundError(f'role "{name}" does not exist')
    return str(found[0]["name"])


def _create(port: Port, values: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    conform(values, _VALUES)
    vocabulary.check_strategy(values.get("strategy"))
    name: str = values.get("name") or f"r_{secrets.token_hex(5)}"
    if name == UNION or not _NAME.fullmatch(name):
        raise InvalidError(f'"{name}" cannot be the name of a role: letters, digits, "_", "-" and "." can')
    if not port.run(_INSERT, [name, to_json(values)]):
        raise InvalidError("Role UID already exists")
    if values.get("default") is True:
        port.run(_ONE_DEFAULT, [name])
    return name
