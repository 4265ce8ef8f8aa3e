"""An action under way: what was asked, below which row, and how its own writes are told from all others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from orchestrator.engine.exemption import Exemption, Watch
from orchestrator.engine.field_values import settle, without_secrets
from orchestrator.engine.records import open_records
from orchestrator.errors import ForbiddenError, InvalidError, NotFoundError
from orchestrator.model.collection import Association, Collection
from orchestrator.model.shape import is_selective

if TYPE_CHECKING:
    from orchestrator.engine.follow import Written
    from orchestrator.engine.frame import Frame
    from orchestrator.engine.host import RequestHost
    from orchestrator.engine.limits import Limits
    from orchestrator.engine.records import Records

__all__ = ["Action", "Request", "Source", "objects"]

#: actions whose values are records
_WRITING = frozenset({"create", "update", "firstOrCreate", "updateOrCreate", "importXlsx"})


@dataclass(frozen=True, slots=True)
class Request:
    """An action as the API hands it over; ``collection`` is an association's target."""

    collection: str
    action: str
    values: Any
    filter: Any
    filter_by_tk: Any
    options: Mapping[str, Any]


class Source(NamedTuple):
    """The row that a path goes through: its collection, the relation that leads on, and its key."""

    table: Collection
    association: Association
    key: Any


