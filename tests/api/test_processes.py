"""Several processes of the API that share a port: replaced when they crash, stopped together, counted together."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from orchestrator.cluster import free_port

from .conftest import PASSWORD, Api, Serve
from .processes import children, serving


def test_one_process_is_one_process(api: Api, serve: Serve, login_dsn: str) -> None:
    assert children(serve(dsn=login_dsn, port=free_port())) == []


def test_several_processes_share_the_port_and_add_up_their_metrics(serve: Serve, login_dsn: str) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port, processes=2, access_log=False)
    url = f"http://127.0.0.1:{port}"
    token = httpx.post(f"{url}/api/auth:signIn", json={"account": "root", "password": PASSWORD}).json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(20):
        assert httpx.get(f"{url}/api/posts:list", headers=headers).status_code == 200
    assert 'orchestrator_http_requests_total{action="list",status="200"} 20.0' in httpx.get(f"{url}/metrics").text
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_a_process_that_crashes_is_replaced(serve: Serve, login_dsn: str) -> None:
    port = free_port()
    process = serve(dsn=login_dsn, port=port, processes=2)
    victim = min(serving(process, 2))
    os.kill(victim, signal.SIGKILL)
    time.sleep(0.5)
    assert victim not in serving(process, 2)
    for _ in range(10):
        assert httpx.get(f"http://127.0.0.1:{port}/api/__ready", timeout=20).status_code == 200
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = [json.loads(line) for line in output.decode().splitlines()]
    (line,) = [line for line in lines if line["event"] == "a process ended and is replaced"]
    assert (line["pid"], line["exit_code"]) == (victim, -signal.SIGKILL)


@pytest.mark.parametrize("pause", [0, 0.1, 2])
def test_nobody_serves_on_when_the_first_process_is_killed(serve: Serve, login_dsn: str, pause: float) -> None:
    process = serve(dsn=login_dsn, port=free_port(), processes=2)
    # at once, when one of them is only starting, and later
    time.sleep(pause)
    children = serving(process, 2)
    process.kill()
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in children):
            return
        time.sleep(0.1)
    raise AssertionError("they serve on")


def _metrics_directory(pid: int) -> Path:
    """Where a process that serves with others keeps its counters."""
    for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        name, _, value = line.partition(b"=")
        if name == b"PROMETHEUS_MULTIPROC_DIR":
            return Path(value.decode())
    raise AssertionError("it keeps none")


@pytest.mark.parametrize("survivors", [True, False])
def test_counters_of_killed_processes_do_not_stay_behind(serve: Serve, login_dsn: str, survivors: bool) -> None:
    process = serve(dsn=login_dsn, port=free_port(), processes=2)
    children = serving(process, 2)
    directory = _metrics_directory(min(children))
    assert directory.is_dir()
    process.kill()
    if not survivors:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in children):
            break
        time.sleep(0.1)
    if not survivors:
        other = serve(dsn=login_dsn, port=free_port(), processes=2)
        assert _metrics_directory(min(serving(other, 2))).is_dir()
    assert not directory.exists()
