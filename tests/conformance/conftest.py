"""One suite, two hosts: every test here runs in the backend and outside of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestrator.cluster import Cluster

from .vocabulary import SUPPORT, Connection, PlpyEngine, PsycopgEngine, Workflows, load_support

_SETUP = """
create function public.load_support(source text) returns void language plpython3u as $$
import sys, types
plpy.execute("select orchestrator.load_engine()")
if "fixture_nodes" not in sys.modules:
    module = types.ModuleType("fixture_nodes")
    exec(compile(source, "fixture_nodes.py", "exec"), module.__dict__)
    sys.modules["fixture_nodes"] = module
$$;
create function public.enter_support(target text, list text[]) returns text language plpython3u as $$
h = GD.get("orchestrator") or plpy.execute("select orchestrator.load_engine()") and GD["orchestrator"]
return h.call("fixture_nodes:" + target, list)
$$;
create function public.call_support(target text, variadic args text[]) returns text language plpgsql
security definer set search_path = pg_catalog, orchestrator, pg_temp
set "TimeZone" = 'UTC' set "DateStyle" = 'ISO, MDY' set row_security = off
as $$ begin return orchestrator.result(public.enter_support(target, args)); end $$;
alter function public.call_support(text, text[]) owner to orchestrator_runner;
"""

_TABLES = (Path(__file__).with_name("tables.sql")).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def conformance_db(server: Cluster, template: str) -> Iterator[Connection]:
    """One database and one session for a module: tests share nothing but tables, which are emptied.

    Not for the whole suite: tests elsewhere crash the server.
    """
    name = f"conformance_{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}".encode())
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute(_SETUP.encode())
        connection.execute(_TABLES.encode())
        connection.execute("select public.load_support(%s)", [SUPPORT.read_text(encoding="utf-8")])
        load_support()
        yield connection
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(params=[PlpyEngine, PsycopgEngine], ids=lambda engine: engine.name)
def workflows(request: pytest.FixtureRequest, conformance_db: Connection) -> Iterator[Workflows]:
    """The vocabulary on each host; what a test enables or queues is gone after it."""
    conformance_db.execute("truncate categories, posts, comments, tags, posts_tags, plain restart identity cascade")
    yield Workflows(request.param(conformance_db))
    conformance_db.execute("select orchestrator.disable(key) from orchestrator.workflows where enabled")
    conformance_db.execute("delete from orchestrator.executions where status is null")


@pytest.fixture
def loop_limit(workflows: Workflows) -> Iterator[int]:
    """Rounds that a loop may finish during the test."""
    workflows.engine.limit_loops(3)
    yield 3
    workflows.engine.limit_loops(0)
