"""Workflows that run by hand and wait: what tests of executions and jobs share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from .conftest import Api

__all__ = ["ASK", "calculation", "drawn", "execute", "refusal", "stored", "tidy", "waiting", "waiting_type"]

#: a node type that waits for somebody, as a module of orchestrator_extensions
_ASK = """
from orchestrator.instructions import register_instruction


def compile_node(node, _program):
    node.run = lambda proc, prev: (0, None)
    node.resume = lambda proc, job: job


register_instruction("ask", compile_node)
"""
_INSTALL = """
do language plpython3u $do$
import pathlib, shutil
row = plpy.execute("select package_path from orchestrator.installation")[0]
base = pathlib.Path(row["package_path"]) / "orchestrator_extensions"
{body}
$do$
"""


@pytest.fixture(scope="module", autouse=True)
def waiting_type(database: str) -> Iterator[None]:
    """Backends that begin from now on know the node type `ask`."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(_INSTALL.format(body=f"base.mkdir()\n(base / 'ask.py').write_text({_ASK!r})").encode())
        yield
        connection.execute(_INSTALL.format(body="shutil.rmtree(base)").encode())


@pytest.fixture(autouse=True)
def tidy(api: Api) -> Iterator[None]:
    yield
    api.db.execute("delete from orchestrator.workflows")
    api.db.execute("delete from orchestrator.executions")
    api.db.execute("delete from orchestrator.execution_counts")
    api.db.execute("delete from orchestrator.workflow_categories")
    api.db.execute("truncate comments, posts")


def refusal(response: httpx.Response) -> tuple[int, list[str]]:
    return response.status_code, [error["message"] for error in response.json()["errors"]]


def calculation(key: str, expression: str) -> dict[str, Any]:
    return {"key": key, "type": "calculation", "config": {"engine": "math.js", "expression": expression}}


ASK = {"key": "ask", "type": "ask"}


def drawn(api: Api, *nodes: dict[str, Any], type: str = "collection", **config: Any) -> int:
    """A disabled version with a line of nodes."""
    given = {"collection": "posts", "mode": 1} if type == "collection" else {"collection": "posts"}
    workflow = api.root.post("/workflows:create", json={"type": type, "title": "w", "config": given | config})
    assert workflow.status_code == 200, workflow.text
    workflow_id = int(workflow.json()["data"]["id"])
    upstream = None
    for node in nodes:
        made = api.root.post(f"/workflows/{workflow_id}/nodes:create", json={**node, "upstreamId": upstream})
        assert made.status_code == 200, made.text
        upstream = made.json()["data"]["id"]
    return workflow_id


def execute(api: Api, workflow_id: int, *, auto: Any = None, **values: Any) -> Any:
    params = {} if auto is None else {"autoRevision": auto}
    response = api.root.post(f"/workflows:execute/{workflow_id}", params=params, json=values)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def stored(api: Api, execution_id: int) -> dict[str, Any]:
    found = api.root.get(f"/executions:get/{execution_id}?appends=jobs").json()["data"]
    found["jobs"].sort(key=lambda job: int(job["id"]))
    return dict(found)


def waiting(api: Api, *nodes: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """An execution that waits at `ask`, and its waiting job."""
    version = drawn(api, *(nodes or (calculation("one", "1"), ASK, calculation("two", "2"))))
    execution = execute(api, version, data={"title": "a"})["execution"]
    assert execution["status"] == 0
    (job,) = [job for job in stored(api, execution["id"])["jobs"] if job["status"] == 0]
    return execution["id"], job
