"""A small language for the shape of configurations, with the wording that clients of the API know.

A problem's message names the value by its label, the path inside the configuration (``"actions[0]" must be …``);
its path is that label behind a prefix (``nodes[0].config.actions[0]``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeGuard

from orchestrator.errors import Problem

__all__ = [
    "Schema",
    "anything",
    "array",
    "boolean",
    "check",
    "depends",
    "first_by_path",
    "forbidden",
    "integer",
    "is_integer",
    "join",
    "number",
    "record",
    "string",
]

Kind = Literal["any", "string", "number", "integer", "boolean", "array", "object", "forbidden", "depends"]
Custom = Callable[[Any, str], Iterable[Problem]]

_EXPECTED: Mapping[Kind, str] = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "array": "an array",
    "object": "of type object",
}


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What one value must look like. Made by the functions below."""

    kind: Kind
    required: bool = False
    #: null is as good as absent
    nullable: bool = False
    #: replaces the message about a missing or empty text, or about a list below its minimum
    message: str | None = None
    enum: Sequence[Any] | None = None
    #: least number, or least length of a list
    minimum: int | None = None
    items: Schema | None = None
    keys: Mapping[str, Schema] = field(default_factory=dict)
    #: keys that are not named are problems
    closed: bool = False
    #: chooses the schema by the object that the value is in
    choose: Callable[[Mapping[str, Any]], Schema] | None = None
    custom: Custom | None = None

    def problems(self, value: Any, label: str) -> Iterator[Problem]:
        """What is wrong with a value that is there."""
        if value is None and self.nullable:
            return
        if self.message and self.kind == "string" and not value:
            yield Problem(label, self.message)
            return
        if self.kind == "forbidden":
            yield Problem(label, f'"{label}" is not allowed')
            return
        if self.enum is not None:
            if not any(_same(value, allowed) for allowed in self.enum):
                yield Problem(label, f'"{label}" must be one of [{", ".join(map(_spell, self.enum))}]')
            return
        if not _is(self.kind, value):
            yield Problem(label, f'"{label}" must be {_EXPECTED[self.kind]}')
            return
        if self.kind == "string":
            if self.required and not value:
                yield Problem(label, f'"{label}" is not allowed to be empty')
        elif self.kind == "array":
            yield from self._array_problems(value, label)
        elif self.kind == "object":
            yield from self._object_problems(value, label)
        elif self.minimum is not None and value < self.minimum:
            yield Problem(label, f'"{label}" must be greater than or equal to {self.minimum}')
        if self.custom is not None:
            yield from self.custom(value, label)

    def _array_problems(self, value: Sequence[Any], label: str) -> Iterator[Problem]:
        if self.minimum is not None and len(value) < self.minimum:
            yield Problem(label, self.message or f'"{label}" must contain at least {self.minimum} items')
        if self.items is not None:
            for index, item in enumerate(value):
                yield from self.items.problems(item, f"{label}[{index}]")

    def _object_problems(self, value: Mapping[str, Any], label: str) -> Iterator[Problem]:
        for name, schema in self.keys.items():
            chosen = schema.choose(value) if schema.choose is not None else schema
            path = join(label, name)
            if name in value:
                yield from chosen.problems(value[name], path)
            elif chosen.required:
                # a list's own message is about its length
                message = chosen.message if chosen.kind != "array" else None
                yield Problem(path, message or f'"{path}" is required')
        if self.closed:
            for name in value:
                if name not in self.keys:
                    path = join(label, str(name))
                    yield Problem(path, f'"{path}" is not allowed')


def anything(*, required: bool = False) -> Schema:
    """Any JSON value."""
    return Schema(kind="any", required=required)


def string(
    *, required: bool = False, nullable: bool = False, enum: Sequence[str] | None = None, message: str | None = None
) -> Schema:
    """A text; a required one is not empty."""
    return Schema(kind="string", required=required, nullable=nullable, enum=enum, message=message)


def number(*, enum: Sequence[int] | None = None, minimum: int | None = None, required: bool = False) -> Schema:
    """Any number."""
    return Schema(kind="number", enum=enum, minimum=minimum, required=required)


def integer(*, enum: Sequence[int] | None = None, minimum: int | None = None, required: bool = False) -> Schema:
    """A whole number."""
    return Schema(kind="integer", enum=enum, minimum=minimum, required=required)


def boolean(*, required: bool = False) -> Schema:
    """true or false."""
    return Schema(kind="boolean", required=required)


def array(
    items: Schema | None = None,
    *,
    required: bool = False,
    nullable: bool = False,
    minimum: int | None = None,
    message: str | None = None,
) -> Schema:
    """A list; ``message`` is said when it is shorter than ``minimum``."""
    return Schema(kind="array", items=items, required=required, nullable=nullable, minimum=minimum, message=message)


def record(
    keys: Mapping[str, Schema] | None = None,
    *,
    required: bool = False,
    nullable: bool = False,
    closed: bool = False,
    custom: Custom | None = None,
) -> Schema:
    """An object; keys that are not named may be anything unless it is closed."""
    return Schema(kind="object", keys=keys or {}, required=required, nullable=nullable, closed=closed, custom=custom)


def forbidden() -> Schema:
    """The key must be absent."""
    return Schema(kind="forbidden")


def depends(choose: Callable[[Mapping[str, Any]], Schema]) -> Schema:
    """A schema that the neighbouring keys decide."""
    return Schema(kind="depends", choose=choose)


def check(value: Any, schema: Schema, prefix: str = "") -> list[Problem]:
    """Everything wrong with a configuration, one problem a path; ``prefix`` is where it stands in its document."""
    if not _is(schema.kind, value):
        return [Problem(prefix, f'"{prefix.rpartition(".")[2]}" must be {_EXPECTED[schema.kind]}')]
    return first_by_path(Problem(join(prefix, p.path), p.message) for p in schema.problems(value, ""))


def first_by_path(problems: Iterable[Problem]) -> list[Problem]:
    """The first problem of each path, in order."""
    found: dict[str, Problem] = {}
    for problem in problems:
        found.setdefault(problem.path, problem)
    return list(found.values())


def join(prefix: str, label: str) -> str:
    """A path behind another."""
    if not prefix or not label:
        return prefix or label
    return f"{prefix}{label}" if label.startswith("[") else f"{prefix}.{label}"


def is_integer(value: Any) -> TypeGuard[int | float | Decimal]:
    """Whether a JSON value is a whole number (1.0 is)."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1


def _is(kind: Kind, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        case "integer":
            return is_integer(value)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return True


def _same(value: Any, allowed: Any) -> bool:
    # True == 1 in Python, not in JSON
    if isinstance(value, bool) or isinstance(allowed, bool):
        return value is allowed
    return bool(value == allowed)


def _spell(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