class Action(ABC):
    """One action of one request.

    Attributes:
        event: what global guards are asked about at once; None where each row that changes is judged by itself.
        limits: what the role may do; None where nothing restricts it.
        written: the action's own rows, which the followers start for.
    """

    event: ClassVar[str | None] = None

    def __init__(self, host: RequestHost, frame: Frame, request: Request, limits: Limits | None = None) -> None:
        self.host = host
        self.frame = frame
        self.request = request
        self.limits = limits
        self.written: list[Written] = []

    @abstractmethod
    def permit(self, limits: Limits) -> None:
        """Reduce the request to what the role may write, before guards see it.

        Raises:
            ForbiddenError: it may not do it at all.
        """

    @abstractmethod
    def parameters(self) -> list[dict[str, Any]]:
        """``$context.params`` of each judgement to be made before anything is written."""

    @abstractmethod
    def perform(self) -> str | None:
        """Write; the JSON that is answered as ``data``, None for none."""

    # -- values ----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Bring the values into the form in which they are judged and written.

        Raises:
            InvalidError: they break a rule of their fields.
        """
        request = self.request
        if self.event is None or request.action not in _WRITING:
            return
        settled = settle(
            self.records.catalog,
            request.collection,
            request.values,
            created=self.event == "insert",
            updatable=request.options.get("updateAssociationValues") or (),
            actor=self.frame.actor,
            known=self.limits.may_name if self.limits is not None else None,
        )
        self.request = replace(request, values=settled)

    def shown(self, params: dict[str, Any]) -> dict[str, Any]:
        """What guards and history see of a judgement's parameters."""
        if "values" not in params:
            return params
        return params | {"values": without_secrets(self.records.catalog, self.request.collection, params["values"])}

    # -- what was asked --------------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> Records:
        records = open_records(self.host, limits=self.limits)
        records.visiting = self.frame.actor.visits
        return records

    @cached_property
    def source(self) -> Source | None:
        """None where the path leads to the collection itself."""
        options = self.request.options
        name = options.get("association")
        if not name:
            return None
        table = self.records.table(str(options.get("source")))
        association = table.associations.get(name)
        if association is None:
            raise NotFoundError(f'"{table.name}" has no relation "{name}"')
        return Source(table, association, options.get("sourceId"))

    @property
    def user_id(self) -> int | None:
        user = self.frame.actor.user
        return int(user["id"]) if user else None

    @property
    def permitted(self) -> dict[str, Any]:
        """Arguments of the repository that say what may be written, and by whom."""
        options = self.request.options
        return {
            "whitelist": options.get("whitelist"),
            "blacklist": options.get("blacklist"),
            "update_association_values": options.get("updateAssociationValues") or (),
            "user_id": self.user_id,
        }

    @property
    def selection(self) -> dict[str, Any]:
        """Arguments of the repository that say which rows are meant."""
        request = self.request
        selection: dict[str, Any] = {"filter": request.filter, "filter_by_tk": request.filter_by_tk}
        if request.filter:
            # what its conditions may refer to
            selection |= {"userId": self.user_id, "timezone": request.options.get("timezone")}
        if self.source is not None:
            table, association, key = self.source
            selection["association"] = {"collection": table.name, "name": association.name, "key": key}
        return selection

    def find(self, columns: tuple[str, ...], selection: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Columns of the rows that are meant, raw."""
        request = {**selection, "filterByTk": selection["filter_by_tk"], "keys": list(columns)}
        request |= {"kind": "select", "collection": self.request.collection}
        rows = self.records.fetch(request, self.request.action)
        return [self.records.keys_of(row) for row in rows]

    def count(self, selection: Mapping[str, Any]) -> int:
        """How many rows are meant."""
        request = {**selection, "filterByTk": selection["filter_by_tk"]}
        request |= {"kind": "count", "collection": self.request.collection}
        return int(self.records.fetch(request, self.request.action)[0]["count"])

    def find_target(self, association: Association) -> Any:
        """Key of the one row that a to-one relation leads to, None where there is none; no key need be given."""
        columns = self.records.table(association.target).key_columns or (association.target_key,)
        rows = self.find(columns, self.selection | {"filter_by_tk": None})
        if not rows:
            return None
        return rows[0][columns[0]] if len(columns) == 1 else rows[0]

    # -- what the role may do --------------------------------------------------------------------------------------

    def permit_values(self, limits: Limits, action: str) -> None:
        """Leave out of the values what the role may not write, but for what the record was looked for by."""
        limits.demand(self.request.collection, action)
        rules, values = limits.rules(self.records), self.request.values
        keys = self.request.options.get("filterKeys") or ()
        keep = [name for name in keys if limits.shows(self.request.collection, name)]
        kept = [
            rules.values(
                self.request.collection,
                action,
                element,
                updatable=self.request.options.get("updateAssociationValues") or (),
                keep=keep,
                through=self.source.association.through if self.source is not None else None,
            )
            for element in objects(values)
        ]
        self.request = replace(self.request, values=kept if isinstance(values, list) else kept[0])

    def permit_source(self, limits: Limits, table: Collection, name: str, key: Any) -> None:
        """Demand that the role may change what the row of a key has under a name.

        Raises:
            ForbiddenError: it may not; also where there is no such row, if there are some that it may not change.
        """
        limits.demand(table.name, "update", name)
        if limits.rows(table.name, "update") is None:
            return
        request = {"kind": "count", "collection": table.name, "filterByTk": key}
        if not is_selective(None, key) or self.records.fetch(request, "update")[0]["count"] == "0":
            raise ForbiddenError

    # -- the action's own writes -----------------------------------------------------------------------------------

    @contextmanager
    def exempt(self, judged: Mapping[str, Any]) -> Iterator[None]:
        """Around the one statement that writes the action's own rows, judged by these values, and nothing else."""
        exemption = Exemption(self.frame.plan.collection, self.event or "", judged)
        with self._under(exemption):
            yield
        self.written += exemption.written

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Around statements whose rows of the action's collection are judged one by one, and followed all the same."""
        watch = Watch(self.frame.plan.collection)
        with self._under(watch):
            yield
        self.written += watch.written

    @contextmanager
    def _under(self, exemption: Exemption) -> Iterator[None]:
        followed = bool(any(self.frame.plan.after.values()) or self.frame.actor.bindings)
        outer = self.host.exemption
        self.host.exemption = exemption
        try:
            with self.host.hinting() if followed else nullcontext():
                yield
        finally:
            self.host.exemption = outer


def objects(values: Any) -> list[dict[str, Any]]:
    """The records among the values: an array body is judged and written element by element."""
    found = values if isinstance(values, list) else [values]
    if not all(isinstance(value, dict) for value in found):
        raise InvalidError("values must be an object")
    return found
