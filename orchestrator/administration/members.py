"""Which user has which role: seen from either side, and which of his roles acts when he names none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

from orchestrator.access import ROOT
from orchestrator.administration.authority import UNION, Authority
from orchestrator.administration.request import Answer, Request, whole
from orchestrator.administration.roles import demand_role
from orchestrator.engine.encoding import to_json
from orchestrator.errors import ForbiddenError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from orchestrator.engine.port import Port

__all__ = ["keep_root", "relate_roles", "relate_users", "replace_roles", "set_default"]

T = TypeVar("T", int, str)
Link = tuple[int, str]

_LINKS: LiteralString = " from jsonb_array_elements($1::jsonb) as l"
_ADD: LiteralString = (
    "insert into orchestrator.roles_users (user_id, role_name) select (l ->> 0)::bigint, l ->> 1"
    + _LINKS
    + " order by 1, 2 on conflict do nothing"
)
_REMOVE: LiteralString = (
    "delete from orchestrator.roles_users ru using (select (l ->> 0)::bigint as user_id, l ->> 1 as role_name"
    + _LINKS
    + ") l where ru.user_id = l.user_id and ru.role_name = l.role_name"
)
_SET_DEFAULT: LiteralString = """
    update orchestrator.roles_users ru
    set "default" = (ru.role_name = $2), updated_at = orchestrator.current_time()
    where ru.user_id = $1::bigint
        and exists (select from orchestrator.roles_users o where o.user_id = $1::bigint and o.role_name = $2)
"""
_SET_UNION: LiteralString = "update orchestrator.users set union_by_default = $2::boolean where id = $1::bigint"


def relate_roles(port: Port, request: Request) -> Answer:
    """Gives a user roles, or takes them."""
    authority = Authority(port, request)
    authority.demand(request.resource, request.action)
    user = _demand_user(port, whole(request.source))
    had = _roles_of(port, user)
    wanted = _after(request.action, had, _keys(request))
    _change(port, authority, {(user, role) for role in had}, {(user, role) for role in wanted})
    return _related(request)


def relate_users(port: Port, request: Request) -> Answer:
    """Gives a role to users, or takes it from them."""
    authority = Authority(port, request)
    authority.demand(request.resource, request.action)
    role = demand_role(port, request.source)
    users: list[int] = []
    for key in _keys(request):
        number = whole(key)
        if number is None:
            raise InvalidError(f'user "{key}" does not exist')
        users.append(number)
    found = port.fetch("select user_id from orchestrator.roles_users where role_name = $1 for update", [role])
    had = [row["user_id"] for row in found]
    wanted = _after(request.action, had, users)
    _change(port, authority, {(user, role) for user in had}, {(user, role) for user in wanted})
    return _related(request)


def replace_roles(port: Port, authority: Authority, user: int, roles: Iterable[Any]) -> list[str]:
    """Makes these, names or records of them, the roles of a user; their names, each once.

    Raises:
        InvalidError: one of them is neither, or does not exist.
        ForbiddenError: one of them, or one that he has, is beyond the role that acts.
    """
    wanted = list(dict.fromkeys(_key(item) for item in roles))
    had = _roles_of(port, user)
    _change(port, authority, {(user, role) for role in had}, {(user, role) for role in wanted})
    return wanted


def set_default(port: Port, request: Request) -> Answer:
    """Which role acts when the user names none, or all of his together; one that he does not have changes nothing."""
    role = request.values.get("roleName")
    if role == "anonymous":
        return Answer(bare=True)
    if not isinstance(role, str) or not role:
        raise InvalidError('"roleName" must be the name of a role')
    user = str(_demand_user(port, request.user_id))
    if role == UNION or port.run(_SET_DEFAULT, [user, role]):
        port.run(_SET_UNION, [user, "true" if role == UNION else "false"])
    return Answer("ok")


def keep_root(port: Port) -> None:
    """Refuse to leave nobody who could give roles back.

    Raises:
        ForbiddenError: nobody has the role root any more.
    """
    # two who each take it from one of the last two: the second waits, and sees what the first did
    port.fetch("select name from orchestrator.roles where name = $1 for update", [ROOT])
    if not port.fetch("select from orchestrator.roles_users where role_name = $1 limit 1", [ROOT]):
        raise ForbiddenError("one user has to keep the role root")


def _change(port: Port, authority: Authority, had: set[Link], wanted: set[Link]) -> None:
    """Brings links from what they were to what they shall be."""
    added, removed = wanted - had, had - wanted
    changed = added | removed
    _demand_all(port, {user for user, _ in added}, {role for _, role in added})
    authority.reach_roles({role for _, role in changed})
    authority.reach_users({user for user, _ in changed})
    if removed:
        port.run(_REMOVE, [to_json(sorted(removed))])
    if added:
        port.run(_ADD, [to_json(sorted(added))])
    if any(role == ROOT for _, role in removed):
        keep_root(port)


def _demand_all(port: Port, users: Collection[int], roles: Collection[str]) -> None:
    """Refuse links to what does not exist."""
    found = port.fetch(
        "select l.v as missing from jsonb_array_elements_text($1::jsonb) as l (v)"
        " where not exists (select from orchestrator.roles r where r.name = l.v)",
        [to_json(sorted(roles))],
    )
    if found:
        raise InvalidError(f'role "{found[0]["missing"]}" does not exist')
    found = port.fetch(
        "select l.v as missing from jsonb_array_elements_text($1::jsonb) as l (v)"
        " where not exists (select from orchestrator.users u where u.id = l.v::bigint)",
        [to_json(sorted(users))],
    )
    if found:
        raise InvalidError(f'user "{found[0]["missing"]}" does not exist')


def _roles_of(port: Port, user: int) -> list[str]:
    found = port.fetch(
        "select role_name from orchestrator.roles_users where user_id = $1::bigint for update", [str(user)]
    )
    return [row["role_name"] for row in found]


def _demand_user(port: Port, key: int | None) -> int:
    found = port.fetch(
        "select id from orchestrator.users where id = $1::bigint for key share", [None if key is None else str(key)]
    )
    if not found:
        raise NotFoundError("user does not exist")
    return int(found[0]["id"])


def _after(action: str, had: list[T], keys: list[T]) -> set[T]:
    """What is linked after an action."""
    match action:
        case "add":
            return set(had).union(keys)
        case "remove":
            return set(had).difference(keys)
        case "toggle":
            return set(had).symmetric_difference(keys)
        case _:
            return set(keys)


def _related(request: Request) -> Answer:
    return Answer("ok") if request.action == "toggle" else Answer(bare=True)


def _keys(request: Request) -> list[str]:
    """The keys in the query, else in the body."""
    if request.is_named:
        return [_key(item) for item in request.selected]
    given = request.params.get("filterByTks")
    if isinstance(given, str) and given:
        return [part.strip() for part in given.split(",") if part.strip()]
    if given in (None, ""):
        given = request.body
    return [_key(item) for item in (given if isinstance(given, list) else [given])]


def _key(item: Any) -> str:
    """One key: itself, a record with it, or first in a pair with values for the link, of which there are none."""
    if isinstance(item, list) and len(item) == 2 and item[1] in (None, {}):
        item = item[0]
    if isinstance(item, dict):
        item = item.get("name", item.get("id"))
    if isinstance(item, bool) or not isinstance(item, str | int) or item == "":
        raise InvalidError(f"{to_json(item)} is not the key of a record")
    return str(item)
