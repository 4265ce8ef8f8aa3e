"""workflows/<id>/nodes:create and flow_nodes:…: the graph as the editor draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from orchestrator.compiler.graph import build_graph

from .conftest import Api

CALCULATION = {"engine": "math.js", "expression": "1"}


def refusal(response: httpx.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["message"] for error in response.json()["errors"]]


class Editor:
    """One workflow and the requests that draw it."""

    def __init__(self, api: Api, **values: Any) -> None:
        self.api = api
        self.workflow = self.post("/workflows:create", {"type": "action", "title": "w", **values})
        self.id = self.workflow["id"]

    def post(self, path: str, values: Any = None) -> Any:
        response = self.api.root.post(path, json=values if values is not None else {})
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def add(self, type: str = "parallel", **values: Any) -> int:
        return int(self.post(f"/workflows/{self.id}/nodes:create", {"type": type, **values})["id"])

    def refused(self, path: str, **values: Any) -> tuple[int, list[str]]:
        return refusal(self.api.root.post(path, json=values))

    def places(self) -> dict[int, tuple[int | None, int | None, int | None]]:
        """Of every node upstream, downstream and branch index; the graph is whole."""
        nodes = self.api.list(f"/workflows/{self.id}/nodes:list", paginate="false")
        build_graph(nodes)
        return {node["id"]: (node["upstreamId"], node["downstreamId"], node["branchIndex"]) for node in nodes}

    def execute(self) -> None:
        """Make the version one that was executed."""
        self.api.db.execute(
            "insert into orchestrator.execution_counts select id, key, 1 from orchestrator.workflows where id = %s",
            (self.id,),
        )


@pytest.fixture
def editor(api: Api) -> Iterator[Editor]:
    yield Editor(api)
    api.db.execute("delete from orchestrator.workflows")
    api.db.execute("delete from orchestrator.execution_counts")
    api.db.execute("truncate comments, posts")


# -- create ------------------------------------------------------------------------------------------------------------


def test_a_new_node_shows_every_column(editor: Editor) -> None:
    values = {"type": "calculation", "title": "t", "config": CALCULATION, "upstreamId": None, "branchIndex": None}
    row = editor.post(f"/workflows/{editor.id}/nodes:create", values)
    assert {name: value for name, value in row.items() if name not in ("id", "key", "createdAt", "updatedAt")} == {
        **values,
        "workflowId": editor.id,
        "downstreamId": None,
    }
    assert len(row["key"]) == 11
    assert editor.api.root.get(f"/flow_nodes:get/{row['id']}").json()["data"] == row


def test_nodes_stand_where_they_were_put(editor: Editor) -> None:
    last = editor.add()
    head = editor.add()
    middle = editor.add(upstreamId=head)
    first = editor.add(upstreamId=middle, branchIndex=0)
    before = editor.add(upstreamId=str(middle), branchIndex="0")
    assert editor.places() == {
        head: (None, middle, None),
        middle: (head, last, None),
        last: (middle, None, None),
        before: (middle, first, 0),
        first: (before, None, None),
    }


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({}, ["Node type is required"]),
        ({"type": "nope"}, ['Node type "nope" is not registered']),
        ({"type": "condition", "config": {}}, ['"rejectOnFalse" is required']),
        ({"type": "end", "config": {"endStatus": 7}}, ['"endStatus" must be one of [1, -1]']),
        ({"type": "query", "config": {}}, ["Collection is not configured"]),
        (
            {"type": "query", "config": {"collection": "nowhere"}},
            ['Collection "nowhere" does not exist in data source "main"'],
        ),
        ({"type": "loop", "config": {"target": 1, "exit": 9}}, ['"exit" must be one of [0, 1, 2]']),
        ({"type": "end", "config": "x"}, ['"config" must be of type object']),
        ({"type": "end", "title": 1}, ['"title" must be a string']),
        ({"type": "end", "upstreamId": None, "branchIndex": "x"}, ["branchIndex must be a number"]),
        ({"type": "end", "upstreamId": None, "branchIndex": 1e300}, ["branchIndex must be a number"]),
    ],
)
def test_what_is_wrong_with_a_node_is_told_and_nothing_is_written(
    editor: Editor, values: dict[str, Any], messages: list[str]
) -> None:
    assert editor.refused(f"/workflows/{editor.id}/nodes:create", **values) == (400, messages)
    assert editor.places() == {}


def test_the_server_may_limit_the_number_of_nodes(editor: Editor) -> None:
    editor.add()
    request = {"resource": "workflows.nodes", "action": "create", "sourceId": str(editor.id), "values": {"type": "end"}}
    with psycopg.connect(editor.api.dsn) as session:
        session.execute("do language plpython3u $$ import os; os.environ['WORKFLOW_NODES_LIMIT'] = '1' $$")
        with pytest.raises(psycopg.Error, match="The number of nodes in a workflow cannot exceed 1"):
            session.execute("select orchestrator.administer(%s)", (json.dumps(request),))


def test_unknown_keys_of_a_configuration_are_kept(editor: Editor) -> None:
    node = editor.add("end", config={"endStatus": 1, "colour": "red"})
    found = editor.api.root.get(f"/flow_nodes:get/{node}").json()["data"]
    assert found["config"] == {"endStatus": 1, "colour": "red"}


def test_nodes_of_nowhere_are_not_found(editor: Editor) -> None:
    other = Editor(editor.api).add()
    for upstream in (999999, "x", other):
        found = editor.refused(f"/workflows/{editor.id}/nodes:create", type="end", upstreamId=upstream)
        assert found == (404, ["Upstream node not found"])
    assert editor.refused("/workflows/999999/nodes:create", type="end") == (404, ["workflow not found"])
    for action in ("update", "duplicate", "destroy", "destroyBranch", "move"):
        assert editor.refused(f"/flow_nodes:{action}/999999?branchIndex=0") == (404, ["Node not found"]), action


def test_an_enabled_workflow_runs_each_node_as_soon_as_it_is_there(api: Api, editor: Editor) -> None:
    enabled = Editor(api, type="collection", config={"collection": "posts", "mode": 2}, enabled=True, sync=True)
    first = enabled.add("calculation", config=CALCULATION)
    enabled.add("calculation", config={"engine": "math.js", "expression": "2"})
    enabled.add("calculation", config={"engine": "math.js", "expression": "3"}, upstreamId=first)
    post = api.create("posts", {"title": "a"})
    api.root.post(f"/posts:update/{post['id']}", json={"title": "b"})
    (execution,) = api.list("/executions:list", filter=json.dumps({"workflowId": enabled.id}), appends="jobs")
    assert [job["result"] for job in execution["jobs"]] == [2, 1, 3]


def test_every_change_of_a_node_is_one_of_its_workflow(editor: Editor) -> None:
    user = editor.workflow["updatedById"]
    node = editor.add()
    editor.add(upstreamId=node, branchIndex=1)
    for path, values in (
        (f"/flow_nodes:update/{node}", {"title": "x"}),
        (f"/flow_nodes:duplicate/{node}", {"upstreamId": node}),
        (f"/flow_nodes:move/{node}", {"upstreamId": node + 2}),
        (f"/flow_nodes:destroyBranch/{node}?branchIndex=1", {}),
        (f"/flow_nodes:destroy/{node}", {}),
    ):
        editor.api.db.execute("update orchestrator.workflows set updated_at = '2020-01-01', updated_by_id = null")
        editor.post(path, values)
        row = editor.api.root.get(f"/workflows:get/{editor.id}").json()["data"]
        assert (row["updatedAt"] > "2021", row["updatedById"]) == (True, user), path


def test_an_executed_version_keeps_its_nodes(editor: Editor) -> None:
    node = editor.add()
    editor.add(upstreamId=node, branchIndex=0)
    editor.execute()
    before = editor.places()
    create = editor.refused(f"/workflows/{editor.id}/nodes:create", type="end")
    assert create == (400, ["Node could not be created in executed workflow"])
    assert editor.refused(f"/flow_nodes:duplicate/{node}") == create
    for path, message in (
        (f"update/{node}", "Nodes in executed workflow could not be reconfigured"),
        (f"destroy/{node}", "Nodes in executed workflow could not be deleted"),
        (f"destroyBranch/{node}?branchIndex=0", "Branches in executed workflow could not be deleted"),
        (f"move/{node}", "Nodes in executed workflow could not be moved"),
    ):
        assert editor.refused(f"/flow_nodes:{path}", title="x") == (400, [message]), path
    assert editor.places() == before


# -- update, duplicate -------------------------------------------------------------------------------------------------


def test_an_update_answers_a_list_and_config_replaces_config(editor: Editor) -> None:
    node = editor.add("calculation", config=CALCULATION, title="old")
    (row,) = editor.post(f"/flow_nodes:update/{node}", {"config": {"expression": "2"}, "type": "end", "key": "k"})
    assert (row["config"], row["title"], row["type"]) == ({"expression": "2"}, "old", "calculation")
    assert row["key"] != "k"
    refused = editor.refused(f"/flow_nodes:update?filterByTk={node}", config={"engine": "basic"})
    assert refused == (400, ['"engine" must be one of [math.js, formula.js, string]'])


def test_a_node_is_renamed_whatever_its_configuration(editor: Editor) -> None:
    node = editor.add("query")
    (row,) = editor.post(f"/flow_nodes:update/{node}", {"title": "new"})
    assert (row["title"], row["config"]) == ("new", {})


def test_a_copy_has_a_key_of_its_own_and_no_branches(editor: Editor) -> None:
    head = editor.add("calculation", config=CALCULATION, title="t")
    branching = editor.add(upstreamId=head)
    inner = editor.add(upstreamId=branching, branchIndex=0)
    copy = editor.post(f"/flow_nodes:duplicate/{head}", {"upstreamId": branching, "branchIndex": 0})
    assert (copy["type"], copy["title"], copy["config"]) == ("calculation", "t", CALCULATION)
    assert editor.places()[copy["id"]] == (branching, inner, 0)
    own = editor.post(f"/flow_nodes:duplicate/{head}", {"config": {"expression": "2"}})
    assert (own["config"], own["upstreamId"], own["downstreamId"]) == ({"expression": "2"}, None, head)
    twin = editor.post(f"/flow_nodes:duplicate/{branching}", {"upstreamId": own["id"]})
    assert editor.places()[twin["id"]] == (own["id"], head, None)
    assert len({node["key"] for node in editor.api.list(f"/workflows/{editor.id}/nodes:list")}) == 6


# -- destroy -----------------------------------------------------------------------------------------------------------


def test_neighbours_of_a_removed_node_are_joined_and_its_branches_go(editor: Editor) -> None:
    first = editor.add()
    second = editor.add(upstreamId=first)
    third = editor.add(upstreamId=second)
    inner = editor.add(upstreamId=second, branchIndex=1)
    editor.add(upstreamId=inner, branchIndex=0)
    removed = editor.post(f"/flow_nodes:destroy/{second}")
    assert (removed["id"], removed["upstreamId"], removed["downstreamId"]) == (second, first, third)
    assert editor.places() == {first: (None, third, None), third: (first, None, None)}


def test_the_branch_that_is_kept_stays_what_it_was(editor: Editor) -> None:
    node = editor.add()
    after = editor.add(upstreamId=node)
    kept = editor.add(upstreamId=node, branchIndex=0)
    tail = editor.add(upstreamId=kept)
    editor.add(upstreamId=node, branchIndex=1)
    key = editor.api.root.get(f"/flow_nodes:get/{kept}").json()["data"]["key"]
    editor.post(f"/flow_nodes:destroy/{node}?keepBranch=0")
    assert editor.places() == {kept: (None, tail, None), tail: (kept, after, None), after: (tail, None, None)}
    assert editor.api.root.get(f"/flow_nodes:get/{kept}").json()["data"]["key"] == key


@pytest.mark.parametrize("branch", ["5", "x"])
def test_a_branch_that_is_not_there_is_not_kept(editor: Editor, branch: str) -> None:
    node = editor.add()
    assert editor.refused(f"/flow_nodes:destroy/{node}?keepBranch={branch}") == (400, [f"Branch {branch} not found"])
    assert node in editor.places()


def test_a_branch_is_removed_with_all_below_it(editor: Editor) -> None:
    node = editor.add()
    head = editor.add(upstreamId=node, branchIndex=0)
    editor.add(upstreamId=head, branchIndex=2)
    other = editor.add(upstreamId=node, branchIndex=1)
    assert editor.post(f"/flow_nodes:destroyBranch/{node}?branchIndex=0")["id"] == head
    assert editor.places() == {node: (None, None, None), other: (node, None, 1)}
    assert editor.post(f"/flow_nodes:destroyBranch/{node}?branchIndex=0&shift=1") is None
    assert editor.places()[other] == (node, None, 0)
    assert editor.refused(f"/flow_nodes:destroyBranch/{node}") == (400, ["branchIndex is required"])
    assert editor.refused(f"/flow_nodes:destroyBranch/{node}?branchIndex=x") == (400, ["branchIndex must be a number"])


# -- move --------------------------------------------------------------------------------------------------------------


def test_a_node_moves_to_the_head_and_into_a_branch(editor: Editor) -> None:
    first = editor.add()
    second = editor.add(upstreamId=first)
    third = editor.add(upstreamId=second)
    row = editor.post(f"/flow_nodes:move/{third}", {"upstreamId": None})
    assert (row["id"], row["upstreamId"], row["downstreamId"]) == (third, None, first)
    editor.post(f"/flow_nodes:move/{second}", {"upstreamId": first, "branchIndex": 1})
    assert editor.places() == {third: (None, first, None), first: (third, None, None), second: (first, None, 1)}


def test_moves_that_make_no_sense_are_refused(editor: Editor) -> None:
    first = editor.add()
    second = editor.add(upstreamId=first)
    below = editor.add(upstreamId=first, branchIndex=0)
    other = Editor(editor.api).add()
    before = editor.places()

    def moved(node: int, **values: Any) -> tuple[int, list[str]]:
        return editor.refused(f"/flow_nodes:move/{node}", **values)

    assert moved(second, upstreamId=first) == (400, ["Node does not need to be moved"])
    assert moved(second, upstreamId=second) == (400, ["Invalid upstream node"])
    assert moved(first, upstreamId=below) == (400, ["Invalid upstream node"])
    assert moved(second, upstreamId=999999) == (404, ["Upstream node not found"])
    assert moved(second, upstreamId=other) == (400, ["Upstream node is not in the same workflow"])
    assert moved(second, upstreamId=first, branchIndex="x") == (400, ["branchIndex must be a number"])
    assert editor.places() == before


@pytest.mark.parametrize("action", ["update", "duplicate", "destroy", "destroyBranch", "move"])
def test_other_roles_may_not(api: Api, editor: Editor, action: str) -> None:
    node = editor.add()
    with api.client("root", **{"X-Role": "member"}) as member:
        assert refusal(member.post(f"/flow_nodes:{action}/{node}", json={})) == (403, ["No permissions"])
        assert member.post(f"/workflows/{editor.id}/nodes:create", json={"type": "end"}).status_code == 403
    assert api.guest.post(f"/flow_nodes:{action}/{node}").status_code == 401
    assert editor.places() == {node: (None, None, None)}
