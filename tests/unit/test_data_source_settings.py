"""Further databases: said in the environment and on the command line, which wins."""

from __future__ import annotations

import pytest
import typer

from orchestrator.cli.services import data_sources
from orchestrator.settings import Settings


def test_the_command_line_adds_to_the_environment_and_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_DATA_SOURCES", '{"east": "host=e", "west": "host=w"}')
    found = data_sources(Settings(), ["east=host=new user=x", "north=host=n"])
    assert found == (("east", "host=new user=x"), ("west", "host=w"), ("north", "host=n"))


@pytest.mark.parametrize("text", ["east", "east="])
def test_a_key_without_a_dsn_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        data_sources(Settings(), [text])
