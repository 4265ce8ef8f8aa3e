"""The few kinds of SQL nodes that statements are built from.

Identifiers are always quoted, functions always qualified, and no value ever becomes part of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from sqlglot import exp

from orchestrator.errors import InvalidError
from orchestrator.model.collection import Catalog, Collection, Field

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
    """What one statement is compiled in: the catalog, and table aliases that are still free."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._aliases = count()

    def alias(self) -> str:
        return f"t{next(self._aliases)}"

    def collection(self, name: str) -> Collection:
        found = self.catalog.get(name)
        if found is None:
            raise InvalidError(f'collection "{name}" does not exist')
        return found


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
