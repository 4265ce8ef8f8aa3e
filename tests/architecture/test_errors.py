"""The registry of errors is total: class, SQLSTATE, HTTP status, message."""

from __future__ import annotations

import re

import pytest

from orchestrator import errors
from orchestrator.errors import OrchestratorError, WorkflowFailedError, by_sqlstate, error_classes

CLASSES = list(error_classes())


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_has_a_code_a_status_and_a_message(cls: type[OrchestratorError]) -> None:
    assert re.fullmatch(r"WF\d{3}|40001", cls.sqlstate)
    assert 400 <= cls.http_status <= 599
    assert cls.__doc__
    assert cls.__name__ in errors.__all__


@pytest.mark.parametrize("cls", CLASSES)
def test_every_sqlstate_revives_a_class(cls: type[OrchestratorError]) -> None:
    revived = by_sqlstate(cls.sqlstate)
    assert revived is not None
    assert issubclass(cls, revived) or (cls, revived) == (OrchestratorError, WorkflowFailedError)
    assert revived.http_status == cls.http_status


@pytest.mark.parametrize("cls", CLASSES)
def test_the_tree_in_the_docstring_is_the_tree(cls: type[OrchestratorError]) -> None:
    assert re.search(rf"\b{cls.__name__} +{cls.sqlstate} +{cls.http_status}\b", errors.__doc__ or "")
