"""Values as the fields that they are meant for want them, before anything is judged or written.

Texts are trimmed, lists put in order, passwords hashed, instants counted, rules of validation enforced, for the record
itself and for those nested in it. A value that is as it should be stays as it is, so doing it twice changes nothing.
Only requests and data nodes come through here; what SQL writes meets triggers, see attach_filler().
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orchestrator.engine.dates import epoch_ms, from_epoch_ms, iso, parse
from orchestrator.engine.encoding import to_json
from orchestrator.engine.passwords import hash_password, is_hash
from orchestrator.engine.validation import problems
from orchestrator.engine.variables import UNDEFINED
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Catalog, Collection, Field

if TYPE_CHECKING:
    from orchestrator.engine.actor import Actor

__all__ = ["instant_text", "settle", "without_secrets"]


def settle(
    catalog: Catalog,
    collection: str,
    values: Any,
    *,
    created: bool,
    updatable: Sequence[str] = (),
    actor: Actor | None = None,
    known: Callable[[str, str], bool] | None = None,
) -> Any:
    """The values of a record or of a list of them.

    Args:
        created: whether they make records; then what is required must be there.
        updatable: paths of relations whose records may be changed, and not only linked.
        known: whether a collection's field may be named in errors.

    Raises:
        InvalidError: a rule is broken; ``detail`` has an entry for each.
    """
    if not catalog.has_behaviour:
        return values
    settling = _Settling(catalog, actor, known)
    settled = settling.all(collection, values, created, tuple(updatable))
    if settling.problems:
        raise InvalidError(settling.problems[0], detail={"errors": [{"message": text} for text in settling.problems]})
    return settled


def without_secrets(catalog: Catalog, collection: str, values: Any) -> Any:
    """The values as history may keep them: passwords are left out, those of nested records as well."""
    if not catalog.has_secret:
        return values
    if isinstance(values, list):
        return [without_secrets(catalog, collection, item) for item in values]
    table = catalog.get(collection)
    if table is None or not isinstance(values, Mapping):
        return values
    shown = {}
    for name, value in values.items():
        field, association = table.fields.get(name), table.associations.get(name)
        if field is None or not field.secret:
            shown[name] = value if association is None else without_secrets(catalog, association.target, value)
    return shown


class _Settling:
    """One request's values; what is wrong with them is gathered."""

    def __init__(self, catalog: Catalog, actor: Actor | None, known: Callable[[str, str], bool] | None) -> None:
        self._catalog = catalog
        self._known = known
        self._actor = actor
        self.problems: list[str] = []

    def all(self, collection: str, values: Any, created: bool, updatable: tuple[str, ...]) -> Any:
        if isinstance(values, list | tuple):
            return [self.all(collection, item, created, updatable) for item in values]
        table = self._catalog.get(collection)
        if table is None or not isinstance(values, Mapping):
            return values
        settled = dict(values)
        for name, value in values.items():
            association = table.associations.get(name)
            if association is not None and isinstance(value, Mapping | list | tuple):
                settled[name] = self._nested(association, value, updatable)
        for field in table.behaving_fields:
            self._field(table, field, settled, created)
        return settled

    def _nested(self, association: Association, value: Any, updatable: tuple[str, ...]) -> Any:
        if isinstance(value, list | tuple):
            return [self._nested(association, item, updatable) for item in value]
        target = self._catalog.get(association.target)
        if target is None or not isinstance(value, Mapping):
            return value
        keys = {association.target_key, *target.key_columns}
        named = any(value.get(key) is not None for key in keys)
        if named and association.name not in updatable:
            # it is linked, and the rest of it ignored
            return value
        below = tuple(
            path.removeprefix(f"{association.name}.") for path in updatable if path.startswith(f"{association.name}.")
        )
        return self.all(target.name, value, not named, below)

    def _field(self, table: Collection, field: Field, values: dict[str, Any], created: bool) -> None:
        name = field.name
        if field.type == "context":
            self._fill(field, values, created)
        given = name in values and values[name] is not UNDEFINED
        if given and values[name] is not None:
            values[name] = _normal(field, values[name])
        value = values.get(name) if given else None
        label = f"{table.title or table.name}: {field.title or name}"
        if self._known is not None and not self._known(table.name, name):
            label = "value"
        if given or created:
            if field.validation is not None and not (field.secret and isinstance(value, str) and is_hash(value)):
                self.problems += problems(label, field.validation, value)
            if field.behaviour.get("pattern") and isinstance(value, str):
                rule = {"rules": [{"name": "pattern", "args": {"regex": field.behaviour["pattern"]}}]}
                self.problems += problems(label, rule, value)
        if field.secret and isinstance(value, str) and not self.problems:
            values[name] = hash_password(value)

    def _fill(self, field: Field, values: dict[str, Any], created: bool) -> None:
        """What the request knows of who asks; nobody says it himself."""
        if self._actor is None:
            return
        if not created and field.behaviour.get("createOnly"):
            values.pop(field.name, None)
            return
        value: Any = None
        match str(field.behaviour.get("dataIndex")).split("."):
            case ["state", "currentRole"]:
                value = self._actor.role_name
            case ["state", "currentUser", name]:
                value = (self._actor.user or {}).get(name)
        values[field.name] = value


def _normal(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        if field.behaviour.get("trim"):
            value = value.strip()
        if value == "" and (field.secret or (field.behaviour.get("unique") and field.textual)):
            return None
    shape = _SHAPES.get(field.type)
    return value if shape is None else shape(field, value)


def _list(field: Field, value: Any) -> Any:
    """Each item once where it is a set; texts in order where the field was declared as a list."""
    if not isinstance(value, list | tuple):
        return value
    items = list(value)
    if field.type == "set":
        items = list({to_json(item): item for item in items}.values())
    ordered = field.behaviour.get("sorted") and all(isinstance(item, str) for item in items)
    return sorted(items) if ordered else items


#: as a bigint holds it
_COUNT = re.compile(r"-?[0-9]{1,19}")


def _instant(field: Field, value: Any) -> Any:
    """Seconds or milliseconds since 1970; numbers are that already."""
    if not isinstance(value, str):
        return int(value) if isinstance(value, float | Decimal) else value
    if _COUNT.fullmatch(value.strip()):
        return int(value)
    at = parse(value)
    if at is None:
        raise InvalidError(f'Invalid Date "{value}"')
    return epoch_ms(at) // (1 if field.accuracy == "millisecond" else 1000)


def instant_text(field: Field, value: Any) -> Any:
    """What such a count stands for, as filters want it."""
    if not isinstance(value, int | float | Decimal):
        return value
    at = from_epoch_ms(float(value) * (1 if field.accuracy == "millisecond" else 1000))
    return value if at is None else iso(at)


_SHAPES: Mapping[str, Callable[[Field, Any], Any]] = {"set": _list, "array": _list, "unixTimestamp": _instant}
