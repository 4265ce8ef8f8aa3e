"""create: one record or a list of them, below a row where the path goes through one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orchestrator.engine.actions.action import Action, objects
from orchestrator.engine.encoding import from_json
from orchestrator.engine.links import open_links, pivot_of, refer, source_row
from orchestrator.errors import InvalidError

if TYPE_CHECKING:
    from orchestrator.engine.follow import Written
    from orchestrator.engine.limits import Limits
    from orchestrator.engine.links import Links

__all__ = ["Create"]


class Create(Action):
    """The records' own columns, their links to the row above, and everything nested in them."""

    event: ClassVar[str | None] = "insert"
    permission: ClassVar[str] = "create"

    #: of the row above; None where there is none, or where it refers to the record and not the other way round
    _links: Links | None = None
    #: the column that links a record to the row above, whatever the values say
    _below: Mapping[str, Any] = {}

    def permit(self, limits: Limits) -> None:
        """The values; below a relation that a column of the row above is for, to change that row as well."""
        self.permit_values(limits)
        if self.source is not None and self.source.association.type == "belongsTo":
            table, association, key = self.source
            self.permit_source(limits, table, association.name, key)

    def parameters(self) -> list[dict[str, Any]]:
        """The values, with the column that links them to the row above: guards judge what will be written."""
        if self.source is not None:
            table, association, key = self.source
            if isinstance(self.request.values, list) and not association.to_many:
                raise InvalidError(f'"{association.name}" relates to one record')
            if association.type == "belongsTo":
                source_row(self.records, table, association, key, "update")
            else:
                self._links = open_links(self.records, table, association, key)
                if association.type != "belongsToMany":
                    self._below = {association.foreign_key: self._links.source}
        return [{"values": {**values, **self._below}} for values in objects(self.request.values)]

    def perform(self) -> str | None:
        """The record or the list of them; None where a workflow left one out and said so."""
        elements = objects(self.request.values)
        texts = [text for values in elements for text in self.create(values)]
        if len(texts) < len(elements) and self.host.skipped:
            return None
        # no text: a trigger of the user's left the row out
        return f"[{','.join(texts)}]" if isinstance(self.request.values, list) else "".join(texts) or "null"

    def create(self, values: Mapping[str, Any]) -> list[str]:
        """One of the records, with processor time of its own: its JSON, nothing where it was left out."""
        with self.host.budget():
            return self._create(values)

    def _create(self, values: Mapping[str, Any]) -> list[str]:
        association = self.source.association if self.source is not None else None
        if association is not None and association.type == "hasOne" and self._links is not None:
            # the one that was there before is let go
            with self.watch():
                self._links.keep_only([])
        through = association.through if association is not None else None
        own = {name: value for name, value in values.items() if name != through}
        first = len(self.written)
        made = self.records.create(
            self.request.collection,
            own,
            **self.permitted,
            around=lambda: self.exempt({**values, **self._below}),
            below=self._below,
            keys=[association.target_key] if association is not None else (),
        )
        if association is not None:
            for row in made.keys:
                self._link(row[association.target_key], values)
        nested = [name for name in own if name in self.records.table(self.request.collection).associations]
        if nested:
            for record, text in zip(self.written[first:], made.texts, strict=False):
                reply = from_json(text) if self.limits is None else self._whole(record, nested)
                record.new = {**(record.new or {}), **{name: reply[name] for name in nested if name in reply}}
        return list(made.texts)

    def _whole(self, record: Written, names: list[str]) -> dict[str, Any]:
        """A record with relations as followers see it: the reply has but what the role sees."""
        collection = self.request.collection
        columns = self.records.table(collection).key_columns
        if not columns:
            return {}
        key = {name: record.data.get(name) for name in columns}
        found = self.records.unlimited.find(collection, filter_by_tk=key, appends=names)
        return found[0] if found else {}

    def _link(self, target: Any, values: Mapping[str, Any]) -> None:
        """Relate a new record to the row above, where no column of its own does."""
        if self.source is None:
            return
        table, association, key = self.source
        if association.type == "belongsTo":
            refer(self.records, table, association, key, target, self.user_id)
        elif association.type == "belongsToMany" and self._links is not None:
            permitted = self.request.options
            self._links.add(
                [target], pivot_of(association, values, permitted.get("whitelist"), permitted.get("blacklist"))
            )
