"""Templates: configuration with `{{path}}` tokens, compiled once and evaluated against a scope.

A scope is a plain dict of roots ($context, $jobsMapByNodeKey, $scopes, $system, $env). `ctx.` before a root is an
alias. A text that is one token keeps the type of the value (UNDEFINED when there is none); any other text becomes text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from orchestrator.engine.js import UNDEFINED, ExpressionError, key_text, to_string

__all__ = ["UNDEFINED", "Path", "Scope", "Template", "compile_path", "compile_template", "lookup", "split_path"]

Path = tuple[str, ...]
Scope = Mapping[str, Any]
Evaluate = Callable[[Scope], Any]

_TOKEN: Final = re.compile(r"\{\{([\w\s:\-+.,@/()?=*$]+)\}\}", re.ASCII)
_MISSING: Final = (KeyError, TypeError, IndexError)


class Template:
    """A compiled piece of configuration.

    `constant` tells that no token is inside; `paths` holds every path read, for static analysis; `path` is the one
    whose value it is, where it is nothing but one token.
    """

    __slots__ = ("constant", "evaluate", "path", "paths")

    def __init__(
        self,
        evaluate: Evaluate,
        paths: frozenset[Path] = frozenset(),
        *,
        constant: bool = False,
        path: str | None = None,
    ) -> None:
        self.evaluate = evaluate
        self.paths = paths
        self.constant = constant
        self.path = path


def compile_template(value: Any) -> Template:
    """The template of a JSON value: objects (keys as well), arrays and texts are searched for tokens."""
    if isinstance(value, str):
        return _compile_text(value)
    if isinstance(value, Mapping):
        return _compile_object(value)
    if isinstance(value, list | tuple):
        return _compile_array(value)
    return _constant(value)


def split_path(path: str) -> Path:
    """The segments of a path for static analysis, without the alias `ctx`."""
    segments = tuple(path.split("."))
    return segments[1:] if len(segments) > 1 and segments[0] == "ctx" and segments[1].startswith("$") else segments


def lookup(scope: Scope, path: str | Path) -> Any:
    """The value at a path, UNDEFINED when there is none; functions are called, arrays are flattened by one level.

    Raises:
        ExpressionError: an element of an array that the path goes through is null.
    """
    if isinstance(path, str):
        own = scope.get(path, UNDEFINED) if isinstance(scope, Mapping) else UNDEFINED
        if own is not UNDEFINED:
            return own() if callable(own) else own
        path = tuple(path.split("."))
    value: Any = scope
    if len(path) > 1 and path[0] == "ctx" and path[1].startswith("$") and "ctx" not in scope:
        path = path[1:]
    for segment in path:
        if value is None or value is UNDEFINED:
            return UNDEFINED
        value = _step(value, segment)
    if callable(value):
        value = value()
    if isinstance(value, list) and UNDEFINED in value:
        return [None if item is UNDEFINED else item for item in value]
    return value


def compile_path(path: str) -> Evaluate:
    """A closure that reads a path; the usual walk through objects costs one subscript a segment."""
    segments = tuple(path.split("."))
    if not path.startswith("$") or len(segments) == 1:
        return lambda scope: lookup(scope, path)
    if len(segments) == len(("$context", "params", "values", "field")):
        return _read_four(path, *segments)

    def read(scope: Scope) -> Any:
        value: Any = scope
        try:
            for segment in segments:
                value = value[segment]
        except _MISSING:
            return lookup(scope, path)
        return value() if callable(value) else value

    return read


def _read_four(path: str, first: str, second: str, third: str, fourth: str) -> Evaluate:
    """The most frequent depth without a loop: a field of the values of a request or of a row."""

    def read(scope: Scope) -> Any:
        try:
            value = scope[first][second][third][fourth]
        except _MISSING:
            return lookup(scope, path)
        return value() if callable(value) else value

    return read


def _step(value: Any, segment: str) -> Any:
    """One segment further, from a value that is neither null nor undefined."""
    if isinstance(value, Mapping):
        try:
            return value[segment]
        except KeyError:
            return UNDEFINED
    if isinstance(value, list | tuple):
        own = _element(value, segment)
        return own if segment == "length" or segment.isdecimal() else _column(value, segment)
    return _element(value, segment) if isinstance(value, str) else UNDEFINED


def _element(value: Any, segment: str) -> Any:
    """An own property of an array or a text: an index or the length."""
    if segment == "length":
        return len(value)
    if segment.isdecimal() and segment.isascii() and int(segment) < len(value):
        return value[int(segment)]
    return UNDEFINED


def _column(items: Any, segment: str) -> Any:
    """One segment read from every element; elements that are arrays themselves are merged in."""
    column: list[Any] = []
    for item in items:
        if item is None or item is UNDEFINED:
            name = "null" if item is None else "undefined"
            raise ExpressionError(f"Cannot read properties of {name} (reading '{segment}')", "TypeError")
        if isinstance(item, Mapping):
            found = item.get(segment, UNDEFINED)
        else:
            found = _element(item, segment) if isinstance(item, list | tuple | str) else UNDEFINED
        if isinstance(found, list | tuple):
            column.extend(found)
        else:
            column.append(found)
    return column


def _constant(value: Any) -> Template:
    return Template(lambda scope: value, constant=True)


def _compile_text(text: str) -> Template:
    tokens = list(_TOKEN.finditer(text)) if "{{" in text else []
    if not tokens:
        return _constant(text)
    readers: list[Evaluate] = []
    paths: set[Path] = set()
    for token in tokens:
        path, colon, default = token[1].strip().partition(":")
        path = path.strip()
        paths.add(split_path(path))
        readers.append(_with_default(path, default) if colon else compile_path(path))
    if len(tokens) == 1 and text.startswith("{{") and text.endswith("}}"):
        whole, colon, _ = tokens[0][1].strip().partition(":")
        return Template(readers[0], frozenset(paths), path=None if colon else whole.strip())
    return Template(_joined(text, tokens, readers), frozenset(paths))


def _with_default(path: str, default: str) -> Evaluate:
    read = compile_path(path)

    def evaluate(scope: Scope) -> Any:
        value = read(scope)
        return default if value is UNDEFINED else value

    return evaluate


def _joined(text: str, tokens: list[re.Match[str]], readers: list[Evaluate]) -> Evaluate:
    """String mode: literal text and the texts of values in turn."""
    literals = [text[end.end() : start.start()] for end, start in pairwise(tokens)]
    head = text[: tokens[0].start()]
    pairs = list(zip(readers, [*literals, text[tokens[-1].end() :]], strict=True))

    def evaluate(scope: Scope) -> str:
        out = [head]
        for read, literal in pairs:
            out.append(to_string(read(scope)))
            out.append(literal)
        return "".join(out)

    return evaluate


def _compile_array(values: list[Any] | tuple[Any, ...]) -> Template:
    items = [compile_template(value) for value in values]
    evaluators = [item.evaluate for item in items]

    def evaluate(scope: Scope) -> list[Any]:
        result = [read(scope) for read in evaluators]
        return [None if item is UNDEFINED else item for item in result] if UNDEFINED in result else result

    return _container(evaluate, items)


def _compile_object(values: Mapping[str, Any]) -> Template:
    keys = [_compile_text(key) for key in values]
    items = [compile_template(value) for value in values.values()]
    plain_keys = all(key.constant for key in keys)
    named = list(zip(values, [item.evaluate for item in items], strict=True))
    computed = list(zip([key.evaluate for key in keys], [item.evaluate for item in items], strict=True))

    def evaluate(scope: Scope) -> dict[str, Any]:
        result = {}
        for key, read in named:
            value = read(scope)
            if value is not UNDEFINED:
                result[key] = value
        return result

    def evaluate_keys(scope: Scope) -> dict[str, Any]:
        pairs = [(key_text(key(scope)), read(scope)) for key, read in computed]
        return {key: value for key, value in pairs if value is not UNDEFINED}

    return _container(evaluate if plain_keys else evaluate_keys, [*keys, *items])


def _container(evaluate: Evaluate, parts: list[Template]) -> Template:
    """Containers are built anew at each evaluation: whoever gets one may change it."""
    paths = frozenset[Path]().union(*(part.paths for part in parts))
    return Template(evaluate, paths, constant=all(part.constant for part in parts))
