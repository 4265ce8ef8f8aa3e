"""Diagrams of stored workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.database.definitions.conftest import Definitions


def test_reads_well_in_a_terminal(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    assert definitions.value("select orchestrator.diagram('limit')").splitlines() == [
        "limit: Refuse big ones",
        "request-interception on expenses (create) global [enabled]",
        "├─ ask (condition): Above?",
        "│  └─ [yes]",
        "│     ├─ say (response-message)",
        "│     └─ stop (end) → failed",
        "└─ last (output)",
    ]


def test_mermaid(definitions: Definitions) -> None:
    definitions.define(definitions.guard(title='Say "no" <b>'))
    assert definitions.value("select orchestrator.diagram('limit', 'mermaid')").splitlines() == [
        "flowchart TD",
        '    start(["Say #quot;no#quot; #lt;b#gt;<br/>request-interception on expenses (create) global"])',
        '    n1{"ask (condition): Above?"}',
        '    n2["say (response-message)"]',
        '    n3(["stop (end) → failed"])',
        '    n4["last (output)"]',
        "    start --> n1",
        '    n1 -->|"yes"| n2',
        "    n1 --> n4",
        "    n2 --> n3",
    ]


def test_another_format_is_refused(definitions: Definitions) -> None:
    definitions.define(definitions.guard())
    assert definitions.refusal("select orchestrator.diagram('limit', 'svg')").sqlstate == "WF422"
