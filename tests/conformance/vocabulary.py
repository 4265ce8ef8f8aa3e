"""The vocabulary of conformance tests: describe a workflow, run it on a host, look at what came of it."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

from orchestrator.engine import manual, queue
from orchestrator.hosts.psycopg_host import PsycopgHost

Connection = psycopg.Connection[Any]
Node = dict[str, Any]

#: node types and entry points of tests, for this process and for the backend
SUPPORT = Path(__file__).with_name("fixture_nodes.py")


def load_support() -> ModuleType:
    """The support module in this process, loaded once."""
    if "fixture_nodes" not in sys.modules:
        spec = spec_from_file_location("fixture_nodes", SUPPORT)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        sys.modules["fixture_nodes"] = module
        spec.loader.exec_module(module)
    return sys.modules["fixture_nodes"]


def node(node_type: str, key: str, branches: dict[int, list[Node]] | None = None, /, **config: Any) -> Node:
    """A node of a document."""
    if node_type == "condition":
        config.setdefault("rejectOnFalse", False)
    described: Node = {"key": key, "type": node_type, "config": config}
    if branches is not None:
        described["branches"] = {str(index): line for index, line in branches.items()}
    return described


def equal(left: Any, right: Any) -> dict[str, Any]:
    """A calculation tree that compares."""
    return {"group": {"type": "and", "calculations": [{"calculator": "equal", "operands": [left, right]}]}}


def in_backend(test: Any) -> Any:
    """A promise of the backend alone: triggers and the engine share a process there."""
    return pytest.mark.parametrize("workflows", [PlpyEngine], indirect=True, ids=["plpy"])(test)


def outside(test: Any) -> Any:
    """A promise that is looked at outside the backend, where a test can reach into the engine."""
    return pytest.mark.parametrize("workflows", [PsycopgEngine], indirect=True, ids=["psycopg"])(test)


def from_json(value: Any) -> Any:
    """JSON text with exact numbers."""
    return None if value is None else json.loads(value, parse_float=Decimal)


class PlpyEngine:
    """The engine in the backend, through the functions that everybody calls."""

    name = "plpy"

    def __init__(self, db: Connection) -> None:
        self.db = db

    def run(self, key: str, context: str) -> int:
        return int(self._value("select orchestrator.run(%s, %s)", key, context))

    def resume(self, job: int, result: str | None, status: int) -> None:
        self._value("select orchestrator.resume(%s, %s, %s)", job, result, status)

    def run_executions(self) -> int:
        return int(self._value("select orchestrator.run_executions(50)"))

    def call(self, function: str, *args: str) -> Any:
        text = self._value("select public.call_support(%s, variadic %s::text[])", function, list(args))
        return from_json(text)

    def limit_loops(self, limit: int) -> None:
        self.call("limit_loops", str(limit))

    def _value(self, sql: str, *args: Any) -> Any:
        row = self.db.execute(sql.encode(), args).fetchone()
        return row[0] if row else None


class PsycopgEngine:
    """The same entry points outside the backend."""

    name = "psycopg"

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.loop_limit = 0

    def run(self, key: str, context: str) -> int:
        return int(self._with_host(lambda host: manual.run(host, key, context)))

    def resume(self, job: int, result: str | None, status: int) -> None:
        self._with_host(lambda host: manual.resume(host, str(job), result, str(status)))

    def run_executions(self) -> int:
        return int(self._with_host(lambda host: queue.run_executions(host, "50")))

    def call(self, function: str, *args: str) -> Any:
        return from_json(self._with_host(lambda host: getattr(load_support(), function)(host, *args)))

    def _with_host(self, use: Callable[[PsycopgHost], Any]) -> Any:
        with self.db.transaction():
            host = PsycopgHost(self.db)
            host.loop_limit = self.loop_limit
            return use(host)

    def limit_loops(self, limit: int) -> None:
        self.loop_limit = limit


Engine = PlpyEngine | PsycopgEngine


@dataclass
class Run:
    """An execution, as the tables show it now."""

    engine: Engine
    id: int

    def _column(self, name: str) -> Any:
        row = self.engine.db.execute(f"select {name} from orchestrator.executions where id = %s".encode(), [self.id])
        found = row.fetchone()
        assert found is not None, "the execution is gone"
        return found[0]

    @property
    def status(self) -> int | None:
        return self._column("status")

    @property
    def output(self) -> Any:
        return from_json(self._column("output::text"))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows of ``jobs`` in order of creation."""
        cursor = self.engine.db.execute(
            "select id, node_key, upstream_id, status, result::text, meta::text, log, started_at"
            " from orchestrator.jobs where execution_id = %s order by id",
            [self.id],
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return [{**row, "result": from_json(row["result"]), "meta": from_json(row["meta"])} for row in rows]

    @property
    def jobs(self) -> list[tuple[str, int, Any]]:
        """(node key, status, result) in order of creation."""
        return [(row["node_key"], row["status"], row["result"]) for row in self.rows]

    @property
    def keys(self) -> list[str]:
        """Node keys of the jobs in order of creation."""
        return [row["node_key"] for row in self.rows]

    def job(self, key: str) -> tuple[int, Any]:
        """(status, result) of a node's latest job."""
        return [(status, result) for name, status, result in self.jobs if name == key][-1]

    def resume(self, key: str, result: Any = None, status: int = 1) -> Run:
        """Continue at the node's oldest waiting job."""
        waiting = [row["id"] for row in self.rows if row["node_key"] == key and row["status"] == 0]
        assert waiting, f"nothing waits at {key}"
        self.engine.resume(waiting[0], json.dumps(result), status)
        return self


class Workflows:
    """Defines workflows and runs them on one host."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.host = engine.name
        self.db = engine.db

    def define(
        self, *nodes: Node, key: str | None = None, options: dict[str, Any] | None = None, **trigger: Any
    ) -> str:
        """A workflow that is started by hand, or by what ``trigger`` says of the document; returns its key."""
        key = key or f"w{secrets.token_hex(5)}"
        document = {
            "key": key,
            "title": key,
            "type": "collection",
            "config": {"collection": "posts"},
            "options": options or {},
            "nodes": list(nodes),
            **trigger,
        }
        self.db.execute("select orchestrator.define(%s)", [json.dumps(document)])
        return key

    def start(self, key: str, context: Any = None) -> Run:
        return Run(self.engine, self.engine.run(key, json.dumps({} if context is None else context)))

    def run(self, *nodes: Node, context: Any = None, options: dict[str, Any] | None = None) -> Run:
        """Define and start."""
        return self.start(self.define(*nodes, options=options), context)

    def converse(self, *nodes: Node, context: Any = None) -> Any:
        """Run with an audience for messages: ``{status, messages, last, jobs}``."""
        return self.engine.call(
            "converse", self.program_id(self.define(*nodes, enabled=True)), json.dumps(context or {})
        )

    def program_id(self, key: str) -> str:
        """The newest program of a workflow."""
        sql = (
            "select max(p.id)::text from orchestrator.programs p join orchestrator.workflows w on w.id = p.workflow_id"
        )
        return str(self.value(f"{sql} where w.key = %s and w.current", key))

    def value(self, sql: str, *args: Any) -> Any:
        row = self.db.execute(sql.encode(), args).fetchone()
        return row[0] if row else None
