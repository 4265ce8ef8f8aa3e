"""firstOrCreate and updateOrCreate: a record is looked for by some of its values, and created where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from orchestrator.engine.actions.action import Action, Request
from orchestrator.engine.actions.create import Create
from orchestrator.engine.actions.update import Update
from orchestrator.engine.encoding import to_json
from orchestrator.errors import InvalidError
from orchestrator.model.conditions import scalar_text

if TYPE_CHECKING:
    from orchestrator.engine.frame import Frame
    from orchestrator.engine.host import RequestHost
    from orchestrator.engine.limits import Limits
    from orchestrator.model.collection import Collection

__all__ = ["UPSERTS", "upsert"]

UPSERTS = ("firstOrCreate", "updateOrCreate")

_LOCK = "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))::pg_catalog.text as locked"


class Present(Action):
    """The record is there already: nothing is written, and only guards that the request is bound to are asked."""

    event: ClassVar[str | None] = None

    def __init__(self, host: RequestHost, frame: Frame, request: Request, limits: Limits | None, text: str) -> None:
        super().__init__(host, frame, request, limits)
        self._text = text

    def permit(self, limits: Limits) -> None:
        """Nothing more: it was looked for among what is in view."""

    def parameters(self) -> list[dict[str, Any]]:
        """The values as they were given."""
        return [{"values": self.request.values}]

    def perform(self) -> str | None:
        """The record."""
        return self._text


class _LookUp(Present):
    """The first of the records that have these values."""

    def __init__(
        self, host: RequestHost, frame: Frame, request: Request, limits: Limits | None, keys: Sequence[str]
    ) -> None:
        super().__init__(host, frame, request, limits, "")
        self._paths = {path: list(_values_at(request.values, path.split("."))) for path in keys}
        table = self.records.table(request.collection)
        conditions = [_condition(table, path, values) for path, values in self._paths.items()]
        self._rows = {
            **self.selection,
            "kind": "select",
            "collection": table.name,
            "filter": {"$and": conditions},
            "timezone": request.options.get("timezone"),
            "single": True,
            "rendering": "wire",
            "keys": list(table.key_columns),
            "locked": request.action == "updateOrCreate",
        }

    def first(self) -> tuple[Any, str] | None:
        """Its key and its JSON."""
        rows = self.records.fetch(self._rows)
        if not rows:
            return None
        key = self.records.keys_of(rows[0]) if self._rows["keys"] else None
        return (next(iter(key.values())) if key and len(key) == 1 else key), rows[0]["data"]

    def lock(self) -> None:
        """Let others who look for the same wait until this transaction has created it."""
        options = self.request.options
        where = [self.request.collection, options.get("association"), options.get("sourceId")]
        wanted = [[path, [_folded(value) for value in values]] for path, values in sorted(self._paths.items())]
        self.host.fetch(_LOCK, [to_json(["orchestrator upsert", where, wanted])])


def upsert(host: RequestHost, frame: Frame, request: Request, limits: Limits | None) -> Action:
    """What the request comes to: the record as it is, an update of it, or a create.

    A role finds what it may view; what it may do is asked before, so that a denial tells nothing of records.
    """
    if limits is not None:
        for action in ("view", request.action):
            limits.demand(request.collection, action)
    keys = request.options.get("filterKeys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        raise InvalidError('"filterKeys" must be a list of names')
    if not isinstance(request.values, Mapping):
        raise InvalidError("values must be an object")
    request = replace(request, filter=None, filter_by_tk=None)
    looking = _LookUp(host, frame, request, limits, keys)
    found = looking.first()
    if found is None:
        looking.lock()
        found = looking.first()
    if found is None:
        return Create(host, frame, replace(request, options=_keeping(request.options, keys)), limits)
    key, text = found
    if request.action == "firstOrCreate":
        return Present(host, frame, request, limits, text)
    if key is None:
        raise InvalidError(f'records of "{request.collection}" have no key')
    return Update(host, frame, replace(request, filter_by_tk=key), limits)


def _keeping(options: Mapping[str, Any], keys: Sequence[str]) -> Mapping[str, Any]:
    """A whitelist lets through what the record was looked for by: else the next request would not find it."""
    whitelist = options.get("whitelist")
    if whitelist is None:
        return options
    return {**options, "whitelist": [*whitelist, *(key.partition(".")[0] for key in keys)]}


def _values_at(value: Any, names: Sequence[str]) -> Iterator[Any]:
    """What a path leads to among the values; through a list to something in each element."""
    if not names:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _values_at(item, names)
    elif isinstance(value, Mapping):
        yield from _values_at(value.get(names[0]), names[1:])


def _condition(table: Collection, path: str, values: Sequence[Any]) -> dict[str, Any]:
    """A record has the value, or one of several, at the path; none at all is null."""
    field = table.fields.get(path)
    if field is not None and field.listed and values and isinstance(values[0], list):
        return {path: {"$match": values[0]}}
    if any(isinstance(value, list | Mapping) for value in values):
        raise InvalidError(f'"{path}" is not the path of a value')
    if field is not None and field.textual:
        values = [None if value is None else scalar_text(value) for value in values]
    return {path: {"$in": values} if len(values) > 1 else {"$eq": values[0] if values else None}}


def _folded(value: Any) -> Any:
    """Values that a column may hold to be equal are one."""
    return value if value is None or isinstance(value, list) else scalar_text(value).casefold()
