"""The grammar of paths: which resource, which record, which action a URL addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from api.errors import NotFound

__all__ = ["Target", "parse_path"]

#: escapes of characters that mean something in a URL stay escaped, as JavaScript's decodeURI leaves them
_RESERVED = frozenset(b";/?:@&=+$,#")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path addresses. `collection` is the source's where there is an `association`."""

    collection: str
    association: str | None = None
    #: None where the path has no action: the method chooses then
    action: str | None = None
    source_id: str | None = None
    record_id: str | None = None
    #: the column that holds a list, where the path leads to one and not through an association
    field: str | None = None
    #: the legacy form, where the JSON body is the parameters
    legacy: bool = False

    @property
    def resource(self) -> str:
        """The resource's full name, `posts` or `posts.tags`."""
        return self.collection if self.association is None else f"{self.collection}.{self.association}"


@lru_cache(maxsize=4096)
def parse_path(path: str) -> Target:
    """The target of a path below the prefix, without the leading slash; NotFound where it has no form."""
    segments = path.split("/")
    if segments[-1] == "":
        segments.pop()
    if not 1 <= len(segments) <= 4 or "" in segments:
        raise NotFound
    segments = [_decode(segment) for segment in segments]
    match segments:
        case [resource]:
            return _target(resource)
        case ["resourcer", resource] if ":" in resource:
            return _target(resource, legacy=True)
        case [resource, record_id]:
            return _target(resource, record_id=record_id)
        case [source, source_id, association]:
            return _nested(source, source_id, association, None)
        case [source, source_id, association, record_id]:
            return _nested(source, source_id, association, record_id)
    raise NotFound


def _target(resource: str, *, record_id: str | None = None, legacy: bool = False) -> Target:
    name, action = _split_action(resource)
    collection, dot, association = name.partition(".")
    if not collection or (dot and (not association or "." in association)):
        raise NotFound
    return Target(collection, association or None, action, record_id=record_id, legacy=legacy)


def _nested(source: str, source_id: str, association: str, record_id: str | None) -> Target:
    name, action = _split_action(association)
    if not name or ":" in source or "." in source or "." in name:
        raise NotFound
    return Target(source, name, action, source_id=_unquote(source_id), record_id=record_id)


def _split_action(segment: str) -> tuple[str, str | None]:
    name, colon, action = segment.partition(":")
    if colon and not action:
        raise NotFound
    return name, action if colon else None


def _decode(segment: str) -> str:
    """decodeURI: every escape but those of reserved characters."""
    if "%" not in segment:
        return segment
    return _ESCAPES.sub(lambda run: _decode_run(run[0]), segment)


def _decode_run(run: str) -> str:
    parts = bytearray()
    for byte in bytes.fromhex(run.replace("%", "")):
        parts += b"%%%02X" % byte if byte in _RESERVED else bytes([byte])
    return _text(bytes(parts))


def _unquote(segment: str) -> str:
    return _text(unquote_to_bytes(segment)) if "%" in segment else segment


def _text(raw: bytes) -> str:
    if b"\0" in raw:
        raise NotFound
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotFound from None
