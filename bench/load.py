"""The client of the HTTP measurements, a process of its own: connections that send one request again and again.

Each connection waits for its reply before it asks again. Replies are only measured and their status looked at, so that
the client takes as little as possible of the processors that the server needs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import uvloop

__all__ = ["main"]

_END = b"\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, request: bytes, until: float, times: list[float], failures: list[bytes]) -> None:
        self._request, self._until, self._times, self._failures = request, until, times, failures
        self._transport: Any = None
        self._received = b""
        self._expected = 0
        self._began = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        if not self._expected:
            end = received.find(_END)
            if end < 0:
                return
            begin = received.lower().find(b"content-length:", 0, end) + 15
            self._expected = end + 4 + int(received[begin : received.find(b"\r", begin)])
        if len(received) < self._expected:
            return
        now = time.perf_counter()
        self._times.append(now - self._began)
        if received[9:12] != b"200":
            self._failures.append(received)
        self._received, self._expected = b"", 0
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if time.perf_counter() < self._until:
            self._failures.append(b"connection lost")
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)


async def _run(port: int, connections: int, seconds: float, request: bytes) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    failures: list[bytes] = []
    began = time.perf_counter()
    pairs = [
        await loop.create_connection(lambda: _Connection(request, began + seconds, times, failures), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in pairs))
    took = time.perf_counter() - began
    times.sort()
    return {
        "per_second": len(times) / took,
        "p50_ms": times[len(times) // 2] * 1000 if times else 0,
        "p99_ms": times[int(len(times) * 0.99)] * 1000 if times else 0,
        "failures": len(failures),
        "failure": failures[0].decode(errors="replace") if failures else None,
    }


def main() -> None:
    """Send what standard input says, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    request = sys.stdin.buffer.read()
    print(json.dumps(uvloop.run(_run(options.port, options.connections, options.seconds, request))))


if __name__ == "__main__":
    main()
