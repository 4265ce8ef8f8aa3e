"""Relations as foreign keys: which columns, constraints and through-tables make a declared relation true.

Planning alone: statements come out, and the states are brought to what these will have done. A relation whose other
side does not exist yet is made true when that is created.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.compiler import ddl
from orchestrator.compiler.ddl import Column, TableName
from orchestrator.errors import InvalidError
from orchestrator.tables.definition import FieldDefinition, random_name
from orchestrator.tables.state import ForeignKey, State

__all__ = ["DECLARED", "Plan", "completed", "constraint_name", "needs", "plan_relation", "uses"]

#: ends the names of foreign keys that declared relations are made of; see table_relations()
DECLARED = "_declared"
_LONGEST = 63
#: types of keys: what compares them is PostgreSQL's own
_KEY_TYPES = frozenset(
    {"smallint", "integer", "bigint", "numeric", "uuid", "text", "character varying", "date", "bpchar", "character"}
)
_INSTANT = "timestamp with time zone"


class Plan:
    """Statements, and what has to be registered once they were executed."""

    def __init__(self, reserved: frozenset[str]) -> None:
        #: names that mean something else than a table of theirs would
        self.reserved = reserved
        self.statements: list[str] = []
        #: collections whose table or relations change
        self.touched: set[str] = set()
        #: columns that relations brought: collection, column, whether clients see it as a field
        self.columns: list[tuple[str, str, bool]] = []
        #: through-tables
        self.tables: list[str] = []


def constraint_name(table: str, column: str, suffix: str) -> str:
    """A name of its own for a constraint or index, as PostgreSQL's limit allows."""
    name = f"{table}_{column}"
    if len(name.encode()) + len(suffix) > _LONGEST:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = name.encode()[: _LONGEST - len(suffix) - 13].decode(errors="ignore") + f"_{digest}"
    return name + suffix


def completed(field: FieldDefinition, source: State, states: Mapping[str, State]) -> FieldDefinition:
    """The relation with the keys that were not named."""
    options = dict(field.options)
    target = states.get(options["target"])
    target_key = target.single_key if target is not None else "id"
    options.setdefault("foreignKey", random_name("f_"))
    if field.type in {"belongsTo", "belongsToArray"}:
        options.setdefault("targetKey", target_key)
    else:
        options.setdefault("sourceKey", source.single_key)
        options.setdefault("targetKey", target_key)
    if field.type == "belongsToMany":
        options.setdefault("through", random_name("t_"))
        options.setdefault("otherKey", random_name("f_"))
    if options.get("onDelete"):
        options["onDelete"] = options["onDelete"].upper()
    return replace(field, options=options)


def plan_relation(plan: Plan, states: dict[str, State], source: State, field: FieldDefinition) -> None:
    """What makes a completed relation true; nothing of it where the other side is missing.

    Raises:
        InvalidError: keys that do not exist or do not fit.
    """
    options = field.options
    visible = field.interface is not None
    target = states.get(options["target"])
    plan.touched |= {source.name, *([target.name] if target is not None else ())}
    on_delete = options.get("onDelete")
    if field.type == "belongsToArray":
        _list(plan, source, options["foreignKey"], target, options, visible)
    elif field.type == "belongsTo":
        _refer(plan, source, options["foreignKey"], target, options["targetKey"], on_delete, visible)
    elif target is not None and field.type == "belongsToMany":
        _link(plan, states, source, target, options)
    elif target is not None:
        _refer(plan, target, options["foreignKey"], source, options["sourceKey"], on_delete, visible)


def _link(plan: Plan, states: dict[str, State], source: State, target: State, options: Mapping[str, Any]) -> None:
    """The through-table of a relation between many and many, with its two foreign keys."""
    near, far = options["foreignKey"], options["otherKey"]
    through = states.get(options["through"])
    if through is None:
        if options["through"] in plan.reserved:
            raise InvalidError(f"Collection named {options['through']} already exists")
        if near == far:
            raise InvalidError(f'"foreignKey" and "otherKey" are both "{near}"')
        types = _key_type(source, options["sourceKey"]), _key_type(target, options["targetKey"])
        through = State(
            name=options["through"],
            table=TableName("public", options["through"]),
            key=[near, far],
            created=True,
            columns={near: types[0], far: types[1], "createdAt": _INSTANT, "updatedAt": _INSTANT},
            not_null={near, far, "createdAt", "updatedAt"},
            indexed={near},
        )
        times = [Column(name=name, type=_INSTANT, not_null=True, fill="now") for name in ("createdAt", "updatedAt")]
        keys = [Column(name=near, type=types[0], not_null=True), Column(name=far, type=types[1], not_null=True)]
        plan.statements.append(ddl.create_table(through.table, [*keys, *times], primary_key=(near, far)))
        plan.tables.append(through.name)
        states[through.name] = through
    plan.touched.add(through.name)
    on_delete = options.get("onDelete")
    _refer(plan, through, near, source, options["sourceKey"], on_delete, False, "CASCADE")
    _refer(plan, through, far, target, options["targetKey"], on_delete, False, "CASCADE")


