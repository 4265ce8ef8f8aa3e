"""Merging parameters: defaults of an action, the request's own, and what code on the way adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

__all__ = ["Strategy", "merge_params"]

Named = Literal["merge", "deepMerge", "overwrite", "andMerge", "orMerge", "intersect", "union"]
#: how two values of one parameter become one; a function gets the existing and the new one
Strategy = Named | Callable[[Any, Any], Any]

_DEFAULTS: dict[str, Strategy] = {
    "filter": "andMerge",
    "fields": "intersect",
    "whitelist": "intersect",
    "blacklist": "intersect",
    "appends": "union",
    "except": "union",
    "sort": "overwrite",
}


def merge_params(
    existing: Mapping[str, Any], new: Mapping[str, Any], strategies: Mapping[str, Strategy] | None = None
) -> dict[str, Any]:
    """Both sides' parameters; neither is changed.

    Filters are joined by and, `fields`, `whitelist` and `blacklist` intersect, `appends` and `except` unite, `sort` is
    replaced, objects are merged deeply, everything else is replaced. ``strategies`` says otherwise for single keys.

    Raises:
        ValueError: a strategy does not exist.
    """
    merged = dict(existing)
    for name, value in new.items():
        strategy = (strategies or {}).get(name) or _DEFAULTS.get(name, "deepMerge")
        merged[name] = _merged(strategy, existing.get(name), value)
    return merged


def _merged(strategy: Strategy, old: Any, new: Any) -> Any:
    if callable(strategy):
        return strategy(old, new)
    merge = _STRATEGIES.get(strategy)
    if merge is None:
        raise ValueError(f'strategy "{strategy}" does not exist')
    return merge(old, new)


def _shallow(old: Any, new: Any) -> Any:
    return {**old, **new} if isinstance(old, Mapping) and isinstance(new, Mapping) else new


def _deep(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{key: _deep(old.get(key), value) for key, value in new.items()}}


def _overwrite(_old: Any, new: Any) -> Any:
    return _items(new) if isinstance(new, str) and "," in new else new


def _joined(operator: str) -> Callable[[Any, Any], Any]:
    def merge(old: Any, new: Any) -> Any:
        sides = [side for side in (_filter(old), _filter(new)) if side]
        return {operator: sides} if len(sides) > 1 else sides[0] if sides else None

    return merge


def _filter(value: Any) -> Any:
    """A filter may come as JSON text; what is none is left to whoever reads it."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _intersect(old: Any, new: Any) -> Any:
    left, right = _items(old), _items(new)
    return [item for item in left if item in right] if left and right else left or right


def _union(old: Any, new: Any) -> Any:
    return list(dict.fromkeys([*_items(old), *_items(new)]))


def _items(value: Any) -> list[Any]:
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, Mapping):
        value = list(value.values())
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [item for item in (item.strip() if isinstance(item, str) else item for item in items) if item]


_STRATEGIES: dict[str, Callable[[Any, Any], Any]] = {
    "merge": _shallow,
    "deepMerge": _deep,
    "overwrite": _overwrite,
    "andMerge": _joined("$and"),
    "orMerge": _joined("$or"),
    "intersect": _intersect,
    "union": _union,
}
