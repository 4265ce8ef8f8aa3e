"""Guides: what they list is all there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.dispatch import ACTIONS

_GUIDE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()


@pytest.mark.parametrize("action", sorted(ACTIONS.names()))
def test_every_action_is_in_the_guide_to_the_api(action: str) -> None:
    assert re.search(rf"\b{action}\b", _GUIDE)
