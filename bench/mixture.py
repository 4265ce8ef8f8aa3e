"""The client of the memory measurement, a process of its own: requests of every kind, hardly two alike.

Says how many were answered after each 10,000, and at the end how many with which status.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

import uvloop

from bench.served import http_request

__all__ = ["EVERY", "main"]

#: answers between two reports
EVERY = 10_000
_COLUMNS = ("id", "title", "amount", "owner", "created_at")
_OPERATORS = {
    "id": ("$gt", "$lt", "$in", "$ne"),
    "title": ("$includes", "$startsWith", "$empty", "$eq"),
    "amount": ("$gte", "$lte", "$between"),
    "owner": ("$eq", "$notIncludes", "$in"),
    "created_at": ("$dateAfter", "$dateOn"),
}


class _Mixture:
    """Requests, by chance."""

    def __init__(self, token: str, password: str, seed: int) -> None:
        self._chance = random.Random(seed)
        self._mine = {"Authorization": f"Bearer {token}"}
        self._password = password
        self._kinds: dict[Callable[[], bytes], float] = {
            self._list: 25,
            self._filtered: 20,
            self._new_shape: 6,
            self._get: 15,
            self._create: 12,
            self._update: 6,
            self._nested: 3,
            self._missing: 4,
            self._refused: 3,
            self._broken: 3,
            self._browser: 2.8,
            self._sign_in: 0.2,
        }

    def next(self) -> bytes:
        (kind,) = self._chance.choices(list(self._kinds), weights=list(self._kinds.values()))
        return kind()

    def _word(self) -> str:
        return f"{self._chance.getrandbits(48):x}"

    def _key(self) -> int:
        return self._chance.randint(1, 2000)

    def _read(self, path: str, **headers: str) -> bytes:
        return http_request("GET", f"/api/{path}", self._mine | headers)

    def _write(self, path: str, values: object) -> bytes:
        return http_request("POST", f"/api/{path}", self._mine | {"X-Request-Id": self._word()}, values)

    def _list(self) -> bytes:
        return self._read(f"{self._table()}:list?page={self._chance.randint(1, 50)}&sort=-id", **self._language())

    def _table(self) -> str:
        return self._chance.choice(("memory_posts", "memory_comments", "expenses_kept"))

    def _language(self) -> dict[str, str]:
        return {"X-Locale": self._chance.choice(("en-US", "zh-CN", self._word()))}

    def _condition(self) -> dict[str, object]:
        column = self._chance.choice(_COLUMNS)
        operator = self._chance.choice(_OPERATORS[column])
        value: object = self._word()
        if column in ("id", "amount"):
            value = self._key()
        elif column == "created_at":
            value = f"2026-0{self._chance.randint(1, 9)}-1{self._chance.randint(0, 9)}"
        if operator in ("$in", "$between"):
            value = sorted([value, value])
        return {column: {operator: value}}

    def _filtered(self) -> bytes:
        conditions = [self._condition() for _ in range(self._chance.randint(1, 2))]
        return self._read(f"expenses_kept:list?pageSize=5&filter={quote(json.dumps({'$and': conditions}))}")

    def _new_shape(self) -> bytes:
        conditions = [self._condition() for _ in range(self._chance.randint(3, 8))]
        fields = "".join(f"&fields[]={name}" for name in self._chance.sample(_COLUMNS, self._chance.randint(1, 5)))
        order = quote(json.dumps({"$or": conditions}))
        return self._read(f"expenses_kept:list?pageSize=5&sort={self._chance.choice(_COLUMNS)}{fields}&filter={order}")

    def _get(self) -> bytes:
        return self._read(f"memory_posts:get?filterByTk={self._key()}&appends=memory_comments")

    def _create(self) -> bytes:
        return self._write("expenses_kept:create", {"title": self._word(), "amount": 1.5, "owner": self._word()})

    def _update(self) -> bytes:
        return self._write(f"memory_posts:update?filterByTk={self._key()}", {"title": self._word()})

    def _nested(self) -> bytes:
        comments = [{"content": self._word()} for _ in range(3)]
        return self._write("memory_posts:create", {"title": self._word(), "memory_comments": comments})

    def _missing(self) -> bytes:
        return self._read(self._chance.choice((f"{self._word()}:list", f"memory_posts:{self._word()}")))

    def _refused(self) -> bytes:
        headers = {"Authorization": f"Bearer {self._word()}"}
        return http_request("GET", "/api/memory_posts:list", headers)

    def _broken(self) -> bytes:
        filters = (f'{{"{self._word()}":1}}', f'{{"amount":{{"$gt":"{self._word()}"}}}}', "{")
        return self._read(f"expenses_kept:list?filter={quote(self._chance.choice(filters))}")

    def _browser(self) -> bytes:
        headers = {
            "Origin": f"https://{self._word()}.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": f"x-{self._word()}",
        }
        return http_request("OPTIONS", "/api/memory_posts:create", headers)

    def _sign_in(self) -> bytes:
        values = {"account": "root", "password": self._password}
        return http_request("POST", "/api/auth:signIn", {}, values)


async def _ask(port: int, mixture: _Mixture, left: list[int], answered: Counter[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while left[0] > 0:
        left[0] -= 1
        writer.write(mixture.next())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        begin = head.find(b"content-length:")
        if begin >= 0:
            await reader.readexactly(int(head[begin + 15 : head.find(b"\r", begin)]))
        answered[int(head[9:12])] += 1
        if answered.total() % EVERY == 0:
            print(answered.total(), flush=True)
    writer.close()


async def _run(port: int, connections: int, requests: int, mixture: _Mixture) -> Counter[int]:
    left, answered = [requests], Counter[int]()
    await asyncio.gather(*(_ask(port, mixture, left, answered) for _ in range(connections)))
    return answered


def main() -> None:
    """The token and the password come in on standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    token, password = sys.stdin.read().split()
    mixture = _Mixture(token, password, options.seed)
    print(json.dumps(uvloop.run(_run(options.port, options.connections, options.requests, mixture))))


if __name__ == "__main__":
    main()
