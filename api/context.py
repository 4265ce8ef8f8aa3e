"""One request on its way: what was asked, by whom, and the services that answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanic import Request

from api import query_string
from api.errors import ApiError, NotFound, Worded
from api.params import Params, load_json
from api.request import Target
from api.sessions import Session
from orchestrator.engine.encoding import to_json

if TYPE_CHECKING:
    from api.services import Services

__all__ = ["Context", "body_text", "client_address"]


@dataclass(slots=True)
class Context:
    """`session` and `role` are None for public actions.

    `collection` is whose records are meant: with an association its target, while `target.collection` is the source.
    """

    services: Services
    request: Request
    request_id: str
    target: Target
    action: str
    collection: str
    params: Params = field(default_factory=Params)
    session: Session | None = None
    role: str | None = None
    #: set where the body was not the values but all parameters
    values: Any = None
    #: headers of the response, also when it is an error
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def user_id(self) -> int | None:
        """The acting user's id."""
        return self.session.user_id if self.session is not None else None

    def header(self, name: str) -> str | None:
        """A request header, None when absent or empty."""
        value = self.request.headers.get(name)
        return value or None

    def source_key(self) -> Any:
        """The source's key from the path: a text, or one value a column."""
        source = self.target.source_id
        if source is None:
            raise NotFound
        if not source.startswith("{"):
            return source
        try:
            return load_json(source)
        except ValueError:
            raise ApiError(400, "the source's key is not valid JSON") from None

    def values_text(self) -> str:
        """The values as JSON text, checked, untouched; `{}` for an empty body."""
        limit = self.services.settings.max_elements
        if self.values is not None:
            _check_length(self.values, limit)
            return to_json(self.values)
        return body_text(self.request, limit)

    def values_json(self) -> Any:
        """The values as Python objects."""
        return load_json(self.values_text())


def client_address(request: Request) -> str:
    """Whose request it is: what a proxy says that is counted on, else who is connected."""
    return request.remote_addr or request.ip


def _check_length(values: Any, limit: int) -> None:
    if isinstance(values, list) and len(values) > limit:
        raise ApiError(400, Worded("a list of values may have at most {} elements", str(limit)))


def body_text(request: Request, limit: int | None = None) -> str:
    """The body as the text of one JSON object, or of a list with so many elements at most."""
    raw = request.body
    if not raw or request.method in ("GET", "HEAD"):
        return "{}"
    try:
        text = raw.decode()
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return json.dumps(query_string.parse(text), ensure_ascii=False)
        value = load_json(text)
        if not isinstance(value, dict | list):
            raise ValueError("neither an object nor a list")
    except ValueError:
        raise ApiError(400, "Bad Request") from None
    if limit is not None:
        _check_length(value, limit)
    return text
