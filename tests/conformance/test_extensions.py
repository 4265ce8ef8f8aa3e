"""Modules of orchestrator_extensions, as docs/extending.md describes them, in the backend."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .vocabulary import node

_DOCS = Path(__file__).parents[2] / "docs" / "extending.md"

_INSTALL = """
create function pg_temp.install_extensions(modules jsonb) returns void language plpython3u as $$
import json, pathlib, sys, tempfile
base = pathlib.Path(tempfile.mkdtemp())
(base / "orchestrator_extensions").mkdir()
for name, source in json.loads(modules).items():
    (base / "orchestrator_extensions" / f"{name}.py").write_text(source)
sys.path.append(str(base))
$$
"""


def documented(heading: str) -> str:
    """The Python block below a heading of the documentation."""
    found = re.search(
        rf"^## {heading}\n.*?^```python\n(.*?)^```", _DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return found[1]


_LEAVING = """
import sys

from orchestrator.instructions import register_instruction


def compile_node(node, program):
    node.run = lambda proc, prev: sys.exit("enough")


class Unspeakable:
    def __str__(self):
        raise ValueError("no words")


def compile_unspeakable(node, program):
    node.run = lambda proc, prev: (1, Unspeakable())


register_instruction("leave", compile_node)
register_instruction("unspeakable", compile_unspeakable)
"""


@pytest.fixture
def extended(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A session that loads the documented extensions, and one that is broken, before its engine."""
    modules = {
        "greeting": documented("A node type"),
        "waiting": documented("A node type that waits"),
        "comparing": documented("A calculator"),
        "rates": documented("A function of `\\$system`"),
        "leaving": _LEAVING,
        "broken": "import a_library_that_is_not_there",
    }
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_INSTALL.encode())
        connection.execute("select pg_temp.install_extensions(%s)", [json.dumps(modules)])
        connection.execute("create table things (id integer primary key)")
        connection.execute("select orchestrator.manage('things')")
        yield connection


def jobs(db: psycopg.Connection[Any], *nodes: dict[str, Any], context: Any = None) -> list[tuple[Any, ...]]:
    """Jobs of a workflow that is run by hand."""
    document = {
        "key": "w",
        "title": "w",
        "type": "collection",
        "config": {"collection": "things"},
        "nodes": list(nodes),
    }
    db.execute("select orchestrator.define(%s)", [json.dumps(document)])
    db.execute("select orchestrator.run('w', %s)", [json.dumps(context or {})])
    return db.execute("select node_key, status, result from orchestrator.jobs order by id").fetchall()


def test_a_documented_node_type_runs(extended: psycopg.Connection[Any]) -> None:
    greet = node("greeting", "g", name="{{$context.user.nickname}}")
    assert jobs(extended, greet, context={"user": {"nickname": "Ada"}}) == [("g", 1, "Hello Ada")]


def test_its_configuration_is_checked_when_it_is_published(extended: psycopg.Connection[Any]) -> None:
    document = {"key": "w", "title": "w", "type": "collection", "enabled": True, "config": {"collection": "things"}}
    with pytest.raises(psycopg.Error, match='"name" is required'):
        extended.execute("select orchestrator.define(%s)", [json.dumps({**document, "nodes": [node("greeting", "g")]})])


def test_a_documented_waiting_node_is_resumed(extended: psycopg.Connection[Any]) -> None:
    assert jobs(extended, node("signature", "s", of="Ada")) == [("s", 0, {"of": "Ada"})]
    extended.execute("select orchestrator.resume(id, %s) from orchestrator.waiting_jobs", [json.dumps({"by": "Ada"})])
    rows = extended.execute("select node_key, status, result from orchestrator.jobs").fetchall()
    assert rows == [("s", 1, {"by": "Ada"})]


def test_a_documented_calculator_compares(extended: psycopg.Connection[Any]) -> None:
    calculation = {"calculator": "divisibleBy", "operands": ["{{$context.n}}", 4]}
    assert jobs(extended, node("condition", "c", calculation=calculation), context={"n": 12}) == [("c", 1, True)]


def test_a_documented_function_is_called(extended: psycopg.Connection[Any]) -> None:
    assert jobs(extended, node("variable", "v", value="{{$system.finance.vatRate}}")) == [("v", 1, 0.2)]


def test_a_broken_extension_is_a_warning_and_the_others_work(extended: psycopg.Connection[Any]) -> None:
    extended.execute("select 1")
    with psycopg.connect(extended.info.dsn, password=extended.info.password, autocommit=True) as other:
        said: list[str] = []
        other.add_notice_handler(lambda notice: said.append(str(notice.message_primary)))
        other.execute(_INSTALL.encode())
        modules = {"broken": "import a_library_that_is_not_there", "comparing": documented("A calculator")}
        other.execute("select pg_temp.install_extensions(%s)", [json.dumps(modules)])
        other.execute("select orchestrator.load_engine()")
        [warning] = said
        assert 'extension "orchestrator_extensions.broken" cannot be loaded: ModuleNotFoundError' in warning
        calculation = {"calculator": "divisibleBy", "operands": [9, 4]}
        assert jobs(other, node("condition", "c", calculation=calculation)) == [("c", 1, False)]


def test_without_its_extension_a_node_type_is_refused(db: psycopg.Connection[Any]) -> None:
    db.execute("create table things (id integer primary key)")
    db.execute("select orchestrator.manage('things')")
    with pytest.raises(psycopg.Error, match='Node type "greeting" is not registered'):
        jobs(db, node("greeting", "g", name="x"))


def test_a_node_that_leaves_the_interpreter_or_a_result_without_words_fails_alone(
    extended: psycopg.Connection[Any],
) -> None:
    leaving = {
        "key": "left",
        "title": "left",
        "type": "collection",
        "config": {"collection": "things", "mode": 1},
        "enabled": True,
        "nodes": [node("leave", "out")],
    }
    staying = {**leaving, "key": "stayed", "title": "stayed", "nodes": [node("greeting", "greet", name="Ada")]}
    silent = {**leaving, "key": "silent", "title": "silent", "nodes": [node("unspeakable", "no_words")]}
    for document in (leaving, silent, staying):
        extended.execute("select orchestrator.define(%s)", [json.dumps(document)])
    extended.execute("insert into things values (1)")
    assert extended.execute("select orchestrator.run_executions()").fetchone() == (3,)
    assert extended.execute("select key, status from orchestrator.executions order by key").fetchall() == [
        ("left", -2),
        ("silent", -2),
        ("stayed", 1),
    ]
    assert extended.execute("select result ->> 'message' from orchestrator.jobs where node_key = 'out'").fetchall() == [
        ("enough",)
    ]
