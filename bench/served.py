"""A server under measurement: until it answers, and signed in to."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.processes import last_line

__all__ = ["http_request", "sign_in", "wait_for"]

_START_SECONDS = 30


def wait_for(url: str, log: Path) -> None:
    """Until it answers."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer: {last_line(log)}") from None
            time.sleep(0.1)
        else:
            return


def sign_in(port: int, password: str) -> str:
    """Root's token."""
    body = json.dumps({"account": "root", "password": password}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/auth:signIn", body, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return str(json.load(reply)["data"]["token"])


def http_request(method: str, path: str, headers: Mapping[str, str], values: Any = None) -> bytes:
    """A request as it is sent."""
    body = b"" if values is None else json.dumps(values).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
