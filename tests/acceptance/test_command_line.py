"""Commands against a database of one's own: help with an example, and one sentence when something is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import yaml

from orchestrator.cluster import Cluster

COMMANDS = ["up", "status", "down", "install", "upgrade", "uninstall", "serve", "worker", "apply", "export"]

DOCUMENT = """
key: expense-limit
title: Refuse expenses above the limit
type: collection
sync: false
enabled: false
config: {collection: expenses, mode: 1}
nodes:
  - key: always
    type: condition
    config: {engine: basic, rejectOnFalse: false, calculation: {group: {type: and, calculations: []}}}
    branches:
      1:
        - {key: stop, type: end, config: {endStatus: 1}}
"""


NOWHERE = "postgresql://127.0.0.1:1/nowhere"


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")} | settings


def run(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *map(str, arguments)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def shop(new_database: Callable[..., str], template: str) -> str:
    """The DSN of a database where expenses are managed."""
    dsn = new_database(template=template)
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("create table public.expenses (id bigint generated always as identity primary key, amount numeric)")
        db.execute("select orchestrator.manage('public.expenses')")
    return dsn


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert f"Example: orchestrator {command}" in shown.stdout


def test_install_upgrade_uninstall(server: Cluster, new_database: Callable[..., str]) -> None:
    dsn = new_database()
    installed = run("install", "--dsn", dsn, "--package-path", server.package_base)
    assert installed.returncode == 0, installed.stderr
    assert str(server.package_base) in installed.stdout
    assert run("upgrade", "--dsn", dsn).returncode == 0
    assert run("uninstall", "--dsn", dsn).returncode == 0
    again = run("uninstall", "--dsn", dsn)
    assert (again.returncode, again.stderr) == (
        1,
        'orchestrator: schema "orchestrator" is not installed in this database\n',
    )


def test_install_keeps_the_package_with_the_servers_data_by_default(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    installed = run("install", "--dsn", dsn)
    assert "/postgres/pg_orchestrator/" in installed.stdout


def test_install_says_where_the_server_cannot_write(new_database: Callable[..., str]) -> None:
    failed = run("install", "--dsn", new_database(), "--package-path", "/proc/nowhere")
    assert failed.returncode == 1
    assert 'the server cannot write the Python package to "/proc/nowhere/' in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["install", "--dsn", NOWHERE],
        ["export", "nothing", "--dsn", NOWHERE],
        ["status", "--data-dir", "/nonexistent"],
        ["down", "--data-dir", "/nonexistent"],
        ["export", "nothing", "--data-dir", "/nonexistent"],
        ["up", "--data-dir", "/proc/nowhere"],
        ["worker", "--dsn", "nowhere"],
        ["serve", "--dsn", "nowhere"],
    ],
    ids=" ".join,
)
def test_failures_are_one_sentence_on_stderr(arguments: list[str]) -> None:
    failed = run(*arguments)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.startswith("orchestrator: ")
    assert len(failed.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BATCH", "100", 'ORCHESTRATOR_BATCH: input should be less than or equal to 50, not "100"'),
        ("POLL_SECONDS", "soon", "ORCHESTRATOR_POLL_SECONDS: input should be a valid number"),
        ("LOG_LEVEL", "loud", "ORCHESTRATOR_LOG_LEVEL: input should be 'debug', 'info'"),
        ("LOCALE", "xx", "ORCHESTRATOR_LOCALE: input should be '', 'en-US' or 'zh-CN', not \"xx\""),
        ("DATA_SOURCES", "host=b password=secret", "ORCHESTRATOR_DATA_SOURCES: should be a JSON object"),
        ("DATA_SOURCES", '{"b": ["secret"]}', "ORCHESTRATOR_DATA_SOURCES.b: input should be a valid string"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_wrong_setting_is_named_and_a_secret_is_not_shown(command: str, name: str, value: str, said: str) -> None:
    failed = run(command, "--dsn", NOWHERE, **{f"ORCHESTRATOR_{name}": value})
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"orchestrator: {said}")
    assert len(failed.stderr.splitlines()) == 1
    assert "secret" not in failed.stderr


def test_a_worker_logs_json_at_the_level_that_was_asked_for() -> None:
    command = [sys.executable, "-m", "orchestrator", "worker", "--dsn", NOWHERE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(ORCHESTRATOR_LOG_LEVEL="Warning")) as worker:
        assert worker.stdout is not None
        try:
            line = json.loads(worker.stdout.readline())
        finally:
            worker.terminate()
    assert worker.returncode == 0
    assert line["level"] == "warning"
    assert line["event"] == "worker_interrupted"
    assert "connection refused" in line["error"].lower()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_address_that_is_not_free_is_named(processes: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        failed = run("serve", "--port", port, "--processes", processes, "--dsn", NOWHERE)
    assert failed.returncode == 1
    assert failed.stderr == f'orchestrator: cannot listen on "127.0.0.1", port {port}: address already in use\n'


@pytest.mark.parametrize("name", ["state.json", "secrets.json"])
@pytest.mark.parametrize(
    "content", ["", "[]", '{"processes": {}, "colour": "red"}', '{"home": "/", "processes": {"api": 7}}']
)
def test_a_damaged_data_directory_is_one_sentence(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "state.json").write_text('{"home": "/nowhere", "processes": {}}')
    (tmp_path / name).write_text(content)
    failed = run("status", "--data-dir", tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f'orchestrator: "{tmp_path / name}" is not what orchestrator up has written')
    assert len(failed.stderr.splitlines()) == 1


def test_an_exported_workflow_applied_again_is_no_new_version(shop: str, tmp_path: Path) -> None:
    first = tmp_path / "first.yaml"
    first.write_text(DOCUMENT)
    applied = run("apply", first, "--dsn", shop)
    assert applied.returncode == 0, applied.stderr
    exported = run("export", "expense-limit", "--dsn", shop)
    document = yaml.safe_load(exported.stdout)
    assert list(document)[:3] == ["key", "title", "type"]
    assert document["nodes"][0]["branches"][1][0]["key"] == "stop"
    second = tmp_path / "second.yaml"
    second.write_text(exported.stdout)
    assert run("apply", second, "--dsn", shop).stdout == applied.stdout
    assert run("export", "expense-limit", "--dsn", shop).stdout == exported.stdout


def test_apply_defines_all_documents_or_none(shop: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(DOCUMENT)
    bad.write_text(DOCUMENT.replace("expense-limit", "other").replace("type: end", "type: nonsense"))
    failed = run("apply", good, bad, "--dsn", shop)
    assert failed.returncode == 1
    assert "nodes[0].branches.1[0].type" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert run("export", "expense-limit", "--dsn", shop).returncode == 1


def test_export_of_an_unknown_key_names_it(shop: str) -> None:
    failed = run("export", "nobody", "--dsn", shop)
    assert failed.returncode == 1
    assert "nobody" in failed.stderr
