"""What each operator of a filter says about one column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlglot import exp

from orchestrator.compiler.sql import call, cast, coalesce, column, compare, identifier, literal, operate, parameter
from orchestrator.errors import InvalidError
from orchestrator.model.collection import Field

__all__ = ["Operand", "apply", "of_nulls"]


class Operand(NamedTuple):
    """An operator with what it is given, as model.conditions writes it."""

    operator: str
    kind: str
    first: int | str

    @property
    def ordering(self) -> bool:
        """Whether values are compared as such, and not as text."""
        return self.operator in _SYMBOLS or self.operator in {"between", "notBetween", "differ", "ne", "eq"}


#: what holds for a null; None is SQL's own unknown
_HOLDS_FOR_NULL = {
    **dict.fromkeys(("null", "ne", "notIn", "empty", "isFalsy", "noneOf", "arrayEmpty", "notExists"), True),
    **dict.fromkeys(("notTrue", "notFalse", "always"), True),
    **dict.fromkeys(("notNull", "notEmpty", "isTruly", "arrayNotEmpty", "exists", "isTrue", "isFalse", "never"), False),
}


def of_nulls(tree: list[Any]) -> bool | None:
    """What a tree of conditions says of a row whose columns are all null, in three-valued logic."""
    if tree[0] == "is":
        return _HOLDS_FOR_NULL.get(tree[2])
    if tree[0] == "not":
        inner = of_nulls(tree[1])
        return None if inner is None else not inner
    answers = [of_nulls(child) for child in tree[1]]
    decisive: bool = tree[0] == "or"
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def apply(field: Field, value: exp.Expr, operand: Operand, other: exp.Expr | None = None) -> exp.Expr:
    """The condition on ``value``, which is of the field's type; ``other`` is a column to compare with."""
    if operand.kind == "column" and other is not None:
        return _compared(field, value, operand.operator, other)
    build = _BUILDERS.get(operand.operator)
    if build is None:
        raise InvalidError(f"Invalid value {{ '${operand.operator}': … }}")
    if field.json and operand.operator in _AS_TEXT:
        # a scalar document is compared by its text
        value = call("jsonb_extract_path_text", call("jsonb_build_array", value), literal("0"))
        field = Field(name=field.name, type="text", pg_type="text")
    return build(field, value, operand)


def _compared(field: Field, value: exp.Expr, operator: str, right: exp.Expr) -> exp.Expr:
    if operator == "ne":
        return _or_null(compare("<>", field, value, right), value)
    return compare(_SYMBOLS[operator], field, value, right)


def _or_null(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.or_(condition, _null(value)))


def _null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value.copy(), expression=exp.null())


def _not(condition: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Paren(this=condition))


def _any(number: int | str, type_name: str) -> exp.Any:
    return exp.Any(this=exp.Paren(this=parameter(int(number), type_name)))


def _text(field: Field, value: exp.Expr) -> exp.Expr:
    return value if field.pg_type in {"text", "character varying"} else cast(value, "text")


