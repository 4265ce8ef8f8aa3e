"""Rows of a tree put together: JSON texts nested into each other, unread."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nested"]

Node = tuple[bytes, bytes, bytes | None]


def nested(nodes: Iterable[Node], *, always_children: bool) -> bytes:
    """A JSON array of the roots, each with ``__index``, its place, and ``children``, who have the same.

    Args:
        nodes: JSON object, key and parent's key, in the order of siblings; roots have no parent.
        always_children: an empty list for who has none, and not nothing.
    """
    below: dict[bytes | None, list[tuple[bytes, bytes]]] = {}
    for data, key, parent in nodes:
        below.setdefault(parent, []).append((key, data))
    parts: list[bytes] = []
    # what is left to write, last first: texts, and nodes with their place; a tree may be deeper than Python calls
    todo: list[bytes | tuple[bytes, bytes, bytes]] = _siblings(below.get(None, []), b"")
    while todo:
        item = todo.pop()
        if isinstance(item, bytes):
            parts.append(item)
            continue
        key, data, place = item
        own = data.rstrip()[:-1]
        parts.append(own + (b"," if own.strip() != b"{" else b"") + b'"__index":"%b"' % place)
        children = below.get(key, [])
        todo.append(b"}")
        if children or always_children:
            parts.append(b',"children":[')
            todo.append(b"]")
            todo += _siblings(children, place + b".children.")
    return b"[" + b"".join(parts) + b"]"


def _siblings(nodes: list[tuple[bytes, bytes]], prefix: bytes) -> list[bytes | tuple[bytes, bytes, bytes]]:
    """Nodes of one parent with commas between them, last first."""
    out: list[bytes | tuple[bytes, bytes, bytes]] = []
    for number in range(len(nodes) - 1, -1, -1):
        key, data = nodes[number]
        out.append((key, data, prefix + b"%d" % number))
        if number:
            out.append(b",")
    return out
