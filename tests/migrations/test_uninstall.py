"""An uninstall leaves nothing of ours, and every table of a user as it was."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from orchestrator.cluster import Cluster
from orchestrator.errors import NotFoundError
from orchestrator.schema import installer

from .dumps import dump

_USER_TABLES = """
    create table public.customers (id bigint primary key, name text not null);
    create table public.orders (
        id bigint generated always as identity primary key,
        customer_id bigint references public.customers on delete cascade,
        total numeric(12, 2) check (total >= 0)
    );
    create table public.events (at timestamptz not null, body jsonb) partition by range (at);
    create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
    create function public.stamp() returns trigger language plpgsql as 'begin return new; end';
    create trigger stamp before insert on public.orders for each row execute function public.stamp();
    grant select on public.orders to writer;
    insert into public.customers values (1, 'Ada');
    insert into public.orders (customer_id, total) values (1, 12.5);
"""


@pytest.fixture
def shop(new_database: Callable[..., str]) -> str:
    """The DSN of a database with tables of a user, without our schema."""
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_USER_TABLES)
    return dsn


def test_uninstall_leaves_the_database_as_it_was(server: Cluster, shop: str) -> None:
    before = dump(shop)
    with psycopg.connect(shop, autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        assert dump(shop) != before
        installer.uninstall(connection)
    assert dump(shop) == before


def test_uninstall_takes_triggers_and_privileges_off_managed_tables(server: Cluster, shop: str) -> None:
    before = dump(shop)
    with psycopg.connect(shop, autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        for table in ("customers", "orders", "events"):
            connection.execute("select orchestrator.manage(%s::regclass)", (f"public.{table}",))
        assert "zz_orchestrator" in dump(shop, "--schema-only", "--schema=public")
        installer.uninstall(connection)
    assert dump(shop) == before


def test_uninstall_keeps_a_language_that_was_there(server: Cluster, shop: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("create extension plpython3u")
        before = dump(shop)
        installer.install(connection, str(server.package_base))
        installer.uninstall(connection)
    assert dump(shop) == before


def test_uninstall_keeps_a_language_that_others_use_by_now(server: Cluster, shop: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        connection.execute("create function public.two() returns int language plpython3u as 'return 2'")
        installer.uninstall(connection)
        assert connection.execute("select public.two()").fetchone() == (2,)


def test_uninstall_keeps_roles_that_another_database_needs(dsn: str, server: Cluster, shop: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        kept = installer.uninstall(connection)
    assert kept == sorted(installer.ROLES)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*) from orchestrator.roles").fetchone() == (3,)


@pytest.mark.parametrize(
    "dependent",
    [
        "create view public.mine as select id from orchestrator.executions",
        "alter table public.orders add column made timestamptz default orchestrator.current_time()",
        "alter table public.customers owner to orchestrator_owner",
    ],
)
def test_uninstall_refuses_what_would_take_a_users_object_along(server: Cluster, shop: str, dependent: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        installer.install(connection, str(server.package_base))
        connection.execute(dependent)
        before = dump(shop)
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            installer.uninstall(connection)
    assert dump(shop) == before


def test_uninstall_without_an_installation_is_an_error(shop: str) -> None:
    with psycopg.connect(shop, autocommit=True) as connection, pytest.raises(NotFoundError):
        installer.uninstall(connection)
