"""The quick way through a create: one record without relations, its guards only compute, and nobody follows it.

Most requests are like that. Under load every backend works with cold caches, where what counts is how much code a
request runs through. So what does not depend on the values is found out once for each set of names, and the one
statement needs no savepoint around it. Whatever is not plain goes the long way (request.py), with the same outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.engine.encoding import to_json
from orchestrator.engine.exemption import Exemption
from orchestrator.engine.guard import guard_of
from orchestrator.engine.history import Entry
from orchestrator.engine.processor import BudgetExceeded
from orchestrator.engine.quick import Passing, compile_passing
from orchestrator.engine.records import OWNERS, input_text, open_records
from orchestrator.model.shape import insert_shape

if TYPE_CHECKING:
    from orchestrator.engine.host import RequestHost
    from orchestrator.engine.plan import Plan
    from orchestrator.engine.program import Program
    from orchestrator.engine.request import Standing
    from orchestrator.model.collection import Field

__all__ = ["QuickCreate", "Route", "prepare"]

_EVENT = "insert"
#: routes kept for a session; clients choose the names
_KEPT = 1000
#: members of a request that say nothing but what is written
_PLAIN = frozenset({"action", "values"})


class Route:
    """What all creates with the same names in the same order have in common."""

    __slots__ = ("fields", "guards", "sql", "watched")

    def __init__(
        self,
        sql: str,
        fields: list[Field],
        guards: list[tuple[Program, Passing]],
        watched: list[tuple[int, str]] | None,
    ) -> None:
        self.sql = sql
        #: the columns in the order of the parameters; their values come by name
        self.fields = fields
        #: each with what answers for it
        self.guards = guards
        #: see Exemption
        self.watched = watched


class QuickCreate:
    """A create that its guards let through, ready to be written."""

    __slots__ = ("entries", "exemption", "inputs", "sql")

    def __init__(self, sql: str, inputs: list[str | None], exemption: Exemption, entries: list[Entry]) -> None:
        self.sql = sql
        self.inputs = inputs
        self.exemption = exemption
        self.entries = entries

    def write(self, host: RequestHost) -> str | None:
        """Write the record; its JSON, None where a workflow or trigger left it out."""
        host.exemption = self.exemption
        try:
            return host.write(self.sql, self.inputs)
        finally:
            host.exemption = None


def prepare(host: RequestHost, data: Mapping[str, Any], standing: Standing) -> QuickCreate | None:
    """The quick create of a request; None where it has to go the long way."""
    values = data.get("values")
    actor = standing.actor
    if data.get("action") != "create" or values.__class__ is not dict or not data.keys() <= _PLAIN or actor.bindings:
        return None
    chain = host.chain
    if chain.links or chain.ancestors or host.exemption is not None:
        return None
    key = (standing.plan, standing.revision, *values)
    try:
        route = host.routes[key]
    except KeyError:
        if len(host.routes) >= _KEPT:
            host.routes.clear()
        route = host.routes[key] = _route(host, standing, tuple(values))
    if route is None:
        return None
    entries: list[Entry] = []
    try:
        if route.guards:
            columns = tuple(values.values())
            for program, passing in route.guards:
                jobs = passing(columns)
                if jobs is None:
                    return None
                if jobs is not True:
                    context = f'{{"params":{{"values":{to_json(values)}}},{actor.json}}}'
                    entries.append((program, context, 1, jobs, None, 0, None))
    except (Exception, BudgetExceeded, SystemExit):
        # judged again in full, where the error becomes the node's
        return None
    inputs = [input_text(field, values[field.name]) for field in route.fields]
    exemption = Exemption(standing.collection, _EVENT, values, standing.plan, route.watched)
    return QuickCreate(route.sql, inputs, exemption, entries)


def _route(host: RequestHost, standing: Standing, names: tuple[str, ...]) -> Route | None:
    plan = host.plan(standing.plan)
    if plan.after.get(_EVENT):
        return None
    guards: list[tuple[Program, Passing]] = []
    for program in map(host.program, plan.before.get(_EVENT, ())):
        guard = guard_of(program)
        passing = compile_passing(program, names, keeps=guard.keeps) if program.reads_values_alone else None
        if passing is None:
            return None
        guards.append((program, passing))
    records = open_records(host)
    table = records.table(standing.collection)
    if any(name in table.associations for name in names) or any(name in table.fields for name in OWNERS):
        return None
    if table.behaving_fields or any(name in table.virtual for name in names):
        return None
    fields = [table.fields[name] for name in sorted(names) if name in table.fields and table.fields[name].writable]
    if not all(field.scalar for field in fields):
        return None
    shape = insert_shape(table.name, tuple(field.name for field in fields), "wire", (), True)
    return Route(records.statement(shape), fields, guards, _watched(plan))


def _watched(plan: Plan) -> list[tuple[int, str]] | None:
    columns = plan.columns
    if plan.watched is None or columns.wide or columns.decoded:
        return None
    return [(place, name) for place, name in enumerate(columns.names) if name in plan.watched]
