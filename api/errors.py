"""Every error a client sees: one shape, one table from SQLSTATE to HTTP status.

A body is `{"errors": [{"message": …, "code"?: …}]}`. Our own SQLSTATEs (class WF) take their status from
`orchestrator.errors`; PostgreSQL's take it from the table below. What is in neither is an internal error: the client
gets no text of it, the log all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Self

import psycopg

from orchestrator.errors import OrchestratorError, by_sqlstate

__all__ = ["ApiError", "Failure", "NotFound", "Worded", "describe", "is_stale_catalog"]

INTERNAL = "Internal Server Error"
BAD_REFERENCE = "Invalid SQL column or table reference"
UNAVAILABLE = "the database is not available"

#: messages that PL/Python puts its exception's class before
_PREFIX = re.compile(r"^(?:(?:plpy|spiexceptions|orchestrator\.errors)\.\w+: )+")
#: `Key (a, b)=(1, 2) …` in the detail of a constraint violation, in whatever language the rest is
_KEY = re.compile(r"\((.+?)\)=\(")
#: the first name in a message, in whatever quotes the language has
_QUOTED = re.compile(r"[\"»«„“](.+?)[\"»«”“]")


class Worded(str):
    """A message about something: `name` may have a title, and the template another language."""

    template: str
    name: str
    table: tuple[str, str] | None

    def __new__(cls, template: str, name: str, table: tuple[str, str] | None = None) -> Self:
        """`table` is the schema and the name of the table whose column `name` is, where it is one's."""
        message = super().__new__(cls, template.format(name))
        message.template, message.name, message.table = template, name, table
        return message


class ApiError(Exception):
    """A refusal by the API itself."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


class NotFound(ApiError):
    """No such route, resource or action."""

    def __init__(self) -> None:
        super().__init__(404, "Not Found")


class Failure:
    """An error as it is sent: status, entries, and whether trying again makes sense."""

    __slots__ = ("entries", "fixed", "retry", "status")

    def __init__(self, status: int, *messages: str, retry: bool = False) -> None:
        self.status = status
        self.entries: list[dict[str, Any]] = [{"message": message} for message in messages]
        #: False where somebody else worded them, a workflow for one
        self.fixed = True
        self.retry = retry

    def body(self) -> bytes:
        """The JSON text; a refusal without a message has no `errors` key, as the wire wants it."""
        return json.dumps({"errors": self.entries} if self.entries else {}, ensure_ascii=False).encode()


def describe(error: BaseException) -> Failure:
    """What a client is told about any exception."""
    if isinstance(error, ApiError):
        failure = Failure(error.status, error.message)
        if error.code is not None:
            failure.entries[0]["code"] = error.code
        return failure
    if isinstance(error, OrchestratorError):
        return _ours(type(error), error.message, error.detail)
    if isinstance(error, psycopg.Error):
        return _database(error)
    return Failure(500, INTERNAL)


def is_stale_catalog(error: BaseException) -> bool:
    """True for errors that a statement gets when tables changed since the catalog was read."""
    return isinstance(error, psycopg.Error) and error.sqlstate in {"42P01", "42703", "42883", "42804", "42501", "3F000"}


def _ours(cls: type[OrchestratorError], message: str, detail: Any) -> Failure:
    failure = Failure(cls.http_status, message)
    if isinstance(detail, str):
        try:
            detail = json.loads(detail)
        except ValueError:
            return failure
    entries = detail.get("errors") if isinstance(detail, dict) else None
    if isinstance(entries, list) and all(isinstance(entry, dict) and "message" in entry for entry in entries):
        failure.entries, failure.fixed = entries, False
    return failure


def _database(error: psycopg.Error) -> Failure:
    state = error.sqlstate
    if state is None:
        # never reached the server, lost on the way, or unusable before it was sent
        if isinstance(error, psycopg.OperationalError):
            return Failure(503, UNAVAILABLE, retry=True)
        return Failure(400, str(error)) if isinstance(error, psycopg.DataError) else Failure(500, INTERNAL)
    message = _PREFIX.sub("", error.diag.message_primary or "")
    if state.startswith("WF"):
        return _ours(by_sqlstate(state) or OrchestratorError, message, error.diag.message_detail)
    word = _STATES.get(state) or _CLASSES.get(state[:2])
    return word(message, error) if word is not None else Failure(500, INTERNAL)


def _column(message: str, error: psycopg.Error) -> str:
    """The column of a NOT NULL violation; one that went through a function has it in the message alone."""
    if error.diag.column_name:
        return error.diag.column_name
    found = _QUOTED.search(message)
    return found[1] if found is not None else "value"


def _columns(error: psycopg.Error) -> list[str]:
    found = _KEY.search(error.diag.message_detail or "")
    if found is None:
        return [error.diag.column_name or error.diag.constraint_name or "value"]
    return [name.strip().strip('"') for name in found[1].split(",")]


def _table(error: psycopg.Error) -> tuple[str, str] | None:
    schema, table = error.diag.schema_name, error.diag.table_name
    return (schema, table) if schema and table else None


Wording = Callable[[str, psycopg.Error], Failure]


def _told(status: int) -> Wording:
    """PostgreSQL's own message says it best."""
    return lambda message, _: Failure(status, message)


def _again(status: int) -> Wording:
    return lambda message, _: Failure(status, message, retry=True)


def _said(status: int, text: str, *, retry: bool = False) -> Wording:
    return lambda *_: Failure(status, text, retry=retry)


_STATES: dict[str, Wording] = {
    "23505": lambda _, error: Failure(
        400, *(Worded("{} already exists", name, _table(error)) for name in _columns(error))
    ),
    "23502": lambda message, error: Failure(400, Worded("{} cannot be null", _column(message, error), _table(error))),
    "40001": _again(503),
    "40P01": _again(503),
    "42703": _said(400, BAD_REFERENCE),
    "42P01": _said(400, BAD_REFERENCE),
    "42702": _said(400, BAD_REFERENCE),
    "42601": _said(500, "Invalid SQL syntax"),
    # values that do not compare; a function of ours that is missing is not the client's business
    "42883": lambda message, _: Failure(500, INTERNAL) if "orchestrator." in message else Failure(400, message),
    # not installed yet, or not any more
    "3F000": lambda message, _: (
        Failure(503, UNAVAILABLE, retry=True) if "orchestrator" in message else Failure(500, INTERNAL)
    ),
    "42804": _told(400),
    "42846": _told(400),
    "42501": _said(403, "No permissions"),
    "428C9": _told(400),
    "44000": _told(400),
    "55P03": _again(409),
    "55006": _again(409),
    "57014": _said(503, "the statement took too long", retry=True),
    "P0001": _told(400),
    "54000": _said(400, "the request is too complex"),
    "54001": _said(400, "the request is too complex"),
    "54011": _said(400, "the request is too complex"),
}
_CLASSES: dict[str, Wording] = {
    "08": _said(503, UNAVAILABLE, retry=True),
    "22": _told(400),
    "23": _told(400),
    "25": _said(503, UNAVAILABLE, retry=True),
    "53": _said(503, UNAVAILABLE, retry=True),
    "57": _said(503, UNAVAILABLE, retry=True),
    "28": _said(503, UNAVAILABLE, retry=True),
    "3D": _said(503, UNAVAILABLE, retry=True),
}
