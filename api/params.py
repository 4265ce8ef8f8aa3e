"""The parameters of an action, cast and checked once, whatever spelling the client used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from api.errors import ApiError

__all__ = ["Params", "load_json", "read_params"]

_DEFAULT_PAGE_SIZE = 20
#: beyond this, row numbers leave bigint
_MAX_NUMBER = 2**31 - 1
#: beyond what anybody counts; written out, 1e999999999 would be a gigabyte
_MAX_EXPONENT = 1000
#: levels of lists and objects in a filter
_MAX_NESTING = 64
#: what JSON can escape and PostgreSQL's text cannot hold: the null character and halves of surrogate pairs
_UNFIT = re.compile(r"[\0\ud800-\udfff]")
Key = str | int | Decimal | dict[str, Any]


@dataclass(slots=True)
class Params:
    """What was asked besides the path. None means that the client said nothing."""

    filter: dict[str, Any] | None = None
    filter_by_tk: Key | list[Key] | None = None
    fields: list[str] | None = None
    excluded: list[str] = field(default_factory=list)
    appends: list[str] = field(default_factory=list)
    sort: list[str] = field(default_factory=list)
    page: int = 1
    page_size: int = _DEFAULT_PAGE_SIZE
    paginate: bool = True
    whitelist: list[str] | None = None
    blacklist: list[str] | None = None
    update_association_values: list[str] = field(default_factory=list)
    trigger_workflows: str | None = None
    #: everything as it came, for actions of one's own
    raw: Mapping[str, Any] = field(default_factory=dict)

    def names(self, name: str) -> list[str]:
        """A parameter of an action's own that has to be a list, no text with commas."""
        return _list(self.raw, name)

    def key(self, name: str) -> Key | None:
        """A parameter of an action's own that names one record."""
        given = self.raw.get(name)
        key = None if given in (None, "") else _keys(given)
        if isinstance(key, list):
            raise ApiError(400, f'"{name}" must be one key')
        return key

    @property
    def selects_nothing(self) -> bool:
        """True when neither a key nor a condition narrows the rows: such an update or destroy is refused."""
        return self.filter_by_tk in (None, "", [], {}) and _is_empty(self.filter)

    @property
    def truncates(self) -> bool:
        """True when the client means every record there is: an action that exists, and does nothing."""
        return self.raw.get("truncate") in ("true", True) and self.selects_nothing

    @property
    def is_forced(self) -> bool:
        """True when the client says that its values name the records: any text will do."""
        return bool(self.raw.get("forceUpdate"))


def read_params(raw: Mapping[str, Any], record_id: str | None = None, *, max_page_size: int | None = None) -> Params:
    """Checks the query's parameters; one in the query beats the path's record id."""
    if not raw:
        return Params(filter_by_tk=record_id, page_size=min(_DEFAULT_PAGE_SIZE, max_page_size or _MAX_NUMBER))
    by_tk = raw.get("filterByTk")
    return Params(
        filter=_filter(raw.get("filter")),
        filter_by_tk=_keys(by_tk) if by_tk is not None else record_id,
        fields=_names(raw, "fields") or None,
        excluded=_names(raw, "except"),
        appends=_names(raw, "appends"),
        sort=_sort(raw),
        page=_number(raw, "page", 1, least=1),
        page_size=min(_number(raw, "pageSize", _DEFAULT_PAGE_SIZE, least=1), max_page_size or _MAX_NUMBER),
        paginate=raw.get("paginate") not in ("false", False),
        whitelist=_names(raw, "whitelist") or None,
        blacklist=_names(raw, "blacklist") or None,
        update_association_values=_list(raw, "updateAssociationValues"),
        trigger_workflows=_text(raw, "triggerWorkflows"),
        raw=raw,
    )


def load_json(text: str) -> Any:
    """Strict JSON with exact numbers; ValueError for anything else."""
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\u" in text and not _is_fit(value):
        raise ValueError("characters that are no text")
    return value


def _is_fit(value: Any) -> bool:
    ahead = [value]
    while ahead:
        item = ahead.pop()
        if isinstance(item, dict):
            ahead += [*item, *item.values()]
        elif isinstance(item, list):
            ahead += item
        elif isinstance(item, str) and _UNFIT.search(item) is not None:
            return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _number_of(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError(f"{text} is no number that a column holds")
    return number


_decoder = json.JSONDecoder(parse_float=_number_of, parse_constant=_no_constant)


def _is_empty(condition: Any) -> bool:
    """`{}`, `{"$and": []}`, `{"$and": [{}]}` and the like."""
    if isinstance(condition, Mapping):
        return all(key in ("$and", "$or") and _is_empty(value) for key, value in condition.items())
    if isinstance(condition, list):
        return all(_is_empty(item) for item in condition)
    return condition is None


def _filter(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = load_json(value)
        except ValueError:
            raise ApiError(400, '"filter" is not valid JSON') from None
    if value is None or value == [] or (isinstance(value, int | Decimal) and not isinstance(value, bool)):
        return None
    if not isinstance(value, dict):
        raise ApiError(400, '"filter" must be an object')
    _check_nesting(value)
    return value or None


def _check_nesting(value: Any, depth: int = 0) -> None:
    if depth > _MAX_NESTING:
        raise ApiError(400, '"filter" is nested too deeply')
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_nesting(item, depth + 1)


def _keys(value: Any) -> Key | list[Key]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = load_json(value)
        except ValueError:
            raise ApiError(400, '"filterByTk" is not valid JSON') from None
    if isinstance(value, dict) and value and all(key.isdigit() for key in value):
        # more than a hundred indexed keys arrive as an object
        value = list(value.values())
    if isinstance(value, list):
        return [_key(item) for item in value]
    return _key(value)


def _key(value: Any) -> Key:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | dict):
        raise ApiError(400, '"filterByTk" must be a key or a list of keys')
    if isinstance(value, dict) and not all(
        isinstance(part, str | int | Decimal) and not isinstance(part, bool) for part in value.values()
    ):
        raise ApiError(400, '"filterByTk" must hold one value a column')
    return value


def _names(raw: Mapping[str, Any], name: str) -> list[str]:
    """A list, or a string with commas; commas in parentheses belong to an append's options."""
    value = raw.get(name)
    if isinstance(value, str):
        return [part for part in _split(value) if part]
    return _list(raw, name)


def _split(text: str) -> list[str]:
    if "(" not in text:
        return [part.strip() for part in text.split(",")]
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def _list(raw: Mapping[str, Any], name: str) -> list[str]:
    value = raw.get(name)
    if value is None:
        return []
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        value = list(value.values())
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise ApiError(400, f'"{name}" must be a list of names')
    return [item for item in value if item]


def _sort(raw: Mapping[str, Any]) -> list[str]:
    value = raw.get("sort")
    if isinstance(value, str) and value.startswith("["):
        try:
            value = load_json(value)
        except ValueError:
            raise ApiError(400, '"sort" is not valid JSON') from None
        return _list({"sort": value}, "sort")
    return _names(raw, "sort")


def _number(raw: Mapping[str, Any], name: str, default: int, *, least: int) -> int:
    value = raw.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MAX_NUMBER:
        raise ApiError(400, f'"{name}" must be a number from {least}')
    return value


def _text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f'"{name}" must be a text')
    return value or None
