"""Placement: whatever is inserted, moved and removed, the graph stays one tree that is linked both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.administration.placement import (
    Changes,
    Place,
    descendants,
    insert,
    move,
    remove,
    remove_branch,
)
from orchestrator.compiler.graph import build_graph
from orchestrator.errors import InvalidError

Places = dict[int, Place]


def applied(places: Places, changes: Changes) -> Places:
    after = {key: place for key, place in places.items() if key not in changes.removed}
    assert not changes.places.keys() & changes.removed
    return after | changes.places


def rows(places: Places) -> list[dict[str, Any]]:
    return [
        {
            "id": key,
            "key": f"n{key}",
            "type": "parallel",
            "upstreamId": place.upstream,
            "downstreamId": place.downstream,
            "branchIndex": place.branch,
        }
        for key, place in places.items()
    ]


def check(places: Places) -> None:
    """One tree, and every link is named from both ends."""
    graph = build_graph(rows(places))
    assert {node.id for node in graph.nodes} == places.keys()
    for node in graph.nodes:
        assert places[node.id].downstream == (node.downstream.id if node.downstream else None)


def line(*nodes: int) -> Places:
    return {
        node: Place(
            nodes[position - 1] if position else None, nodes[position + 1] if position + 1 < len(nodes) else None, None
        )
        for position, node in enumerate(nodes)
    }


def drawn(lines: Iterable[tuple[int | None, int | None, list[int]]]) -> Places:
    """Lines of nodes, each with the node and the branch index that it hangs on."""
    places: Places = {}
    for upstream, branch, nodes in lines:
        found = line(*nodes)
        found[nodes[0]] = found[nodes[0]]._replace(upstream=upstream, branch=branch)
        places |= found
    return places


#: 1 → 2 → 3; below 2: branch 0 is 4 → 5, branch 1 is 6 with a branch 0 of its own, 7
TREE = drawn([(None, None, [1, 2, 3]), (2, 0, [4, 5]), (2, 1, [6]), (6, 0, [7])])


@given(st.data())
def test_any_sequence_of_changes_leaves_a_tree(data: st.DataObject) -> None:
    places: Places = {}
    for new in range(1, data.draw(st.integers(1, 25)) + 1):
        nodes = st.sampled_from(sorted(places)) if places else st.nothing()
        branch = st.none() | st.integers(0, 2)
        kind = data.draw(st.sampled_from(["insert", "insert", "move", "remove", "branch"] if places else ["insert"]))
        count = len(places)
        if kind == "insert":
            changes = insert(places, new, data.draw(st.none() | nodes), data.draw(branch))
            expected = count + 1
        elif kind == "move":
            node = data.draw(nodes)
            below = descendants(places, node)
            try:
                changes = move(places, node, data.draw(st.none() | nodes), data.draw(branch))
            except InvalidError:
                continue
            assert descendants(applied(places, changes), node) >= below
            expected = count
        elif kind == "remove":
            node, keep = data.draw(nodes), data.draw(branch)
            try:
                changes = remove(places, node, keep)
            except InvalidError:
                continue
            expected = count - len(changes.removed)
            assert node in changes.removed
        else:
            node = data.draw(nodes)
            changes = remove_branch(places, node, data.draw(st.integers(0, 2)), shift=data.draw(st.booleans()))
            expected = count - len(changes.removed)
            assert changes.removed <= descendants(places, node)
        places = applied(places, changes)
        assert len(places) == expected
        check(places)


def test_without_upstream_a_node_becomes_the_head() -> None:
    after = applied(TREE, insert(TREE, 9, None, None))
    assert (after[9], after[1]) == (Place(None, 1), Place(9, 2))


def test_a_node_goes_between_two() -> None:
    after = applied(TREE, insert(TREE, 9, 1, None))
    assert (after[1], after[9], after[2]) == (Place(None, 9), Place(1, 2), Place(9, 3))


def test_the_head_of_a_branch_follows_the_new_one() -> None:
    changes = insert(TREE, 9, 2, 0)
    assert changes.places == {9: Place(2, 4, 0), 4: Place(9, 5)}


def test_a_new_branch_is_not_named_by_its_node() -> None:
    assert insert(TREE, 9, 3, 1).places == {9: Place(3, None, 1)}


def test_a_removed_node_takes_its_branches_along() -> None:
    changes = remove(TREE, 2)
    assert changes.removed == {2, 4, 5, 6, 7}
    assert changes.places == {1: Place(None, 3), 3: Place(1, None)}


def test_a_kept_branch_takes_the_place_of_its_node() -> None:
    changes = remove(TREE, 2, keep=0)
    assert changes.removed == {2, 6, 7}
    assert changes.places == {1: Place(None, 4), 4: Place(1, 5), 5: Place(4, 3), 3: Place(5, None)}


def test_a_kept_branch_keeps_what_is_below_it_and_inherits_the_branch_index() -> None:
    assert remove(TREE, 2, keep=1).removed == {2, 4, 5}
    assert remove(TREE, 6, keep=0).places == {7: Place(2, None, 1)}


def test_a_branch_that_is_not_there_cannot_be_kept() -> None:
    with pytest.raises(InvalidError, match="Branch 5 not found"):
        remove(TREE, 2, keep=5)


def test_branches_behind_a_removed_one_move_up_when_asked() -> None:
    assert remove_branch(TREE, 2, 0).places == {}
    assert remove_branch(TREE, 2, 0, shift=True) == Changes({6: Place(2, None, 0)}, frozenset({4, 5}))
    assert remove_branch(TREE, 6, 0, shift=True).removed == {7}


def test_later_branches_move_up_even_where_the_removed_one_was_empty() -> None:
    places = drawn([(None, None, [1]), (1, 2, [2])])
    assert remove_branch(places, 1, 0, shift=True) == Changes({2: Place(1, None, 1)})


def test_a_node_moves_with_its_branches() -> None:
    changes = move(TREE, 2, None, None)
    assert changes.places == {2: Place(None, 1), 1: Place(2, 3), 3: Place(1, None)}


def test_a_node_moves_behind_its_own_successor() -> None:
    changes = move(TREE, 2, 3, None)
    assert changes.places == {1: Place(None, 3), 3: Place(1, 2), 2: Place(3, None)}


@pytest.mark.parametrize("upstream", [2, 4, 7])
def test_no_node_moves_behind_itself_or_into_its_own_branches(upstream: int) -> None:
    with pytest.raises(InvalidError, match="Invalid upstream node"):
        move(TREE, 2, upstream, None)


@pytest.mark.parametrize(("node", "upstream", "branch"), [(2, 1, None), (4, 2, 0), (1, None, None), (1, None, 3)])
def test_a_move_to_where_a_node_stands_is_refused(node: int, upstream: int | None, branch: int | None) -> None:
    with pytest.raises(InvalidError, match="Node does not need to be moved"):
        move(TREE, node, upstream, branch)
