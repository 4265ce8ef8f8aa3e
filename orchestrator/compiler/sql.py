"""The few kinds of SQL nodes that statements are built from.

Identifiers are always quoted, functions always qualified, and no value ever becomes part of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlglot import exp

from orchestrator.errors import InvalidError
from orchestrator.model.collection import Association, Catalog, Collection, Field

__all__ = [
    "UNKNOWN_COLUMN",
    "Scope",
    "call",
    "cast",
    "coalesce",
    "column",
    "compare",
    "equal",
    "identifier",
    "input_parameter",
    "input_value",
    "instant",
    "literal",
    "operate",
    "parameter",
    "record_of",
    "records_of",
    "scalar",
    "table",
    "to_sql",
]

UNKNOWN_COLUMN = "Invalid SQL column or table reference"


class Scope:
    """What one statement is compiled in: the catalog, table aliases that are still free, and what may be seen.

    Here that is everything; see compiler.access.
    """

    def __init__(self, catalog: Catalog, aliases: Iterator[int] | None = None) -> None:
        self.catalog = catalog
        self._aliases = count() if aliases is None else aliases

    def alias(self) -> str:
        return f"t{next(self._aliases)}"

    def structure(self, name: str) -> Collection:
        """A collection with all that its relations and keys go by; nothing of it is named by clients."""
        found = self.catalog.get(name)
        if found is None:
            raise InvalidError(f'collection "{name}" does not exist')
        return found

    def collection(self, name: str) -> Collection:
        """A collection with what clients may name of it."""
        return self.structure(name)

    def addressed(self, name: str) -> Collection:
        """The same; only its key, where no more may be named."""
        return self.collection(name)

    def parent(self, collection: Collection) -> Association | None:
        """The relation by which rows of a collection form a tree, where that may be seen."""
        return collection.parent

    def sees(self, name: str) -> bool:
        """Whether anything of a collection may be seen."""
        return True

    def narrows(self, name: str) -> bool:
        """Whether some rows of a collection may not be seen."""
        return False

    def visible(self, name: str, alias: str) -> list[exp.Expr]:
        """Conditions under which the row under ``alias`` may be seen."""
        return []

    def rows(self, collection: Collection, alias: str) -> exp.Expr:
        """The rows of a collection that may be seen, to select from."""
        return table(collection, alias)

    def permitted(self, collection: Collection, alias: str, conditions: list[exp.Expr]) -> list[exp.Expr]:
        """The conditions of a statement on the row under ``alias``, with those of its own action."""
        return conditions

    def reached(self, source: Collection, association: Association, key: Sequence[Any]) -> list[exp.Expr]:
        """Conditions under which a relation of the source row that a shape names may be followed."""
        return []


def to_sql(expression: exp.Expr) -> str:
    return expression.sql(dialect="postgres", identify=True, normalize_functions=False)


def identifier(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def column(alias: str, name: str) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(alias))


def table(collection: Collection, alias: str) -> exp.Table:
    return exp.Table(
        this=identifier(collection.table),
        db=identifier(collection.schema),
        alias=exp.TableAlias(this=identifier(alias)),
    )


def literal(text: str) -> exp.Literal:
    """A name inside the text of a statement: a key of a JSON document, never a value."""
    if "\\" in text or "\x00" in text:
        raise InvalidError(UNKNOWN_COLUMN)
    return exp.Literal.string(text)


def type_of(name: str) -> exp.DataType:
    """A type by the text that PostgreSQL's format_type gave."""
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=name)


def cast(expression: exp.Expr, type_name: str) -> exp.Cast:
    return exp.Cast(this=expression, to=type_of(type_name))


def parameter(number: int, type_name: str) -> exp.Cast:
    return cast(exp.Parameter(this=exp.Literal.number(number)), type_name)


def call(function: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=f"pg_catalog.{function}", expressions=list(arguments))


def coalesce(expression: exp.Expr, default: exp.Expr) -> exp.Coalesce:
    return exp.Coalesce(this=expression, expressions=[default])


def operate(symbol: str, left: exp.Expr, right: exp.Expr, schema: str = "pg_catalog") -> exp.Operator:
    """``left OPERATOR(schema.symbol) right``."""
    name = schema.replace('"', '""')
    return exp.Operator(this=left, operator=exp.var(f'"{name}".{symbol}'), expression=right)


_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    ">": exp.GT,
    ">=": exp.GTE,
    "<": exp.LT,
    "<=": exp.LTE,
}


def compare(symbol: str, field: Field, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """A comparison by the operators of the field's own type, wherever they are installed."""
    if field.operators:
        return operate(symbol, left, right, field.operators)
    return _COMPARISONS[symbol](this=left, expression=right)


def equal(field: Field, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return compare("=", field, left, right)


def instant(field: Field, value: exp.Expr) -> tuple[Field, exp.Expr]:
    """A column that counts time as what it stands for; any other column as it is."""
    if not field.counts_time:
        return field, value
    seconds: exp.Expr = cast(value, "double precision")
    if field.accuracy == "millisecond":
        seconds = exp.Paren(this=exp.Div(this=seconds, expression=exp.Literal.number("1000.0"), typed=True))
    return _as_instant(field), call("to_timestamp", seconds)


def _as_instant(field: Field) -> Field:
    return Field(name=field.name, type="datetimeTz", pg_type="timestamp with time zone")


def record_of(number: int, fields: Sequence[Field], alias: str) -> exp.Table:
    """The JSON object of a parameter as one row whose columns are typed as the fields."""
    return _json_rows("json_to_record", number, fields, alias)


def records_of(number: int, fields: Sequence[Field], alias: str) -> exp.Table:
    """The JSON array of objects of a parameter as rows."""
    return _json_rows("json_to_recordset", number, fields, alias)


def _json_rows(function: str, number: int, fields: Sequence[Field], alias: str) -> exp.Table:
    columns = [exp.ColumnDef(this=identifier(f.name), kind=type_of(_input_type(f))) for f in fields]
    return exp.Table(
        this=call(function, parameter(number, "json")),
        alias=exp.TableAlias(this=identifier(alias), columns=columns),
    )


def _input_type(field: Field) -> str:
    """The type that a value of the wire is read as; bytes come as base64 text."""
    return "text" if field.pg_type == "bytea" else field.pg_type


def input_value(field: Field, alias: str) -> exp.Expr:
    """A column of ``record_of`` as the field stores it."""
    value = column(alias, field.name)
    return call("decode", value, literal("base64")) if field.pg_type == "bytea" else value


def input_parameter(field: Field, number: int) -> exp.Expr:
    """A parameter as the field stores it."""
    value = parameter(number, _input_type(field))
    return call("decode", value, literal("base64")) if field.pg_type == "bytea" else value


def scalar(query: exp.Select) -> exp.Subquery:
    """A query in parentheses."""
    return query.subquery(copy=False)
