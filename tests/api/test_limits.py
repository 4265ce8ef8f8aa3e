"""Limits that whoever runs the server sets: rows of a page, time of a statement, size of a body."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from orchestrator.cluster import free_port

from .conftest import ROOT, Api


class Served:
    """`orchestrator serve`, as it is started by hand."""

    def __init__(self, dsn: str, token: str, *options: str, **environment: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "serve", "--dsn", dsn, "--port", str(self.port), *options],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}/api/", headers={"Authorization": token}, timeout=20
        )

    def wait(self) -> None:
        for _ in range(200):
            assert self.process.poll() is None, self.process.communicate()[0].decode()
            try:
                if self.client.get("/__ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError("the server does not answer")

    def stop(self) -> str:
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=30)[0].decode()


@pytest.fixture(scope="module")
def served(api: Api, login_dsn: str) -> Iterator[Served]:
    served = Served(
        login_dsn,
        api.root.headers["Authorization"],
        "--max-page-size=3",
        "--statement-timeout=2000",
        "--cors-origin=https://a.example",
        "--cors-origin=https://b.example",
        ORCHESTRATOR_MAX_BODY="2000",
        ORCHESTRATOR_MAX_PAGE_SIZE="7",
    )
    try:
        served.wait()
        yield served
    finally:
        served.stop()


def test_a_page_has_no_more_rows_than_allowed(api: Api, served: Served) -> None:
    api.create("posts", [{"title": "t"}] * 5)
    for query in ("", "?pageSize=100", "?page=1"):
        answer = served.client.get(f"/posts:list{query}").json()
        assert len(answer["data"]) == answer["meta"]["pageSize"] == 3


def test_a_statement_that_takes_too_long_is_given_up(api: Api, served: Served) -> None:
    key = api.create("posts", {"title": "slow"})["id"]
    with psycopg.connect(api.dsn) as other:
        other.execute("select from posts where id = %s for update", (key,))
        response = served.client.post(f"/posts:update/{key}", json={"title": "x"})
    assert (response.status_code, response.json()) == (503, {"errors": [{"message": "the statement took too long"}]})
    assert response.headers["Retry-After"] == "1"
    assert served.client.get(f"/posts:get/{key}").json()["data"]["title"] == "slow"


def test_a_body_has_no_more_bytes_than_allowed(served: Served) -> None:
    # a read: the first write of a session loads the engine, which may take longer than a statement may here
    assert served.client.post("/posts:list", json={"title": "x" * 1000}).status_code == 200
    refused = served.client.post("/posts:list", json={"title": "x" * 3000})
    assert refused.status_code == 413
    assert refused.json()["errors"][0]["message"]
    assert refused.headers["X-Request-Id"]


def test_each_origin_that_is_named_may_send_cookies(served: Served) -> None:
    for origin, trusted in (("https://a.example", True), ("https://b.example", True), ("https://c.example", False)):
        response = served.client.get("/__health", headers={"Origin": origin})
        assert ("Access-Control-Allow-Credentials" in response.headers) is trusted


def test_the_environment_says_the_same_as_options(api: Api, login_dsn: str) -> None:
    served = Served(
        login_dsn,
        api.root.headers["Authorization"],
        ORCHESTRATOR_MAX_PAGE_SIZE="2",
        ORCHESTRATOR_CORS_ORIGINS="https://a.example, https://b.example",
    )
    try:
        served.wait()
        assert served.client.get("/posts:list?pageSize=9").json()["meta"]["pageSize"] == 2
        response = served.client.get("/__health", headers={"Origin": "https://b.example"})
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
    finally:
        served.stop()


def test_a_setting_that_makes_no_sense_is_one_sentence(login_dsn: str) -> None:
    served = Served(login_dsn, "", ORCHESTRATOR_CORS_ORIGINS="everybody")
    output = served.process.communicate(timeout=30)[0].decode()
    served.client.close()
    assert served.process.returncode == 1
    assert '"everybody" is no origin' in output and "Traceback" not in output


def test_every_request_has_its_id_in_reply_and_log(api: Api, login_dsn: str) -> None:
    served = Served(login_dsn, api.root.headers["Authorization"])
    served.wait()
    client = served.client
    replies = [
        client.get("/posts:list"),
        client.get("/posts:nope"),
        client.get("/posts:list", headers={"Authorization": ""}),
        client.get(f"http://127.0.0.1:{served.port}/outside"),
        client.request("TRACE", "/posts:list"),
        client.post("/posts:create", content=b"{", headers={"Content-Type": "application/json"}),
        client.get("/posts:list", headers={"X-Request-Id": "given-by-caller"}),
    ]
    lines = [json.loads(line) for line in served.stop().splitlines()]
    logged = {line["request_id"]: line["status"] for line in lines if line["event"] == "request"}
    for reply in replies:
        assert logged[reply.headers["X-Request-Id"]] == reply.status_code
    assert "given-by-caller" in logged
