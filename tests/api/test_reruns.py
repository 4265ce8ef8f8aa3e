"""jobs:resume and executions:rerun: what waited goes on, what ran runs again."""

from __future__ import annotations

from .by_hand import ASK, calculation, drawn, execute, refusal, stored, tidy, waiting, waiting_type
from .conftest import Api

#: fixtures
__all__ = ["tidy", "waiting_type"]


# -- resume ------------------------------------------------------------------------------------------------------------


def test_a_waiting_job_goes_on_with_what_it_is_given(api: Api) -> None:
    execution, job = waiting(api)
    response = api.root.post(f"/jobs:resume/{job['id']}", json={"status": 1, "result": {"ok": True}})
    assert response.status_code == 202
    found = response.json()["data"]
    assert (found["id"], found["status"], found["result"]) == (job["id"], 1, {"ok": True})
    after = stored(api, execution)
    assert (after["status"], [j["result"] for j in after["jobs"]]) == (1, [1, {"ok": True}, 2])
    assert refusal(api.root.post(f"/jobs:resume/{job['id']}", json={})) == (400, ["Execution is not running"])
    assert refusal(api.root.post("/jobs:resume/5", json={})) == (404, ["Job not found"])
    assert refusal(api.root.post("/jobs:resume/x", json={})) == (404, ["Job not found"])


def test_a_rejection_ends_the_execution_there(api: Api) -> None:
    execution, job = waiting(api)
    assert api.root.post(f"/jobs:resume/{job['id']}", json={"status": -5}).status_code == 202
    after = stored(api, execution)
    assert (after["status"], [j["status"] for j in after["jobs"]]) == (-5, [1, -5])


def test_without_a_status_a_job_goes_on_waiting(api: Api) -> None:
    execution, job = waiting(api)
    assert api.root.post(f"/jobs:resume/{job['id']}", json={"result": 7}).status_code == 202
    after = stored(api, execution)
    assert (after["status"], [(j["status"], j["result"]) for j in after["jobs"]]) == (0, [(1, 1), (0, 7)])


def test_an_execution_whose_time_is_up_is_aborted_by_the_refusal(api: Api) -> None:
    execution, job = waiting(api)
    api.db.execute("update orchestrator.executions set expires_at = now() - interval '1 s' where id = %s", (execution,))
    response = api.root.post(f"/jobs:resume/{job['id']}", json={"status": 1})
    assert refusal(response) == (400, ["Execution timed out"])
    after = stored(api, execution)
    assert (after["status"], after["reason"]) == (-3, "timeout")


# -- rerun -------------------------------------------------------------------------------------------------------------


def test_a_rerun_begins_at_the_head_and_adds_jobs(api: Api) -> None:
    execution, _ = waiting(api)
    response = api.root.post(f"/executions:rerun/{execution}", json={})
    assert (response.status_code, response.json()["data"]["id"]) == (202, execution)
    after = stored(api, execution)
    assert after["status"] == 0
    assert [(job["nodeKey"], job["status"]) for job in after["jobs"]] == [
        ("one", 1),
        ("ask", 0),
        ("one", 1),
        ("ask", 0),
    ]


def test_a_rerun_begins_at_a_node_behind_the_newest_job_before_it(api: Api) -> None:
    nodes = calculation("one", "1"), calculation("sum", "{{$jobsMapByNodeKey.one}} + 1"), ASK
    execution, _ = waiting(api, *nodes)
    first, second, _ = stored(api, execution)["jobs"]
    api.db.execute(
        "insert into orchestrator.waiting_jobs (id, execution_id, node_id, node_key, status, result)"
        " values (%s, %s, %s, 'one', 1, '41')",
        (int(first["id"]) + 3, execution, first["nodeId"]),
    )
    response = api.root.post(f"/executions:rerun/{execution}", json={"nodeId": second["nodeId"]})
    assert response.status_code == 202, response.text
    added = stored(api, execution)["jobs"][4:]
    assert [(job["nodeKey"], job["status"], job["result"]) for job in added] == [("sum", 1, 42), ("ask", 0, None)]
    assert added[0]["upstreamId"] == int(first["id"]) + 3