def _list(
    plan: Plan, source: State, column: str, target: State | None, options: Mapping[str, Any], visible: bool
) -> None:
    """A column of the source that lists keys of the target; no constraint can hold that to be true."""
    if target is None:
        raise InvalidError(f'target collection "{options["target"]}" not found')
    wanted = f"{_key_type(target, options['targetKey'])}[]"
    found = source.columns.get(column)
    if found is None:
        if source.created is None:
            raise InvalidError(f'collection "{source.name}" cannot be changed')
        plan.statements.append(ddl.add_column(source.table, Column(name=column, type=wanted)))
        source.columns[column] = wanted
        plan.columns.append((source.name, column, visible))
    elif found not in {"json", "jsonb"} and not (found.endswith("[]") and _fit(found[:-2], wanted[:-2])):
        raise InvalidError(f'column "{column}" of "{source.name}" is of type "{found}", which lists no keys')


def _refer(
    plan: Plan,
    child: State,
    column: str,
    parent: State | None,
    key: str,
    on_delete: str | None,
    visible: bool,
    otherwise: str | None = None,
) -> None:
    """A column of the child that refers to the parent's key, by a foreign key where the parent exists."""
    if child.created is None:
        raise InvalidError(f'collection "{child.name}" cannot be changed')
    wanted = _key_type(parent, key) if parent is not None else "bigint"
    if column not in child.columns:
        plan.statements.append(ddl.add_column(child.table, Column(name=column, type=wanted)))
        child.columns[column] = wanted
        plan.columns.append((child.name, column, visible))
    if column not in child.indexed:
        plan.statements.append(ddl.create_index(child.table, column, constraint_name(child.table.name, column, "_idx")))
        child.indexed.add(column)
    if parent is None:
        return
    if not _fit(child.columns[column], wanted):
        raise InvalidError(
            f'column "{column}" of "{child.name}" is of type "{child.columns[column]}", and "{key}" of'
            f' "{parent.name}" of type "{wanted}"'
        )
    _bind(plan, child, column, parent, key, on_delete, otherwise)


def _bind(
    plan: Plan, child: State, column: str, parent: State, key: str, on_delete: str | None, otherwise: str | None
) -> None:
    """The foreign key with the rule that was declared; without one, where there is none yet, with another."""
    known = next((k for k in child.keys if (k.column, k.target, k.target_column) == (column, parent.name, key)), None)
    if known is not None:
        if on_delete in (None, known.on_delete):
            return
        if not known.name.endswith(DECLARED):
            raise InvalidError(f'"{column}" of "{child.name}" has a foreign key already: on delete "{known.on_delete}"')
        plan.statements.append(ddl.drop_constraint(child.table, known.name))
        child.keys.remove(known)
    name = constraint_name(child.table.name, column, DECLARED)
    if any(k.name == name for k in child.keys):
        raise InvalidError(f'"{column}" of "{child.name}" refers to something else already')
    on_delete = on_delete or otherwise or ("NO ACTION" if column in child.not_null else "SET NULL")
    if on_delete == "SET NULL" and column in child.not_null:
        raise InvalidError(f'"{column}" of "{child.name}" cannot be null: "onDelete" cannot set it to that')
    plan.statements.append(ddl.add_foreign_key(child.table, column, parent.table, key, on_delete=on_delete, name=name))
    child.keys.append(ForeignKey(name, column, parent.name, key, on_delete))


def _key_type(state: State, key: str) -> str:
    found = state.columns.get(key)
    if found is None:
        raise InvalidError(f'"{key}" of "{state.name}" does not exist')
    if found not in _KEY_TYPES:
        raise InvalidError(f'"{key}" of "{state.name}" is of type "{found}", which is no key\'s')
    return found


def _fit(one: str, other: str) -> bool:
    families = ({"smallint", "integer", "bigint", "numeric"}, {"text", "character varying", "bpchar", "character"})
    return one == other or any(one in family and other in family for family in families)


def uses(owner: str, known: Mapping[str, Any], child: str, column: str | None) -> bool:
    """Whether a relation is about a column of the child's that refers to another table."""
    options = known["options"]
    table = (
        owner if known["type"] in {"belongsTo", "belongsToArray"} else options.get("through") or options.get("target")
    )
    return table == child and column in (options.get("foreignKey"), options.get("otherKey"))


def needs(owner: str, known: Mapping[str, Any], collection: str, column: str) -> bool:
    """Whether a relation cannot do without a column."""
    options = known["options"]
    if uses(owner, known, collection, column):
        return True
    if owner == collection and options.get("sourceKey") == column and known["type"] != "belongsTo":
        return True
    by_key = known["type"] in {"belongsTo", "belongsToMany", "belongsToArray"}
    return by_key and options.get("target") == collection and options.get("targetKey") == column
