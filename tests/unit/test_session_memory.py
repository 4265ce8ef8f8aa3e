"""What a process remembers of tokens: for how long, and whose it forgets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.errors import ApiError
from api.sessions import Sessions
from api.tokens import Claims


class _Database:
    """Counts who is asked for; `gate` holds answers back."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.gate: asyncio.Event | None = None
        self.problem: bytes | None = None

    async def row(self, _sql: str, params: tuple[str, str, str]) -> tuple[bytes | None, ...]:
        self.asked.append(params[:2])
        problem = self.problem
        if self.gate is not None:
            await self.gate.wait()
        return problem, b'["root"]', b"default", b"f", b"{}"


def _claims(user_id: int = 1, token: str = "a") -> Claims:
    return Claims(user_id, token, 0, 0)


def _sessions(ttl: float = 60) -> tuple[Any, Sessions]:
    database: Any = _Database()
    return database, Sessions(database, ttl)


def test_a_token_is_asked_for_once_within_its_ttl_however_many_wait() -> None:
    async def run() -> None:
        database, sessions = _sessions()
        await asyncio.gather(*(sessions.of(_claims()) for _ in range(10)))
        await sessions.of(_claims())
        assert database.asked == [("1", "a")]

    asyncio.run(run())


def test_what_changed_of_one_user_is_forgotten_of_him_alone() -> None:
    async def run() -> None:
        database, sessions = _sessions()
        for claims in (_claims(1), _claims(1, "b"), _claims(2, "c")):
            await sessions.of(claims)
        await sessions.forget("1")
        database.asked.clear()
        for claims in (_claims(1), _claims(1, "b"), _claims(2, "c")):
            await sessions.of(claims)
        assert database.asked == [("1", "a"), ("1", "b")]
        await sessions.forget()
        await sessions.of(_claims(2, "c"))
        assert database.asked[-1] == ("2", "c")

    asyncio.run(run())


@pytest.mark.parametrize("payload", ["", "nobody", "²", "9" * 5000])
def test_an_announcement_that_names_nobody_is_of_everybody(payload: str) -> None:
    async def run() -> None:
        database, sessions = _sessions()
        await sessions.of(_claims())
        await sessions.forget(payload)
        await sessions.of(_claims())
        assert len(database.asked) == 2

    asyncio.run(run())


@pytest.mark.parametrize("payload", ["1", ""])
def test_what_was_read_before_a_change_is_not_remembered_after_it(payload: str) -> None:
    async def run() -> None:
        database, sessions = _sessions()
        database.gate = asyncio.Event()
        early = asyncio.create_task(sessions.of(_claims()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await sessions.forget(payload)
        database.problem = b"BLOCKED_TOKEN"
        database.gate.set()
        await early
        with pytest.raises(ApiError) as refused:
            await sessions.of(_claims())
        assert refused.value.code == "BLOCKED_TOKEN"

    asyncio.run(run())


def test_a_refusal_is_not_remembered() -> None:
    async def run() -> None:
        database, sessions = _sessions()
        database.problem = b"NOT_EXIST_USER"
        with pytest.raises(ApiError):
            await sessions.of(_claims())
        database.problem = None
        assert (await sessions.of(_claims())).roles == ("root",)

    asyncio.run(run())


def test_memory_is_bounded() -> None:
    async def run() -> None:
        _, sessions = _sessions()
        for n in range(250):
            await sessions.of(_claims(1, str(n)))
        assert len(sessions._known[1]) <= 100

    asyncio.run(run())