def _scalar(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    return _compared(field, value, operand.operator, parameter(int(operand.first), field.pg_type))


def _in(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    if field.array:
        return compare("=", field, value, parameter(int(operand.first), field.pg_type))
    return compare("=", field, value, _any(operand.first, f"{field.pg_type}[]"))


def _not_in(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    if field.array:
        different = compare("<>", field, value, parameter(int(operand.first), field.pg_type))
    else:
        every = exp.All(this=exp.Paren(this=parameter(int(operand.first), f"{field.pg_type}[]")))
        different = compare("<>", field, value, every)
    return _or_null(different, value)


def _all(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    return compare("=", field, value, exp.All(this=exp.Paren(this=parameter(int(operand.first), f"{field.pg_type}[]"))))


def _between(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    first = int(operand.first)
    low, high = (parameter(n, field.pg_type) for n in (first, first + 1))
    inside = exp.and_(compare(">=", field, value, low), compare("<=", field, value.copy(), high))
    return exp.Paren(this=inside) if operand.operator == "between" else _not(inside)


def _is(word: exp.Expr, positive: bool = True) -> Callable[..., exp.Expr]:
    def build(field: Field, value: exp.Expr, _operand: Operand) -> exp.Expr:
        if field.pg_type != "boolean" and not isinstance(word, exp.Null):
            raise InvalidError(f'"{field.name}" is neither true nor false')
        condition = exp.Is(this=value, expression=word.copy())
        return condition if positive else exp.Not(this=condition)

    return build


def _truly(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    if field.pg_type == "boolean":
        truth: exp.Expr = exp.Is(this=value, expression=exp.true())
    elif field.textual:
        truth = exp.In(this=exp.Lower(this=_text(field, value)), expressions=[literal("true"), literal("1")])
    elif field.type in {"integer", "bigInt", "decimal", "float"}:
        truth = exp.NEQ(this=value, expression=exp.Literal.number(0))
    else:
        raise InvalidError(f'"{field.name}" is neither true nor false')
    truth = coalesce(truth, exp.false())
    return truth if operand.operator == "isTruly" else exp.Not(this=truth)


def _like(kind: type[exp.Binary], positive: bool) -> Callable[..., exp.Expr]:
    def build(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
        if operand.kind == "array":
            condition: exp.Expr = kind(this=_text(field, value), expression=_any(operand.first, "text[]"))
        else:
            condition = kind(this=_text(field, value), expression=parameter(int(operand.first), "text"))
        return condition if positive else _not(condition)

    return build


def _regexp(symbol: str) -> Callable[..., exp.Expr]:
    def build(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
        return operate(symbol, _text(field, value), parameter(int(operand.first), "text"))

    return build


def _empty(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    if field.array:
        nothing: exp.Expr = exp.EQ(this=call("cardinality", value), expression=exp.Literal.number(0))
    elif field.json:
        nothing = exp.In(this=cast(cast(value, "jsonb"), "text"), expressions=[literal("[]"), literal("null")])
    elif field.textual:
        nothing = exp.EQ(this=cast(value, "text"), expression=literal(""))
    else:
        return _null(value) if operand.operator in {"empty", "arrayEmpty"} else exp.Not(this=_null(value))
    empty = _or_null(nothing, value)
    return empty if operand.operator in {"empty", "arrayEmpty"} else exp.Not(this=empty)


def _elements(field: Field, value: exp.Expr) -> exp.Select:
    """The elements of a JSON array as texts; none where the document is no array."""
    document = cast(value, "jsonb")
    is_array = exp.EQ(this=call("jsonb_typeof", document), expression=literal("array"))
    array = exp.Case(ifs=[exp.If(this=is_array, true=document.copy())])
    source = exp.Table(
        this=call("jsonb_array_elements_text", array),
        alias=exp.TableAlias(this=identifier("e"), columns=[identifier("v")]),
    )
    return exp.select(column("e", "v")).from_(source)


def _overlaps(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    number = int(operand.first)
    if field.array:
        wanted = _json_array(field, number) if operand.kind == "json" else parameter(number, field.pg_type)
        found: exp.Expr = operate("&&", value, wanted)
    elif field.json:
        texts = _json_texts(number) if operand.kind == "json" else parameter(number, "text[]")
        member = exp.EQ(this=column("e", "v"), expression=exp.Any(this=exp.Paren(this=texts)))
        exists = exp.Exists(this=_elements(field, value).where(member))
        found = exp.Case(ifs=[exp.If(this=exp.Not(this=_null(value)), true=exists)])
    else:
        return _in(field, value, operand) if operand.operator == "anyOf" else _not_in(field, value, operand)
    return _or_null(_not(found), value) if operand.operator == "noneOf" else found


def _matches(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    number = int(operand.first)
    if field.array:
        same: exp.Expr = exp.and_(
            operate("@>", value, parameter(number, field.pg_type)),
            operate("<@", value.copy(), parameter(number, field.pg_type)),
        )
    elif field.json:
        texts = exp.Anonymous(this="ARRAY", expressions=[_elements(field, value)])
        alike = exp.and_(
            operate("@>", texts, parameter(number, "text[]")),
            operate("<@", texts.copy(), parameter(number, "text[]")),
        )
        same = exp.Case(ifs=[exp.If(this=exp.Not(this=_null(value)), true=alike)])
    else:
        raise InvalidError(f'"{field.name}" is no list')
    return exp.Paren(this=same) if operand.operator == "match" else _not(same)


def _contains(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    symbol = "@>" if operand.operator == "contains" else "<@"
    if field.array:
        return operate(symbol, value, _json_array(field, int(operand.first)))
    if field.json:
        return operate(symbol, cast(value, "jsonb"), parameter(int(operand.first), "jsonb"))
    raise InvalidError(f'"{field.name}" is no list')


def _json_texts(number: int) -> exp.Expr:
    source = exp.Table(
        this=call("json_array_elements_text", parameter(number, "json")),
        alias=exp.TableAlias(this=identifier("w"), columns=[identifier("v")]),
    )
    return exp.Anonymous(this="ARRAY", expressions=[exp.select(column("w", "v")).from_(source)])


def _json_array(field: Field, number: int) -> exp.Expr:
    return cast(_json_texts(number), field.pg_type)


_DATE_TYPES = {"timestamp with time zone", "timestamp without time zone", "date"}


def _date(field: Field, value: exp.Expr, operand: Operand) -> exp.Expr:
    if field.pg_type not in _DATE_TYPES:
        raise InvalidError(f'"{field.name}" is no date')
    first = int(operand.first)
    # a day begins at midnight, wherever in a day the bound lies
    bound = "timestamp without time zone" if field.pg_type == "date" else field.pg_type
    low = parameter(first, bound)
    if operand.operator == "dateBefore":
        return exp.LT(this=value, expression=low)
    if operand.operator == "dateFrom":
        return exp.GTE(this=value, expression=low)
    high = parameter(first + 1, bound)
    if operand.operator == "dateOutside":
        return exp.Paren(this=exp.or_(exp.LT(this=value, expression=low), exp.GTE(this=value.copy(), expression=high)))
    return exp.Paren(this=exp.and_(exp.GTE(this=value, expression=low), exp.LT(this=value.copy(), expression=high)))


def _constant(_field: Field, _value: exp.Expr, operand: Operand) -> exp.Expr:
    return exp.true() if operand.operator == "always" else exp.false()


_SYMBOLS = {"eq": "=", "differ": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

_BUILDERS: dict[str, Callable[[Field, exp.Expr, Operand], exp.Expr]] = {
    **dict.fromkeys((*_SYMBOLS, "ne"), _scalar),
    **dict.fromkeys(("in", "any"), _in),
    "notIn": _not_in,
    "all": _all,
    **dict.fromkeys(("between", "notBetween"), _between),
    **dict.fromkeys(("null", "notExists"), _is(exp.null())),
    **dict.fromkeys(("notNull", "exists"), _is(exp.null(), positive=False)),
    "isTrue": _is(exp.true()),
    "isFalse": _is(exp.false()),
    "notTrue": _is(exp.true(), positive=False),
    "notFalse": _is(exp.false(), positive=False),
    **dict.fromkeys(("isTruly", "isFalsy"), _truly),
    **dict.fromkeys(("like", "likeAny"), _like(exp.Like, True)),
    **dict.fromkeys(("notLike", "likeNone"), _like(exp.Like, False)),
    **dict.fromkeys(("iLike", "iLikeAny"), _like(exp.ILike, True)),
    **dict.fromkeys(("notILike", "iLikeNone"), _like(exp.ILike, False)),
    "regexp": _regexp("~"),
    "notRegexp": _regexp("!~"),
    "iRegexp": _regexp("~*"),
    "notIRegexp": _regexp("!~*"),
    **dict.fromkeys(("empty", "notEmpty", "arrayEmpty", "arrayNotEmpty"), _empty),
    **dict.fromkeys(("anyOf", "noneOf", "overlap"), _overlaps),
    **dict.fromkeys(("match", "notMatch"), _matches),
    **dict.fromkeys(("contains", "contained"), _contains),
    **dict.fromkeys(("dateWithin", "dateOutside", "dateBefore", "dateFrom"), _date),
    **dict.fromkeys(("always", "never"), _constant),
}

_AS_TEXT = {
    *_SYMBOLS,
    "ne",
    "in",
    "notIn",
    "any",
    "between",
    "notBetween",
    "like",
    "likeAny",
    "notLike",
    "likeNone",
} | {
    "iLike",
    "iLikeAny",
    "notILike",
    "iLikeNone",
    "regexp",
    "notRegexp",
    "iRegexp",
    "notIRegexp",
}
