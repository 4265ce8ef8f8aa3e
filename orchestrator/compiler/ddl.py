"""Definitions of tables as statements: identifiers quoted, values as literals of their column's type.

Nothing here knows a database. Types come from :mod:`orchestrator.compiler.column_types` alone, or are what
PostgreSQL's format_type wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from orchestrator.compiler.sql import call, cast, identifier, to_sql, type_of

__all__ = [
    "Column",
    "TableName",
    "add_column",
    "add_foreign_key",
    "add_unique",
    "create_index",
    "create_table",
    "default_value",
    "drop_column",
    "drop_constraint",
    "drop_default",
    "drop_table",
    "set_default",
    "set_not_null",
]


@dataclass(frozen=True, slots=True)
class TableName:
    """A table by schema and name."""

    schema: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column as it is created. ``fill`` is a kind of automatic value, ``default`` the text of a constant."""

    name: str
    type: str
    not_null: bool = False
    identity: bool = False
    default: str | None = None
    fill: str | None = None
    prefix: str = ""


#: alphabets without what JSON or URLs would have to escape
_BASE64, _URL_SAFE = "+/=", "_-"


def create_table(
    table: TableName,
    columns: Sequence[Column],
    *,
    primary_key: Sequence[str] = (),
    unique: Sequence[tuple[str, str]] = (),
) -> str:
    """``CREATE TABLE``; ``unique`` are names of constraints with their column."""
    parts: list[exp.Expr] = [_column(column) for column in columns]
    if primary_key:
        parts.append(exp.PrimaryKey(expressions=[identifier(name) for name in primary_key]))
    parts += [_constraint(name, _unique(column)) for name, column in unique]
    return to_sql(exp.Create(kind="TABLE", this=exp.Schema(this=_table(table), expressions=parts)))


def drop_table(table: TableName, *, cascade: bool = False) -> str:
    return to_sql(exp.Drop(kind="TABLE", tables=[_table(table)], cascade=cascade))


def add_column(table: TableName, column: Column) -> str:
    return _alter(table, _column(column))


def drop_column(table: TableName, column: str) -> str:
    return _alter(table, exp.Drop(kind="COLUMN", tables=[exp.Column(this=identifier(column))]))


def add_unique(table: TableName, column: str, name: str) -> str:
    return _alter(table, exp.AddConstraint(expressions=[_constraint(name, _unique(column))]))


def add_foreign_key(
    table: TableName, column: str, target: TableName, target_column: str, *, on_delete: str, name: str
) -> str:
    """``on_delete`` is one of PostgreSQL's actions, checked by the caller."""
    reference = exp.Reference(this=exp.Schema(this=_table(target), expressions=[identifier(target_column)]))
    key = exp.ForeignKey(expressions=[identifier(column)], reference=reference, delete=on_delete)
    return _alter(table, exp.AddConstraint(expressions=[_constraint(name, key)]))


def drop_constraint(table: TableName, name: str) -> str:
    return _alter(table, exp.Drop(kind="CONSTRAINT", tables=[exp.Table(this=identifier(name))]))


def set_not_null(table: TableName, column: str, *, on: bool) -> str:
    return _alter(table, exp.AlterColumn(this=identifier(column), allow_null=not on, drop=not on))


def set_default(table: TableName, column: Column) -> str:
    value = _default(column)
    if value is None:
        return drop_default(table, column.name)
    return _alter(table, exp.AlterColumn(this=identifier(column.name), default=value))


def drop_default(table: TableName, column: str) -> str:
    return _alter(table, exp.AlterColumn(this=identifier(column), drop=True))


def create_index(table: TableName, column: str, name: str) -> str:
    ordered = exp.Ordered(this=exp.Column(this=identifier(column)))
    index = exp.Index(this=identifier(name), table=_table(table), params=exp.IndexParameters(columns=[ordered]))
    return to_sql(exp.Create(kind="INDEX", this=index))


def default_value(column: Column) -> str | None:
    """The text of a column's default, None where it has none."""
    value = _default(column)
    return None if value is None else to_sql(value)


def _default(column: Column) -> exp.Expr | None:
    if column.fill is not None:
        return _FILLS[column.fill](column)
    return None if column.default is None else cast(exp.Literal.string(column.default), column.type)


def _random(column: Column) -> exp.Expr:
    """Eleven random digits of base 16 behind the prefix."""
    digits = call("substr", call("md5", cast(call("gen_random_uuid"), "text")), _number(1), _number(11))
    return exp.DPipe(this=exp.Literal.string(column.prefix), expression=digits) if column.prefix else digits


def _short_random(column: Column) -> exp.Expr:
    """Twelve random characters that are safe in URLs."""
    encoded = call("encode", call("uuid_send", call("gen_random_uuid")), exp.Literal.string("base64"))
    safe = call("translate", encoded, exp.Literal.string(_BASE64), exp.Literal.string(_URL_SAFE))
    return call("substr", safe, _number(1), _number(12))


#: automatic values that need nothing but PostgreSQL's own functions, so that whoever may write may have them
_FILLS = {
    "now": lambda column: call("now"),
    "uuid": lambda column: call("gen_random_uuid"),
    "uid": _random,
    "nanoid": _short_random,
}


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _table(table: TableName) -> exp.Table:
    return exp.Table(this=identifier(table.name), db=identifier(table.schema))


def _alter(table: TableName, action: exp.Expr) -> str:
    return to_sql(exp.Alter(this=_table(table), kind="TABLE", actions=[action]))


def _constraint(name: str, kind: exp.Expr) -> exp.Constraint:
    return exp.Constraint(this=identifier(name), expressions=[kind])


def _unique(column: str) -> exp.UniqueColumnConstraint:
    return exp.UniqueColumnConstraint(this=exp.Schema(expressions=[identifier(column)]))


def _column(column: Column) -> exp.ColumnDef:
    kinds: list[exp.Expr] = []
    if column.identity:
        kinds.append(exp.GeneratedAsIdentityColumnConstraint(this=False))
    if column.not_null:
        kinds.append(exp.NotNullColumnConstraint())
    default = _default(column)
    if default is not None:
        kinds.append(exp.DefaultColumnConstraint(this=default))
    return exp.ColumnDef(
        this=identifier(column.name),
        kind=type_of(column.type),
        constraints=[exp.ColumnConstraint(kind=kind) for kind in kinds],
    )
