"""Makes what was declared: tables, columns, relations and what is registered of them, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.compiler import ddl
from orchestrator.compiler.column_types import ASSOCIATIONS, without_size
from orchestrator.compiler.ddl import Column, TableName
from orchestrator.engine.encoding import to_json
from orchestrator.engine.port import Port, StatementError
from orchestrator.errors import InvalidError
from orchestrator.tables.automatic import (
    TIMES,
    automatic_columns,
    filler,
    key_field,
    own_column,
    signatures,
    sort_name,
    tree_relations,
)
from orchestrator.tables.definition import CollectionDefinition, FieldDefinition
from orchestrator.tables.relations import DECLARED, Plan, completed, constraint_name, needs, plan_relation, uses
from orchestrator.tables.state import State, read_states

__all__ = ["Designer"]

#: options of a field that say what its column is
_FIXED = ("primaryKey", "autoIncrement", "length", "precision", "scale", "dataType", "elementType", "jsonb", "accuracy")
_NAMES = "array(select pg_catalog.jsonb_array_elements_text({}::pg_catalog.jsonb))"
_FORGET = f"select orchestrator.forget_fields($1, {_NAMES.format('$2')})"
_SETTLE = f"select orchestrator.settle_collections({_NAMES.format('$1')})"
_PUT = "select orchestrator.put_field($1, $2, $3, $4, $5::pg_catalog.int4, $6::pg_catalog.jsonb, $7::pg_catalog.jsonb)"
_UNMANAGE = "select orchestrator.unmanage(pg_catalog.format('%I.%I', $1, $2)::pg_catalog.regclass)"
#: the schema's own objections: what was asked does not go together with what is there
_OBJECTIONS = frozenset({"2BP01", "0A000", "42P07", "42701", "42710", "42830", "42P16", "42611", "42704"})


class Designer:
    """One change of collections: states as they will be, and the names of what was touched."""

    def __init__(self, port: Port, reserved: frozenset[str]) -> None:
        self._port = port
        self._reserved = reserved
        self.states = read_states(port)
        self._touched: set[str] = set()

    # -- collections -----------------------------------------------------------------------------------------------

    def create(self, definition: CollectionDefinition) -> None:
        """A table with its collection, fields and relations."""
        name, fields = definition.name, definition.fields or ()
        table = TableName("public", name)
        if self._port.fetch("select pg_catalog.to_regclass($1) is not null as found", [f'public."{name}"'])[0]["found"]:
            raise InvalidError(f'table "{name}" exists already: load it as a collection, or take another name')
        columns = [own_column(field) for field in fields if field.has_column]
        primary = [field.name for field in fields if field.options.get("primaryKey") and field.has_column]
        if definition.options.get("autoGenId") is not False and not primary and definition.field("id") is None:
            columns.insert(0, Column(name="id", type="bigint", not_null=True, identity=True))
            primary = ["id"]
        declared = {column.name for column in columns}
        columns += [column for column in automatic_columns(definition.options) if column.name not in declared]
        if not columns:
            raise InvalidError(f'collection "{name}" has no column')
        unique = {
            field.name: constraint_name(name, field.name, "_key")
            for field in fields
            if field.has_column and field.options.get("unique") and field.name not in primary
        }
        self._execute(
            ddl.create_table(
                table, columns, primary_key=primary, unique=[(rule, column) for column, rule in unique.items()]
            )
        )
        state = State(
            name=name,
            table=table,
            key=(primary[0] if len(primary) == 1 else primary) or next(iter(unique), None),
            created=True,
            columns={column.name: without_size(column.type) for column in columns},
            not_null={column.name for column in columns if column.not_null},
            unique=unique,
            indexed={*unique, *primary[:1]},
        )
        self.states[name] = state
        options = self._checked_key(state, definition.options)
        self._take(state, definition.title, options)
        self._fillers(state, definition.options, {field.name for field in fields})
        if primary and definition.field(primary[0]) is None:
            self._put(state, FieldDefinition(name="id", type="bigInt", interface="id", options={}), 0, implicit=True)
        for position, field in enumerate(fields, 1):
            if not field.is_association:
                self._put(state, field, position)
            if field.has_column:
                self._rules(state, field, {})
                self._fill(state, field)
        for own in signatures(definition.options):
            if definition.field(own.name) is None:
                self._relate(state, own, 0, implicit=True)
        for position, field in enumerate(fields, 1):
            if field.is_association:
                self._relate(state, field, position)
        self._tree(state, definition.options)
        self._relate_others(state)

    def describe(self, state: State, title: str | None, options: Mapping[str, Any]) -> None:
        """Another title, other options; columns that these ask for are added."""
        for column in automatic_columns(options):
            if column.name not in state.columns:
                numbered = replace(column, identity=column.name == sort_name(options))
                self._execute(ddl.add_column(state.table, numbered))
                state.columns[column.name] = column.type
        self._port.fetch(
            "select orchestrator.describe_collection($1, $2, $3::pg_catalog.jsonb)",
            [state.name, title, to_json(self._checked_key(state, options))],
        )
        self._fillers(state, options, set(state.fields))
        for own in signatures(options):
            if own.name not in state.fields:
                self._relate(state, own, 0, implicit=True)
        self._tree(state, options)
        self._touched.add(state.name)

    def drop(self, state: State, *, cascade: bool) -> None:
        """The collection with its table and the relations that lead to it; a table that was taken over stays."""
        for other in self.states.values():
            leading = [
                name
                for name, field in other.fields.items()
                if state.name in (field["options"].get("target"), field["options"].get("through"))
                and field["type"] in ASSOCIATIONS
                and other.name != state.name
            ]
            for key in [key for key in other.keys if key.target == state.name and key.name.endswith(DECLARED)]:
                if other.name != state.name:
                    self._execute(ddl.drop_constraint(other.table, key.name))
                    other.keys.remove(key)
            if leading:
                self._port.fetch(_FORGET, [other.name, to_json(leading)])
                self._touched.add(other.name)
        if state.created:
            self._execute(ddl.drop_table(state.table, cascade=cascade))
        else:
            self._port.fetch(_UNMANAGE, [state.table.schema, state.table.name])
        del self.states[state.name]

    # -- fields ----------------------------------------------------------------------------------------------------

    def add_field(self, state: State, field: FieldDefinition) -> None:
        """A column, a relation with what makes it true, or a field that is neither."""
        if field.name in state.fields or field.name in state.columns:
            raise InvalidError(f'Field name "{field.name}" already exists in collection "{state.name}"')
        position = 1 + max((int(known["sort"]) for known in state.fields.values()), default=0)
        if field.is_association:
            self._relate(state, field, position)
        else:
            if field.has_column:
                self._add_column(state, field)
            self._put(state, field, position)
        self._touched.add(state.name)

    def change_field(self, state: State, field: FieldDefinition, before: Mapping[str, Any]) -> None:
        """Other options: the column's constraints and default follow, its type stays."""
        if field.type != before["type"]:
            raise InvalidError(f'the type of field "{field.name}" cannot be changed')
        if field.is_association:
            for key in ("target", "foreignKey", "otherKey", "sourceKey", "targetKey", "through"):
                if field.options.get(key) != before["options"].get(key):
                    raise InvalidError(f'"{key}" of field "{field.name}" cannot be changed')
            self._relate(state, field, before["sort"])
        else:
            if before["column"]:
                self._change_column(state, field, before["definition"] or {})
            self._put(state, field, before["sort"])
        self._touched.add(state.name)

    def drop_field(self, state: State, name: str) -> None:
        """The field with its column; with the last column the table."""
        field = state.fields[name]
        if field["column"]:
            self._refuse_key(state, name)
            if len(state.columns) == 1:
                self.drop(state, cascade=False)
                return
            if name == state.key or (isinstance(state.key, list) and name in state.key):
                raise InvalidError(f'field "{name}" is the key of collection "{state.name}"')
            self._port.fetch("select orchestrator.detach_fillers($1, $2)", [state.name, name])
            self._execute(ddl.drop_column(state.table, name))
        else:
            self._port.fetch(_FORGET, [state.name, to_json([name])])
            if field["type"] in ASSOCIATIONS:
                del state.fields[name]
                self._unbind(state, field)
        self._touched.add(state.name)

    # -- what all of it ends with ----------------------------------------------------------------------------------

    def pair(self, state: State, name: str, other: State, other_name: str) -> None:
        """Two relations are the sides of one."""
        self._port.fetch("select orchestrator.pair_fields($1, $2, $3, $4)", [state.name, name, other.name, other_name])

    def settle(self) -> None:
        """Reads what was touched again, and publishes it."""
        names = sorted(name for name in self._touched if name in self.states)
        self._port.fetch(_SETTLE, [to_json(names)])

    # -- parts -----------------------------------------------------------------------------------------------------

    def _execute(self, statement: str) -> None:
        try:
            self._port.run(statement)
        except StatementError as error:
            if error.sqlstate in _OBJECTIONS:
                raise InvalidError(str(error)) from None
            raise

    def _take(self, state: State, title: str | None, options: Mapping[str, Any]) -> None:
        self._port.fetch(
            "select orchestrator.take_collection($1, $2, $3, $4, $5::pg_catalog.jsonb)",
            [state.table.schema, state.table.name, state.name, title, to_json(options)],
        )
        self._touched.add(state.name)

    def _put(self, state: State, field: FieldDefinition, position: int, *, implicit: bool = False) -> None:
        options = {**field.read(), **({"implicit": True} if implicit else {})}
        definition = None if implicit else dict(field.options)
        state.fields[field.name] = {
            "type": field.type,
            "interface": field.interface,
            "sort": position,
            "column": field.has_column,
            "options": options,
            "definition": definition,
        }
        self._port.fetch(
            _PUT,
            [
                state.name,
                field.name,
                field.type,
                field.interface,
                str(position),
                to_json(options),
                None if definition is None else to_json(definition),
            ],
        )

    def _relate(self, state: State, field: FieldDefinition, position: int, *, implicit: bool = False) -> None:
        field = completed(field, state, self.states)
        plan = Plan(self._reserved)
        plan_relation(plan, self.states, state, field)
        for statement in plan.statements:
            self._execute(statement)
        for name in plan.tables:
            self._take(self.states[name], None, {"isThrough": True, "autoCreate": True})
            self._port.fetch("select orchestrator.attach_filler($1, 'touch', 'updatedAt')", [name])
        for name, column, visible in plan.columns:
            self._put_key(self.states[name], column, visible=visible and not implicit)
        self._put(state, field, position, implicit=implicit)
        self._touched |= plan.touched

    def _tree(self, state: State, options: Mapping[str, Any]) -> None:
        """The two relations of a tree, where nobody declared them, and the guard against cycles."""
        if not options.get("tree"):
            return
        for own in tree_relations(state.name, state.fields.get("parent")):
            if own.name not in state.fields:
                self._relate(state, own, 0, implicit=True)
        parent = state.fields["parent"]["options"]
        if state.fields["parent"]["type"] != "belongsTo" or parent.get("target") != state.name:
            raise InvalidError(f'field "parent" of "{state.name}" does not lead to its own collection')
        self._port.fetch(
            "select orchestrator.attach_filler($1, 'tree', $2, $3)",
            [state.name, parent["foreignKey"], parent["targetKey"]],
        )

    def _put_key(self, state: State, column: str, *, visible: bool) -> None:
        """The column of a relation: a field of its own where relations are made by hand, else out of sight."""
        field = key_field(column, state.columns[column], visible=visible)
        position = 1 + max((int(known["sort"]) for known in state.fields.values()), default=0)
        self._put(state, field, position, implicit=not visible)

    def _relate_others(self, state: State) -> None:
        """Relations that were declared before their other side existed."""
        for other in list(self.states.values()):
            for name, known in other.fields.items():
                options = known["options"]
                if (
                    other.name != state.name
                    and known["type"] in ASSOCIATIONS
                    and known["definition"] is not None
                    and state.name in (options.get("target"), options.get("through"))
                ):
                    field = FieldDefinition(
                        name=name, type=known["type"], interface=known.get("interface"), options=known["definition"]
                    )
                    self._relate(other, field, known["sort"])

    def _unbind(self, state: State, field: Mapping[str, Any]) -> None:
        """The foreign key of a relation that is gone, unless the other side still declares it."""
        options = field["options"]
        child = state if field["type"] == "belongsTo" else self.states.get(options.get("target", ""))
        if child is None or field["type"] in {"belongsToMany", "belongsToArray"} or child.created is None:
            return
        column = options.get("foreignKey")
        if any(uses(name, known, child.name, column) for name, known in self._relations()):
            return
        for key in [key for key in child.keys if key.column == column and key.name.endswith(DECLARED)]:
            self._execute(ddl.drop_constraint(child.table, key.name))
            child.keys.remove(key)
        self._touched.add(child.name)

    def _relations(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        for state in self.states.values():
            for known in state.fields.values():
                if known["type"] in ASSOCIATIONS:
                    yield state.name, known

    def _refuse_key(self, state: State, column: str) -> None:
        for other in self.states.values():
            for name, known in other.fields.items():
                options = known["options"]
                if "constraint" in options or known["type"] not in ASSOCIATIONS:
                    continue
                if needs(other.name, known, state.name, column):
                    raise InvalidError(f'field "{column}" is a key of relation "{name}" of collection "{other.name}"')

    def _checked_key(self, state: State, options: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in options.items() if name != "filterTargetKey"}
        key = options.get("filterTargetKey")
        names = key if isinstance(key, list) else [key] if key else []
        for name in names:
            if not isinstance(name, str) or name not in state.columns:
                raise InvalidError(f'"{name}" of "{state.name}" does not exist')
        return {**rest, "filterTargetKey": names[0] if len(names) == 1 else names} if names else rest

    # -- columns ---------------------------------------------------------------------------------------------------

    def _add_column(self, state: State, field: FieldDefinition) -> None:
        if field.options.get("primaryKey"):
            raise InvalidError(f'the primary key of "{state.name}" cannot be changed')
        column = own_column(field)
        self._execute(ddl.add_column(state.table, replace(column, identity=column.identity or field.type == "sort")))
        state.columns[field.name] = without_size(column.type)
        self._rules(state, field, {})
        self._fill(state, field)

    def _rules(self, state: State, field: FieldDefinition, before: Mapping[str, Any]) -> None:
        """Uniqueness and index, as far as they change."""
        name, table = field.name, state.table
        wanted, had = bool(field.options.get("unique")), name in state.unique
        if wanted and not had:
            self._execute(ddl.add_unique(table, name, constraint_name(table.name, name, "_uk")))
        elif had and not wanted and before.get("unique"):
            self._execute(ddl.drop_constraint(table, state.unique[name]))
        if field.options.get("index") and name not in state.indexed and not wanted:
            self._execute(ddl.create_index(table, name, constraint_name(table.name, name, "_idx")))

    def _change_column(self, state: State, field: FieldDefinition, before: Mapping[str, Any]) -> None:
        for option in _FIXED:
            if (field.options.get(option) or None) != (before.get(option) or None):
                raise InvalidError(f'"{option}" of field "{field.name}" cannot be changed')
        column = own_column(field)
        self._rules(state, field, before)
        if (field.options.get("allowNull") is False) != (before.get("allowNull") is False):
            self._execute(ddl.set_not_null(state.table, field.name, on=column.not_null))
        if not column.identity and any(
            field.options.get(option) != before.get(option)
            for option in ("defaultValue", "defaultToCurrentTime", "autoFill", "prefix")
        ):
            self._execute(ddl.set_default(state.table, column))
        self._port.fetch("select orchestrator.detach_fillers($1, $2)", [state.name, field.name])
        self._fill(state, field)

    def _fill(self, state: State, field: FieldDefinition) -> None:
        """The trigger of a column that changes by itself."""
        found = filler(field, state)
        if found is not None:
            kind, other = found
            self._port.fetch("select orchestrator.attach_filler($1, $2, $3, $4)", [state.name, kind, field.name, other])

    def _fillers(self, state: State, options: Mapping[str, Any], declared: set[str]) -> None:
        """Fields and triggers of columns that the collection's options brought."""
        for column in automatic_columns(options):
            if column.name in declared:
                continue
            field = FieldDefinition(
                name=column.name,
                type="sort" if column.name == sort_name(options) else "date" if column.name in TIMES else "bigInt",
                interface=None,
                options={"hidden": True} if column.name == sort_name(options) else {},
            )
            self._put(state, field, 0, implicit=True)
            self._fill(state, field)
