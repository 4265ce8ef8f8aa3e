"""What browsers are told about requests from other origins.

Any origin may ask, since a token has to be brought along by the page itself. Cookies and the like are sent only from
the server's own origin and those that were named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sanic import Request

__all__ = ["Cors"]

_METHODS = "GET,HEAD,PUT,POST,DELETE,PATCH"
_EXPOSED = "content-disposition,x-new-token,x-request-id"
#: what can be sent back in a header as it came
_FIT = re.compile(r"[\x20-\x7e]{1,4096}")


class Cors:
    """The headers of replies; `trusted` are origins like `https://app.example`."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = frozenset(origin.rstrip("/") for origin in trusted)

    def headers(self, request: Request) -> dict[str, str]:
        """For every reply, errors included."""
        origin = _given(request, "origin")
        if origin is None:
            return {"Vary": "Origin"}
        headers = {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED,
        }
        if origin in self._trusted or origin == _own(request):
            headers["Access-Control-Allow-Credentials"] = "true"
        return headers

    def preflight(self, request: Request) -> dict[str, str] | None:
        """For a browser that asks whether it may ask; None when the request is not that question."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        headers = self.headers(request)
        if "Access-Control-Allow-Origin" not in headers:
            return None
        del headers["Access-Control-Expose-Headers"]
        headers["Access-Control-Allow-Methods"] = _METHODS
        asked = _given(request, "access-control-request-headers")
        if asked is not None:
            headers["Access-Control-Allow-Headers"] = asked
        return headers


def _given(request: Request, name: str) -> str | None:
    value = request.headers.get(name)
    return value if value is not None and _FIT.fullmatch(value) else None


def _own(request: Request) -> str:
    scheme = request.headers.get("x-forwarded-proto") or request.scheme
    return f"{scheme}://{request.headers.get('host', '')}"
