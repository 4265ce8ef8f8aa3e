"""Random rows of every kind of column, in the database and in Python, and what operators say of them.

Here it is written down once more, as plainly as Python allows, what filters mean: an operator is a function of a value
that answers true, false or None, SQL's unknown.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Answer = bool | None
#: the base row under ``()``, and what each relation of a filter leads to; missing rows are empty
Rows = Mapping[tuple[str, ...], Row]

SCHEMA = """
create table owners (id integer primary key, name text, level integer);
create table things (
    id integer primary key,
    t varchar(20), n integer, m integer, d numeric, f double precision, b boolean,
    at timestamptz, local timestamp, day date,
    tags text[], list jsonb, doc jsonb,
    "createdById" bigint,
    "ownerId" integer references owners (id),
    "parentId" integer references things (id)
);
create table parts (
    id integer primary key, label text, size integer, made date, "thingId" integer references things (id)
);
create table labels (id integer primary key, name text);
create table "thingsLabels" (
    "thingId" integer references things (id),
    "labelId" integer references labels (id),
    primary key ("thingId", "labelId")
);
"""
TABLES = ("owners", "things", "parts", "labels", '"thingsLabels"')

TEXTS = ("", "a", "b", "ab", "Ab", "B", "a%", "a_b", "\\", "true", "1", "é")
ELEMENTS = ("a", "b", "c", "1")
#: days at which units begin and end, and clocks are changed in Berlin
DAYS = (
    date(2025, 12, 29),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 3, 29),
    date(2026, 6, 30),
    date(2026, 7, 1),
    date(2026, 10, 25),
    *(date(2026, 11, day) for day in (1, 15, 16, 19, 20, 21, 22, 23, 30)),
    date(2026, 12, 1),
    date(2027, 1, 1),
)
TIMES = ((0, 0, 0), (0, 30, 0), (2, 15, 30), (12, 0, 0), (22, 59, 59), (23, 30, 0))


class World:
    """The rows of all tables, and how they belong together."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)

        def some(values: Sequence[Any], nulls: float = 0.2) -> Any:
            return None if rng.random() < nulls else rng.choice(values)

        def moment() -> datetime:
            return datetime.combine(rng.choice(DAYS), datetime.min.time()).replace(
                **dict(zip(("hour", "minute", "second"), rng.choice(TIMES), strict=True))
            )

        def elements() -> list[str] | None:
            return some([rng.sample(ELEMENTS, rng.randrange(4))])

        def document() -> Any:
            scalars: tuple[Any, ...] = ("a", "b", "1", 1, 2, 10, True, None)
            return some([{"k": rng.choice(scalars), "deep": {"x": rng.choice(scalars)}}, {"deep": {}}, {"k": "ab"}])

        self.owners: list[Row] = [
            {"id": number, "name": some(TEXTS), "level": some(range(4))} for number in range(1, 6)
        ]
        self.things: list[Row] = [
            {
                "id": number,
                "t": some(TEXTS),
                "n": some(range(-1, 4)),
                "m": some(range(-1, 4)),
                "d": some((0, 1, 1.5, 2.25)),
                "f": some((0.0, 0.5, 2.0)),
                "b": some((True, False)),
                "at": some([moment().replace(tzinfo=UTC)]),
                "local": some([moment()]),
                "day": some(DAYS),
                "tags": elements(),
                "list": elements(),
                "doc": document(),
                "createdById": some((1, 2)),
                "ownerId": some(range(1, 6)),
                "parentId": some(range(1, number)) if number > 1 else None,
            }
            for number in range(1, 31)
        ]
        self.parts: list[Row] = [
            {
                "id": number,
                "label": some(TEXTS),
                "size": some(range(4)),
                "made": some(DAYS),
                "thingId": some(range(1, 31)),
            }
            for number in range(1, 31)
        ]
        self.labels: list[Row] = [{"id": number, "name": some(TEXTS, 0.1)} for number in range(1, 5)]
        self.links = [(thing, label) for thing in range(1, 31) for label in range(1, 5) if rng.random() < 0.25]

    def inserts(self) -> Iterator[tuple[str, str]]:
        """Statements with the JSON text that each takes."""
        links = [{"thingId": thing, "labelId": label} for thing, label in self.links]
        tables = (self.owners, self.things, self.parts, self.labels, links)
        for name, rows in zip(TABLES, tables, strict=True):
            plain = json.dumps(rows, default=lambda value: value.isoformat())
            # a JSON null is no null of SQL
            yield f"insert into {name} select * from jsonb_populate_recordset(null::{name}, %s)", plain

    def related(self, relation: str, row: Row) -> list[Row]:
        """The rows that a relation leads to from a row."""
        if not row:
            return []
        match relation:
            case "owner":
                return [owner for owner in self.owners if owner["id"] == row["ownerId"]]
            case "parent":
                return [thing for thing in self.things if thing["id"] == row["parentId"]]
            case "parts":
                return [part for part in self.parts if part["thingId"] == row["id"]]
        return [label for label in self.labels if (row["id"], label["id"]) in self.links]

    def joined(self, thing: Row, relations: set[tuple[str, ...]]) -> Iterator[Rows]:
        """The thing beside every combination of what the relations lead to, as outer joins put them."""
        rows: list[dict[tuple[str, ...], Row]] = [{(): thing}]
        for relation in sorted(relations, key=len):
            rows = [
                {**row, relation: target}
                for row in rows
                for target in self.related(relation[-1], row[relation[:-1]]) or [{}]
            ]
        yield from rows

    def below(self, ids: Sequence[int]) -> set[int]:
        """Ids of the things below some."""
        found: set[int] = set()
        level = {thing["id"] for thing in self.things if thing["parentId"] in ids}
        while level:
            found |= level
            level = {thing["id"] for thing in self.things if thing["parentId"] in level} - found
        return found


