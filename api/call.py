"""A call: what custom code sees of a request, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from api.access import restricted as restrict
from api.context import Context
from api.errors import ApiError
from api.reply import Reply
from orchestrator.engine.encoding import iso, to_json
from orchestrator.model.shape import split

__all__ = ["Call"]

_UNSET: Any = object()


class Call:
    """One request on its way through custom code.

    Attributes:
        params: of the request, merged with the defaults of its action; `values` is the body.
        state: for middlewares and handlers to tell each other something.
        meta: what is sent beside `data`.
        messages: texts of a `messages` array beside it.
    """

    def __init__(self, ctx: Context, params: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self.params: dict[str, Any] = dict(params)
        self.state: dict[str, Any] = {}
        self.status = 200
        self.meta: dict[str, Any] | None = None
        self.messages: list[str] = []
        self._body: Any = _UNSET
        self._reply: Reply | None = None

    # -- what is asked ---------------------------------------------------------------------------------------------

    @property
    def resource(self) -> str:
        """`orders`, or `orders.items` below a source."""
        return self._ctx.target.resource

    @property
    def action(self) -> str:
        return self._ctx.action

    @property
    def record_id(self) -> Any:
        """The key in the path or in `filterByTk`."""
        return self._ctx.params.filter_by_tk

    @property
    def source_id(self) -> str | None:
        return self._ctx.target.source_id

    @property
    def user(self) -> dict[str, Any] | None:
        """The signed-in user with his roles, None for a guest."""
        session = self._ctx.session
        return None if session is None else json.loads(session.document)

    @property
    def role(self) -> str | None:
        """The role that acts."""
        return self._ctx.role

    @property
    def request_id(self) -> str:
        return self._ctx.request_id

    def header(self, name: str) -> str | None:
        """A request header, None when absent or empty."""
        return self._ctx.header(name)

    # -- what is answered ------------------------------------------------------------------------------------------

    @property
    def body(self) -> Any:
        """What goes out as `data`: the handler's, or what a built-in action answered."""
        if self._body is _UNSET and self._reply is not None:
            return json.loads(self._reply.body or b"{}").get("data")
        return None if self._body is _UNSET else self._body

    @body.setter
    def body(self, value: Any) -> None:
        self._body = value

    def throw(self, status: int, message: str, code: str | None = None) -> NoReturn:
        """End the request with an error."""
        raise ApiError(status, message, code)

    def answered(self, reply: Reply) -> None:
        """Take the reply of a built-in action."""
        self._reply = reply

    def reply(self) -> Reply:
        """The reply as it is sent."""
        if self._body is _UNSET and self._reply is not None and not self.messages and self.meta is None:
            return self._reply
        if isinstance(self._body, Reply):
            return self._body
        out = self._wrapped()
        if self.meta is not None:
            out["meta"] = {**out.get("meta", {}), **self.meta}
        if self.messages:
            out["messages"] = [*out.get("messages", []), *({"message": text} for text in self.messages)]
        return Reply(self.status, _encode(out).encode())

    def _wrapped(self) -> dict[str, Any]:
        out: dict[str, Any] = json.loads(self._reply.body or b"{}") if self._reply is not None else {}
        body = self._body
        if body is _UNSET:
            return out
        if isinstance(body, Mapping) and isinstance(body.get("rows"), list):
            meta = {name: value for name, value in body.items() if name != "rows"}
            return {**out, "data": body["rows"], **({"meta": meta} if meta else {})}
        return {**out, "data": body}

    # -- what can be done ------------------------------------------------------------------------------------------

    async def rows(self, sql: str, params: Sequence[str | None] = ()) -> list[tuple[str | None, ...]]:
        """Rows of a statement of one's own, `$1` for parameters, everything as text; a transaction of its own."""
        rows = await self._ctx.services.database.rows(sql, params)
        return [tuple(None if value is None else value.decode() for value in row) for row in rows]

    async def find(self, collection: str, *, restricted: bool = False, **request: Any) -> list[dict[str, Any]]:
        """Records of a collection as the wire shows them: `filter`, `fields`, `appends`, `sort`, `limit`, `offset`.

        Args:
            restricted: only what the role that acts may view; else code decides what it shows.
        """
        wanted = {"kind": "select", "collection": collection, "rendering": "wire", **request}
        shape, values = split(await restrict(self._ctx, wanted) if restricted else wanted)
        statements = await self._ctx.services.catalogs.current()
        row = await self._ctx.services.database.row(statements.of(shape), values)
        found: list[dict[str, Any]] = json.loads((row and row[0]) or b"[]")
        return found

    async def write(
        self,
        action: str,
        collection: str,
        *,
        values: Any = None,
        filter: Any = None,
        filter_by_tk: Any = None,
        trigger_workflows: str | None = None,
    ) -> Any:
        """`create`, `update` or `destroy` in the user's name, with guards and followers; what it answers as data.

        What the role may do does not count here: code decides.

        Raises:
            ApiError: a workflow or the database refused.
        """
        request = {"action": action, "values": values, "filter": filter, "filterByTk": filter_by_tk, "unlimited": True}
        text = to_json({name: value for name, value in request.items() if value is not None})
        row = await self._ctx.services.database.row(
            self._ctx.services.act,
            (text, collection, None, self._ctx.acting_user, self.role, trigger_workflows, self.request_id),
        )
        status, _, body = ((row and row[0]) or b"500 {}").partition(b" ")
        answer = json.loads(body or b"{}")
        if int(status) != 200:
            errors = answer.get("errors") or [{"message": ""}]
            raise ApiError(int(status), errors[0]["message"], errors[0].get("code"))
        self.messages += [entry["message"] for entry in answer.get("messages", ())]
        return answer.get("data")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    return iso(value) if isinstance(value, datetime) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
