"""Where nodes stand: rows of a graph in, changed rows out. Nothing here knows a database.

A line is linked both ways. The head of a branch names its branching node and a branch index, and is not named back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from orchestrator.errors import InvalidError

__all__ = ["Changes", "Place", "branch_head", "descendants", "insert", "move", "remove", "remove_branch"]


class Place(NamedTuple):
    """The three columns that say where a node stands."""

    upstream: int | None = None
    downstream: int | None = None
    branch: int | None = None


class Changes(NamedTuple):
    """What to write: places by node id, and the nodes that are gone."""

    places: dict[int, Place]
    removed: frozenset[int] = frozenset()


Places = Mapping[int, Place]


def insert(places: Places, node: int, upstream: int | None, branch: int | None) -> Changes:
    """Put a new node behind another one, at the head of a branch, or at the head of all."""
    after = dict(places)
    _put_in(after, node, upstream, branch)
    return _changes(places, after)


def move(places: Places, node: int, upstream: int | None, branch: int | None) -> Changes:
    """Take a node to another place, with its branches; its neighbours are joined.

    Raises:
        InvalidError: it stands there already, or would stand behind itself.
    """
    branch = branch if upstream is not None else None
    if upstream == node or upstream in descendants(places, node):
        raise InvalidError("Invalid upstream node")
    if (places[node].upstream, places[node].branch) == (upstream, branch):
        raise InvalidError("Node does not need to be moved")
    after = dict(places)
    _take_out(after, node)
    _put_in(after, node, upstream, branch)
    return _changes(places, after)


def remove(places: Places, node: int, keep: int | None = None) -> Changes:
    """Remove a node with its branches; the nodes of the branch that is kept take its place.

    Raises:
        InvalidError: there is no such branch to keep.
    """
    after = dict(places)
    kept: list[int] = []
    if keep is not None:
        head = branch_head(places, node, keep)
        if head is None:
            raise InvalidError(f"Branch {keep} not found")
        kept = list(_line(places, head))
    removed = {node, *descendants(places, node)}
    for member in kept:
        removed -= {member, *descendants(places, member)}
    gone = places[node]
    first, last = (kept[0], kept[-1]) if kept else (gone.downstream, None)
    if first is not None:
        after[first] = after[first]._replace(upstream=gone.upstream, branch=gone.branch)
    if last is not None:
        after[last] = after[last]._replace(downstream=gone.downstream)
        _rewrite(after, gone.downstream, upstream=last)
    if gone.upstream is not None and gone.branch is None:
        _rewrite(after, gone.upstream, downstream=first)
    return _changes(places, after, removed)


def remove_branch(places: Places, node: int, branch: int, *, shift: bool = False) -> Changes:
    """Remove a branch and what is in it; the branches behind it may move up."""
    after = dict(places)
    removed: set[int] = set()
    for head in _heads(places, node):
        index = places[head].branch
        if index == branch:
            for member in _line(places, head):
                removed |= {member, *descendants(places, member)}
        elif shift and index is not None and index > branch:
            after[head] = after[head]._replace(branch=index - 1)
    return _changes(places, after, removed)


def branch_head(places: Places, node: int, branch: int) -> int | None:
    """The first node of a branch."""
    return next((head for head in _heads(places, node) if places[head].branch == branch), None)


def descendants(places: Places, node: int) -> set[int]:
    """Every node in the branches of a node, at any depth."""
    found: set[int] = set()
    pending = [node]
    while pending:
        for head in _heads(places, pending.pop()):
            line = [member for member in _line(places, head) if member not in found]
            found.update(line)
            pending += line
    return found


def _heads(places: Places, node: int) -> list[int]:
    return sorted(key for key, place in places.items() if place.upstream == node and place.branch is not None)


def _line(places: Places, head: int) -> Iterator[int]:
    """A node and those behind it on its line; one that was met before ends a broken one."""
    seen: set[int] = set()
    node: int | None = head
    while node is not None and node in places and node not in seen:
        seen.add(node)
        yield node
        node = places[node].downstream


def _put_in(places: dict[int, Place], node: int, upstream: int | None, branch: int | None) -> None:
    if upstream is None:
        following = next((key for key, place in places.items() if place.upstream is None), None)
        branch = None
    elif branch is None:
        following = places[upstream].downstream
        _rewrite(places, upstream, downstream=node)
    else:
        following = branch_head(places, upstream, branch)
    places[node] = Place(upstream, following, branch)
    if following is not None:
        places[following] = places[following]._replace(upstream=node, branch=None)


def _take_out(places: dict[int, Place], node: int) -> None:
    place = places.pop(node)
    if place.downstream is not None:
        following = places[place.downstream]
        places[place.downstream] = following._replace(upstream=place.upstream, branch=place.branch)
    if place.upstream is not None and place.branch is None:
        _rewrite(places, place.upstream, downstream=place.downstream)


def _rewrite(places: dict[int, Place], node: int | None, **columns: int | None) -> None:
    if node is not None:
        places[node] = places[node]._replace(**columns)


def _changes(before: Places, after: Mapping[int, Place], removed: Iterable[int] = ()) -> Changes:
    gone = frozenset(removed)
    changed = {key: place for key, place in after.items() if key not in gone and before.get(key) != place}
    return Changes(changed, gone)
