"""The words of errors: titles for names, and the language that was asked for.

`messages/<locale>.json` holds `messages` by their English text, with {} for a name, and `titles` of fields by their
English one. In `en-US.json` the titles are those of our own tables' columns, which no catalog has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sanic import Request

from api.catalog import Statements
from api.errors import Failure, Worded

__all__ = ["LOCALES", "Wording", "messages"]

DEFAULT = "en-US"
#: how titles are written that have a language of their own: {{t("ID")}}
_TEMPLATE = re.compile(r"""\s*\{\{\s*t\(\s*(["'])(.+?)\1.*\)\s*\}\}\s*""")
_OUR_SCHEMA = "orchestrator"

Messages = Mapping[str, Mapping[str, str]]


def _read() -> dict[str, Messages]:
    directory = Path(__file__).parent / "messages"
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in directory.glob("*.json")}


_MESSAGES = _read()
LOCALES = frozenset(_MESSAGES)
_BY_NAME = {locale.lower(): locale for locale in LOCALES} | {
    locale.lower().partition("-")[0]: locale for locale in LOCALES
}


def messages(locale: str) -> Mapping[str, str]:
    """What there is of a language, by the English text."""
    return _MESSAGES[locale]["messages"]


class Wording:
    """Words failures; `locale` is the one for those who name none in the request, None: what their browser wants."""

    def __init__(self, catalog: Callable[[Request], Statements | None], locale: str | None = None) -> None:
        self._catalog = catalog
        self._locale = locale

    def apply(self, failure: Failure, request: Request) -> None:
        """Replaces what has a title or another language. What others worded stays as it is."""
        if not failure.fixed:
            return
        locale = self._chosen(request)
        for entry in failure.entries:
            entry["message"] = self._worded(entry["message"], locale, request)

    def _worded(self, message: str, locale: str, request: Request) -> str:
        known = messages(locale)
        if not isinstance(message, Worded):
            return known.get(message, message)
        name = message.name
        if message.table is not None:
            title = self._title(message.table, name, request)
            name = _MESSAGES[locale]["titles"].get(title, title)
        return known.get(message.template, message.template).format(name)

    def _title(self, table: tuple[str, str], column: str, request: Request) -> str:
        schema, name = table
        if schema == _OUR_SCHEMA:
            return _MESSAGES[DEFAULT]["titles"].get(f"{name}.{column}", column)
        statements = self._catalog(request)
        for collection in statements.catalog if statements is not None else ():
            if (collection.schema, collection.table) == table:
                field = collection.fields.get(column)
                title = field.title if field is not None else None
                if title:
                    template = _TEMPLATE.fullmatch(title)
                    return template[2] if template is not None else title
        return column

    def _chosen(self, request: Request) -> str:
        named = request.headers.get("x-locale") or request.args.get("locale") or self._locale
        if named:
            return _known(named) or DEFAULT
        for wanted in _wanted(request.headers.get("accept-language", "")):
            locale = _known(wanted)
            if locale is not None:
                return locale
        return DEFAULT


def _known(name: str) -> str | None:
    """The locale of that name, or of that language alone: zh is zh-CN, zh-TW is neither."""
    name = name.strip().replace("_", "-").lower()
    return _BY_NAME.get(name) or (DEFAULT if name.startswith("en-") else None)


def _wanted(header: str) -> Iterator[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    weighed: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=")
        weighed.append((_number(weight) if rest else 1.0, name))
    return (name for weight, name in sorted(weighed, key=lambda item: -item[0]) if weight > 0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
