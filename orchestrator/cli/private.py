"""up, status, down: the private server with everything on it."""

from __future__ import annotations

import json
import signal
import sys
from typing import Annotated, Any

import psycopg
import typer

from orchestrator.cli.options import DEFAULT_DATA_DIR, DataDir
from orchestrator.datadir import DataDirectory, Secrets
from orchestrator.settings import RootAccount
from orchestrator.stack import Access, Plan, Stack, shut_down

__all__ = ["register"]

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(status)
    app.command()(down)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything answers.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    pg_port: Port = 54320,
    api_port: Port = 13000,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes.")] = 1,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Leave the demo's tables and workflows out.")] = False,
) -> None:
    """Start PostgreSQL, the API and workers.

    The server is a private one; the demo is loaded into it. Stays in the foreground until Ctrl-C, unless told to
    detach. The root account is taken from ORCHESTRATOR_ROOT_USERNAME, ORCHESTRATOR_ROOT_EMAIL and
    ORCHESTRATOR_ROOT_PASSWORD when it is first made.

    Example: orchestrator up --detach --pg-port 0 --api-port 0 --workers 2
    """
    directory = DataDirectory(data_dir)
    plan = Plan(
        pg_port=pg_port,
        api_port=api_port,
        workers=workers,
        demo=not no_demo,
        foreground=not detach,
        create_root=_create_root,
    )
    stack = Stack(directory, plan)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        stack.start()
        _print_endpoints(directory, stack.access)
        if detach:
            return
        print("Ctrl-C stops everything.", flush=True)
        stack.watch(lambda message: print(f"orchestrator: {message}", file=sys.stderr, flush=True))
    except KeyboardInterrupt:
        stack.close()
        return
    stack.close()
    raise typer.Exit(1)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Tell where everything is and what runs.

    Exit code 1 when nothing runs.

    Example: orchestrator status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["dsn"])'
    """
    directory = DataDirectory(data_dir)
    access = Access(directory)
    running = access.state.running()
    if as_json:
        found = {
            "dsn": access.dsn,
            "api": access.api,
            "root_username": access.secrets.root_username,
            "root_email": access.secrets.root_email,
            "root_password": access.secrets.root_password,
            "pids": [process.pid for name, process in running.items() if name != "up"],
        }
        print(json.dumps(found))
    else:
        _print_endpoints(directory, access)
        for name, process in access.state.processes.items():
            print(f"{name:<11} {f'process {process.pid}' if name in running else 'not running'}")
    if not running:
        print(f'orchestrator: nothing runs in "{directory.path}"', file=sys.stderr)
        raise typer.Exit(1)


def down(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Stop what up started; the data stays.

    Example: orchestrator down --data-dir .orchestrator
    """
    stopped = shut_down(DataDirectory(data_dir))
    print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _print_endpoints(directory: DataDirectory, access: Access) -> None:
    if access.state.home != str(directory.path):
        print(f'data        {access.state.home} (user "{access.cluster.user.name}" cannot enter {directory.path})')
    print(f"PostgreSQL  {access.dsn}")
    print(f"API         {access.api}/api/")
    print(f"root        {access.secrets.root_username}, password in {directory.secrets_file}", flush=True)


def _create_root(connection: psycopg.Connection[Any], secrets: Secrets) -> None:
    """Make the root account once; a password given in the environment is set again each time."""
    from api.passwords import hash_password

    asked = RootAccount()
    if asked.password is not None:
        secrets.root_password = asked.password.get_secret_value()
    username = secrets.root_username or asked.username
    secrets.root_username, secrets.root_email = username, secrets.root_email or asked.email
    found = connection.execute("select 1 from orchestrator.users where username = %s", (username,)).fetchone()
    if not found or asked.password is not None:
        connection.execute(
            "select orchestrator.ensure_root(%s, %s, %s)",
            (username, secrets.root_email, hash_password(secrets.root_password)),
        )