def test_an_overwriting_rerun_takes_the_place_of_the_newest_job(api: Api) -> None:
    execution, job = waiting(api)
    one = stored(api, execution)["jobs"][0]
    response = api.root.post(f"/executions:rerun/{execution}", json={"nodeId": one["nodeId"], "overwrite": True})
    assert response.status_code == 202, response.text
    after = stored(api, execution)["jobs"]
    assert [(found["id"] == one["id"], found["nodeKey"], found["status"]) for found in after] == [
        (True, "one", 1),
        (False, "ask", 0),
        (False, "ask", 0),
    ]
    assert after[0]["startedAt"] > one["startedAt"]
    assert (after[1]["id"], after[2]["upstreamId"]) == (job["id"], int(one["id"]))


def test_what_waits_is_overwritten_too(api: Api) -> None:
    execution, job = waiting(api)
    api.root.post(f"/jobs:resume/{job['id']}", json={"result": 7})
    api.root.post(f"/executions:rerun/{execution}", json={"nodeId": job["nodeId"], "overwrite": True})
    found = stored(api, execution)["jobs"]
    assert [(item["nodeKey"], item["status"], item["result"]) for item in found] == [("one", 1, 1), ("ask", 0, None)]


def test_a_rerun_inside_a_loop_sees_the_round_that_it_is_in(api: Api) -> None:
    version = drawn(api, {"key": "loop", "type": "loop", "config": {"target": [10, 20]}}, calculation("end", "3"))
    (loop, _) = api.list(f"/workflows/{version}/nodes:list", sort="id")
    path = f"/workflows/{version}/nodes:create"
    item = {**calculation("item", "{{$scopes.loop.item}} + 1"), "upstreamId": loop["id"], "branchIndex": 0}
    first = api.root.post(path, json=item).json()["data"]
    api.root.post(path, json={**ASK, "upstreamId": first["id"]})
    execution = execute(api, version)["execution"]["id"]
    (job,) = [found for found in stored(api, execution)["jobs"] if found["nodeKey"] == "ask"]
    api.root.post(f"/jobs:resume/{job['id']}", json={"status": 1})
    response = api.root.post(f"/executions:rerun/{execution}", json={"nodeId": first["id"], "overwrite": True})
    assert response.status_code == 202, response.text
    items = [found["result"] for found in stored(api, execution)["jobs"] if found["nodeKey"] == "item"]
    assert items == [11, 21]
    *_, last = [found for found in stored(api, execution)["jobs"] if found["nodeKey"] == "ask"]
    api.root.post(f"/jobs:resume/{last['id']}", json={"status": 1})
    after = stored(api, execution)
    assert (after["status"], [found["result"] for found in after["jobs"] if found["nodeKey"] == "end"]) == (1, [3])


def test_a_branching_node_takes_the_place_of_its_own_job(api: Api) -> None:
    execution, job = waiting(api, {"key": "branches", "type": "parallel", "config": {}}, ASK)
    branching = stored(api, execution)["jobs"][0]
    values = {"nodeId": branching["nodeId"], "overwrite": True}
    assert api.root.post(f"/executions:rerun/{execution}", json=values).status_code == 202
    found = stored(api, execution)["jobs"]
    assert [item["nodeKey"] for item in found] == ["branches", "ask", "ask"]
    assert (found[0]["id"], found[1]["id"]) == (branching["id"], job["id"])


def test_only_started_executions_are_run_again(api: Api) -> None:
    execution, job = waiting(api)
    for node in (999999, "x"):
        response = api.root.post(f"/executions:rerun/{execution}", json={"nodeId": node})
        assert refusal(response) == (400, [f'the execution has not reached node "{node}"'])
    assert stored(api, execution)["status"] == 0
    api.root.post(f"/jobs:resume/{job['id']}", json={"status": 1})
    (queued,) = api.db.execute(
        "insert into orchestrator.executions (workflow_id, key) values (1, 'k') returning id"
    ).fetchone() or (0,)
    for key in (execution, queued):
        response = api.root.post(f"/executions:rerun/{key}", json={})
        assert refusal(response) == (400, ["Only started executions can be rerun"])
    assert refusal(api.root.post("/executions:rerun/999999", json={}))[0] == 404
