"""One action on a resource of ours, as the API hands it over, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.compiler.schema import Schema, check, is_integer
from orchestrator.engine.encoding import from_json, to_json
from orchestrator.errors import InvalidError, Problem

__all__ = ["Answer", "Request", "conform", "refuse", "whole"]

#: beyond this, clients lose digits
_MAX_SAFE = 2**53 - 1
_MAX_BIGINT = 2**63 - 1


class Answer(NamedTuple):
    """HTTP status and what goes out as ``data``; nothing at all with 204, an empty object where it is ``bare``.

    A ``refusal`` is the message of an error that undoes nothing.
    """

    data: Any = None
    status: int = 200
    refusal: str | None = None
    bare: bool = False

    def text(self) -> str:
        """The status, a blank, and the body."""
        if self.refusal is not None:
            return f"{self.status} {to_json({'errors': [{'message': self.refusal}]})}"
        if self.bare:
            return f"{self.status} {{}}"
        body = "" if self.status == 204 else f'{{"data":{to_json(_wire(self.data))}}}'
        return f"{self.status} {body}"


@dataclass(frozen=True, slots=True)
class Request:
    """Parameters and body of an action.

    Attributes:
        keys: the records meant, None where nothing named any.
        key: the record meant, as it came.
        params: the query's parameters, as they came.
        role: the role that acts.
        selected: the keys of the records meant, as they came; numbers or names.
        passwords: hashes, in the order of the elements of the body.
        known: names that the API alone knows, by what they are names of.
    """

    resource: str
    action: str
    keys: Sequence[int] | None
    key: Any
    filter: Mapping[str, Any]
    params: Mapping[str, Any]
    body: Any
    source: str | None
    user_id: int | None
    role: str | None = None
    selected: Sequence[Any] = ()
    passwords: Sequence[str | None] = ()
    known: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str, user_id: str | None, role: str | None = None) -> Request:
        """A request as the API encodes it."""
        data = from_json(text)
        key = data.get("filterByTk")
        keys = data.get("keys")
        selected = keys if keys is not None else key if isinstance(key, list) else [] if key is None else [key]
        if keys is not None or key is not None:
            keys = [number for item in selected if (number := whole(item)) is not None]
        return cls(
            resource=data["resource"],
            action=data["action"],
            keys=keys,
            key=key,
            filter=data.get("filter") or {},
            params=data.get("params") or {},
            body=data.get("values"),
            source=data.get("sourceId"),
            user_id=int(user_id) if user_id is not None else None,
            role=role,
            selected=selected,
            passwords=data.get("passwords") or (),
            known=data.get("known") or {},
        )

    @property
    def values(self) -> dict[str, Any]:
        """The body as one object."""
        values = {} if self.body is None else self.body
        if not isinstance(values, dict):
            raise InvalidError("values must be an object")
        return values

    def elements(self) -> list[dict[str, Any]]:
        """The body as objects: its elements where it is a list."""
        elements = self.body if isinstance(self.body, list) else [self.values]
        if not all(isinstance(element, dict) for element in elements):
            raise InvalidError("values must be an object")
        return elements

    @property
    def names(self) -> list[str]:
        """The keys of the records meant, where these have names."""
        return [str(item) for item in self.selected]

    @property
    def is_named(self) -> bool:
        """Whether the request names records by key, and does not just describe them."""
        return self.key not in (None, "", [])

    def one(self) -> int | None:
        """The one record meant; None where its key is no key."""
        return self.keys[0] if self.keys and not isinstance(self.key, list) else None

    def flag(self, name: str) -> bool:
        """A parameter of the query that is 1 or true."""
        return self.params.get(name) in (1, "1", True, "true")


def refuse(problems: Sequence[Problem]) -> None:
    """One entry a problem, without its path.

    Raises:
        InvalidError: there are problems.
    """
    if problems:
        entries = [{"message": problem.message} for problem in problems]
        raise InvalidError(problems[0].message, detail={"errors": entries})


def conform(values: Mapping[str, Any], schema: Schema) -> None:
    """Refuse values of the wrong kind.

    Raises:
        InvalidError: with one entry a value.
    """
    refuse(check(values, schema))


def whole(value: Any) -> int | None:
    """A key or an index from a number or its digits; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20:
        value = int(value)
    if not is_integer(value):
        return None
    number = int(value)
    return number if abs(number) <= _MAX_BIGINT else None


def _wire(value: Any) -> Any:
    """Whole numbers that a client could not hold become texts."""
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    if isinstance(value, int) and abs(value) > _MAX_SAFE:
        return str(value)
    return value
