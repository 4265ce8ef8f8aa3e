"""export, downloadXlsxTemplate and importXlsx: records as sheets. Workbooks are made and read in a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import psycopg

from api.access import restricted, scope_of
from api.context import Context
from api.errors import ApiError, describe
from api.params import load_json
from api.reply import Reply
from api.resources import Action
from api.sheet_columns import Column, read_columns
from api.sheet_values import columns_of, texts_of, value_of
from api.statements import run
from api.workbook import Cell, WorkbookError, read_rows, write_rows
from api.writes import act
from orchestrator.access import visible
from orchestrator.engine.encoding import to_json
from orchestrator.model.collection import Association, Catalog, Collection
from orchestrator.model.dateranges import parse_zone
from orchestrator.model.shape import split

__all__ = ["ACTIONS"]

_OCTETS = "application/octet-stream"
#: what this process is at, by data source, action and collection
_running: set[tuple[str, str, str]] = set()


async def export(ctx: Context) -> Reply:
    """A workbook of the records that the filter selects."""
    columns, title, _ = await _asked(ctx)
    most = ctx.services.settings.max_export_rows
    with _alone(ctx, "export"):
        records = await _records(ctx, list(dict.fromkeys(column.name for column in columns)), most + 1)
        if len(records) > most:
            raise ApiError(400, f"there are more than {most} records to export")
        zone = parse_zone(ctx.header("x-timezone"))
        content = await asyncio.to_thread(
            lambda: write_rows(
                [
                    [column.title for column in columns],
                    *([column.cell(record, zone) for column in columns] for record in records),
                ]
            )
        )
    return _file(ctx, title, content)


async def template(ctx: Context) -> Reply:
    """A workbook with nothing but the titles, for others to fill in."""
    columns, title, explain = await _asked(ctx)
    rows: list[list[Cell]] = [[explain]] if explain else []
    content = await asyncio.to_thread(write_rows, [*rows, [column.title for column in columns]])
    return _file(ctx, title, content)


async def import_(ctx: Context) -> Reply:
    """Creates a record for each row of a workbook, all or none."""
    columns, _, _ = await _asked(ctx)
    settings = ctx.services.settings
    with _alone(ctx, "importXlsx"):
        try:
            # the header and an explanation are no records
            rows = await asyncio.to_thread(
                read_rows,
                _content(ctx),
                most_rows=settings.max_import_rows + 2,
                most_bytes=settings.max_workbook,
            )
        except WorkbookError as error:
            raise ApiError(400, str(error)) from None
        header, places = columns_of(columns, rows)
        rows = rows[header + 1 :]
        if len(rows) > settings.max_import_rows:
            raise ApiError(400, f"the sheet has more than {settings.max_import_rows} rows")
        values = await _values(ctx, columns, places, rows)
        try:
            reply = await act(ctx, to_json(values), {"rows": [number for number, _ in rows]})
        except psycopg.Error as error:
            raise _in_row(error) from error
    answer: dict[str, Any] = json.loads(reply.body)
    if reply.status == 200:
        # a workflow may have left out all of it
        done = answer.get("data") or {"successCount": 0}
        answer |= {"data": done, "meta": done}
    return Reply(reply.status, json.dumps(answer, ensure_ascii=False).encode())


def _in_row(error: psycopg.Error) -> Exception:
    """What is wrong, with the row that it is wrong in, where the database knew."""
    failure = describe(error)
    row = error.diag.message_hint or ""
    if failure.status != 400 or not row.startswith("row "):
        return error
    return ApiError(400, f"{row}: {'; '.join(entry['message'] for entry in failure.entries)}")


# -- what was asked ------------------------------------------------------------------------------------------------


async def _asked(ctx: Context) -> tuple[list[Column], str, str]:
    """Columns, title and explanation, from the body or the query."""
    body = ctx.values_json()
    given = {**ctx.params.raw, **(body if isinstance(body, dict) else {})}
    columns = given.get("columns")
    if isinstance(columns, str):
        try:
            columns = load_json(columns)
        except ValueError:
            raise ApiError(400, '"columns" is not valid JSON') from None
    catalog = (await ctx.services.catalogs.current()).catalog
    seen = catalog if ctx.access is None else visible(ctx.access, catalog)
    collection = _permitted(ctx, seen if ctx.action == "export" else catalog)
    texts = [given.get(name) for name in ("title", "explain")]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise ApiError(400, '"title" and "explain" must be texts')
    title, explain = texts
    # what a role does not see disappears, here as elsewhere
    return (
        read_columns(columns, seen, collection, lenient=ctx.access is not None),
        title or ctx.collection,
        explain or "",
    )


def _permitted(ctx: Context, catalog: Catalog) -> Collection:
    """The collection with what the role may export of it, or write by importing."""
    collection = catalog.get(ctx.collection)
    if ctx.access is None and collection is not None:
        return collection
    grant = (
        ctx.access.grant(ctx.collection, "export" if ctx.action == "export" else "importXlsx") if ctx.access else None
    )
    if collection is None or grant is None:
        raise ApiError(403, "No permissions")
    # of what is written, relations are among the fields
    relations = grant.relations if ctx.action == "export" else grant.fields
    return replace(
        collection,
        fields={n: f for n, f in collection.fields.items() if grant.fields is None or n in grant.fields},
        associations={n: a for n, a in collection.associations.items() if relations is None or n in relations},
    )


async def _records(ctx: Context, names: list[str], most: int) -> list[dict[str, Any]]:
    """The first records that the filter selects, of those that the role may export and view."""
    request: dict[str, Any] = {
        "kind": "select",
        "collection": ctx.collection,
        "filter": ctx.params.filter,
        "fields": names,
        "sort": ctx.params.sort,
        "limit": most,
        "rendering": "wire",
        "timezone": ctx.header("x-timezone"),
        "userId": ctx.user_id,
    }
    if ctx.target.association is not None and ctx.target.source_id != "_":
        name, source = ctx.target.association, ctx.target.collection
        request["association"] = {"collection": source, "name": name, "key": ctx.source_key()}
    request = await restricted(ctx, request)
    rows = await scope_of(ctx, ctx.collection, "export")
    if rows is not None:
        entry = request["access"][ctx.collection]
        view = entry.get("scope")
        entry["scope"] = rows if view is None else False if False in (rows, view) else {"$and": [view, rows]}
    return await _select(ctx, request)


async def _select(ctx: Context, request: dict[str, Any]) -> list[dict[str, Any]]:
    found = await run(ctx.services, *split(request))
    records: list[dict[str, Any]] = json.loads(found[0][0] or b"[]")
    return records


def _content(ctx: Context) -> bytes:
    given = ctx.request.files.get("file") if ctx.request.files else None
    if given is None:
        raise ApiError(400, '"file" is required')
    content: bytes = given.body
    return content


def _file(ctx: Context, title: str, content: bytes) -> Reply:
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " -_.") else "_" for char in title)
    name = f"filename=\"{plain}.xlsx\"; filename*=UTF-8''{quote(title, safe='')}.xlsx"
    ctx.headers["Content-Disposition"] = f"attachment; {name}"
    return Reply(200, content, _OCTETS)


@contextmanager
def _alone(ctx: Context, action: str) -> Iterator[None]:
    """One at a time, of a collection, in a process; imports are alone in the database as well."""
    key = (ctx.services.key, action, ctx.collection)
    if key in _running:
        raise ApiError(409, f"another {action} action is running")
    _running.add(key)
    try:
        yield
    finally:
        _running.discard(key)


# -- from cells to values ------------------------------------------------------------------------------------------


async def _values(
    ctx: Context, columns: Sequence[Column], places: Sequence[int], rows: Sequence[tuple[int, list[Cell]]]
) -> list[dict[str, Any]]:
    """The records of the rows; what a cell does not say is left to the column's default."""
    zone = parse_zone(ctx.header("x-timezone"))
    records: list[dict[str, Any]] = [{} for _ in rows]
    for column, place in zip(columns, places, strict=True):
        cells = [row[place] if place < len(row) else None for _, row in rows]
        relation = column.relation
        if relation is None:
            for record, cell in zip(records, cells, strict=True):
                if cell is not None:
                    record[column.name] = value_of(column.field, cell, zone)
            continue
        if len(column.path) != 2:
            raise ApiError(400, f'column "{column.title}" cannot be imported')
        named = [[] if cell is None else texts_of(cell, several=relation.to_many) for cell in cells]
        keys = await _keys(ctx, relation, column.path[1], {text for texts in named for text in texts})
        for record, texts, (number, _) in zip(records, named, rows, strict=True):
            found = [_key(keys, text, number, column) for text in texts]
            if found:
                record[relation.name] = found if relation.to_many else found[0]
    return records


def _key(keys: dict[str, list[Any]], text: str, number: int, column: Column) -> Any:
    found = keys.get(text, [])
    if len(found) != 1:
        what = "several records have" if found else "no record has"
        raise ApiError(400, f'row {number}: {what} "{text}" in "{column.title}"')
    return found[0]


async def _keys(ctx: Context, relation: Association, name: str, texts: set[str]) -> dict[str, list[Any]]:
    """By text, keys of the related records that have it in a field, of those that the role may see."""
    if not texts:
        return {}
    request = {
        "kind": "select",
        "collection": relation.target,
        "filter": {name: {"$in": sorted(texts)}},
        "fields": [name, relation.target_key],
        "rendering": "wire",
    }
    keys: dict[str, list[Any]] = {}
    for record in await _select(ctx, await restricted(ctx, request)):
        keys.setdefault(str(record[name]), []).append(record[relation.target_key])
    return keys


ACTIONS = (
    Action("export", export, reads=True, restricts=True),
    Action("downloadXlsxTemplate", template, reads=True, restricts=True),
    Action("importXlsx", import_, writes=True, restricts=True),
)
