"""One request on its way: what was asked, by whom, and the services that answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanic import Request

from api import query_string
from api.errors import ApiError, NotFound, Worded
from api.params import Params, load_json
from api.request import Target
from api.sessions import Session, visitor
from orchestrator.engine.encoding import to_json

if TYPE_CHECKING:
    from api.services import Services
    from orchestrator.access import Access

__all__ = ["Context", "body_text", "client_address"]


@dataclass(slots=True)
class Context:
    """`session` and `role` are None for public actions, `access` for root as well.

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
    #: the roles that act: one, or all of the user's together
    acting: tuple[str, ...] = ()
    #: what they may do
    access: Access | None = None
    #: in another data source, the document that says so
    elsewhere: Mapping[str, Any] | None = None
    #: set where the body was not the values but all parameters
    values: Any = None
    #: headers of the response, also when it is an error
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def user_id(self) -> int | None:
        """The acting user's id."""
        return self.session.user_id if self.session is not None else None

    @property
    def acting_user(self) -> str | None:
        """The acting user as `services.act` takes him: his id, or what another database is told of him."""
        if self.session is None or self.services is self.services.main:
            return None if self.session is None else str(self.session.user_id)
        return visitor(self.session)

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
    if not request.body or request.method in ("GET", "HEAD"):
        return "{}"
    try:
        text = _json_of(request)
        value = load_json(text)
        if not isinstance(value, dict | list):
            raise ValueError("neither an object nor a list")
    except ValueError:
        raise ApiError(400, "Bad Request") from None
    if limit is not None:
        _check_length(value, limit)
    return text


def _json_of(request: Request) -> str:
    """A body of JSON as it is; of a form its fields, without its files."""
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        form = request.form.items() if request.form else ()
        return json.dumps({name: values[0] for name, values in form}, ensure_ascii=False)
    text = request.body.decode()
    if content_type.startswith("application/x-www-form-urlencoded"):
        return json.dumps(query_string.parse(text), ensure_ascii=False)
    return text
