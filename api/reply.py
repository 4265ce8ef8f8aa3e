"""What an action answers, before it becomes an HTTP response."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Reply", "data_reply"]


class Reply(NamedTuple):
    """HTTP status and JSON text, or something of another type; an empty body goes with 204."""

    status: int
    body: bytes
    content_type: str = "application/json"


def data_reply(data: Any) -> Reply:
    """200 with `{"data": …}`."""
    return Reply(200, json.dumps({"data": data}, ensure_ascii=False).encode())
