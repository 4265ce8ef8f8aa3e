"""What clients are told about errors."""

from __future__ import annotations

import json

import psycopg
import pytest

from api.errors import ApiError, NotFound, describe
from orchestrator.errors import BlockedError, ForbiddenError, OrchestratorError, error_classes


def test_an_internal_error_tells_nothing() -> None:
    failure = describe(RuntimeError("select password from users"))
    assert (failure.status, json.loads(failure.body())) == (500, {"errors": [{"message": "Internal Server Error"}]})


@pytest.mark.parametrize("cls", list(error_classes()), ids=lambda cls: cls.__name__)
def test_our_errors_have_the_status_of_the_registry(cls: type[OrchestratorError]) -> None:
    error = cls.__new__(cls)
    OrchestratorError.__init__(error, "said")
    failure = describe(error)
    assert (failure.status, failure.entries) == (cls.http_status, [{"message": "said"}])


def test_messages_of_a_refusal_are_its_entries() -> None:
    entries = [{"message": "first"}, {"message": "second"}]
    assert describe(BlockedError(detail={"workflow": "w", "errors": entries})).entries == entries
    assert describe(BlockedError(detail=json.dumps({"errors": entries}))).entries == entries
    assert describe(ForbiddenError(detail="no JSON")).entries == [{"message": "No permissions"}]


def test_a_code_is_sent_where_there_is_one() -> None:
    assert json.loads(describe(ApiError(401, "x", "EMPTY_TOKEN")).body()) == {
        "errors": [{"message": "x", "code": "EMPTY_TOKEN"}]
    }
    assert json.loads(describe(NotFound()).body()) == {"errors": [{"message": "Not Found"}]}


def test_sql_that_cannot_be_read_is_not_the_clients_business() -> None:
    failure = describe(psycopg.errors.SyntaxError('syntax error at or near "secret"'))
    assert (failure.status, failure.entries) == (500, [{"message": "Invalid SQL syntax"}])


def test_a_lost_connection_says_try_again() -> None:
    failure = describe(psycopg.OperationalError("connection to server at 10.0.0.1 failed"))
    assert (failure.status, failure.retry) == (503, True)
    assert b"10.0.0.1" not in failure.body()


@pytest.mark.parametrize(
    ("cls", "status", "retry"),
    [
        (psycopg.errors.SerializationFailure, 503, True),
        (psycopg.errors.DeadlockDetected, 503, True),
        (psycopg.errors.LockNotAvailable, 409, True),
        (psycopg.errors.QueryCanceled, 503, True),
        (psycopg.errors.AdminShutdown, 503, True),
        (psycopg.errors.TooManyConnections, 503, True),
        (psycopg.errors.CheckViolation, 400, False),
        (psycopg.errors.InvalidTextRepresentation, 400, False),
        (psycopg.errors.UndefinedColumn, 400, False),
        (psycopg.errors.InsufficientPrivilege, 403, False),
        (psycopg.errors.SyntaxError, 500, False),
        (psycopg.errors.InternalError_, 500, False),
        (psycopg.errors.ExternalRoutineException, 500, False),
    ],
)
def test_states_of_the_database_have_a_status(cls: type[psycopg.Error], status: int, retry: bool) -> None:
    failure = describe(cls("text"))
    assert (failure.status, failure.retry) == (status, retry)
    assert failure.entries
