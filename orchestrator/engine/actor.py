"""Who writes: the believed user and role, the login, and the workflows the write is bound to."""

from __future__ import annotations

from typing import Any, NamedTuple

from orchestrator.engine.encoding import from_json, to_json
from orchestrator.engine.port import Port

__all__ = ["Actor", "Binding", "parse_bindings", "read_actor"]


class Binding(NamedTuple):
    """``key`` or ``key!path``: a local workflow, and the to-one associations to walk from the written record."""

    key: str
    path: tuple[str, ...] = ()


class Actor:
    """As the database vouches for it; a setting that anybody may set is not asked.

    Args:
        user: JSON of the user's record, None for a login that is no known user.
        roles: the roles that act together, where they are not the one that is named.
        is_believed: whether it is the sender of a request who says all that.

    Attributes:
        json: the members that every context of this write has in common, as JSON without braces.
        roles: None where no role acts.
    """

    __slots__ = ("_record", "_user", "bindings", "db_user", "is_believed", "json", "role_name", "roles")

    def __init__(
        self,
        user: str | None,
        role_name: str | None,
        db_user: str,
        bindings: tuple[Binding, ...],
        roles: tuple[str, ...] | None = None,
        *,
        is_believed: bool = False,
    ) -> None:
        self.is_believed = is_believed
        self.roles = (role_name,) if roles is None and role_name is not None else roles
        self._user = user
        self._record: dict[str, Any] | None = None
        self.role_name = role_name
        self.db_user = db_user
        self.bindings = bindings
        self.json = f'"user":{user or "null"},"roleName":{to_json(role_name)},"dbUser":{to_json(db_user)}'

    @property
    def user(self) -> dict[str, Any] | None:
        """The user's record; most writes only pass it on as JSON."""
        if self._record is None and self._user is not None:
            self._record = from_json(self._user)
        return self._record

    @property
    def visits(self) -> bool:
        """Whether the user is one of another database: his id means nobody here."""
        return (self.user or {}).get("dataSource") is not None

    def context(self) -> dict[str, Any]:
        """The members that a workflow sees."""
        return {"user": self.user, "roleName": self.role_name, "dbUser": self.db_user}


def parse_bindings(text: str | None) -> tuple[Binding, ...]:
    """``key1,key2!category.parent`` in the order given, a key once."""
    if not text:
        return ()
    bindings: dict[tuple[str, tuple[str, ...]], Binding] = {}
    for part in text.split(","):
        key, _, path = part.strip().partition("!")
        if key:
            binding = Binding(key, tuple(p for p in path.split(".") if p))
            bindings.setdefault((binding.key, binding.path), binding)
    return tuple(bindings.values())


def read_actor(port: Port) -> Actor:
    """Ask the database who this is."""
    row = port.fetch("select orchestrator.actor()::pg_catalog.text as actor")[0]
    data = from_json(row["actor"])
    user = data["user"]
    bindings = parse_bindings(data["triggerWorkflows"])
    return Actor(None if user is None else to_json(user), data["roleName"], data["dbUser"], bindings)
