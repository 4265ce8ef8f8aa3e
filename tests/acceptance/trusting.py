"""What tests of trust share: an amount that is refused, one that is not, and who wrote."""

from __future__ import annotations

from .conftest import Ledger

ACTOR = ("user", "roleName", "dbUser")
MESSAGE = "Amount 900 is above 500"
VIOLATION = "insert into public.expenses (amount) values (900)"
WRITE = "insert into public.expenses (amount) values (1)"
WRITER_RIGHTS = "grant select, insert, update, delete on expenses to writer"


def actors(ledger: Ledger) -> list[tuple[object, ...]]:
    """Nickname, role and login of all executions."""
    return ledger.rows(
        "select context #>> '{user,nickname}', context ->> 'roleName', context ->> 'dbUser'"
        " from orchestrator.executions order by id"
    )
