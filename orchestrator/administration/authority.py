"""Who may change users and roles: snippets say so, and nobody reaches what has more power than himself.

There are three levels: the role root, roles that manage roles, all others. A role without root never touches root, its
permissions, its holders; one that manages users alone does not touch those who manage roles. Else a password or a link
would be a way up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, LiteralString

from orchestrator.access import ROOT
from orchestrator.access.snippets import Snippets
from orchestrator.engine.encoding import to_json
from orchestrator.errors import ForbiddenError

if TYPE_CHECKING:
    from orchestrator.administration.request import Request
    from orchestrator.engine.port import Port

__all__ = ["UNION", "Authority", "Level"]

#: all roles of a user together
UNION = "__union__"
_KEYS: LiteralString = " = any (array(select k.v::bigint from jsonb_array_elements_text($1::jsonb) as k (v)))"


class Level(IntEnum):
    """How far a role reaches."""

    ORDINARY = 0
    MANAGES_ROLES = 1
    ROOT = 2


class Authority:
    """What the role of a request may do to users and roles."""

    def __init__(self, port: Port, request: Request) -> None:
        self._port = port
        self._request = request

    @cached_property
    def _snippets(self) -> Mapping[str, list[str]]:
        """Those of the roles that act, by role."""
        request = self._request
        if request.role == UNION:
            condition = "select ru.role_name from orchestrator.roles_users ru where ru.user_id = $1::bigint"
            asked = str(request.user_id) if request.user_id is not None else None
        else:
            condition, asked = "select $1", request.role
        found = self._port.fetch(
            f"select r.name, r.snippets from orchestrator.roles r where r.name in ({condition})", [asked]
        )
        return {row["name"]: _rules(row["snippets"]) for row in found}

    @cached_property
    def level(self) -> Level:
        """The level of the roles that act, together."""
        return max((_level(name, rules) for name, rules in self._snippets.items()), default=Level.ORDINARY)

    def demand(self, resource: str, action: str) -> None:
        """Refuse what no snippet grants. Strategies and permissions do not count: they are about records.

        Raises:
            ForbiddenError: the role may not do it.
        """
        if self.level is Level.ROOT or Snippets(list(self._snippets.values())).allow(resource, action):
            return
        raise ForbiddenError

    def manage_roles(self) -> None:
        """Refuse who may not say what roles may do.

        Raises:
            ForbiddenError: the role may not do it.
        """
        if self.level < Level.MANAGES_ROLES:
            raise ForbiddenError

    def reach_roles(self, names: Iterable[str]) -> None:
        """Refuse roles that have more power than the one that acts.

        Raises:
            ForbiddenError: one of them has.
        """
        found = self._port.fetch(
            "select r.name, r.snippets from orchestrator.roles r"
            " where r.name = any (array(select jsonb_array_elements_text($1::jsonb)))",
            [to_json(sorted(names))],
        )
        if any(_level(row["name"], _rules(row["snippets"])) > self.level for row in found):
            raise ForbiddenError

    def reach_users(self, keys: Iterable[int]) -> None:
        """Refuse users who have such roles.

        Raises:
            ForbiddenError: one of them has.
        """
        if self.level is Level.ROOT:
            return
        users = [to_json(sorted(keys))]
        # nobody gives them a role until the request ends
        self._port.fetch("select id from orchestrator.users where id" + _KEYS + " order by id for update", users)
        found = self._port.fetch(
            "select distinct role_name as name from orchestrator.roles_users where user_id" + _KEYS, users
        )
        self.reach_roles(row["name"] for row in found)


def _level(name: str, rules: list[str]) -> Level:
    if name == ROOT:
        return Level.ROOT
    return Level.MANAGES_ROLES if Snippets([rules]).allow("roles", "update") else Level.ORDINARY


def _rules(snippets: Any) -> list[str]:
    return [rule for rule in snippets if isinstance(rule, str)] if isinstance(snippets, list) else []
