"""A guard that tests of several nouns share."""

from __future__ import annotations

from typing import Any

__all__ = ["title_guard"]


def title_guard(collection: str, *messages: str) -> dict[str, Any]:
    """The document of a global guard that says these messages of every new record titled `refused`."""
    said = [
        {"key": f"say{number}", "type": "response-message", "config": {"message": message}}
        for number, message in enumerate(messages)
    ]
    leaf = {"calculator": "equal", "operands": ["{{$context.params.values.title}}", "refused"]}
    return {
        "key": "refuses",
        "title": "refuses",
        "type": "request-interception",
        "enabled": True,
        "config": {"collection": collection, "global": True, "actions": ["create"]},
        "nodes": [
            {
                "key": "ask",
                "type": "condition",
                "config": {
                    "engine": "basic",
                    "rejectOnFalse": False,
                    "calculation": {"group": {"type": "and", "calculations": [leaf]}},
                },
                "branches": {"1": [*said, {"key": "stop", "type": "end", "config": {"endStatus": -1}}]},
            }
        ],
    }