Test = Callable[[Any], Answer]


def known(test: Callable[[Any], bool]) -> Test:
    """Unknown of nulls."""
    return lambda value: None if value is None else test(value)


def negated(test: Test) -> Test:
    def answer(value: Any) -> Answer:
        found = test(value)
        return None if found is None else not found

    return answer


def or_null(test: Test) -> Test:
    return lambda value: True if value is None else test(value)


def is_null(value: Any) -> bool:
    return value is None


class Span:
    """A time from `lower` up to, without, `upper`: wall clocks in a zone, or of no zone."""

    def __init__(self, lower: datetime, upper: datetime, *, instant: bool = False) -> None:
        self.lower = lower
        self.upper = upper
        self.instant = instant


def unit_span(unit: str, at: datetime) -> Span:
    """The unit that a moment lies in."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "year":
            return Span(day.replace(month=1, day=1), day.replace(year=at.year + 1, month=1, day=1))
        case "quarter":
            first = day.replace(month=(at.month - 1) // 3 * 3 + 1, day=1)
            return Span(first, next_month(next_month(next_month(first))))
        case "month":
            return Span(day.replace(day=1), next_month(day.replace(day=1)))
        case "week":
            monday = day - timedelta(days=at.weekday())
            return Span(monday, monday + timedelta(days=7))
        case "day":
            return Span(day, day + timedelta(days=1))
        case "hour":
            hour = at.replace(minute=0, second=0, microsecond=0)
            return Span(hour, hour + timedelta(hours=1))
        case "minute":
            minute = at.replace(second=0, microsecond=0)
            return Span(minute, minute + timedelta(minutes=1))
    return Span(at, at + timedelta(seconds=1))


def next_month(first: datetime) -> datetime:
    return (first + timedelta(days=31)).replace(day=1)


def unit_text(unit: str, at: datetime) -> str:
    """The unit as a filter writes it."""
    match unit:
        case "quarter":
            return f"{at.year}Q{(at.month - 1) // 3 + 1}"
        case "week":
            year, week, _ = at.isocalendar()
            return f"{year}W{week:02d}"
    formats = {
        "year": "%Y",
        "month": "%Y-%m",
        "day": "%Y-%m-%d",
        "hour": "%Y-%m-%d %H",
        "minute": "%Y-%m-%dT%H:%M",
        "second": "%Y-%m-%d %H:%M:%S",
    }
    return at.strftime(formats[unit])
